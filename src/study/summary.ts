import { foundStatuses } from '#model/finding.ts'
import {
  type SiteState,
  type StudyCount,
  type StudyMiner,
  type StudyRound,
  type StudySite,
  type StudySummary,
  studySchemaVersion,
} from '#model/study.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import { campaignsOf, type Payment } from './campaigns.ts'
import { wilson } from './wilson.ts'

const order: readonly SiteState[] = ['found', 'opt-in', 'clean', 'blind', 'not-observed', 'not-visited']
const looked: ReadonlySet<SiteState> = new Set(['found', 'opt-in', 'clean'])

export function stateOf(visit: VisitRow): SiteState {
  if (visit.observed === null) return 'not-observed'
  const { status } = visit.observed
  if (foundStatuses.includes(status) || status === 'hint') return 'found'
  if (status === 'opt-in') return 'opt-in'
  if (status === 'inconclusive') return 'blind'
  return status === 'not-observed' ? 'not-observed' : 'clean'
}

export interface StudyInput {
  crawl: string
  /** Rounds that the schedule has, also those without a visit. */
  rounds: number
  /** Every page of the population, visited or not. */
  pages: readonly { site: string; url: string; rank: number | null; tags: readonly string[] }[]
  visits: readonly VisitRow[]
}

/** Rows → the short study. Pure: the same rows in any order give the same summary. */
export function summarise({ crawl, rounds, pages, visits }: StudyInput): StudySummary {
  const inRounds = visits.filter((visit) => visit.crawl === crawl && visit.round !== null)
  const decisive = decisiveOf(inRounds)
  const visitsBySite = groupBy(decisive, (visit) => visit.site)
  const pagesBySite = groupBy([...pages], (page) => page.site)
  for (const visit of inRounds)
    if (!pagesBySite.has(visit.site))
      pagesBySite.set(visit.site, [{ site: visit.site, url: visit.url, rank: visit.rank, tags: visit.tags }])

  const sites = [...pagesBySite]
    .map(([site, its]): StudySite => {
      const ranks = its.map((page) => page.rank).filter((rank) => rank !== null)
      const byRound = groupBy(visitsBySite.get(site) ?? [], (visit) => String(visit.round))
      return {
        site,
        rank: ranks.length === 0 ? null : Math.min(...ranks),
        tags: unique(its.flatMap((page) => [...page.tags])),
        states: Array.from({ length: rounds }, (_, round) => foldStates((byRound.get(String(round)) ?? []).map(stateOf))),
      }
    })
    .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || compare(a.site, b.site))

  const miners = sites.map((site) => minerOf(site, visitsBySite.get(site.site) ?? [])).filter((miner) => miner !== null)
  const seen = decisive.filter((visit) => isSeen(visit))
  return {
    schema: 'assay.study',
    schemaVersion: studySchemaVersion,
    crawl,
    population: { sites: sites.length, pages: new Set([...pages, ...inRounds].map((page) => page.url)).size, visits: inRounds.length },
    coverage: coverageOf(inRounds),
    versions: [
      ...groupBy(
        inRounds.filter((visit) => visit.observed !== null),
        (visit) => visit.observed?.judgement ?? '',
      ),
    ]
      .map(([judgement, its]) => ({ judgement, visits: its.length }))
      .sort((a, b) => compare(a.judgement, b.judgement)),
    lanes: [
      ...groupBy(
        inRounds.filter((visit) => visit.observed !== null),
        (visit) => `${visit.observed?.lane}\0${visit.observed?.vantage}`,
      ),
    ]
      .map(([key, its]) => ({ lane: key.split('\0')[0] ?? '', vantage: key.split('\0')[1] ?? '', visits: its.length }))
      .sort((a, b) => compare(a.lane, b.lane) || compare(a.vantage, b.vantage)),
    rounds: Array.from({ length: rounds }, (_, round) =>
      roundOf(
        round,
        sites,
        inRounds.filter((visit) => visit.round === round),
      ),
    ),
    sites,
    miners,
    services: countsOf(seen, (observed) => observed.services),
    families: countsOf(seen, (observed) => observed.families),
    accounts: countsOf(seen, (observed) => observed.accounts),
    campaigns: campaignsOf(
      seen.flatMap((visit): Payment[] =>
        (visit.observed?.accounts ?? []).map((account) => ({
          site: visit.site,
          account,
          services: visit.observed?.services ?? [],
          at: visit.observedAt.toISOString(),
        })),
      ),
    ),
  }
}

/** A page that the browser lane saw in a round is what that saw: the http lane's hint only led there. */
function decisiveOf(visits: readonly VisitRow[]): VisitRow[] {
  const turnOf = ({ url, round }: VisitRow): string => `${round} ${url}`
  const seenByBrowser = new Set(visits.filter((visit) => visit.lane === 'browser' && stateOf(visit) !== 'not-observed').map(turnOf))
  return visits.filter((visit) => visit.lane !== 'http' || !seenByBrowser.has(turnOf(visit)))
}

function foldStates(states: readonly SiteState[]): SiteState {
  return order.find((state) => states.includes(state)) ?? 'not-visited'
}

function isSeen(visit: VisitRow): boolean {
  const state = stateOf(visit)
  return state === 'found' || state === 'opt-in'
}

function minerOf({ site, rank, states }: StudySite, visits: readonly VisitRow[]): StudyMiner | null {
  const seen = visits.filter(isSeen)
  const dates = seen.map((visit) => visit.observedAt.toISOString()).sort(compare)
  const [firstSeen, lastSeen] = [dates[0], dates.at(-1)]
  if (firstSeen === undefined || lastSeen === undefined) return null
  const cleanLooks = visits
    .filter((visit) => stateOf(visit) === 'clean')
    .map((visit) => visit.observedAt.toISOString())
    .sort(compare)
  const seenRounds = states.flatMap((state, round) => (state === 'found' || state === 'opt-in' ? [round] : []))
  return {
    site,
    rank,
    state: states.includes('found') ? 'found' : 'opt-in',
    statuses: unique(seen.flatMap((visit) => (visit.observed ? [visit.observed.status] : []))),
    families: unique(seen.flatMap((visit) => visit.observed?.families ?? [])),
    services: unique(seen.flatMap((visit) => visit.observed?.services ?? [])),
    accounts: unique(seen.flatMap((visit) => visit.observed?.accounts ?? [])),
    firstSeen,
    lastSeen,
    lookedBefore: cleanLooks.findLast((date) => date < firstSeen) ?? null,
    lookedAfter: cleanLooks.find((date) => date > lastSeen) ?? null,
    roundsSeen: seenRounds.length,
    roundsLooked: states.filter((state) => looked.has(state)).length,
    roundsNotObserved: states.filter((state) => state === 'not-observed').length,
    hadGap: states.slice(seenRounds[0], (seenRounds.at(-1) ?? 0) + 1).includes('clean'),
  }
}

function roundOf(round: number, sites: readonly StudySite[], visits: readonly VisitRow[]): StudyRound {
  const count = (state: SiteState) => sites.filter((site) => site.states[round] === state).length
  const numbers = Object.fromEntries(order.map((state) => [state, count(state)])) as Record<SiteState, number>
  const dates = visits.map((visit) => visit.observedAt.toISOString()).sort(compare)
  const of = numbers.found + numbers['opt-in'] + numbers.clean
  return {
    round,
    plannedAt: visits.find((visit) => visit.plannedAt !== null)?.plannedAt?.toISOString() ?? null,
    from: dates[0] ?? null,
    to: dates.at(-1) ?? null,
    sites: numbers,
    found: wilson(numbers.found, of),
    optIn: wilson(numbers['opt-in'], of),
  }
}

function coverageOf(visits: readonly VisitRow[]): StudySummary['coverage'] {
  const states = visits.map(stateOf)
  const missed = visits.filter((visit) => stateOf(visit) === 'not-observed')
  return {
    observed: states.filter((state) => looked.has(state)).length,
    blind: states.filter((state) => state === 'blind').length,
    notObserved: missed.length,
    reasons: [...groupBy(missed, (visit) => visit.errorCode ?? visit.observed?.reached ?? 'unknown')]
      .map(([reason, its]) => ({ reason, visits: its.length }))
      .sort((a, b) => b.visits - a.visits || compare(a.reason, b.reason)),
  }
}

function countsOf(visits: readonly VisitRow[], names: (observed: NonNullable<VisitRow['observed']>) => readonly string[]): StudyCount[] {
  const pairs = visits.flatMap((visit) =>
    visit.observed ? names(visit.observed).map((name) => ({ name, site: visit.site, at: visit.observedAt.toISOString() })) : [],
  )
  return [...groupBy(pairs, (pair) => pair.name)]
    .map(([name, its]) => {
      const dates = its.map((pair) => pair.at).sort(compare)
      return { name, sites: new Set(its.map((pair) => pair.site)).size, firstSeen: dates[0] ?? '', lastSeen: dates.at(-1) ?? '' }
    })
    .sort((a, b) => b.sites - a.sites || compare(a.name, b.name))
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, key)
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

function unique<T extends string>(values: readonly T[]): T[] {
  return [...new Set(values)].sort(compare)
}
