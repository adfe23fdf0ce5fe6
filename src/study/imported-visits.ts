import type { Status } from '#model/finding.ts'
import type { ImportedRow } from '#ledger/imports.ts'
import { minerKinds } from '#ledger/index/rows.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { TraceRow } from '#ledger/index/study-questions.ts'
import type { Page } from './site-rounds.ts'

/** Kinds that say of a site that it mines. All others, `visited` among them, say that it was looked at. */
const mining: ReadonlySet<string> = new Set(['mining', ...minerKinds])

/** What a report is made from, of one source. */
export interface ImportedStudy {
  pages: Page[]
  visits: VisitRow[]
  traces: TraceRow[]
  /** Milliseconds: the median time between two looks at one site; null where no site was looked at twice. */
  everyMs: number | null
  /** The source has no look without a find: of how many it looked at it says nothing. */
  hasFindsOnly: boolean
}

/**
 * Observations of one source as visits: a site on a day is one look, a day on which anything was looked at is a round. `mining` with the subject
 * `opt-in` asks first, also where a service or an account is named beside it, unless `found` is too.
 */
export function importedStudy(source: string, rows: readonly ImportedRow[]): ImportedStudy {
  const roundOf = new Map([...new Set(rows.map(({ date }) => date))].sort().map((date, round) => [date, round]))
  const bySite = [...Map.groupBy(rows, ({ site }) => site)].sort(([a], [b]) => (a < b ? -1 : 1))
  const visits = bySite.flatMap(([site, of]) =>
    [...Map.groupBy(of, ({ date }) => date)].map(([date, look]) => visitOf(source, site, date, roundOf.get(date)!, look)),
  )
  return {
    pages: bySite.map(([site]) => ({ site, url: `https://${site}/`, rank: null, tags: [] })),
    visits,
    traces: bySite.flatMap(([site, of]) => tracesOf(site, of, roundOf)),
    everyMs: medianGap(visits),
    hasFindsOnly: visits.every(({ observed }) => observed?.status !== 'none'),
  }
}

function visitOf(source: string, site: string, date: string, round: number, look: readonly ImportedRow[]): VisitRow {
  const subjects = (kind: string) => look.flatMap(({ subjectKind, subject }) => (subjectKind === kind ? [subject] : [])).sort()
  const observedAt = new Date(`${date}T00:00:00Z`)
  return {
    visitId: `${source} ${date} ${site}`,
    crawl: source,
    round,
    url: `https://${site}/`,
    site,
    rank: null,
    tags: [],
    plannedAt: observedAt,
    observedAt,
    captureId: null,
    errorCode: null,
    lane: 'archive',
    repeat: 0,
    inclusion: null,
    inclusionReason: null,
    failure: null,
    observed: {
      judgement: `of ${source}`,
      lane: 'archive',
      vantage: source,
      reached: 'content',
      status: statusOf(look, subjects('mining')),
      activity: 'unknown',
      consent: 'unknown',
      placement: 'unknown',
      families: subjects('family'),
      services: subjects('service'),
      accounts: subjects('account'),
    },
  }
}

function statusOf(look: readonly ImportedRow[], said: readonly string[]): Status {
  if (said.includes('opt-in') && !said.some((subject) => subject !== 'opt-in')) return 'opt-in'
  return look.some(({ subjectKind }) => mining.has(subjectKind)) ? 'loaded' : 'none'
}

function tracesOf(site: string, rows: readonly ImportedRow[], roundOf: ReadonlyMap<string, number>): TraceRow[] {
  const seen = rows.filter(({ subjectKind }) => subjectKind !== 'visited')
  return [...Map.groupBy(seen, ({ subjectKind, subject }) => `${subjectKind} ${subject}`).values()].map((of) => ({
    site,
    lane: 'archive',
    kind: of[0]!.subjectKind,
    subject: of[0]!.subject,
    rounds: of.map(({ date }) => roundOf.get(date)!).sort((a, b) => a - b),
  }))
}

function medianGap(visits: readonly VisitRow[]): number | null {
  const gaps = [...Map.groupBy(visits, ({ site }) => site).values()].flatMap((of) => {
    const times = of.map(({ observedAt }) => observedAt.getTime()).sort((a, b) => a - b)
    return times.slice(1).map((time, at) => time - times[at]!)
  })
  return gaps.length === 0 ? null : gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!
}
