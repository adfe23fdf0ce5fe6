import type { SiteState } from '#model/study.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import { stateOf } from './summary.ts'

/** First that holds: what a site was in one round, over its pages and visits. */
const order: readonly SiteState[] = ['found', 'opt-in', 'clean', 'blind', 'not-observed', 'not-visited']
const lookedAt: ReadonlySet<SiteState> = new Set(['found', 'opt-in', 'clean'])

export const isLook = (state: SiteState): boolean => lookedAt.has(state)
export const isFound = (state: SiteState): boolean => state === 'found'

/** One site over the rounds, in one lane. */
export interface SiteRounds {
  site: string
  rank: number | null
  tags: string[]
  states: SiteState[]
  /** Epoch milliseconds of the first visit of each round; null where there was none. */
  at: (number | null)[]
  visits: VisitRow[]
}

export interface Page {
  site: string
  url: string
  rank: number | null
  tags: readonly string[]
}

/** Sites of the population by name, with the visits of one lane. */
export function siteRoundsOf(pages: readonly Page[], visits: readonly VisitRow[], rounds: number, lane: string): SiteRounds[] {
  const bySite = Map.groupBy(visits, ({ site }) => site)
  const sites = Map.groupBy(pages, ({ site }) => site)
  for (const [site, its] of bySite)
    if (!sites.has(site))
      sites.set(
        site,
        its.map(({ url, rank, tags }) => ({ site, url, rank, tags })),
      )
  return [...sites]
    .map(([site, its]): SiteRounds => {
      const ranks = its.flatMap(({ rank }) => (rank === null ? [] : [rank]))
      const inLane = (bySite.get(site) ?? []).filter((visit) => visit.lane === lane)
      const byRound = Map.groupBy(inLane, ({ round }) => round ?? -1)
      return {
        site,
        rank: ranks.length === 0 ? null : Math.min(...ranks),
        tags: [...new Set(its.flatMap(({ tags }) => [...tags]))].sort(),
        states: Array.from({ length: rounds }, (_, round) => foldStates((byRound.get(round) ?? []).map(stateOf))),
        at: Array.from({ length: rounds }, (_, round) => {
          const times = (byRound.get(round) ?? []).map(({ observedAt }) => observedAt.getTime())
          return times.length === 0 ? null : Math.min(...times)
        }),
        visits: inLane,
      }
    })
    .sort((a, b) => (a.rank ?? Infinity) - (b.rank ?? Infinity) || (a.site < b.site ? -1 : 1))
}

export function foldStates(states: readonly SiteState[]): SiteState {
  return order.find((state) => states.includes(state)) ?? 'not-visited'
}

/** A site over all its rounds: found or asking first once is enough; blind once and clean otherwise is clean. */
export const everOf = ({ states }: SiteRounds): SiteState => foldStates(states)
