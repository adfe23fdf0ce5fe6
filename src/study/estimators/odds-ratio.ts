import { chiSquareTail, zOf } from './distribution.ts'

/** One stratum of a case–control table: how many cases and controls there are, and how many of each are exposed. */
export interface Stratum {
  exposedCases: number
  cases: number
  exposedControls: number
  controls: number
}

export interface OddsRatio {
  /** Null where no stratum can tell; Infinity and 0 where all or none of what could be exposed was. */
  estimate: number | null
  low: number | null
  high: number | null
  p: number
  method: 'exact' | 'Mantel–Haenszel'
}

/** Above so many possible counts the tails of the exact distribution leave the range of a double. */
const exactUpTo = 200

/** What a stratum tells: without cases, controls, exposed or unexposed it tells nothing. */
const telling = ({ exposedCases, cases, exposedControls, controls }: Stratum): boolean => {
  const exposed = exposedCases + exposedControls
  return cases > 0 && controls > 0 && exposed > 0 && exposed < cases + controls
}

/**
 * p of no association over all strata, two-sided. Exact by the conditional distribution (Gart 1970; Mehta, Patel and Gray 1985), as R's
 * `mantelhaen.test(exact = TRUE)`; for large counts by Cochran, Mantel and Haenszel without a correction for continuity.
 */
export function associationP(strata: readonly Stratum[]): number {
  const used = strata.filter(telling)
  if (used.length === 0) return 1
  if (possible(used) > exactUpTo) return cochranMantelHaenszel(used)
  const { first, weights, observed } = conditional(used)
  const mark = weights[observed - first]! * (1 + 1e-7)
  return Math.min(
    1,
    weights.reduce((sum, weight) => (weight <= mark ? sum + weight : sum), 0),
  )
}

/** The common odds ratio with its interval: conditional maximum likelihood and exact ends, or Mantel–Haenszel with the variance of Robins, Breslow and Greenland (1986). */
export function commonOddsRatio(strata: readonly Stratum[], level = 0.95): OddsRatio {
  const used = strata.filter(telling)
  if (used.length === 0) return { estimate: null, low: null, high: null, p: 1, method: 'exact' }
  const p = associationP(used)
  return possible(used) > exactUpTo ? { ...mantelHaenszel(used, level), p } : { ...exact(used, level), p }
}

function possible(strata: readonly Stratum[]): number {
  return strata.reduce((sum, stratum) => sum + rangeOf(stratum)[1] - rangeOf(stratum)[0] + 1, 0)
}

function rangeOf({ exposedCases, cases, exposedControls, controls }: Stratum): [number, number] {
  const exposed = exposedCases + exposedControls
  return [Math.max(0, exposed - controls), Math.min(exposed, cases)]
}

/** Distribution of the exposed cases over all strata, their margins fixed, where exposure says nothing. */
function conditional(strata: readonly Stratum[]): { first: number; weights: number[]; observed: number } {
  let first = 0
  let weights = [1]
  let observed = 0
  for (const stratum of strata) {
    const [low, high] = rangeOf(stratum)
    const exposed = stratum.exposedCases + stratum.exposedControls
    const logs = Array.from(
      { length: high - low + 1 },
      (_, at) => logChoose(stratum.cases, low + at) + logChoose(stratum.controls, exposed - low - at),
    )
    const highest = Math.max(...logs)
    const own = logs.map((log) => Math.exp(log - highest))
    const next = new Array<number>(weights.length + own.length - 1).fill(0)
    weights.forEach((weight, i) => own.forEach((other, j) => (next[i + j]! += weight * other)))
    const sum = next.reduce((a, b) => a + b, 0)
    weights = next.map((weight) => weight / sum)
    first += low
    observed += stratum.exposedCases
  }
  return { first, weights, observed }
}

function exact(strata: readonly Stratum[], level: number): Omit<OddsRatio, 'p'> {
  const { first, weights, observed } = conditional(strata)
  const logs = weights.map(Math.log)
  const last = first + weights.length - 1
  /** Mean count, and the chances of as few and of as many, at a log odds ratio. */
  const at = (ratio: number) => {
    const tilted = logs.map((log, i) => log + ratio * i)
    const highest = tilted.reduce((a, b) => Math.max(a, b), -Infinity)
    let [sum, mean, few, many] = [0, 0, 0, 0]
    tilted.forEach((log, i) => {
      const weight = Math.exp(log - highest)
      sum += weight
      mean += weight * (first + i)
      if (first + i <= observed) few += weight
      if (first + i >= observed) many += weight
    })
    return { mean: mean / sum, few: few / sum, many: many / sum }
  }
  const beyond = (1 - level) / 2
  const root = (value: (ratio: number) => number) => Math.exp(bisect(value))
  return {
    estimate: observed === first ? 0 : observed === last ? Infinity : root((ratio) => at(ratio).mean - observed),
    low: observed === first ? 0 : root((ratio) => at(ratio).many - beyond),
    high: observed === last ? Infinity : root((ratio) => beyond - at(ratio).few),
    method: 'exact',
  }
}

/** Where a rising function is 0. */
function bisect(value: (x: number) => number): number {
  let [low, high] = [-1, 1]
  while (value(low) > 0 && low > -500) low *= 2
  while (value(high) < 0 && high < 500) high *= 2
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2
    if (value(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

function cochranMantelHaenszel(strata: readonly Stratum[]): number {
  let [difference, variance] = [0, 0]
  for (const { exposedCases, cases, exposedControls, controls } of strata) {
    const n = cases + controls
    const exposed = exposedCases + exposedControls
    difference += exposedCases - (cases * exposed) / n
    variance += (cases * controls * exposed * (n - exposed)) / (n * n * (n - 1))
  }
  return variance === 0 ? 1 : chiSquareTail((difference * difference) / variance, 1)
}

function mantelHaenszel(strata: readonly Stratum[], level: number): Omit<OddsRatio, 'p'> {
  let [r, s, pr, mixed, qs] = [0, 0, 0, 0, 0]
  for (const { exposedCases: a, cases, exposedControls: b, controls } of strata) {
    const [c, d, n] = [cases - a, controls - b, cases + controls]
    const [ad, bc] = [(a * d) / n, (b * c) / n]
    const [p, q] = [(a + d) / n, (b + c) / n]
    r += ad
    s += bc
    pr += p * ad
    mixed += p * bc + q * ad
    qs += q * bc
  }
  const method = 'Mantel–Haenszel' as const
  if (r === 0 || s === 0) return { estimate: s === 0 ? Infinity : 0, low: null, high: null, method }
  const spread = zOf(level) * Math.sqrt(pr / (2 * r * r) + mixed / (2 * r * s) + qs / (2 * s * s))
  return { estimate: r / s, low: (r / s) * Math.exp(-spread), high: (r / s) * Math.exp(spread), method }
}

/** Logarithms of factorials, as far as they were asked for. */
const logFactorials = [0]

export function logChoose(n: number, k: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i))
  return logFactorials[n]! - logFactorials[k]! - logFactorials[n - k]!
}

/** Chance of at least `count` of `n`, each with chance `p`. */
export function binomialTail(count: number, n: number, p: number): number {
  if (count <= 0) return 1
  if (p <= 0 || p >= 1) return p >= 1 ? 1 : 0
  let sum = 0
  for (let k = count; k <= n; k++) sum += Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
  return Math.min(1, sum)
}
