import type { CrawlStatusRow } from '#ledger/index/crawl-status.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { type CrawlStatus, crawlStatusSchemaVersion } from '#model/crawl-status.ts'
import { AssayError } from '#model/errors.ts'
import { withKeptLedger } from './data-folder.ts'

export interface StatusRequest {
  data: string
  database: string | null
  /** Null: every crawl of the folder. */
  crawl: string | null
  clock?: Clock
}

/** Rounds of a crawl without an end: as many as the table counts. */
const unending = 1_000_000

/** Where crawls stand; beside a crawl that runs. Throws `NOT_FOUND`. */
export async function status({ data, database, crawl, clock = systemClock }: StatusRequest): Promise<CrawlStatus[]> {
  return withKeptLedger({ data, database }, async (ledger) => {
    const names = (await ledger.listCrawls()).map(({ name }) => name)
    if (names.length === 0) throw new AssayError('NOT_FOUND', `nothing was crawled into ${data} yet`)
    if (crawl !== null && !names.includes(crawl))
      throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"; there are ${names.join(', ')}`)
    const found: CrawlStatus[] = []
    for (const name of crawl === null ? names : [crawl]) {
      const row = await ledger.crawlStatus(name, clock.now())
      if (row !== null) found.push(statusOf(row))
    }
    return found
  })
}

function statusOf(row: CrawlStatusRow): CrawlStatus {
  // Who is never visited is for those who visit; how many they are stays.
  const { never: _, ...settings } = row.settings
  const manners = settings['manners'] as { dailyBudget?: unknown } | undefined
  const perDay = typeof manners?.dailyBudget === 'number' ? manners.dailyBudget : null
  return {
    schemaVersion: crawlStatusSchemaVersion,
    crawl: row.name,
    state: row.due + row.leased + row.held > 0 ? 'due' : row.waiting > 0 ? 'waiting' : 'done',
    everyMs: row.everyMs,
    rounds: row.rounds >= unending ? null : row.rounds,
    startsAt: row.startsAt.toISOString(),
    round: row.round,
    sites: row.sites,
    pages: row.pages,
    waiting: row.waiting,
    due: row.due,
    underWay: row.leased,
    held: row.held,
    nextDue: row.nextDue?.toISOString() ?? null,
    lastVisit: row.lastVisit?.toISOString() ?? null,
    visitsLastHour: row.lastHour,
    // At the rate since the first visit of the last hour: a crawl that began a minute ago has made few in that hour.
    leftMs: row.due > 0 && row.lastHourMs !== null && row.lastHourMs > 0 ? Math.round((row.due / row.lastHour) * row.lastHourMs) : null,
    lanes: row.lanes,
    statuses: row.statuses,
    failures: row.failures,
    budget: perDay === null ? null : { perDay, usedToday: row.usedToday },
    settings,
  }
}
