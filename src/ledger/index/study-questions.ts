import type { Status } from '#model/finding.ts'
import type { StudyRetraction, StudySaid } from '#model/study-texts.ts'
import type { Database, Queryable } from '../database/database.ts'
import { importBatch, type ImportedRow, type ImportedSource, listImports, writeImport } from '../imports.ts'
import type { Shelf } from '../files/shelf.ts'
import { ask } from './ask.ts'
import { believed } from './questions.ts'
import { textForSql } from './subjects.ts'
import { type TraceRow, traces } from './traces.ts'
import { type ServerRow, pageServers } from './page-servers.ts'
import { jsonForSql } from './write.ts'

/** What a study asks the ledger beside visits and sightings. `asOf`: what was believed on that day. */
export interface StudyQuestions {
  /** Addresses that served pages themselves, each once a site, by what is believed of a crawl (left out: of all). */
  servers(filter: StudyFilter): Promise<ServerRow[]>
  /** Mining findings with the slot that they lie in. */
  instances(filter: StudyFilter): Promise<InstanceRow[]>
  /** What sites had, round by round: subjects that at least two sites have, and accounts and services of any. */
  traces(filter: StudyFilter): Promise<TraceRow[]>
  /** Captures of which an earlier answer said more, or less, than the latest. */
  retractions(): Promise<RetractionRow[]>
  /** Adds rows that are new, none of them twice: files first, then the index. Answers the places of those that were there. */
  addImported(rows: readonly ImportedRow[]): Promise<{ added: number; known: number[] }>
  /** Whose observations were imported, and how many. */
  sources(): Promise<ImportedSource[]>
  imported(filter: { source: string }): Promise<ImportedRow[]>
  /** What was written down of a study, the first version first. */
  studyVersions(name: string): Promise<StudyVersion[]>
  writeStudy(version: StudyVersion): Promise<void>
  /** Rows of a documented view, in batches, for an export. */
  rowsOf(view: ExportView): AsyncIterable<Record<string, unknown>[]>
  /** Changes when the export would. */
  exportVersion(): Promise<string>
}

export interface StudyFilter {
  crawl?: string
  asOf?: Date
}

export interface InstanceRow {
  site: string
  lane: string
  url: string
  slot: string | null
}

export type { ServerRow, TraceRow }

export type RetractionRow = StudyRetraction

export interface StudyVersion {
  name: string
  writtenAt: Date
  digest: string
  definition: Record<string, unknown>
}

export const exportViews = ['visits', 'observations', 'subjects', 'findings', 'servers', 'sightings', 'sites', 'imported'] as const
export type ExportView = (typeof exportViews)[number]

/** Documented in docs/study.md: additive only. */
const views: Record<ExportView, string> = {
  visits: `select visit_id, crawl, round, url, site, rank, array_to_string(tags, ' ') as tags, lane, repeat, inclusion, inclusion_reason, planned_at, observed_at,
    capture_id, error_code, failure from assay.visits order by observed_at, visit_id`,
  observations: `select o.capture_id, o.judgement, o.visit_id, v.crawl, v.round, o.url, o.final_url, o.site, o.lane, o.vantage, o.conditions, o.rank,
    array_to_string(o.tags, ' ') as tags, o.observed_at, o.recorded_at, o.reached, o.status, o.activity, o.consent, o.placement, o.error_code,
    o.recorded_at = max(o.recorded_at) over (partition by o.capture_id) as is_current
    from assay.observations o join assay.visits v using (visit_id) order by o.observed_at, o.capture_id, o.recorded_at`,
  subjects: 'select capture_id, judgement, kind, subject from assay.subjects order by capture_id, judgement, kind, subject',
  findings:
    'select capture_id, judgement, number, detector, kind, weight, family, service, account, title, slot from assay.findings order by capture_id, judgement, number',
  servers:
    'select capture_id, judgement, host, address, asn, organisation, country, certificate, is_page from assay.servers order by capture_id, judgement, host, address',
  sightings: `select kind, subject, site, lane, vantage, conditions, first_seen, last_seen, visits_seen, visits_looked, looked_before, looked_after
    from assay.sightings order by kind, subject, site`,
  sites: `select o.site, min(o.rank) as rank, min(o.observed_at) as first_visit, max(o.observed_at) as last_visit, count(*) as visits,
    count(*) filter (where o.status in ('active', 'loaded', 'suspected', 'hint')) as visits_found, count(*) filter (where o.status = 'opt-in') as visits_opt_in,
    count(*) filter (where o.status in ('none', 'no-hint')) as visits_clean, count(*) filter (where o.status = 'inconclusive') as visits_blind,
    count(*) filter (where o.status = 'not-observed') as visits_not_observed
    from assay.current_observations o group by o.site order by o.site`,
  imported: `select source, to_char(observed_on, 'YYYY-MM-DD') as date, site, subject_kind, subject from assay.imported order by source, observed_on, site, subject_kind, subject`,
}

const batchSize = 20_000

export function studyQuestions(database: Database, shelf: Shelf, fold: () => Promise<unknown>): StudyQuestions {
  const current = (asOf: Date | undefined) => [asOf ?? null] as const
  return {
    servers: ({ crawl, asOf }) => pageServers(database, crawl, asOf),
    instances: ({ crawl, asOf }) =>
      ask<InstanceRow>(
        database,
        `select distinct o.site, v.lane, o.url, f.slot
         from ${believed} o join assay.findings f using (capture_id, judgement)
         join assay.visits v using (visit_id)
         where f.kind = 'mining' and f.weight <> 'context' and o.status in ('active', 'loaded', 'suspected', 'opt-in', 'hint') and ($2::text is null or v.crawl = $2)
         order by 1, 2, 3, 4`,
        [...current(asOf), crawl ?? null],
      ),
    traces: ({ crawl, asOf }) => traces(database, crawl, asOf),
    retractions: () => retractions(database),
    async addImported(rows) {
      const known = await knownImported(database, rows)
      const isKnown = new Set(known)
      const fresh = rows.filter((_, at) => !isKnown.has(at))
      if (fresh.length > 0) {
        await writeImport(shelf, fresh)
        await database.transaction((transaction) => indexImported(transaction, fresh))
      }
      return { added: fresh.length, known }
    },
    sources: () =>
      ask<ImportedSource>(
        database,
        `select source, count(distinct site) as sites, count(*) as rows, to_char(min(observed_on), 'YYYY-MM-DD') as from, to_char(max(observed_on), 'YYYY-MM-DD') as to,
           count(distinct site) filter (where subject_kind <> 'visited') as found
         from assay.imported group by source order by source collate "C"`,
        [],
      ),
    imported: ({ source }) =>
      database.query<ImportedRow>(
        `select source, to_char(observed_on, 'YYYY-MM-DD') as date, site, subject_kind as "subjectKind", subject from assay.imported where source = $1
         order by observed_on, site collate "C", subject_kind, subject collate "C"`,
        [source],
      ),
    studyVersions: (name) =>
      database.query<StudyVersion>(
        'select name, written_at as "writtenAt", digest, definition from assay.studies where name = $1 order by written_at',
        [name],
      ),
    async writeStudy({ name, writtenAt, digest, definition }) {
      await database.query(
        'insert into assay.studies (name, written_at, digest, definition) values ($1, $2, $3, $4::jsonb) on conflict do nothing',
        [name, writtenAt, digest, jsonForSql([definition]).slice(1, -1)],
      )
    },
    async *rowsOf(view) {
      if (view === 'sightings') await fold()
      const session = await database.session(() => {})
      try {
        await session.client.query('begin transaction isolation level repeatable read read only')
        await session.client.query(`declare export_rows no scroll cursor for ${views[view]}`)
        for (;;) {
          const rows = await session.client.query<Record<string, unknown>>(`fetch ${batchSize} from export_rows`)
          if (rows.length === 0) return
          yield rows
        }
      } finally {
        await session.close()
      }
    },
    async exportVersion() {
      const [row] = await database.query<{ version: string }>(
        // Rows may be purged too: as many as before need not be the same.
        `select concat_ws(' ', (select count(*) || ' ' || max(visit_id) from assay.visits),
           (select count(*) || ' ' || max(recorded_at) || ' ' || max(capture_id) from assay.observations), (select count(*) from assay.imported)) as version`,
      )
      return row?.version ?? ''
    },
  }
}

export async function indexImported(to: Queryable, rows: readonly ImportedRow[]): Promise<void> {
  for (let from = 0; from < rows.length; from += importBatch)
    await to.query(
      `insert into assay.imported (source, observed_on, site, subject_kind, subject)
       select * from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[]) on conflict do nothing`,
      importColumns(rows.slice(from, from + importBatch)),
    )
}

/** Of so many rows lists of one column are read several times as fast as JSON. */
const importColumns = (rows: readonly ImportedRow[]): string[][] => [
  rows.map(({ source }) => textForSql(source)),
  rows.map(({ date }) => date),
  rows.map(({ site }) => textForSql(site)),
  rows.map(({ subjectKind }) => subjectKind),
  rows.map(({ subject }) => textForSql(subject)),
]

/** Fills the table of imports from their files. */
export async function reindexImported(to: Queryable, shelf: Shelf): Promise<void> {
  await to.query('truncate assay.imported')
  for await (const rows of listImports(shelf)) await indexImported(to, rows)
}

/** Places of the rows that are there, ascending. */
async function knownImported(database: Database, rows: readonly ImportedRow[]): Promise<number[]> {
  const known: number[] = []
  for (let from = 0; from < rows.length; from += importBatch) {
    const there = await database.query<{ number: number }>(
      `select r.number from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[]) with ordinality as r(source, date, site, kind, subject, number)
       where exists (select from assay.imported i where i.source = r.source and i.observed_on = r.date and i.site = r.site and i.subject_kind = r.kind and i.subject = r.subject)
       order by r.number`,
      importColumns(rows.slice(from, from + importBatch)),
    )
    for (const { number } of there) known.push(from + number - 1)
  }
  return known
}

async function retractions(database: Database): Promise<RetractionRow[]> {
  const rows = await database.query<Omit<RetractionRow, 'kind' | 'before' | 'now'> & Record<string, unknown>>(
    `with said as (
       select o.*, o.status in ('active', 'loaded', 'suspected', 'hint') as found, array(select n.kind || ' ' || n.subject from assay.subject_names n
         where n.id = any(o.miner_ids) order by 1) as names
       from assay.observations o
       where o.capture_id in (select capture_id from assay.observations group by capture_id having count(*) > 1)
     ), now as (select distinct on (capture_id) * from said order by capture_id, recorded_at desc, judgement desc)
     select distinct on (n.capture_id) n.capture_id as "captureId", n.site, n.url, n.observed_at as "observedAt",
       case when b.found and not n.found then 'withdrawn' when n.found and not b.found then 'late' else 'renamed' end as kind,
       b.status as "beforeStatus", b.judgement as "beforeJudgement", b.recorded_at as "beforeAt", b.names as "beforeNames",
       n.status as "nowStatus", n.judgement as "nowJudgement", n.recorded_at as "nowAt", n.names as "nowNames"
     from now n join said b on b.capture_id = n.capture_id and (b.recorded_at, b.judgement) < (n.recorded_at, n.judgement)
     where (b.found <> n.found) or (n.found and b.names <> n.names)
     order by n.capture_id, b.recorded_at desc, b.judgement desc`,
  )
  return rows
    .map((row): RetractionRow => ({
      captureId: row.captureId,
      site: row.site,
      url: row.url,
      observedAt: row.observedAt,
      kind: row['kind'] as RetractionRow['kind'],
      before: saidOf(row, 'before'),
      now: saidOf(row, 'now'),
    }))
    .sort((a, b) => (a.site < b.site ? -1 : a.site > b.site ? 1 : a.observedAt.getTime() - b.observedAt.getTime()))
}

function saidOf(row: Record<string, unknown>, when: 'before' | 'now'): StudySaid {
  return {
    status: row[`${when}Status`] as Status,
    judgement: row[`${when}Judgement`] as string,
    at: row[`${when}At`] as Date,
    subjects: row[`${when}Names`] as string[],
  }
}
