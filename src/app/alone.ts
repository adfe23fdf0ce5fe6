/** Visits share the browser; a second look has it to itself, so that no other page's work stands beside that of its own. */
export class Alone {
  #shared = 0
  #exclusive: Promise<void> | null = null
  #waiting: (() => void)[] = []

  /** Beside others, once nobody wants to be alone. */
  async beside<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== null) await this.#exclusive
    this.#shared++
    try {
      return await work()
    } finally {
      if (--this.#shared === 0) for (const go of this.#waiting.splice(0)) go()
    }
  }

  /** With nobody beside: waits for those under way, and holds those who come. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== null) await this.#exclusive
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exclusive = promise
    try {
      if (this.#shared > 0) await new Promise<void>((go) => this.#waiting.push(go))
      return await work()
    } finally {
      this.#exclusive = null
      resolve()
    }
  }
}
