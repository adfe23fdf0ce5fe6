/**
 * Work on several items at once, given out in their order. The next item is read while those before it are worked on, at most `width` of them;
 * what reading needs to be alone with waits for `settled`.
 */
export class Lookahead {
  readonly #width: number
  #begun = 0
  #waiting: (() => void)[] = []

  constructor(width: number) {
    this.#width = width
  }

  /** When all that was begun was given out and done with. */
  async settled(): Promise<void> {
    if (this.#begun > 0) await new Promise<void>((done) => this.#waiting.push(done))
  }

  /** `work` does not reject. What `items` throws comes after the results of all items before it. */
  async *over<T, R>(items: AsyncIterable<T> | Iterable<T>, work: (item: T) => Promise<R>): AsyncGenerator<R, void, undefined> {
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
    const queue: Promise<R>[] = []
    let next: Promise<Read<T>> | null = read(iterator)
    let failure: { error: unknown } | null = null
    try {
      for (;;) {
        if (next !== null && queue.length < this.#width) {
          const [first] = queue
          const got: Read<T> | null = await (first === undefined ? next : Promise.race([next, first.then(() => null)]))
          if (got !== null && 'value' in got) {
            this.#begun++
            queue.push(work(got.value))
            next = read(iterator)
          } else if (got !== null) {
            next = null
            if ('error' in got) failure = got
          }
          if (got !== null) continue
        }
        const first = queue.shift()
        if (first === undefined) break
        yield await first
        this.#release(1)
      }
      if (failure !== null) throw failure.error
    } finally {
      // Whoever asked left early: what was begun is nobody's any more.
      this.#release(this.#begun)
      await iterator.return?.()
    }
  }

  #release(count: number): void {
    this.#begun -= count
    if (this.#begun > 0) return
    for (const done of this.#waiting.splice(0)) done()
  }
}

type Read<T> = { value: T } | { error: unknown } | { ended: true }

async function read<T>(iterator: AsyncIterator<T> | Iterator<T>): Promise<Read<T>> {
  try {
    const { done, value } = await iterator.next()
    return done === true ? { ended: true } : { value }
  } catch (error) {
    return { error }
  }
}
