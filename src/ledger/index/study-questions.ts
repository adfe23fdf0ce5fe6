import type { Status } from '#model/finding.ts'
import type { StudyRetraction, StudySaid } from '#model/study-texts.ts'
import type { Database, Queryable } from '../database/database.ts'
import { type ImportedRow, listImports, writeImport } from '../imports.ts'
import type { Shelf } from '../files/shelf.ts'
import { ask, believed } from './questions.ts'
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
  /** Adds rows that are new: files first, then the index. */
  addImported(rows: readonly ImportedRow[]): Promise<{ added: number; known: number }>
  imported(): Promise<ImportedRow[]>
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

export interface ServerRow {
  site: string
  address: string
  asn: number | null
  organisation: string | null
  country: string | null
}

export interface InstanceRow {
  site: string
  lane: string
  url: string
  slot: string | null
}

/** One site, one subject, one lane, with the rounds of its visits that saw it. */
export interface TraceRow {
  site: string
  lane: string
  kind: string
  subject: string
  rounds: number[]
}

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
    servers: ({ crawl, asOf }) =>
      ask<ServerRow>(
        database,
        `select distinct o.site, s.address, s.asn, s.organisation, s.country
         from ${believed} o join assay.servers s using (capture_id, judgement)
         join assay.visits v using (visit_id) where s.is_page and ($2::text is null or v.crawl = $2) order by 1, 2, 3, 4, 5`,
        [...current(asOf), crawl ?? null],
      ),
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
    async traces({ crawl, asOf }) {
      // A round is a bit of a whole number, sixty of them a row, and places are numbers: what is counted needs no order, and nothing long is carried along.
      const rows = await ask<TracePart>(
        database,
        `with looked as materialized (
           select o.capture_id, o.judgement, o.site, v.lane, v.round, dense_rank() over (order by o.site collate "C", v.lane collate "C")::int as place
           from ${believed} o join assay.visits v using (visit_id) where v.round is not null and ($2::text is null or v.crawl = $2)
         ), seen as materialized (
           select l.place, s.kind, s.subject, l.round / 60 as part, bit_or(1::bigint << (l.round % 60)) as bits
           from looked l join assay.subjects s using (capture_id, judgement)
           where s.kind not in ('mining', 'family')
             -- What a site's own page loads is its own.
             and not (s.kind = 'pair' and starts_with(s.subject, l.site || ' '))
           group by l.place, s.kind, s.subject, l.round / 60
         ), places as (select distinct place, site, lane from looked)
         select site, lane, kind, subject, part, (bits & 1073741823)::int as low, (bits >> 30)::int as high from seen join places using (place)`,
        [...current(asOf), crawl ?? null],
      )
      return sharedTraces(rows)
    },
    retractions: () => retractions(database),
    async addImported(rows) {
      const fresh = await notThere(database, rows)
      if (fresh.length > 0) {
        await writeImport(shelf, fresh)
        await database.transaction((transaction) => indexImported(transaction, fresh))
      }
      return { added: fresh.length, known: rows.length - fresh.length }
    },
    imported: () =>
      database.query<ImportedRow>(
        `select source, to_char(observed_on, 'YYYY-MM-DD') as date, site, subject_kind as "subjectKind", subject from assay.imported
         order by source collate "C", observed_on, site collate "C", subject_kind, subject collate "C"`,
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
  for (let from = 0; from < rows.length; from += 5000) {
    const batch = rows
      .slice(from, from + 5000)
      .map(({ source, date, site, subjectKind, subject }) => ({ source, observed_on: date, site, subject_kind: subjectKind, subject }))
    await to.query(
      `insert into assay.imported select * from jsonb_populate_recordset(null::assay.imported, $1::jsonb) on conflict do nothing`,
      [jsonForSql(batch)],
    )
  }
}

/** Fills the table of imports from their files. */
export async function reindexImported(to: Queryable, shelf: Shelf): Promise<void> {
  await to.query('truncate assay.imported')
  for await (const rows of listImports(shelf)) await indexImported(to, rows)
}

async function notThere(database: Database, rows: readonly ImportedRow[]): Promise<ImportedRow[]> {
  const fresh: ImportedRow[] = []
  for (let from = 0; from < rows.length; from += 5000) {
    const batch = rows.slice(from, from + 5000)
    const known = await database.query<{ number: number }>(
      `select r.number::int as number from jsonb_to_recordset($1::jsonb) as r(number int, source text, date date, site text, kind text, subject text)
       join assay.imported i on i.source = r.source and i.observed_on = r.date and i.site = r.site and i.subject_kind = r.kind and i.subject = r.subject`,
      [
        jsonForSql(
          batch.map(({ source, date, site, subjectKind, subject }, number) => ({ number, source, date, site, kind: subjectKind, subject })),
        ),
      ],
    )
    const numbers = new Set(known.map(({ number }) => number))
    fresh.push(...batch.filter((_, number) => !numbers.has(number)))
  }
  return fresh
}

/** Sixty rounds of a trace: bits of two whole numbers, the first thirty rounds lowest. */
interface TracePart extends Omit<TraceRow, 'rounds'> {
  part: number
  low: number
  high: number
}

/** What at least two sites have, or one in two lanes, and accounts and services of any. */
function sharedTraces(rows: readonly TracePart[]): TraceRow[] {
  const kinds = new Map<string, Map<string, TracePart[]>>()
  for (const row of rows) {
    let of = kinds.get(row.kind)
    if (of === undefined) kinds.set(row.kind, (of = new Map()))
    const its = of.get(row.subject)
    if (its === undefined) of.set(row.subject, [row])
    else its.push(row)
  }
  const shared: TraceRow[] = []
  for (const [kind, of] of kinds)
    for (const parts of of.values()) {
      const traces = tracesOf(parts)
      if (traces.length > 1 || kind === 'account' || kind === 'service') for (const trace of traces) shared.push(trace)
    }
  return shared
}

/** Parts of one subject → one row a site and lane, its rounds ascending. */
function tracesOf(parts: TracePart[]): TraceRow[] {
  const traces = new Map<string, TraceRow>()
  for (const { site, lane, kind, subject, part, low, high } of parts.sort((a, b) => a.part - b.part)) {
    const place = `${site} ${lane}`
    let trace = traces.get(place)
    if (trace === undefined) traces.set(place, (trace = { site, lane, kind, subject, rounds: [] }))
    for (let bit = 0, left = low; left > 0; bit++, left >>= 1) if (left & 1) trace.rounds.push(part * 60 + bit)
    for (let bit = 30, left = high; left > 0; bit++, left >>= 1) if (left & 1) trace.rounds.push(part * 60 + bit)
  }
  return [...traces.values()]
}

async function retractions(database: Database): Promise<RetractionRow[]> {
  const rows = await database.query<Omit<RetractionRow, 'kind' | 'before' | 'now'> & Record<string, unknown>>(
    `with said as (
       select o.*, o.status in ('active', 'loaded', 'suspected', 'hint') as found, array(select s.kind || ' ' || s.subject from assay.subjects s
         where s.capture_id = o.capture_id and s.judgement = o.judgement and s.kind in ('family', 'service', 'account') order by 1) as names
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
