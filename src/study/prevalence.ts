import type { PrevalenceRow, StudyReport } from '#model/study-report.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { InstanceRow, ServerRow } from '#ledger/index/study-questions.ts'
import { boundsOf, clusteredShare, corrected } from './estimators/sampling.ts'
import type { Dimension } from './groups.ts'
import { everOf, foldStates, isFound, isLook, type SiteRounds } from './site-rounds.ts'
import { stateOf } from './summary.ts'
import type { SiteState } from '#model/study.ts'

type ClusterOf = (site: string) => string

/** Share of sites found, of those looked at: clusters are campaigns; bounds say what the sites not looked at could change. */
export function prevalenceRow(group: string, sites: readonly { site: string; state: SiteState }[], clusterOf: ClusterOf): PrevalenceRow {
  const looked = sites.filter(({ state }) => isLook(state))
  const share = clusteredShare(looked.map(({ site, state }) => ({ hit: isFound(state), cluster: clusterOf(site) })))
  const notLooked = sites.length - looked.length
  return {
    group,
    looked: looked.length,
    found: share.count,
    optIn: looked.filter(({ state }) => state === 'opt-in').length,
    estimate: share.estimate,
    low: share.low,
    high: share.high,
    bounds: boundsOf(share.count, looked.length, notLooked),
    notLooked,
    designEffect: share.designEffect,
  }
}

export function everRow(sites: readonly SiteRounds[], clusterOf: ClusterOf): PrevalenceRow {
  return prevalenceRow(
    'ever',
    sites.map((site) => ({ site: site.site, state: everOf(site) })),
    clusterOf,
  )
}

export function roundRows(sites: readonly SiteRounds[], rounds: number, clusterOf: ClusterOf): PrevalenceRow[] {
  return Array.from({ length: rounds }, (_, round) =>
    prevalenceRow(
      `round ${round + 1}`,
      sites.map((site) => ({ site: site.site, state: site.states[round] ?? 'not-visited' })),
      clusterOf,
    ),
  )
}

export function byDimension(
  sites: readonly SiteRounds[],
  { name, note, groupsOf, placeOf }: Dimension,
  clusterOf: ClusterOf,
): StudyReport['prevalence']['by'][number] {
  const groups = new Map<string, SiteRounds[]>()
  for (const site of sites) {
    for (const group of groupsOf(site)) {
      const known = groups.get(group)
      if (known) known.push(site)
      else groups.set(group, [site])
    }
  }
  return {
    dimension: name,
    note,
    rows: [...groups]
      .map(([group, its]) => ({ ...everRow(its, clusterOf), group }))
      .sort(
        (a, b) =>
          (placeOf?.(a.group) ?? 0) - (placeOf?.(b.group) ?? 0) || b.found - a.found || b.looked - a.looked || (a.group < b.group ? -1 : 1),
      ),
  }
}

const names: Record<string, (observed: NonNullable<VisitRow['observed']>) => readonly string[]> = {
  service: ({ services }) => (services.length === 0 ? ['no known service'] : services),
  family: ({ families }) => (families.length === 0 ? ['not told'] : families),
  consent: ({ consent }) => [consent],
  placement: ({ placement }) => [placement],
}

/** What the found sites had, with the sites of each. A site counts once in each group that it ever was in. */
export function amongFound(
  sites: readonly SiteRounds[],
): { dimension: string; groups: { group: string; sites: string[]; share: number }[] }[] {
  const found = sites.filter((site) => isFound(everOf(site)))
  return Object.entries(names).map(([dimension, of]) => {
    const groups = new Map<string, Set<string>>()
    for (const { site, visits } of found) {
      for (const visit of visits) {
        if (visit.observed === null || stateOf(visit) !== 'found') continue
        for (const name of of(visit.observed)) groups.set(name, (groups.get(name) ?? new Set()).add(site))
      }
    }
    return {
      dimension,
      groups: [...groups]
        .map(([group, its]) => ({ group, sites: [...its].sort(), share: its.size / found.length }))
        .sort((a, b) => b.sites.length - a.sites.length || (a.group < b.group ? -1 : 1)),
    }
  })
}

/** Per round that has both lanes: the share that the lane without JavaScript points to, put right by what a browser found on the sample. */
export function correctedRounds(
  visits: readonly VisitRow[],
  rounds: number,
  clusterOf: ClusterOf,
): (StudyReport['prevalence']['corrected'][number] & { sampled: string[] })[] {
  const byRound = Map.groupBy(visits, ({ round }) => round ?? -1)
  return Array.from({ length: rounds }, (_, round) => round).flatMap((round) => {
    const its = byRound.get(round) ?? []
    const coarse = statesBySite(its.filter(({ lane }) => lane === 'http'))
    if (coarse.size === 0) return []
    const browser = its.filter(({ lane, repeat }) => lane === 'browser' && repeat === 0)
    const careful = statesBySite(browser)
    const inclusion = new Map(browser.map(({ site, inclusion: probability }) => [site, probability ?? 1]))
    const looked = [...coarse].filter(([, state]) => isLook(state))
    const hints = looked.filter(([, state]) => isFound(state)).length
    const sample = looked.flatMap(([site, state]) => {
      const seen = careful.get(site)
      if (seen === undefined || !isLook(seen)) return []
      return [
        {
          value: Number(isFound(seen)),
          coarse: Number(isFound(state)),
          inclusion: inclusion.get(site) ?? 1,
          cluster: clusterOf(site),
          site,
        },
      ]
    })
    const { estimate, low, high } = corrected(hints, sample, looked.length)
    return [
      { round, hints, httpLooked: looked.length, sample: sample.length, estimate, low, high, sampled: sample.map(({ site }) => site) },
    ]
  })
}

function statesBySite(visits: readonly VisitRow[]): Map<string, SiteState> {
  return new Map([...Map.groupBy(visits, ({ site }) => site)].map(([site, its]) => [site, foldStates(its.map(stateOf))]))
}

/** Addresses and networks that served the found sites' own pages. */
export function serverCounts(servers: readonly ServerRow[], found: ReadonlySet<string>): StudyReport['prevalence']['servers'] {
  const its = servers.filter(({ site }) => found.has(site))
  const count = (of: (row: ServerRow) => string | number | null) => new Set(its.map(of).filter((value) => value !== null)).size
  return {
    addresses: count(({ address }) => address),
    networks: count(({ asn }) => asn),
    countries: count(({ country }) => country),
    sitesWithout: found.size - new Set(its.map(({ site }) => site)).size,
  }
}

/** Page × component. A page whose findings lie in no piece of code (a socket, busy threads) is one instance. */
export function instanceCounts(
  rows: readonly InstanceRow[],
  found: ReadonlySet<string>,
): { counts: StudyReport['prevalence']['instances']; largest: string | null } {
  const pages = Map.groupBy(
    rows.filter(({ site }) => found.has(site)),
    ({ url }) => url,
  )
  const bySite = new Map<string, number>()
  let instances = 0
  for (const its of pages.values()) {
    const count = Math.max(1, new Set(its.flatMap(({ slot }) => (slot === null ? [] : [slot]))).size)
    const site = its[0]?.site ?? ''
    instances += count
    bySite.set(site, (bySite.get(site) ?? 0) + count)
  }
  const [largest, most] = [...bySite].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0] ?? [null, 0]
  return {
    counts: {
      instances,
      pages: pages.size,
      sites: bySite.size,
      largestSite: largest === null ? null : { instances: most, share: most / instances },
    },
    largest,
  }
}
