/** Where time comes from. Handed in everywhere, so that a simulated year runs in minutes. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** A clock that stands still until it is set: for simulated rounds and for tests. */
export class SimulatedClock implements Clock {
  #now: Date

  constructor(start: Date) {
    this.#now = start
  }

  now(): Date {
    return new Date(this.#now)
  }

  set(to: Date): void {
    this.#now = to
  }
}
