/** A stream of numbers that is the same for the same seed (xorshift32, Marsaglia 2003), so that a case can be made again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1
  }

  /** 0 to n − 1. */
  below(n: number): number {
    let state = this.#state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.#state = state
    return (state >>> 0) % n
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0
  }
}
