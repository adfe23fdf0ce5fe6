import { setTimeout as sleep } from 'node:timers/promises'
import { type ConditionsOf, noConditions } from '#crawl/conditions.ts'
import { joinCrawl } from '#crawl/crawl.ts'
import { lanesOf } from '#crawl/lanes.ts'
import type { CrawlProgress } from '#crawl/progress.ts'
import { storeOf } from '#ledger/files/format.ts'
import { ownKey } from '#ledger/instance-key.ts'
import { type Ledger, openLedger } from '#ledger/ledger.ts'
import { SimulatedClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { CrawlLane } from '#model/inclusion.ts'
import type { NeverList } from '#model/never-list.ts'
import { joinedOf } from './crawl-settings.ts'
import { daysOfLab, type SimulatedTime } from './lab-days.ts'
import { type CrawlOutcome, takeTurns, type TurnsRequest, waitingForDatabase } from './crawl-turns.ts'

export interface WorkerRequest {
  data: string
  database: string | null
  /** Null: every crawl that is there. */
  crawl: string | null
  /** The lane that it takes turns in; null for all that the crawl has. */
  lane: CrawlLane | null
  /** Waits for more when no page wants another visit. */
  keepsOn: boolean
  /** Beside those whom the crawl never visits. */
  never: NeverList
  conditionsOf: ConditionsOf
  workshop: TurnsRequest['workshop']
  httpJobs: number
  version: string
  /** How often it looks for crawls. Milliseconds. */
  lookEveryMs?: number
}

export interface WorkerEvents {
  onNote(text: string): void
  onProgress(crawl: string, progress: CrawlProgress): void
  onRound(crawl: string, round: number, at: Date): void
  /** It takes turns there from now on. */
  onJoined(crawl: string, lanes: readonly CrawlLane[]): void
  /** And does so no longer. */
  onLeft(crawl: string, outcome: CrawlOutcome): void
}

/**
 * Takes turns in crawls that were defined by others, each by what it was started with, until no page wants another visit. Rejects with
 * `NOT_FOUND`, `BAD_ARGUMENT`, `UNSUPPORTED` where there is nothing to join; resolves to whether the signal ended it.
 */
export async function work(request: WorkerRequest, events: WorkerEvents, signal: AbortSignal): Promise<'done' | 'interrupted'> {
  const { data, database, keepsOn } = request
  if (!keepsOn && (await ownKey(data)) === null && (await storeOf(data)) === null)
    throw new AssayError('NOT_FOUND', `${data} is no data folder that a crawl writes to`, {
      hint: '--data names it, --keep-on waits for it.',
    })
  const ledger = await openLedger({
    dataDir: data,
    signal,
    onWaiting: () => events.onNote(waitingForDatabase),
    ...(database === null ? {} : { database }),
  })
  try {
    const { lab } = request.workshop
    return await new Worker(ledger, request, events, lab === null ? null : await daysOfLab(lab)).run(signal)
  } finally {
    await ledger.close()
  }
}

const usualLookMs = 5000

class Worker {
  readonly #ledger: Ledger
  readonly #request: WorkerRequest
  readonly #events: WorkerEvents
  readonly #days: SimulatedTime | null
  readonly #stop = new AbortController()
  readonly #joined = new Map<string, Promise<void>>()
  readonly #leftAt = new Map<string, number>()
  /** Those that it cannot join, and why. */
  readonly #refused = new Map<string, Error>()
  readonly #lookMs: number
  #fault: Error | null = null

  constructor(ledger: Ledger, request: WorkerRequest, events: WorkerEvents, days: SimulatedTime | null) {
    this.#days = days
    this.#ledger = ledger
    this.#request = request
    this.#events = events
    this.#lookMs = request.lookEveryMs ?? usualLookMs
  }

  async run(signal: AbortSignal): Promise<'done' | 'interrupted'> {
    const stop = (): void => this.#stop.abort(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      while (!this.#stop.signal.aborted && (await this.#look())) await this.#rest()
    } catch (error) {
      this.#fail(error)
    } finally {
      await Promise.all(this.#joined.values())
      signal.removeEventListener('abort', stop)
    }
    if (this.#fault !== null) throw this.#fault
    return signal.aborted ? 'interrupted' : 'done'
  }

  /** Joins what wants a visit. False when there is nothing left to wait for. */
  async #look(): Promise<boolean> {
    const { crawl, keepsOn } = this.#request
    const there = (await this.#ledger.joinableCrawls()).filter(({ name }) => crawl === null || name === crawl)
    if (there.length === 0 && !keepsOn)
      throw new AssayError('NOT_FOUND', crawl === null ? 'no crawl is there to join' : `no crawl is called "${crawl}"`, {
        hint: 'assay crawl with the same --database defines one; --keep-on waits for it.',
      })
    const folder = await this.#ledger.files.identity()
    let waits = false
    for (const { name, settings, isWanting } of there) {
      if (this.#joined.has(name) || !isWanting) continue
      // Who just left looks again later: it may be a draw that others make.
      if (performance.now() - (this.#leftAt.get(name) ?? -Infinity) < this.#lookMs) waits = true
      else this.#tryToJoin(name, settings, folder)
    }
    const [refusal] = this.#refused.values()
    if (refusal !== undefined && !keepsOn && this.#joined.size === 0 && this.#leftAt.size === 0) throw refusal
    return keepsOn || waits || this.#joined.size > 0
  }

  #tryToJoin(name: string, settings: object, folder: Parameters<typeof joinedOf>[2]['folder']): void {
    const { crawl, conditionsOf, never, lane } = this.#request
    let how: ReturnType<typeof joinedOf>
    try {
      how = joinedOf(name, settings, { folder, never, hasConditions: conditionsOf !== noConditions, hasDays: this.#days !== null })
      if (lane !== null && !lanesOf(how.lanes).includes(lane))
        throw new AssayError('BAD_ARGUMENT', `crawl ${name} has no ${lane} lane: it visits in the ${lanesOf(how.lanes).join(' and ')} lane`)
    } catch (error) {
      if (!(error instanceof AssayError) || crawl !== null) throw error
      if (!this.#refused.has(name)) this.#events.onNote(`assay: not joined: ${error.message}`)
      this.#refused.set(name, error)
      return
    }
    const turns = this.#takeTurns(name, how)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#joined.delete(name)
        this.#leftAt.set(name, performance.now())
      })
    this.#joined.set(name, turns)
  }

  async #takeTurns(name: string, { isSimulated, ...how }: ReturnType<typeof joinedOf>): Promise<void> {
    // Nobody's clock goes on before all pages of a round are done with, so all show the same day.
    const days = isSimulated && this.#days !== null ? { clock: new SimulatedClock(this.#days.startsAt), turn: this.#days.turn } : {}
    const { data, workshop, httpJobs, conditionsOf, version, lane } = this.#request
    this.#events.onJoined(name, lane === null ? lanesOf(how.lanes) : [lane])
    const outcome = await takeTurns(
      this.#ledger,
      { ...how, ...days, name, data, workshop, httpJobs, conditionsOf, version, ...(lane === null ? {} : { only: lane }) },
      {
        onNote: (text) => this.#events.onNote(text),
        onProgress: (progress) => this.#events.onProgress(name, progress),
        onRound: async (round, at) => this.#events.onRound(name, round, at),
        onVisit: () => {},
      },
      this.#stop.signal,
      joinCrawl,
    )
    this.#events.onLeft(name, outcome)
  }

  async #rest(): Promise<void> {
    const woken = new AbortController()
    const pause = sleep(this.#lookMs, undefined, { signal: AbortSignal.any([this.#stop.signal, woken.signal]) }).catch(() => {})
    await Promise.race([pause, ...this.#joined.values()])
    woken.abort()
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted && error instanceof AssayError && error.code === 'INTERRUPTED') return
    this.#fault ??= error instanceof Error ? error : new Error(String(error))
    this.#stop.abort(error)
  }
}
