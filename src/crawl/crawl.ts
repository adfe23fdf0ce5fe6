import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, SimulatedClock } from '#model/clock.ts'
import { AssayError, toErrorRecord } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { CrawlQueue, Lease } from '#ledger/queue/queue.ts'
import { type CrawlProgress, Progress } from './progress.ts'

/** What a visit is told besides its page. */
export interface Turn {
  /** The fencing token: the capture and the observation must carry it. */
  visitId: string
  round: number
  signal: AbortSignal
}

export interface CrawlOptions {
  ledger: Ledger
  /** The same name goes on with the same crawl. */
  name: string
  seeds: readonly Seed[]
  /** Milliseconds from round to round; left out, every page is visited once. */
  everyMs?: number
  rounds?: number
  /** Date of round 0; the clock's, where the crawl is new and none is given. */
  startsAt?: Date
  /**
   * Makes and judges one visit, at the date that the round has (simulated) or that it is (real). Rejects only where no capture could be made
   * (browser missing or failed, interrupted, disk full): a page's own faults are captures.
   */
  visit: (seed: Seed, at: Date, turn: Turn) => Promise<{ observation: Observation }>
  /** A `SimulatedClock` is set to each round's date as soon as every page of the earlier ones is done; any other clock is waited for. */
  clock: Clock
  /** Before the first visit of each round that this process takes part in. */
  onRound?: (round: number, at: Date) => Promise<void>
  concurrency: number
  /** Milliseconds between two visits of one site. */
  delayMs?: number
  /** Stops: what is acknowledged stays, what is in flight is given back, the same call goes on. */
  signal?: AbortSignal
  onProgress?: (progress: CrawlProgress) => void
  /** A visit's result lasts from now on. */
  onVisit?: (observation: Observation, turn: { round: number; plannedAt: Date }) => void
}

export interface CrawlResult {
  /** `interrupted` by the signal; `done` when no page wants another visit. */
  ended: 'done' | 'interrupted'
  /** By this process. */
  visits: number
  failed: number
  /** Results that came too late: another worker had taken the site over. */
  fenced: number
}

const heartbeatMs = 15_000
const pollMs = 500
const fullDiskPauseMs = 5000
/** Faults that another visit does not mend. */
const fatal = new Set(['BROWSER_MISSING', 'STORE_DENIED', 'STORE_CORRUPT', 'DATABASE_FAILED', 'BAD_ARGUMENT', 'UNSUPPORTED', 'INTERNAL'])

/** Visits every seed in every round, politely, once; goes on where an earlier call of the same name ended. */
export async function runCrawl(options: CrawlOptions): Promise<CrawlResult> {
  const { ledger, name, seeds, everyMs, clock } = options
  const rounds = options.rounds ?? 1
  const known = (await ledger.listCrawls()).find((crawl) => crawl.name === name)
  await ledger.defineCrawl({ name, seeds, everyMs: everyMs ?? null, rounds, startsAt: known?.startsAt ?? options.startsAt ?? clock.now() })
  const queue = await ledger.openQueue(name, {
    isRealTime: !(clock instanceof SimulatedClock),
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
  })
  try {
    return await new Crawl(options, queue).run()
  } finally {
    await queue.close()
  }
}

class Crawl {
  readonly #options: CrawlOptions
  readonly #queue: CrawlQueue
  readonly #progress: Progress
  readonly #running = new Map<string, { lease: Lease; ended: Promise<void> }>()
  readonly #stop = new AbortController()
  readonly #result: CrawlResult = { ended: 'done', visits: 0, failed: 0, fenced: 0 }
  #fault: Error | null = null
  #round = -1
  #pausedUntil = 0

  constructor(options: CrawlOptions, queue: CrawlQueue) {
    this.#options = options
    this.#queue = queue
    this.#progress = new Progress(options.onProgress ?? (() => {}))
    options.signal?.addEventListener('abort', () => this.#stop.abort(options.signal?.reason), { once: true })
    if (options.signal?.aborted) this.#stop.abort(options.signal.reason)
  }

  async run(): Promise<CrawlResult> {
    const beat = setInterval(
      () => void this.#queue.touch([...this.#running.values()].map(({ lease }) => lease)).catch(() => {}),
      heartbeatMs,
    )
    try {
      await this.#queue.reclaim(this.#options.clock.now())
      await this.#queue.announce(this.#options.clock.now())
      while (!this.#stop.signal.aborted && (await this.#step())) await this.#tell()
    } catch (error) {
      this.#fail(error)
    } finally {
      // Visits in flight hear the signal; what they still bring is kept.
      if (this.#stop.signal.aborted) this.#result.ended = 'interrupted'
      await Promise.all([...this.#running.values()].map(({ ended }) => ended))
      clearInterval(beat)
    }
    await this.#tell(true)
    if (this.#fault !== null) throw this.#fault
    return this.#result
  }

  /** One look at the queue. False when nothing is left to do in this crawl. */
  async #step(): Promise<boolean> {
    const { clock, concurrency } = this.#options
    const free = performance.now() < this.#pausedUntil ? 0 : concurrency - this.#running.size
    const leases = free > 0 ? await this.#queue.claim(free, clock.now()) : []
    for (const lease of leases) {
      if (lease.round > this.#round) {
        this.#round = lease.round
        await this.#options.onRound?.(lease.round, this.#dateFor(lease))
      }
      this.#start(lease)
    }
    if (leases.length > 0 && leases.length === free) return true
    if (this.#running.size > 0) {
      await Promise.race([...[...this.#running.values()].map(({ ended }) => ended), this.#pause(pollMs)])
      return true
    }
    if (leases.length > 0) return true
    const due = await this.#queue.nextDue()
    if (due === null) return false
    if (due <= clock.now()) {
      // Others are at it, or a site rests, or its process died.
      if ((await this.#queue.reclaim(this.#options.clock.now())) + (await this.#queue.announce(clock.now())) === 0)
        await this.#pause(pollMs)
    } else if (clock instanceof SimulatedClock) {
      clock.set(due)
      await this.#queue.announce(due)
    } else {
      await this.#pause(Math.min(due.getTime() - clock.now().getTime(), heartbeatMs))
      await this.#queue.announce(clock.now())
    }
    return true
  }

  #dateFor(lease: Lease): Date {
    return this.#options.clock instanceof SimulatedClock ? lease.plannedAt : this.#options.clock.now()
  }

  #start(lease: Lease): void {
    const ended = this.#visit(lease)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#running.delete(lease.visitId))
    this.#running.set(lease.visitId, { lease, ended })
  }

  async #visit(lease: Lease): Promise<void> {
    let observation: Observation
    try {
      const turn = { visitId: lease.visitId, round: lease.round, signal: this.#stop.signal }
      observation = (await this.#options.visit(lease.seed, this.#dateFor(lease), turn)).observation
    } catch (error) {
      return this.#notMade(lease, error)
    }
    const kept = await this.#keeping(() => this.#queue.acknowledge(lease, observation))
    if (kept === 'fenced') this.#result.fenced++
    else if (kept === 'accepted') this.#count(observation, lease)
  }

  #count(observation: Observation, { round, plannedAt }: Lease): void {
    this.#result.visits++
    this.#progress.count()
    this.#options.onVisit?.(observation, { round, plannedAt })
  }

  /** What was captured is worth waiting for space. */
  async #keeping<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof AssayError) || error.code !== 'DISK_FULL' || this.#stop.signal.aborted) throw error
        this.#waitForSpace()
        await this.#pause(fullDiskPauseMs)
      }
    }
  }

  async #notMade(lease: Lease, error: unknown): Promise<void> {
    const record = toErrorRecord(error)
    if (this.#stop.signal.aborted || record.code === 'INTERRUPTED') return this.#queue.release(lease)
    if (record.code === 'DISK_FULL') {
      this.#waitForSpace()
      return this.#queue.release(lease)
    }
    if (fatal.has(record.code)) {
      await this.#queue.release(lease)
      throw error
    }
    if ((await this.#queue.fail(lease, record, this.#dateFor(lease))) === 'recorded') this.#result.failed++
  }

  #waitForSpace(): void {
    this.#pausedUntil = performance.now() + fullDiskPauseMs
    this.#progress.paused = 'no space left on the disk'
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted && error instanceof Error && error.name === 'AbortError') return
    this.#fault ??= error instanceof Error ? error : new Error(String(error))
    this.#stop.abort(error)
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {})
  }

  async #tell(isLast = false): Promise<void> {
    if (performance.now() >= this.#pausedUntil) this.#progress.paused = null
    await this.#progress.tell(() => this.#queue.counts(this.#options.clock.now()), this.#running.size, isLast)
  }
}
