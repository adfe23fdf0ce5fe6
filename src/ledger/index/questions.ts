import type { Status } from '#model/finding.ts'
import type { Lane, PageReached } from '#model/capture.ts'
import type { FailureClass } from '#model/failure.ts'
import type { InclusionReason } from '#model/inclusion.ts'
import type { Database } from '../database/database.ts'

export interface VisitFilter {
  /** Name of a crawl; null for pages that a person asked for; left out for all. */
  crawl?: string | null
  /** What was believed on that day, instead of now. */
  asOf?: Date
}

/** One visit and its latest judgement. `observed` is null where there was nothing to judge. */
export interface VisitRow {
  visitId: string
  crawl: string | null
  round: number | null
  url: string
  site: string
  rank: number | null
  tags: string[]
  plannedAt: Date | null
  observedAt: Date
  captureId: string | null
  errorCode: string | null
  /** Of the turn: also where nothing was observed. */
  lane: Lane
  repeat: number
  /** Probability with which the visit was going to be made; null where everything is visited, or nobody kept it. */
  inclusion: number | null
  inclusionReason: InclusionReason | null
  failure: FailureClass | null
  observed: {
    judgement: string
    lane: Lane
    vantage: string
    reached: PageReached
    status: Status
    activity: string
    consent: string
    placement: string
    families: string[]
    services: string[]
    accounts: string[]
  } | null
}

/** Subject × site × conditions; see the view `sightings` for what a look is. */
export interface SightingRow {
  kind: string
  subject: string
  site: string
  lane: Lane
  vantage: string
  conditions: string
  firstSeen: Date
  lastSeen: Date
  visitsSeen: number
  visitsLooked: number
  lookedBefore: Date | null
  lookedAfter: Date | null
}

interface FlatVisit extends Omit<VisitRow, 'observed' | 'plannedAt' | 'observedAt'> {
  /** Epoch milliseconds: of hundreds of thousands of dates as text, the reading is what takes longest. */
  planned: number | null
  seen: number
  judgement: string | null
  observedLane: Lane
  vantage: string
  reached: PageReached
  status: Status
  activity: string
  consent: string
  placement: string
  subjects: Record<string, string[]> | null
}

/** A study's question: of large tables, for which a connection's usual memory would mean going over the disk. */
export function ask<Row>(database: Pick<Database, 'transaction'>, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return database.transaction(async (transaction) => {
    await transaction.query(`set local work_mem = '96MB'`)
    return transaction.query<Row>(sql, values)
  })
}

/**
 * What is believed of each capture on the day of parameter `$1` (null: now), as a table expression: that which no later judgement follows. One row a
 * capture, as of `assay.observations_as_of`, without sorting them all.
 */
export const believed = `(select o.* from assay.observations o where o.recorded_at <= coalesce($1::timestamptz, 'infinity') and not exists (
    select from assay.observations n where n.capture_id = o.capture_id and n.recorded_at <= coalesce($1::timestamptz, 'infinity')
      and (n.recorded_at, n.judgement) > (o.recorded_at, o.judgement)))`

export async function listVisits(database: Database, { crawl, asOf }: VisitFilter): Promise<VisitRow[]> {
  const rows = await ask<FlatVisit>(
    database,
    `select v.visit_id as "visitId", v.crawl, v.round, v.url, v.site, v.rank, v.tags, (extract(epoch from v.planned_at) * 1000)::float8 as planned, (extract(epoch from v.observed_at) * 1000)::float8 as seen,
       v.capture_id as "captureId", coalesce(v.error_code, o.error_code) as "errorCode",
       v.lane, v.repeat, v.inclusion, v.inclusion_reason as "inclusionReason", v.failure, o.judgement, o.lane as "observedLane", o.vantage, o.reached, o.status, o.activity, o.consent, o.placement, k.subjects
     from assay.visits v left join ${believed} o on o.capture_id = v.capture_id
       left join (
         select capture_id, judgement, jsonb_object_agg(kind, subjects) as subjects from (
           select capture_id, judgement, kind, jsonb_agg(subject order by subject collate "C") as subjects from assay.subjects
           where kind in ('family', 'service', 'account') group by capture_id, judgement, kind) g
         group by capture_id, judgement) k on k.capture_id = o.capture_id and k.judgement = o.judgement
     where $2 or v.crawl is not distinct from $3
     order by v.site collate "C", v.url collate "C", v.round, v.observed_at, v.visit_id`,
    [asOf ?? null, crawl === undefined, crawl ?? null],
  )
  return rows.map(
    ({ judgement, observedLane, vantage, reached, status, activity, consent, placement, subjects, planned, seen, ...visit }) => ({
      ...visit,
      plannedAt: planned === null ? null : new Date(planned),
      observedAt: new Date(seen),
      observed:
        judgement === null
          ? null
          : {
              judgement,
              lane: observedLane,
              vantage,
              reached,
              status,
              activity,
              consent,
              placement,
              families: subjects?.family ?? [],
              services: subjects?.service ?? [],
              accounts: subjects?.account ?? [],
            },
    }),
  )
}

export async function listSightings(database: Database, { kind }: { kind?: string }): Promise<SightingRow[]> {
  return database.query<SightingRow>(
    `select kind, subject, site, lane, vantage, conditions, first_seen as "firstSeen", last_seen as "lastSeen", visits_seen as "visitsSeen",
       visits_looked as "visitsLooked", looked_before as "lookedBefore", looked_after as "lookedAfter"
     from assay.sightings where $1::text is null or kind = $1
     order by kind collate "C", subject collate "C", site collate "C", lane, vantage collate "C", conditions collate "C"`,
    [kind ?? null],
  )
}
