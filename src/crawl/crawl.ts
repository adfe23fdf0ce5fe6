import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, SimulatedClock } from '#model/clock.ts'
import { AssayError, type ErrorRecord, passingCodes, toErrorRecord } from '#model/errors.ts'
import { type FailureClass, failureOf } from '#model/failure.ts'
import type { CrawlLane } from '#model/inclusion.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { DiscoveredPage, Lease } from '#ledger/queue/lease.ts'
import type { CrawlQueue } from '#ledger/queue/queue.ts'
import { ClaimBatch } from './claim-batch.ts'
import { browserOnly, firstLaneOf, type LanePolicy, lanesOf, nextTurnOf } from './lanes.ts'
import { type LinkPolicy, linksInScope, mostDifferent, noLinks } from './links.ts'
import { admit, type Manners } from './manners.ts'
import { type CrawlProgress, Progress } from './progress.ts'
import { restMs, retryWaitMs } from './retry.ts'

/** What a visit is told besides its page. */
export interface Turn {
  /** The fencing token: the capture and the observation must carry it. */
  visitId: string
  round: number
  lane: CrawlLane
  signal: AbortSignal
}

export interface Visited {
  observation: Observation
  /** What the page's server answered; null where it did not. */
  httpStatus?: number | null
  /** By its `Retry-After`. */
  retryAfterMs?: number | null
  /** Addresses that the page links to, in its order. */
  links?: readonly string[]
}

/** How one process takes its turns in a crawl that is there. */
export interface TurnOptions {
  ledger: Ledger
  name: string
  /**
   * Makes and judges one visit, at the date that the round has (simulated) or that it is (real). Rejects only where no capture could be made
   * (browser missing or failed, interrupted, disk full): a page's own faults are captures.
   */
  visit: (seed: Seed, at: Date, turn: Turn) => Promise<Visited>
  /** A `SimulatedClock` is set to each round's date as soon as every page of the earlier ones is done; any other clock is waited for. */
  clock: Clock
  /** Before the first visit of each round that this process takes part in. */
  onRound?: (round: number, at: Date) => Promise<void>
  /** Visits at a time in the browser lane. */
  concurrency: number
  /** The same in the http lane; as many, where left out. */
  httpConcurrency?: number
  /** Milliseconds between two visits of one site. */
  delayMs?: number
  /** In which lanes a page is visited; the browser's, where left out. */
  lanes?: LanePolicy
  /** This process takes turns in that lane alone, and leaves the other to others. */
  only?: CrawlLane
  links?: LinkPolicy
  /** Whom the crawl asks before it visits; nobody, where left out. */
  manners?: Manners
  /** Visits that observed nothing are made again so often at most, by the plan of their failure; never, where left out. */
  retries?: number
  /** Visits a day, by UTC. */
  dailyBudget?: number
  /** Stops: what is acknowledged stays, what is in flight is given back, the same call goes on. */
  signal?: AbortSignal
  onProgress?: (progress: CrawlProgress) => void
  /** A visit's result lasts from now on. */
  onVisit?: (observation: Observation, turn: { round: number; plannedAt: Date }) => void
}

/** The same name goes on with the same crawl. */
export interface CrawlOptions extends TurnOptions {
  seeds: readonly Seed[]
  /** Milliseconds from round to round; left out, every page is visited once. */
  everyMs?: number
  rounds?: number
  /** Date of round 0; the clock's, where the crawl is new and none is given. */
  startsAt?: Date
  /** What the crawl was started with: kept for its status and for whoever joins it. */
  settings?: object
}

export interface CrawlResult {
  /** `interrupted` by the signal; `done` when no page wants another visit. */
  ended: 'done' | 'interrupted'
  /** By this process. */
  visits: number
  failed: number
  /** Visits that observed nothing and are made again. */
  retried: number
  /** Results that came too late: another worker had taken the site over. */
  fenced: number
}

const heartbeatMs = 15_000
const pollMs = 500
const noRoomPauseMs = 5000
/** How progress tells what is waited for. */
const waitsFor: Readonly<Record<string, string>> = {
  DISK_FULL: 'no space left on the disk',
  STORE_UNREACHABLE: 'the object store does not answer',
}
/** Faults that another visit does not mend. */
const fatal = new Set(['BROWSER_MISSING', 'STORE_DENIED', 'STORE_CORRUPT', 'DATABASE_FAILED', 'BAD_ARGUMENT', 'UNSUPPORTED', 'INTERNAL'])

/** Visits every seed in every round, politely, once; goes on where an earlier call of the same name ended. */
export async function runCrawl(options: CrawlOptions): Promise<CrawlResult> {
  const { ledger, name, seeds, everyMs, clock } = options
  const rounds = options.rounds ?? 1
  // A list that was only imported begins when it is first crawled.
  const started = (await ledger.listCrawls()).find((crawl) => crawl.name === name && crawl.settings['imported'] !== true)
  await ledger.defineCrawl({
    name,
    seeds,
    everyMs: everyMs ?? null,
    rounds,
    startsAt: started?.startsAt ?? options.startsAt ?? clock.now(),
    firstLane: firstLaneOf(options.lanes ?? browserOnly),
    ...(options.settings === undefined ? {} : { settings: options.settings }),
  })
  return joinCrawl(options)
}

/** Takes turns in a crawl that somebody else defined, until no page of it wants another visit. Rejects with `NOT_FOUND` where there is none. */
export async function joinCrawl(options: TurnOptions): Promise<CrawlResult> {
  const { ledger, name, clock } = options
  const queue = await ledger.openQueue(name, {
    isRealTime: !(clock instanceof SimulatedClock),
    ...(options.delayMs === undefined ? {} : { delayMs: options.delayMs }),
    ...(options.dailyBudget === undefined ? {} : { dailyBudget: options.dailyBudget }),
  })
  try {
    return await new Crawl(options, queue).run()
  } finally {
    await queue.close()
  }
}

class Crawl {
  readonly #options: TurnOptions
  readonly #lanes: LanePolicy
  readonly #queue: CrawlQueue
  readonly #progress: Progress
  readonly #running = new Map<string, { lease: Lease; ended: Promise<void> }>()
  readonly #stop = new AbortController()
  readonly #result: CrawlResult = { ended: 'done', visits: 0, failed: 0, retried: 0, fenced: 0 }
  #fault: Error | null = null
  readonly #batches: Record<CrawlLane, ClaimBatch>
  #round = -1
  #pausedUntil = 0

  constructor(options: TurnOptions, queue: CrawlQueue) {
    this.#options = options
    this.#lanes = options.lanes ?? browserOnly
    this.#queue = queue
    const { concurrency, httpConcurrency = concurrency } = options
    this.#batches = { http: new ClaimBatch(httpConcurrency), browser: new ClaimBatch(concurrency) }
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
    const { clock } = this.#options
    let wanted = 0
    let claimed = 0
    const { only } = this.#options
    for (const lane of lanesOf(this.#lanes)) {
      if (only !== undefined && lane !== only) continue
      const batch = this.#batches[lane]
      const free = performance.now() < this.#pausedUntil ? 0 : batch.wanted(this.#runningIn(lane), performance.now())
      if (free === 0) continue
      wanted += free
      const leases = await this.#queue.claim(free, clock.now(), lane)
      batch.claimed(free, leases.length)
      claimed += leases.length
      for (const lease of leases) {
        if (lease.round > this.#round) {
          this.#round = lease.round
          await this.#options.onRound?.(lease.round, this.#dateFor(lease))
        }
        this.#start(lease)
      }
    }
    if (claimed > 0 && claimed === wanted) return true
    if (claimed === 0 && this.#runningIn('http') === 0 && (await this.#draw())) return true
    if (this.#running.size > 0) {
      const now = performance.now()
      const waitMs = now < this.#pausedUntil ? pollMs : Math.min(pollMs, ...Object.values(this.#batches).map((each) => each.waitMs(now)))
      await Promise.race([...[...this.#running.values()].map(({ ended }) => ended), this.#pause(waitMs)])
      return true
    }
    return claimed > 0 || (await this.#spent()) || this.#wait()
  }

  #runningIn(lane: CrawlLane): number {
    return [...this.#running.values()].filter(({ lease }) => lease.lane === lane).length
  }

  /** Hints wait for each other where there may be more than the browser lane can visit. */
  async #draw(): Promise<boolean> {
    const { hintBudget, lane } = this.#lanes
    const { clock } = this.#options
    if (lane !== 'both' || hintBudget === null || (await this.#queue.draw(hintBudget, clock.now())) === 0) return false
    await this.#queue.announce(clock.now())
    return true
  }

  /** Whether the day's budget is used up: then the crawl rests until the next one. */
  async #spent(): Promise<boolean> {
    const { clock, dailyBudget } = this.#options
    if (dailyBudget === undefined || (await this.#queue.budgetLeft(clock.now())) !== 0) return false
    const due = await this.#queue.nextDue()
    if (due === null || due > clock.now()) return false
    const tomorrow = new Date(`${new Date(clock.now().getTime() + 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`)
    this.#progress.paused = `the budget of ${dailyBudget} visits a day is used; it goes on at ${tomorrow.toISOString().slice(0, 16)}Z`
    if (clock instanceof SimulatedClock) clock.set(tomorrow)
    else {
      await this.#tell()
      await this.#pause(Math.min(tomorrow.getTime() - clock.now().getTime(), heartbeatMs))
    }
    return true
  }

  async #wait(): Promise<boolean> {
    const { clock } = this.#options
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
    const at = this.#dateFor(lease)
    let crawlDelayMs = 0
    let visited: Visited
    try {
      const admission =
        this.#options.manners && (await admit(this.#options.manners, this.#queue, lease, this.#options.clock.now(), this.#stop.signal))
      if (admission?.status === 'later') return await this.#queue.release(lease, admission.restMs)
      if (admission?.status === 'refused') {
        const failure = admission.failure ?? failureOf({ error: admission.error, reached: 'error', httpStatus: null }) ?? 'other'
        return await this.#notAdmitted(lease, failure, admission.error, at, admission.crawlDelayMs)
      }
      crawlDelayMs = admission?.crawlDelayMs ?? 0
      const turn = { visitId: lease.visitId, round: lease.round, lane: lease.lane, signal: this.#stop.signal }
      visited = await this.#options.visit(lease.seed, at, turn)
    } catch (error) {
      return this.#notMade(lease, error)
    }
    const { observation, httpStatus = null, retryAfterMs = null } = visited
    const failure = failureOf({ error: observation.error, reached: observation.reached, httpStatus })
    const rest = this.#restOf(lease, { failure, httpStatus, crawlDelayMs, retryAfterMs })
    if (
      failure !== null &&
      (await this.#again(lease, { failure, code: observation.error?.code ?? null, at, httpStatus, retryAfterMs }, rest))
    )
      return
    const next = nextTurnOf(this.#lanes, { ...this.#pageOf(lease), status: observation.conclusion.status, at })
    const after = { next, failure, restMs: rest, discovered: this.#discovered(lease, visited.links ?? []) }
    const kept = await this.#keeping(() => this.#queue.acknowledge(lease, observation, after))
    if (kept === 'fenced') this.#result.fenced++
    else if (kept === 'accepted') this.#count(observation, lease)
  }

  #pageOf({ seed, round, lane, repeat }: Lease): { url: string; round: number; lane: CrawlLane; repeat: number } {
    return { url: seed.url, round, lane, repeat }
  }

  /** A simulated study waits for nobody. */
  #restOf(lease: Lease, o: Omit<Parameters<typeof restMs>[0], 'siteFailures'>): number {
    return this.#options.clock instanceof SimulatedClock ? 0 : restMs({ ...o, siteFailures: lease.siteFailures })
  }

  /** Whether the visit is made again. */
  async #again(
    lease: Lease,
    o: { failure: FailureClass; code: string | null; at: Date; httpStatus: number | null; retryAfterMs: number | null },
    rest: number,
  ): Promise<boolean> {
    const waitMs = retryWaitMs({ ...o, attempts: lease.tried.length }, this.#options.retries ?? 0)
    if (waitMs === null) return false
    const tried = { at: o.at.toISOString(), failure: o.failure, code: o.code }
    if ((await this.#queue.retry(lease, tried, waitMs, rest)) === 'fenced') this.#result.fenced++
    else this.#result.retried++
    return true
  }

  /** Nobody was visited: by robots.txt, by the operator's list, or because the way to robots.txt failed. */
  async #notAdmitted(lease: Lease, failure: FailureClass, error: ErrorRecord, at: Date, crawlDelayMs: number): Promise<void> {
    const rest = this.#restOf(lease, { failure, httpStatus: null, crawlDelayMs, retryAfterMs: null })
    if (await this.#again(lease, { failure, code: error.code, at, httpStatus: null, retryAfterMs: null }, rest)) return
    if ((await this.#queue.fail(lease, error, at, { isFinal: true, failure, restMs: rest })) === 'recorded') this.#result.failed++
    else this.#result.fenced++
  }

  #discovered(lease: Lease, links: readonly string[]): DiscoveredPage[] {
    const { depth, inner } = this.#options.links ?? noLinks
    // One lane finds them: the round's first.
    if (lease.depth >= depth || lease.lane !== firstLaneOf(this.#lanes) || lease.repeat > 0) return []
    const found = linksInScope(lease.seed, links)
    return mostDifferent(lease.seed.url, found, inner).map((url) => ({ url, depth: lease.depth + 1 }))
  }

  #count(observation: Observation, { round, plannedAt }: Lease): void {
    this.#result.visits++
    this.#progress.count()
    this.#options.onVisit?.(observation, { round, plannedAt })
  }

  /** What was captured is worth waiting for. */
  async #keeping<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof AssayError) || !passingCodes.has(error.code) || this.#stop.signal.aborted) throw error
        this.#waitFor(error.code)
        await this.#pause(noRoomPauseMs)
      }
    }
  }

  async #notMade(lease: Lease, error: unknown): Promise<void> {
    const record = toErrorRecord(error)
    if (this.#stop.signal.aborted || record.code === 'INTERRUPTED') return this.#queue.release(lease)
    if (passingCodes.has(record.code)) {
      this.#waitFor(record.code)
      return this.#queue.release(lease)
    }
    if (fatal.has(record.code)) {
      await this.#queue.release(lease)
      throw error
    }
    const failure = failureOf({ error: record, reached: 'error', httpStatus: null }) ?? 'other'
    if ((await this.#queue.fail(lease, record, this.#dateFor(lease), { failure })) === 'recorded') this.#result.failed++
  }

  #waitFor(code: string): void {
    this.#pausedUntil = performance.now() + noRoomPauseMs
    this.#progress.paused = waitsFor[code] ?? null
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
