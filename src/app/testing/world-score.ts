import type { BuiltReport } from '#study/study-report.ts'
import { isFound, isLook } from '#study/site-rounds.ts'
import type { WorldTruth } from '#lab/world/truth.ts'

/** A report of a lab's world beside its truth. Shares are of all sites; a site that asks first is a hint like any other in the lane without JavaScript. */
export interface WorldScore {
  /** Site and round said to be found where no miner stood. */
  falseSites: string[]
  /** Looks at sites with a miner, and those that found it; misses that the world makes itself are left out. */
  looks: number
  seen: number
  /** Rounds whose interval holds the share that was true of the sites looked at, of all rounds. */
  rounds: { right: number; all: number }
  /** Of the whole study. */
  ever: { truth: number; estimate: number | null; low: number | null; high: number | null }
  /** The browser's sample puts right what the other lane counts: rounds whose interval holds the share of sites that mine without asking. */
  corrected: { right: number; all: number }
  /** Median of the stays whose start could be seen, days. */
  median: { truth: number | null; stays: number; estimate: number | null; low: number | null; high: number | null }
  /** Host of the third party, and whether its day lies in the interval that was told; days that this is long. Null where the world has none or it began too late. */
  compromise: { host: string; isFound: boolean; days: number | null; others: number } | null
  /** Sites that went on at the fork after their service had shut down, seen with both; and those that the report says moved so. */
  moved: { truth: number; told: number }
  /** Pairs of sites said to be of one campaign, of these right; pairs that are, of these said. */
  campaigns: { said: number; right: number; true: number; found: number }
}

type TrueSite = WorldTruth['sites'][number]
const cadence = 7

export function scoreOfWorld({ report, sites, campaignSites }: BuiltReport, truth: WorldTruth): WorldScore {
  const trueSites = new Map(truth.sites.map((site) => [site.host, site]))
  const rounds = sites[0]?.states.length ?? 0
  const score: Pick<WorldScore, 'falseSites' | 'looks' | 'seen'> = { falseSites: [], looks: 0, seen: 0 }
  for (const { site, states } of sites) {
    const its = trueSites.get(site)
    states.forEach((state, round) => {
      const there = its === undefined ? [] : staysOn(its, round * cadence)
      if (isFound(state) && there.length === 0) score.falseSites.push(`${site} in round ${round + 1}`)
      if (isLook(state) && there.some(({ served, service }) => served >= 1 && service !== 'own')) {
        score.looks++
        if (isFound(state)) score.seen++
      }
    })
  }
  const shareOf = (looked: readonly string[], isIn: (site: TrueSite) => boolean): number =>
    looked.filter((name) => isIn(trueSites.get(name)!)).length / Math.max(1, looked.length)
  const lookedIn = (round: number): string[] => sites.filter(({ states }) => isLook(states[round] ?? 'not-visited')).map(({ site }) => site)
  const holds = (row: { low: number | null; high: number | null }, value: number): boolean =>
    (row.low ?? 0) <= value && value <= (row.high ?? 1)
  const { ever } = report.prevalence
  const sampled = report.prevalence.corrected.filter(({ sample }) => sample > 0)
  const quantile = report.longevity.cohort.quantiles.find(({ share }) => share === 0.5)
  const lengths = cohortLengths(truth, rounds, report.longevity.endAfter)
  return {
    ...score,
    rounds: {
      right: report.prevalence.rounds.filter((row, round) =>
        holds(
          row,
          shareOf(lookedIn(round), (site) => staysOn(site, round * cadence).length > 0),
        ),
      ).length,
      all: rounds,
    },
    ever: {
      truth: shareOf(
        truth.sites.map(({ host }) => host),
        (site) => Array.from({ length: rounds }, (_, round) => staysOn(site, round * cadence).length).some((count) => count > 0),
      ),
      estimate: ever.estimate,
      low: ever.low,
      high: ever.high,
    },
    corrected: {
      right: sampled.filter((row) =>
        holds(
          row,
          shareOf(lookedIn(row.round), (site) => staysOn(site, row.round * cadence).some(({ service }) => service !== 'authedmine')),
        ),
      ).length,
      all: sampled.length,
    },
    median: {
      truth: lengths.length === 0 ? null : (lengths[Math.floor(lengths.length / 2)] ?? null),
      stays: lengths.length,
      estimate: quantile?.estimate ?? null,
      low: quantile?.low ?? null,
      high: quantile?.high ?? null,
    },
    compromise: compromiseOf(report.infrastructure.supply, truth, rounds),
    moved: {
      truth: truth.sites.filter(({ stays }) =>
        [truth.shutdown.service, truth.shutdown.fork].every((id) =>
          stays.some(({ service, from, to }) => service === id && looksWithin(from, to, rounds).length > 0),
        ),
      ).length,
      told:
        report.infrastructure.moves.rows.find(
          ({ kind, from, to }) => kind === 'service' && from === truth.shutdown.service && to === truth.shutdown.fork,
        )?.sites ?? 0,
    },
    campaigns: campaignPairs(campaignSites, truth, rounds),
  }
}

const staysOn = ({ stays }: TrueSite, day: number) => stays.filter(({ from, to }) => from <= day && day < to)

/** Looks in [from, to). */
const looksWithin = (from: number, to: number, rounds: number): number[] =>
  Array.from({ length: rounds }, (_, round) => round).filter((round) => from <= round * cadence && round * cadence < to)

/** True lengths, ascending, of stays that some visit could see the start of. What has too few looks between is one stay, as in the report. */
function cohortLengths(truth: WorldTruth, rounds: number, endAfter: number): number[] {
  return truth.sites
    .flatMap(({ stays }) => {
      const merged: { from: number; to: number }[] = []
      for (const { from, to } of stays) {
        const last = merged.at(-1)
        if (last !== undefined && looksWithin(last.to, from, rounds).length < endAfter) last.to = Math.max(last.to, to)
        else merged.push({ from, to })
      }
      return merged
    })
    .filter(({ from, to }) => {
      const [first] = looksWithin(from, to, rounds)
      return first !== undefined && first >= endAfter && first <= rounds - endAfter
    })
    .map(({ from, to }) => to - from)
    .sort((a, b) => a - b)
}

function compromiseOf(
  supply: BuiltReport['report']['infrastructure']['supply'],
  { compromise, startsAt }: WorldTruth,
  rounds: number,
): WorldScore['compromise'] {
  if (compromise === null || compromise.from >= (rounds - 1) * cadence) return null
  const dayOf = (iso: string): number => (Date.parse(iso) - Date.parse(startsAt)) / 86_400_000
  const told = supply.find(
    ({ host, from, until }) => host === compromise.host && dayOf(from) <= compromise.from && compromise.from <= dayOf(until),
  )
  return {
    host: compromise.host,
    isFound: told !== undefined,
    days: told === undefined ? null : dayOf(told.until) - dayOf(told.from),
    others: supply.filter((one) => one !== told).length,
  }
}

/** What one site has of two operators makes them one campaign: nobody could tell them apart. */
function campaignPairs(said: readonly (readonly string[])[], truth: WorldTruth, rounds: number): WorldScore['campaigns'] {
  const seenAs = new Map<number, Set<string>>()
  for (const { host, stays } of truth.sites)
    for (const { operator, from, to } of stays)
      if (looksWithin(from, to, rounds).length > 0) seenAs.set(operator, (seenAs.get(operator) ?? new Set()).add(host))
  const groupOf = new Map<string, string>()
  const rootOf = (host: string): string => {
    const next = groupOf.get(host) ?? host
    return next === host ? host : rootOf(next)
  }
  for (const its of seenAs.values()) {
    const [first = '', ...rest] = its
    for (const other of rest) groupOf.set(rootOf(other), rootOf(first))
  }
  const campaignOf = new Map(said.flatMap((sites, number) => sites.map((site) => [site, number] as const)))
  const pairs = (sites: readonly string[]): [string, string][] =>
    sites.flatMap((a, at) => sites.slice(at + 1).map((b): [string, string] => [a, b]))
  const saidPairs = said.flatMap(pairs)
  const truePairs = new Map([...seenAs.values()].flatMap((its) => pairs([...its].sort())).map((pair) => [pair.join(' '), pair]))
  return {
    said: saidPairs.length,
    right: saidPairs.filter(([a, b]) => rootOf(a) === rootOf(b)).length,
    true: truePairs.size,
    found: [...truePairs.values()].filter(([a, b]) => campaignOf.has(a) && campaignOf.get(a) === campaignOf.get(b)).length,
  }
}
