/** Milliseconds that a free place waits for others. Of a visit of half a minute, a three-hundredth. */
const gatherMs = 100
/** The same where the last claim found less than was wanted. */
const againMs = 500

/**
 * A claim costs about the same for one turn as for several: free places of a lane wait for each other, until a quarter of all is free or one has waited
 * long enough.
 */
export class ClaimBatch {
  readonly #places: number
  #since: number | null = null
  #waits = gatherMs

  constructor(places: number) {
    this.#places = places
  }

  /** How many turns to claim, where so many places are taken. 0: none is free, or they wait for others. */
  wanted(taken: number, now: number): number {
    const free = this.#places - taken
    if (free === 0) return 0
    this.#since ??= now
    return taken > 0 && free < Math.ceil(this.#places / 4) && this.waitMs(now) > 0 ? 0 : free
  }

  claimed(wanted: number, got: number): void {
    this.#since = null
    this.#waits = got < wanted ? againMs : gatherMs
  }

  /** Until those that wait have waited long enough. */
  waitMs(now: number): number {
    return this.#since === null ? againMs : Math.max(0, this.#since + this.#waits - now)
  }
}
