import type { Database } from '../database/database.ts'

/** Where a crawl stands. Counts of pages and visits; dates by the record. */
export interface CrawlStatusRow {
  name: string
  everyMs: number | null
  rounds: number
  startsAt: Date
  settings: Record<string, unknown>
  sites: number
  pages: number
  /** Pages that want a visit in this or a later round, and of them now. */
  waiting: number
  due: number
  /** Visits in hand, over all processes. */
  leased: number
  /** Hints that wait for the draw. */
  held: number
  nextDue: Date | null
  /** Visits of the last hour, and milliseconds since the first of them; null where there is none. */
  lastHour: number
  lastHourMs: number | null
  lastVisit: Date | null
  /** The round that the latest visit belongs to, from 0; null before the first. */
  round: number | null
  lanes: { lane: string; repeat: number; visits: number }[]
  statuses: { lane: string; status: string; visits: number }[]
  /** Visits that observed nothing, by why. */
  failures: { lane: string; failure: string; visits: number }[]
  /** Visits of today (UTC) that count against a budget. */
  usedToday: number
}

export async function crawlStatus(database: Database, crawl: string, now: Date): Promise<CrawlStatusRow | null> {
  const [head] = await database.query<Omit<CrawlStatusRow, 'lanes' | 'statuses' | 'failures'>>(
    `select c.name, c.every_ms as "everyMs", c.rounds, c.starts_at as "startsAt", c.settings,
       (select count(distinct site) from assay.seeds where crawl = c.name) as sites,
       (select count(*) from assay.seeds where crawl = c.name) as pages,
       (select count(*) from assay.seeds where crawl = c.name and next_at is not null) as waiting,
       (select count(*) from assay.seeds where crawl = c.name and next_at <= $2) as due,
       (select count(*) from assay.leases where crawl = c.name) as leased,
       (select count(*) from assay.seeds where crawl = c.name and drawn is not null) as held,
       (select min(s.at) from (values ('http'), ('browser')) l(lane), lateral (select min(next_at) as at from assay.seeds where crawl = c.name and lane = l.lane) s) as "nextDue",
       (select count(*) from assay.visits where crawl = c.name and observed_at > $2::timestamptz - interval '1 hour') as "lastHour",
       (select (extract(epoch from $2::timestamptz - min(observed_at)) * 1000)::float8 from assay.visits
         where crawl = c.name and observed_at > $2::timestamptz - interval '1 hour') as "lastHourMs",
       (select max(observed_at) from assay.visits where crawl = c.name) as "lastVisit",
       (select max(round) from assay.visits where crawl = c.name) as round,
       coalesce((select used from assay.budgets where crawl = c.name and day = ($2::timestamptz at time zone 'UTC')::date), 0) as "usedToday"
     from assay.crawls c where c.name = $1`,
    [crawl, now],
  )
  if (head === undefined) return null
  const lanes = await database.query<CrawlStatusRow['lanes'][number]>(
    'select lane, repeat, count(*) as visits from assay.visits where crawl = $1 group by lane, repeat order by lane, repeat',
    [crawl],
  )
  const statuses = await database.query<CrawlStatusRow['statuses'][number]>(
    `select v.lane, coalesce(o.status, 'not-observed') as status, count(*) as visits from assay.visits v
     left join assay.current_observations o on o.capture_id = v.capture_id where v.crawl = $1 group by 1, 2 order by 1, 3 desc, 2`,
    [crawl],
  )
  const failures = await database.query<CrawlStatusRow['failures'][number]>(
    'select lane, failure, count(*) as visits from assay.visits where crawl = $1 and failure is not null group by 1, 2 order by 1, 3 desc, 2',
    [crawl],
  )
  return { ...head, lanes, statuses, failures }
}
