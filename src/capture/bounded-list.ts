import { type Collection, complete } from '#model/collection.ts'

/** A list that keeps the first `max` and counts the rest. */
export class BoundedList<T> {
  readonly items: T[] = []
  readonly #max: number
  readonly #what: string
  #dropped = 0
  #reasons = new Set<string>()

  /** `what` in the plural: requests, sockets. */
  constructor(max: number, what: string) {
    this.#max = max
    this.#what = what
  }

  get isFull(): boolean {
    return this.items.length >= this.#max
  }

  /** False where it was only counted. */
  add(item: T): boolean {
    if (this.isFull) {
      this.drop(1, `more than ${this.#max} ${this.#what}`)
      return false
    }
    this.items.push(item)
    return true
  }

  /** Something is missing that this list should hold. */
  drop(count: number, reason: string): void {
    this.#dropped += count
    this.#reasons.add(reason)
  }

  /** `lostReports`: what a hook in the page told and was not taken. */
  collection(lostReports = 0): Collection<T> {
    if (lostReports > 0) this.drop(lostReports, 'reports from inside the page that were too many or too long')
    return this.#reasons.size === 0
      ? complete(this.items)
      : { status: 'truncated', items: this.items, dropped: this.#dropped, reason: [...this.#reasons].join('; ') }
  }
}
