import type { QueueCounts } from '#ledger/queue/queue.ts'

export interface CrawlProgress extends QueueCounts {
  /** Visits that this process has in hand. */
  running: number
  /** Visits a minute by this process, over the last minute. */
  perMinute: number
  /** Milliseconds until what is due now is done at this rate; null where there is no rate yet. */
  leftMs: number | null
  /** Why nothing moves, where that is known. */
  paused: string | null
}

const tellEveryMs = 1000
/** Of the time, what the counts may take. */
const countingShare = 0.02
const rateOverMs = 60_000

/** Counts and rate, told at most once a second, and less often where the counts take long. */
export class Progress {
  paused: string | null = null
  readonly #listener: (progress: CrawlProgress) => void
  readonly #visits: number[] = []
  readonly #startedAt = performance.now()
  #next = 0

  constructor(listener: (progress: CrawlProgress) => void) {
    this.#listener = listener
  }

  count(): void {
    this.#visits.push(performance.now())
  }

  async tell(counts: () => Promise<QueueCounts>, running: number, isLast: boolean): Promise<void> {
    const now = performance.now()
    if (!isLast && now < this.#next) return
    while ((this.#visits[0] ?? now) < now - rateOverMs) this.#visits.shift()
    const overMs = Math.min(rateOverMs, now - this.#startedAt)
    const perMinute = overMs > 0 ? (this.#visits.length / overMs) * 60_000 : 0
    const queue = await counts()
    const after = performance.now()
    this.#next = after + Math.max(tellEveryMs, (after - now) / countingShare)
    this.#listener({ ...queue, running, perMinute, leftMs: perMinute > 0 ? (queue.due / perMinute) * 60_000 : null, paused: this.paused })
  }
}
