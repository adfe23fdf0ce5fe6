import type { History, Stay } from './history.ts'
import type { Population } from './population.ts'
import { hostings } from './shares.ts'

/** What is true of a world: for comparing a study's report with; no part of a study reads it. Days count from the first visit. */
export interface WorldTruth {
  seed: number
  weeks: number
  startsAt: string
  sites: {
    host: string
    rank: number
    kind: string
    country: string
    tags: string[]
    stays: Omit<Stay, 'site'>[]
    /** Weeks from 0. */
    outages: number[]
    darkFrom: number | null
  }[]
  campaigns: { operator: number; service: string; accounts: string[]; host: string | null; sites: string[] }[]
  compromise: { host: string; from: number; to: number; account: string; sites: string[] } | null
  shutdown: { service: string; day: number; fork: string }
}

export function truthOf(o: { seed: number; weeks: number; startsAt: Date; population: Population; history: History }): WorldTruth {
  const { population, history } = o
  const { sites, parties } = population
  const named = (numbers: readonly number[]): string[] => numbers.map((number) => sites[number]?.host ?? '')
  const { compromise } = history
  return {
    seed: o.seed,
    weeks: o.weeks,
    startsAt: o.startsAt.toISOString(),
    sites: sites.map(({ number, host, rank, kind, hosting, tags }) => ({
      host,
      rank,
      kind,
      country: hosting === 0 ? 'CDN or anycast' : (hostings[hosting]?.country ?? ''),
      tags,
      stays: (history.stays.get(number) ?? []).map(({ site: _, ...stay }) => stay),
      outages: [...(history.outages.get(number)?.keys() ?? [])],
      darkFrom: history.dark.get(number) ?? null,
    })),
    campaigns: history.operators
      .filter(({ sites: its }) => its.length > 1)
      .map(({ number, service, accounts, host, sites: its }) => ({ operator: number, service, accounts, host, sites: named(its) })),
    compromise:
      compromise === null
        ? null
        : {
            host: parties[compromise.party]?.host ?? '',
            from: compromise.from,
            to: compromise.to,
            account: history.operators[compromise.operator]?.accounts[0] ?? '',
            sites: named(history.operators[compromise.operator]?.sites ?? []),
          },
    shutdown: history.shutdown,
  }
}
