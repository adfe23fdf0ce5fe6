import { AssayError } from '#model/errors.ts'
import type { CrawlLane } from '#model/inclusion.ts'
import type { Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import type { Database, Queryable } from '../database/database.ts'
import { textForSql } from './subjects.ts'

/** A decision: which pages, from when, how often. */
export interface CrawlDefinition {
  /** Small letters, digits, hyphens. */
  name: string
  /** Only so many are held as go together into one statement; gone through again where the transaction is repeated. */
  seeds: Iterable<Seed>
  /** Milliseconds from round to round; null visits once. */
  everyMs: number | null
  rounds: number
  startsAt: Date
  /** Lane of each round's first visit; the browser's, where none is named. */
  firstLane?: CrawlLane
  /** What the crawl is started with, for whoever joins it: plain JSON. Left out: as before. */
  settings?: object
}

export interface CrawlRow {
  name: string
  everyMs: number | null
  rounds: number
  startsAt: Date
  firstLane: CrawlLane
  settings: Record<string, unknown>
  seeds: number
  sites: number
}

const form = /^[a-z0-9][a-z0-9-]{0,59}$/
const batchSize = 2000

export async function defineCrawl(database: Database, definition: CrawlDefinition): Promise<{ added: number; seeds: number }> {
  const { name, seeds, everyMs, rounds, startsAt, firstLane = 'browser', settings } = definition
  if (!form.test(name)) throw new AssayError('BAD_ARGUMENT', `"${name}" is no name for a crawl: small letters, digits and hyphens`)
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new AssayError('BAD_ARGUMENT', `${rounds} rounds cannot be crawled`)
  if (rounds > 1 && !(everyMs !== null && everyMs > 0))
    throw new AssayError('BAD_ARGUMENT', 'several rounds need the time from one to the next')
  return database.transaction(async (transaction) => {
    await transaction.query(
      'insert into assay.crawls (name, every_ms, rounds, starts_at, created_at) values ($1, $2, $3, $4, now()) on conflict do nothing',
      [name, everyMs, rounds, startsAt],
    )
    const [row] = await transaction.query<{ every_ms: number | null; rounds: number; starts_at: Date }>(
      'select every_ms, rounds, starts_at from assay.crawls where name = $1',
      [name],
    )
    const isOther = row?.every_ms !== everyMs || row.rounds !== rounds
    // A list may be imported before anybody says how often it is to be visited.
    if (isOther && (await isOnlyImported(transaction, name))) {
      await transaction.query('update assay.crawls set every_ms = $2, rounds = $3, starts_at = $4 where name = $1', [
        name,
        everyMs,
        rounds,
        startsAt,
      ])
      await transaction.query('update assay.seeds set next_round = 0, next_at = $2 where crawl = $1', [name, startsAt])
    } else if (!row || isOther) {
      throw new AssayError(
        'BAD_ARGUMENT',
        `crawl ${name} exists with another schedule (${row?.rounds} rounds, every ${row?.every_ms} ms)`,
        { hint: 'Choose another name, or give the schedule that it has.' },
      )
    }
    const [schedule] = await transaction.query<{ starts_at: Date; first_lane: CrawlLane }>(
      'select starts_at, first_lane from assay.crawls where name = $1 for update',
      [name],
    )
    await transaction.query('update assay.crawls set first_lane = $2, settings = coalesce($3::jsonb, settings) where name = $1', [
      name,
      firstLane,
      settings === undefined ? null : JSON.stringify(settings),
    ])
    // Pages whose round has not begun begin it in that lane.
    if (schedule?.first_lane !== firstLane)
      await transaction.query(
        `update assay.seeds s set lane = $2 where crawl = $1 and lane <> $2 and repeat = 0 and inclusion is null and drawn is null
           and not exists (select from assay.visits v where v.crawl = s.crawl and v.url = s.url and v.round = s.next_round)`,
        [name, firstLane],
      )
    let added = 0
    for (const batch of batches(seeds)) {
      const [row] = await transaction.query<{ added: number }>(
        `with made as (
           insert into assay.seeds (crawl, url, site, rank, tags, scope, next_round, next_at, lane)
           select $1, url, site, rank, array(select jsonb_array_elements_text(tags::jsonb)), scope, 0, $7, $8
           from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[]) as t(url, site, rank, tags, scope) on conflict do nothing returning 1)
         select count(*) as added from made`,
        [
          name,
          batch.map(({ url }) => textForSql(url)),
          batch.map(({ url }) => siteOf(url)),
          batch.map(({ rank }) => rank ?? null),
          batch.map(({ tags }) => JSON.stringify(tags.map(textForSql))),
          batch.map(({ scope }) => scope),
          schedule?.starts_at ?? startsAt,
          firstLane,
        ],
      )
      added += row?.added ?? 0
    }
    // Until then the planner takes the table for an empty one.
    if (added >= batchSize) await transaction.query('analyze assay.seeds')
    const [count] = await transaction.query<{ seeds: number }>('select count(*) as seeds from assay.seeds where crawl = $1', [name])
    return { added, seeds: count?.seeds ?? 0 }
  })
}

function* batches(seeds: Iterable<Seed>): Iterable<Seed[]> {
  if ('next' in seeds) throw new AssayError('INTERNAL', 'seeds that can be gone through only once')
  let batch: Seed[] = []
  for (const seed of seeds) {
    batch.push(seed)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** What marks a crawl that has seeds and no schedule yet. */
export const importedSettings = { imported: true }

async function isOnlyImported(transaction: Queryable, name: string): Promise<boolean> {
  const [row] = await transaction.query<{ imported: boolean }>(
    'select settings @> $2::jsonb as imported from assay.crawls where name = $1',
    [name, JSON.stringify(importedSettings)],
  )
  return row?.imported === true
}

export async function listCrawls(database: Database): Promise<CrawlRow[]> {
  return database.query<CrawlRow>(`
    select c.name, c.every_ms as "everyMs", c.rounds, c.starts_at as "startsAt", c.first_lane as "firstLane", c.settings, count(s.url) as seeds, count(distinct s.site) as sites
    from assay.crawls c left join assay.seeds s on s.crawl = c.name group by c.name order by c.created_at, c.name`)
}

/** What a process that joins has to know of a crawl. */
export interface JoinableCrawl {
  name: string
  settings: Record<string, unknown>
  /** Whether any page of it wants another visit, now or later, or waits for a draw. */
  isWanting: boolean
}

/** Crawls that have a schedule; in the order in which they were made. */
export async function joinableCrawls(database: Database): Promise<JoinableCrawl[]> {
  return database.query<JoinableCrawl>(
    `select name, settings, (exists (select from assay.seeds s where s.crawl = name and s.next_at is not null)
       or (settings #>> '{lanes,hintBudget}' is not null and exists (select from assay.seeds s where s.crawl = name and s.drawn is not null))) as "isWanting"
     from assay.crawls where not settings @> $1::jsonb order by created_at, name`,
    [JSON.stringify(importedSettings)],
  )
}

export interface SeedRow {
  url: string
  site: string
  rank: number | null
  tags: string[]
  scope: Seed['scope']
  /** The page that named it, where it was no seed of a list. */
  parent: string | null
  depth: number
  /** Why robots.txt is not asked; null asks. */
  robotsReason: string | null
  /** Lane of the next turn. */
  lane: CrawlLane
  nextRound: number | null
  nextAt: Date | null
}

/** By rank, then by address. */
export async function listSeeds(database: Database, crawl: string): Promise<SeedRow[]> {
  return database.query<SeedRow>(
    `select url, site, rank, tags, scope, parent, depth, robots_reason as "robotsReason", lane, next_round as "nextRound", next_at as "nextAt"
     from assay.seeds where crawl = $1 order by rank nulls last, url collate "C"`,
    [crawl],
  )
}

/** What may be changed of seeds that are there. */
export interface SeedChange {
  addTags?: readonly string[]
  removeTags?: readonly string[]
  /** Why robots.txt is not to be asked; null asks it again. */
  robotsReason?: string | null
}

/** Changes the seeds of a crawl with these addresses, all at once. Answers how many there are. */
export async function changeSeeds(database: Database, crawl: string, urls: readonly string[], change: SeedChange): Promise<number> {
  const rows = await database.query(
    `update assay.seeds s set
       tags = array(select t from unnest(s.tags || $3::text[]) with ordinality as u(t, n) where not t = any($4::text[]) group by t order by min(n)),
       robots_reason = case when $5 then $6 else robots_reason end
     where crawl = $1 and url = any($2) returning 1`,
    [
      crawl,
      [...urls],
      [...(change.addTags ?? [])],
      [...(change.removeTags ?? [])],
      change.robotsReason !== undefined,
      change.robotsReason ?? null,
    ],
  )
  return rows.length
}
