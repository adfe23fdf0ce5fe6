import { wilson } from '../wilson.ts'
import { zOf } from './distribution.ts'

/** A unit that was looked at: what was found on it, the probability with which the design took it, and what it shares its fate with. */
export interface Sampled {
  value: number
  /** 0 < inclusion ≤ 1. One was sure to be looked at and adds nothing to the variance. */
  inclusion: number
  cluster: string
}

export interface Estimate {
  estimate: number | null
  standardError: number | null
  low: number | null
  high: number | null
}

/**
 * Total over the population. Horvitz, D. G. and Thompson, D. J. (1952), JASA 47, 663–685. Variance between clusters by Deville's
 * approximation (Brewer and Donadio 2003): for equal inclusion exactly the textbook one, without what was sure to be taken.
 */
export function horvitzThompson(sample: readonly Sampled[], level = 0.95): Estimate {
  if (sample.length === 0) return nothing
  const estimate = sample.reduce((sum, { value, inclusion }) => sum + value / checked(inclusion), 0)
  const standardError = errorOf(sample.map(({ value, inclusion, cluster }) => ({ term: value / inclusion, inclusion, cluster })))
  const z = zOf(level)
  return { estimate, standardError, low: estimate - z * standardError, high: estimate + z * standardError }
}

/**
 * Share or mean. Hájek, J. (1971): the total over its own estimate of the population's size, linearised for the variance. Of a share the interval is
 * Wilson's at the size that a simple sample of that variance would have had (Korn and Graubard 1998), so that it stays within 0 and 1.
 */
export function hajek(sample: readonly Sampled[], level = 0.95): Estimate & { effectiveSize: number | null } {
  if (sample.length === 0) return { ...nothing, effectiveSize: null }
  const size = sample.reduce((sum, { inclusion }) => sum + 1 / checked(inclusion), 0)
  const estimate = sample.reduce((sum, { value, inclusion }) => sum + value / inclusion, 0) / size
  const standardError =
    errorOf(sample.map(({ value, inclusion, cluster }) => ({ term: (value - estimate) / inclusion, inclusion, cluster }))) / size
  const isShare = sample.every(({ value }) => value === 0 || value === 1)
  if (!isShare) {
    const z = zOf(level)
    return { estimate, standardError, low: estimate - z * standardError, high: estimate + z * standardError, effectiveSize: null }
  }
  // Where all or none has it the variance is nothing and says nothing: then as many as were looked at.
  const effectiveSize = estimate > 0 && estimate < 1 && standardError > 0 ? (estimate * (1 - estimate)) / standardError ** 2 : sample.length
  return { estimate, standardError, ...wilsonOf(estimate, effectiveSize, level), effectiveSize }
}

/**
 * What a cheap look at everything (`coarse`: 0 or 1 over the whole population) misses, told by a careful look at a sample:
 * coarse total + Horvitz–Thompson of the differences. Unbiased whatever the coarse look is worth (Särndal, Swensson and Wretman 1992, 6.3).
 * Where the careful look agreed with every hint that it was given, or with everything else, the variance is nothing and says nothing: then the
 * interval reaches as far as a share of that side that such a sample would have missed (Clopper and Pearson for none of n).
 */
export function corrected(
  coarseTotal: number,
  sample: readonly (Sampled & { coarse: number })[],
  population: number,
  level = 0.95,
): Estimate {
  if (sample.length === 0 || population === 0) return nothing
  const difference = horvitzThompson(
    sample.map(({ value, coarse, inclusion, cluster }) => ({ value: value - coarse, inclusion, cluster })),
    level,
  )
  const estimate = (coarseTotal + (difference.estimate ?? 0)) / population
  const standardError = (difference.standardError ?? 0) / population
  const z = zOf(level)
  const hints = sample.filter(({ coarse }) => coarse === 1)
  const others = sample.filter(({ coarse }) => coarse !== 1)
  return {
    estimate,
    standardError,
    low: Math.max(0, estimate - z * standardError - (unseen(hints, coarseTotal, level) * coarseTotal) / population),
    high: Math.min(
      1,
      estimate + z * standardError + (unseen(others, population - coarseTotal, level) * (population - coarseTotal)) / population,
    ),
  }
}

/** The largest share of one side on which both looks may differ though the sample saw none that does; 0 where it saw one, or saw all. */
function unseen(sample: readonly (Sampled & { coarse: number })[], of: number, level: number): number {
  if (of === 0 || sample.some(({ value, coarse }) => value !== coarse)) return 0
  if (sample.length >= of && sample.every(({ inclusion }) => inclusion === 1)) return 0
  const witnesses = new Set(sample.map(({ cluster }) => cluster)).size
  return witnesses === 0 ? 1 : 1 - ((1 - level) / 2) ** (1 / witnesses)
}

/** Wilson's interval for a share at a size that need not be whole. */
function wilsonOf(share: number, size: number, level: number): { low: number; high: number } {
  const z = zOf(level)
  const centre = (share + (z * z) / (2 * size)) / (1 + (z * z) / size)
  const spread = (z / (1 + (z * z) / size)) * Math.sqrt((share * (1 - share)) / size + (z * z) / (4 * size * size))
  return { low: share === 0 ? 0 : Math.max(0, centre - spread), high: share === 1 ? 1 : Math.min(1, centre + spread) }
}

export interface ClusteredShare {
  count: number
  of: number
  estimate: number | null
  low: number | null
  high: number | null
  /** How many times the variance is that of sites that have nothing to do with each other. */
  designEffect: number
}

/** A share of sites of which some share a campaign: Wilson's interval, at the size that is left of the sample. Never narrower than without clusters. */
export function clusteredShare(units: readonly { hit: boolean; cluster: string }[], level = 0.95): ClusteredShare {
  const of = units.length
  const count = units.filter(({ hit }) => hit).length
  const plain = wilson(count, of, zOf(level))
  if (count === 0 || count === of) return { ...plain, designEffect: 1 }
  const estimate = count / of
  const sums = new Map<string, number>()
  for (const { hit, cluster } of units) sums.set(cluster, (sums.get(cluster) ?? 0) + (hit ? 1 : 0) - estimate)
  const clusters = sums.size
  const variance =
    clusters < 2 ? Infinity : ((clusters / (clusters - 1)) * [...sums.values()].reduce((sum, e) => sum + e * e, 0)) / (of * of)
  const designEffect = Math.max(1, (variance * of) / (estimate * (1 - estimate)))
  return { ...plain, ...wilsonOf(estimate, of / designEffect, level), designEffect }
}

/** The share if nothing, and if everything, of what could not be looked at has it. */
export function boundsOf(count: number, looked: number, notLooked: number): { low: number | null; high: number | null } {
  const all = looked + notLooked
  return all === 0 ? { low: null, high: null } : { low: count / all, high: (count + notLooked) / all }
}

const nothing: Estimate = { estimate: null, standardError: null, low: null, high: null }

function checked(inclusion: number): number {
  if (!(inclusion > 0 && inclusion <= 1)) throw new RangeError(`${inclusion} is no probability of inclusion`)
  return inclusion
}

function errorOf(terms: readonly { term: number; inclusion: number; cluster: string }[]): number {
  const clusters = new Map<string, { term: number; inclusion: number; n: number }>()
  for (const { term, inclusion, cluster } of terms) {
    if (inclusion === 1) continue
    const known = clusters.get(cluster) ?? { term: 0, inclusion: 0, n: 0 }
    known.term += term
    known.inclusion += inclusion
    known.n++
    clusters.set(cluster, known)
  }
  const free = [...clusters.values()].map((each) => ({ term: each.term, rest: 1 - each.inclusion / each.n }))
  if (free.length < 2) return free.length === 0 ? 0 : Math.abs(free[0]?.term ?? 0)
  const rest = free.reduce((sum, each) => sum + each.rest, 0)
  const mean = free.reduce((sum, each) => sum + each.rest * each.term, 0) / rest
  const squares = free.reduce((sum, each) => sum + each.rest * (each.term - mean) ** 2, 0)
  return Math.sqrt((free.length / (free.length - 1)) * squares)
}
