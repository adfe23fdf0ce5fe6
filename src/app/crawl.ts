import type { VisitOptions } from '#capture/visit-options.ts'
import { type CrawlResult, runCrawl } from '#crawl/crawl.ts'
import type { CrawlProgress } from '#crawl/progress.ts'
import { scheduleOf } from '#crawl/schedule.ts'
import { openLedger } from '#ledger/ledger.ts'
import { SimulatedClock, systemClock, type Clock } from '#model/clock.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import { visit } from './visit.ts'
import { openWorkshop, type WorkshopOptions } from './workshop.ts'

export interface CrawlRequest {
  /** The same name goes on with the same crawl. */
  name: string
  seeds: readonly Seed[]
  /** `7d`; null visits once. */
  every: string | null
  /** `23w`; null without an end. */
  span: string | null
  /** Date of the first round; now, where null. */
  startsAt: Date | null
  data: string
  database: string | null
  /** Milliseconds between two pages of one site; null for the usual. */
  delayMs: number | null
  /** A `SimulatedClock` runs the rounds one after the other without waiting. */
  clock?: Clock
  workshop: Omit<WorkshopOptions, 'dir' | 'clock'>
  visit: VisitOptions
}

export interface CrawlEvents {
  onNote(text: string): void
  onProgress(progress: CrawlProgress): void
  onRound(round: number, at: Date): Promise<void>
  /** Kept for good. */
  onVisit(observation: Observation, round: number): void
}

const usualDelayMs = 2000

/** Every seed through browser, capture and judgement, round after round; what is acknowledged stays, the same request goes on. */
export async function crawl(request: CrawlRequest, events: CrawlEvents, signal: AbortSignal): Promise<CrawlResult> {
  const { everyMs, rounds } = scheduleOf(request.every, request.span)
  const clock = request.clock ?? systemClock
  const ledger = await openLedger({ dataDir: request.data, signal, ...(request.database === null ? {} : { database: request.database }) })
  try {
    await using line = await openWorkshop({ ...request.workshop, dir: request.data, clock }, events.onNote)
    return await runCrawl({
      ledger,
      name: request.name,
      seeds: request.seeds,
      rounds,
      ...(everyMs === null ? {} : { everyMs }),
      ...(request.startsAt === null ? {} : { startsAt: request.startsAt }),
      clock,
      concurrency: request.workshop.jobs,
      delayMs: request.delayMs ?? (clock instanceof SimulatedClock ? 0 : usualDelayMs),
      signal,
      visit: (seed, _, turn) => visit(line, seed, { ...request.visit, visitId: turn.visitId }, turn.signal),
      onRound: (round, at) => events.onRound(round, at),
      onProgress: (progress) => events.onProgress(progress),
      onVisit: (observation, turn) => events.onVisit(observation, turn.round),
    })
  } finally {
    await ledger.close()
  }
}
