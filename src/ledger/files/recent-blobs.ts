import type { Digest } from '#model/digest.ts'

/** Whoever removes what nothing names leaves alone what is much younger, so that one that was touched so short a time ago need not be touched again. */
const touchedMs = 60_000
const maxKept = 4_000

/**
 * Blobs that this process wrote or touched a short time ago and that are there for good: scripts that many sites share are named many times a
 * second, and to touch one and sync its folder costs more than all else that is done with it. Whether it is still there is for the caller to see.
 */
export class RecentBlobs {
  readonly #now: () => number
  /** When they were written or touched, oldest first: those that a power cut may take, and the others. */
  #unsettled = new Map<Digest, number>()
  readonly #settled = new Map<Digest, number>()

  /** `now`: monotonic milliseconds. */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  has(digest: Digest): boolean {
    const at = this.#settled.get(digest)
    return at !== undefined && this.#now() - at < touchedMs
  }

  add(digest: Digest): void {
    keep(this.#unsettled, digest, this.#now())
  }

  /** All that was added before lasts when `settle` has resolved. */
  async settle(settle: () => Promise<void>): Promise<void> {
    const added = this.#unsettled
    this.#unsettled = new Map()
    await settle()
    for (const [digest, at] of added) keep(this.#settled, digest, at)
  }
}

function keep(times: Map<Digest, number>, digest: Digest, at: number): void {
  times.delete(digest)
  if (times.size >= maxKept) for (const oldest of times.keys().take(1)) times.delete(oldest)
  times.set(digest, at)
}
