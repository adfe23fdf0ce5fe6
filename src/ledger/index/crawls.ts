import { AssayError } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import type { Database } from '../database/database.ts'
import { jsonForSql } from './write.ts'

/** A decision: which pages, from when, how often. */
export interface CrawlDefinition {
  /** Small letters, digits, hyphens. */
  name: string
  seeds: readonly Seed[]
  /** Milliseconds from round to round; null visits once. */
  everyMs: number | null
  rounds: number
  startsAt: Date
}

export interface CrawlRow {
  name: string
  everyMs: number | null
  rounds: number
  startsAt: Date
  seeds: number
  sites: number
}

const form = /^[a-z0-9][a-z0-9-]{0,59}$/
const batchSize = 5000

export async function defineCrawl(database: Database, definition: CrawlDefinition): Promise<{ added: number; seeds: number }> {
  const { name, seeds, everyMs, rounds, startsAt } = definition
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
    if (!row || row.every_ms !== everyMs || row.rounds !== rounds) {
      throw new AssayError(
        'BAD_ARGUMENT',
        `crawl ${name} exists with another schedule (${row?.rounds} rounds, every ${row?.every_ms} ms)`,
        { hint: 'Choose another name, or give the schedule that it has.' },
      )
    }
    let added = 0
    for (let from = 0; from < seeds.length; from += batchSize) {
      const rows = seeds
        .slice(from, from + batchSize)
        .map((seed) => ({ url: seed.url, site: siteOf(seed.url), rank: seed.rank ?? null, tags: seed.tags, scope: seed.scope }))
      const inserted = await transaction.query(
        `insert into assay.seeds (crawl, url, site, rank, tags, scope, next_round, next_at)
         select $1, url, site, rank, tags, scope, 0, $3 from jsonb_populate_recordset(null::assay.seeds, $2::jsonb) on conflict do nothing returning 1`,
        [name, jsonForSql(rows), row.starts_at],
      )
      added += inserted.length
    }
    const [count] = await transaction.query<{ seeds: number }>('select count(*) as seeds from assay.seeds where crawl = $1', [name])
    return { added, seeds: count?.seeds ?? 0 }
  })
}

export async function listCrawls(database: Database): Promise<CrawlRow[]> {
  return database.query<CrawlRow>(`
    select c.name, c.every_ms as "everyMs", c.rounds, c.starts_at as "startsAt", count(s.url) as seeds, count(distinct s.site) as sites
    from assay.crawls c left join assay.seeds s on s.crawl = c.name group by c.name order by c.created_at, c.name`)
}

export interface SeedRow {
  url: string
  site: string
  rank: number | null
  tags: string[]
  nextRound: number | null
  nextAt: Date | null
}

/** By rank, then by address. */
export async function listSeeds(database: Database, crawl: string): Promise<SeedRow[]> {
  return database.query<SeedRow>(
    `select url, site, rank, tags, next_round as "nextRound", next_at as "nextAt" from assay.seeds where crawl = $1 order by rank nulls last, url collate "C"`,
    [crawl],
  )
}
