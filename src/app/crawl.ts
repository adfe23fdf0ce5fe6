import { browserOnly, lanesOf } from '#crawl/lanes.ts'
import { runCrawl } from '#crawl/crawl.ts'
import { scheduleOf } from '#crawl/schedule.ts'
import { openLedger } from '#ledger/ledger.ts'
import { systemClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import { settingsOf } from './crawl-settings.ts'
import { type CrawlEvents, type CrawlOutcome, delayOf, takeTurns, type TurnsRequest, waitingForDatabase } from './crawl-turns.ts'

export type { CrawlOutcome, MannersRequest } from './crawl-turns.ts'

export interface CrawlRequest extends TurnsRequest {
  /** Added to those that the crawl has; the same name goes on with the same crawl. */
  seeds: readonly Seed[]
  /** `7d`; null visits once. */
  every: string | null
  /** `23w`; null without an end. */
  span: string | null
  /** Date of the first round; now, where null. */
  startsAt: Date | null
  database: string | null
}

/** Every seed through its lanes, capture and judgement, round after round; what is acknowledged stays, the same request goes on. */
export async function crawl(request: CrawlRequest, events: CrawlEvents, signal: AbortSignal): Promise<CrawlOutcome> {
  const { everyMs, rounds } = scheduleOf(request.every, request.span)
  const clock = request.clock ?? systemClock
  const lanes = request.lanes ?? browserOnly
  if (lanesOf(lanes).includes('http') && request.contact === undefined)
    throw new AssayError('BAD_ARGUMENT', 'the http lane visits in the name of somebody who can be reached', {
      hint: '--contact you@example.org, or a page that says who you are.',
    })
  const ledger = await openLedger({
    dataDir: request.data,
    signal,
    onWaiting: () => events.onNote(waitingForDatabase),
    ...(request.database === null ? {} : { database: request.database }),
  })
  try {
    if (request.seeds.length === 0 && !(await ledger.listCrawls()).some(({ name, seeds }) => name === request.name && seeds > 0))
      throw new AssayError('BAD_ARGUMENT', `crawl ${request.name} has no seeds yet`, { hint: 'Name a list, or assay seeds import one.' })
    const settings = settingsOf({
      ...request,
      clock,
      lanes,
      delayMs: request.delayMs ?? delayOf(clock),
      folder: await ledger.files.identity(),
    })
    return await takeTurns(ledger, { ...request, clock, lanes }, events, signal, (options) =>
      runCrawl({
        ...options,
        seeds: request.seeds,
        rounds,
        ...(everyMs === null ? {} : { everyMs }),
        ...(request.startsAt === null ? {} : { startsAt: request.startsAt }),
        settings,
      }),
    )
  } finally {
    await ledger.close()
  }
}
