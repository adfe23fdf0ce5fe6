import type { LengthView, StudyReport } from '#model/study-report.ts'
import { kaplanMeier, survivalQuantile } from './estimators/kaplan-meier.ts'
import { type LogRank, logRank } from './estimators/log-rank.ts'
import { occupancy } from './estimators/occupancy.ts'
import { stayLength } from './estimators/stay-length.ts'
import { isLook, type SiteRounds } from './site-rounds.ts'
import { type Look, missesWithin, type Stay, type StayRule, staysOf } from './stays.ts'
import { stateOf } from './summary.ts'

const dayMs = 86_400_000

export interface SiteStay extends Stay {
  site: string
}

/** Stays of any miner on each site: `found` is seen, `clean` and asking first are looks without it, all else was missed. */
export function siteStays(sites: readonly SiteRounds[], rule: StayRule): SiteStay[] {
  return sites.flatMap(({ site, states, at }) => {
    const looks = states.flatMap((state, round): Look[] => {
      const when = at[round]
      return when == null ? [] : [{ at: when, state: !isLook(state) ? 'missed' : state === 'found' ? 'seen' : 'not-seen' }]
    })
    return staysOf(looks, rule).map((stay) => ({ ...stay, site }))
  })
}

export interface LengthSettings {
  /** Days of the study, and from round to round. */
  spanDays: number
  cadenceDays: number
  replicates: number
  seed: number
  clusterOf: (site: string) => string
}

/** Turnbull's view of a cohort of stays. */
export function lengthView(stays: readonly SiteStay[], { spanDays, cadenceDays, replicates, seed, clusterOf }: LengthSettings): LengthView {
  // Shorter ones are not to be seen, a curve of more points than looks says no more, and past the longest that was followed nothing is known.
  const followed = stays.reduce((most, { firstSeen, lastSeen, lookedBefore }) => Math.max(most, lastSeen - (lookedBefore ?? firstSeen)), 0)
  const last = Math.min(spanDays, followed / dayMs)
  const times = Array.from({ length: Math.max(1, Math.floor(last / cadenceDays)) }, (_, at) => (at + 1) * cadenceDays)
  const { fit, ...estimate } = stayLength(
    stays.map(({ site, firstSeen, lastSeen, lookedBefore, goneBy }) => ({
      startGap: lookedBefore === null ? null : (firstSeen - lookedBefore) / dayMs,
      lastSeen: (lastSeen - firstSeen) / dayMs,
      goneBy: goneBy === null ? Infinity : (goneBy - firstSeen) / dayMs,
      cluster: clusterOf(site),
    })),
    { times, replicates, seed },
  )
  return {
    stays: estimate.stays,
    sites: new Set(stays.map(({ site }) => site)).size,
    clusters: estimate.clusters,
    ended: estimate.ended,
    returns: stays.filter(({ returns }) => returns > 0).length,
    curve: stays.length === 0 ? [] : estimate.curve,
    quantiles: stays.length === 0 ? [] : estimate.quantiles,
    convergence: { iterations: fit.iterations, gap: fit.gap, converged: fit.converged, logLikelihood: fit.logLikelihood },
    replicates: estimate.replicates,
  }
}

/** The simple view: from the first sighting to the look at which it was gone; a stay not seen to end counts to its last sighting. */
export const rightCensored = ({ firstSeen, lastSeen, goneBy }: Stay) => ({
  time: ((goneBy ?? lastSeen) - firstSeen) / dayMs,
  ended: goneBy !== null,
})

export function simpleView(stays: readonly SiteStay[]): StudyReport['longevity']['simple'] {
  const steps = kaplanMeier(stays.map(rightCensored))
  return {
    stays: stays.length,
    ended: stays.filter(({ goneBy }) => goneBy !== null).length,
    curve: steps.map(({ time, survival, low, high }) => ({ time, survival, low, high })),
    quantiles: stays.length === 0 ? [] : [0.25, 0.5, 0.75].map((share) => survivalQuantile(steps, share)),
  }
}

/** Whether the stays of groups end alike; groups of fewer than five stays are left out. */
export function compareStays(
  stays: readonly SiteStay[],
  groupOf: (site: string) => string | null,
): { test: LogRank; isThin: boolean } | null {
  const grouped = stays.flatMap((stay) => {
    const group = groupOf(stay.site)
    return group === null ? [] : [{ ...rightCensored(stay), group }]
  })
  const sizes = Map.groupBy(grouped, ({ group }) => group)
  const test = logRank(grouped.filter(({ group }) => (sizes.get(group)?.length ?? 0) >= 5))
  return test === null ? null : { test, isThin: test.groups.some(({ expected }) => expected < 5) }
}

/** How often a look misses a miner that is there. */
export function missesOf(sites: readonly SiteRounds[], stays: readonly SiteStay[]): StudyReport['longevity']['misses'] {
  const pages = new Map<string, { looks: number; seen: number }>()
  for (const visit of sites.flatMap(({ visits }) => visits)) {
    const state = stateOf(visit)
    if (!isLook(state)) continue
    const key = `${visit.round} ${visit.url}`
    const known = pages.get(key) ?? { looks: 0, seen: 0 }
    known.looks++
    if (state === 'found') known.seen++
    pages.set(key, known)
  }
  const fit = occupancy([...pages.values()])
  return {
    repeated: {
      pages: fit.sites,
      twice: fit.repeated,
      detection: fit.detection?.estimate ?? null,
      low: fit.detection?.low ?? null,
      high: fit.detection?.high ?? null,
      reason: fit.reason,
    },
    within: missesWithin(stays),
  }
}
