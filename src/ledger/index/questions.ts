import type { Status } from '#model/finding.ts'
import type { Lane, PageReached } from '#model/capture.ts'
import type { FailureClass } from '#model/failure.ts'
import type { InclusionReason } from '#model/inclusion.ts'
import type { Database, Queryable } from '../database/database.ts'
import { askEach } from './ask.ts'
import { namesOf } from './subjects.ts'

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

/** Columns of a visit as they come; times are epoch milliseconds, what is believed is one text: of hundreds of thousands the reading takes longest. */
type FlatVisit = [
  visitId: string,
  crawl: string | null,
  round: number | null,
  url: string,
  site: string,
  rank: number | null,
  tags: string[] | null,
  planned: number | null,
  seen: number,
  captureId: string | null,
  errorCode: string | null,
  lane: Lane,
  repeat: number,
  inclusion: number | null,
  inclusionReason: InclusionReason | null,
  failure: FailureClass | null,
  observed: string,
  /** Microseconds since the epoch. */
  recorded: number | null,
]

/**
 * What is believed of each capture on the day of parameter `$1` (null: now), as a table expression: that which no later judgement follows. One row a
 * capture, as of `assay.observations_as_of`, without sorting them all.
 */
export const believed = `(select o.* from assay.observations o where o.recorded_at <= coalesce($1::timestamptz, 'infinity') and not exists (
    select from assay.observations n where n.capture_id = o.capture_id and n.recorded_at <= coalesce($1::timestamptz, 'infinity')
      and (n.recorded_at, n.judgement) > (o.recorded_at, o.judgement)))`

export async function listVisits(database: Pick<Database, 'transaction'>, { crawl, asOf }: VisitFilter): Promise<VisitRow[]> {
  const rows = await askEach(
    database,
    `select v.visit_id, v.crawl, v.round, v.url, v.site, v.rank, nullif(v.tags, '{}'), (date_part('epoch', v.planned_at) * 1000)::int8, (date_part('epoch', v.observed_at) * 1000)::int8,
       v.capture_id, coalesce(v.error_code, o.error_code), v.lane, v.repeat, v.inclusion, v.inclusion_reason, v.failure,
       concat_ws(chr(31), o.judgement, o.lane, o.vantage, o.reached, o.status, o.activity, o.consent, o.placement, o.miner_ids::text),
       (date_part('epoch', o.recorded_at) * 1000000)::int8
     from assay.visits v left join assay.observations o on o.capture_id = v.capture_id and o.recorded_at <= coalesce($1::timestamptz, 'infinity') where $2 or v.crawl is not distinct from $3`,
    [asOf ?? null, crawl === undefined, crawl ?? null],
    gatherVisits,
  )
  return rows.sort(bySite)
}

type Believed = NonNullable<VisitRow['observed']>

/** Names of the miners of what is believed, by its text. */
async function nameMiners(from: Queryable, believedOf: ReadonlyMap<string, Believed>): Promise<void> {
  const miners = new Map<number, Believed[]>()
  for (const [text, observed] of believedOf) {
    const ids = text.split('\x1f')[8]
    if (ids === undefined) continue
    for (const id of ids.slice(1, -1).split(',').map(Number)) {
      const its = miners.get(id)
      if (its === undefined) miners.set(id, [observed])
      else its.push(observed)
    }
  }
  for (const { id, kind, subject } of await namesOf(from, [...miners.keys()]))
    for (const { families, services, accounts } of miners.get(id) ?? [])
      (kind === 'family' ? families : kind === 'service' ? services : accounts).push(subject)
}

/**
 * One row a visit, of its judgements the latest: few visits have several, and SQL would look for a later one of each. Visits of a study say the same few
 * things: what is equal is kept once.
 */
function gatherVisits() {
  const rows: VisitRow[] = []
  const places = new Map<string, number>()
  const recordedOf: number[] = []
  const days = new Map<number, Date>()
  const believedOf = new Map<string, Believed>()
  const texts = new Map<string, string>()
  const once = <Text extends string | null>(text: Text): Text => {
    if (text === null) return text
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return (known ?? text) as Text
  }
  const believedIn = (text: string): Believed => {
    const known = believedOf.get(text)
    if (known !== undefined) return known
    const [judgement = '', lane, vantage = '', reached, status, activity = '', consent = '', placement = ''] = text.split('\x1f')
    const observed: Believed = {
      judgement,
      lane: lane as Lane,
      vantage,
      reached: reached as PageReached,
      status: status as Status,
      activity,
      consent,
      placement,
      families: [],
      services: [],
      accounts: [],
    }
    believedOf.set(text, observed)
    return observed
  }
  return {
    take: (row: unknown[]) => {
      const [visitId, crawl, round, url, site, rank, tags, planned, seen, captureId, errorCode, ...turn] = row as FlatVisit
      const [lane, repeat, inclusion, inclusionReason, failure, text, recorded] = turn
      const observed = text === '' ? null : believedIn(text)
      const place = places.get(visitId) ?? rows.length
      const before = rows[place]
      if (before !== undefined && !isLater(observed, recorded, before.observed, recordedOf[place]!)) return
      places.set(visitId, place)
      recordedOf[place] = recorded ?? 0
      let plannedAt = planned === null ? null : (days.get(planned) ?? null)
      if (planned !== null && plannedAt === null) days.set(planned, (plannedAt = new Date(planned)))
      rows[place] = {
        visitId,
        crawl: once(crawl),
        round,
        url: once(url),
        site: once(site),
        rank,
        tags: tags ?? [],
        plannedAt,
        observedAt: new Date(seen),
        captureId,
        errorCode: once(errorCode),
        lane: once(lane),
        repeat,
        inclusion,
        inclusionReason: once(inclusionReason),
        failure: once(failure),
        observed,
      }
    },
    result: async (transaction: Queryable) => {
      await nameMiners(transaction, believedOf)
      return rows
    },
  }
}

/** As in `believed`. */
const isLater = (a: Believed | null, recorded: number | null, b: Believed | null, before: number): boolean =>
  (recorded ?? 0) > before || (recorded === before && (a?.judgement ?? '') > (b?.judgement ?? ''))

/** By site, page, round, time. */
function bySite(a: VisitRow, b: VisitRow): number {
  if (a.site !== b.site) return a.site < b.site ? -1 : 1
  if (a.url !== b.url) return a.url < b.url ? -1 : 1
  return (
    (a.round ?? Infinity) - (b.round ?? Infinity) || a.observedAt.getTime() - b.observedAt.getTime() || (a.visitId < b.visitId ? -1 : 1)
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
