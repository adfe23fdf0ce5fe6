import { zOf } from './distribution.ts'
import { logLogBand } from './kaplan-meier.ts'
import { seededRandom } from './random.ts'
import { type Interval, type Mass, prepare, type TurnbullFit } from './turnbull.ts'

/** A stay as visits saw it, in days. */
export interface ObservedStay {
  /** From the last look without it to the first with it; null where it was there at the first look. */
  startGap: number | null
  /** From the first look with it: the last with it, and the first without it again (`Infinity`: none). */
  lastSeen: number
  goneBy: number
  /** What it shares its fate with: its campaign, else its site. */
  cluster: string
}

export interface LengthPoint {
  /** Days. */
  time: number
  survival: number
  low: number | null
  high: number | null
}

export interface LengthEstimate {
  stays: number
  clusters: number
  ended: number
  fit: TurnbullFit
  curve: LengthPoint[]
  /** Median and quartiles, in days. */
  quantiles: { share: number; estimate: number | null; low: number | null; high: number | null }[]
  replicates: number
}

export interface LengthOptions {
  /** Days at which the curve is wanted. */
  times: readonly number[]
  level?: number
  replicates?: number
  seed?: number
}

const shares = [0.25, 0.5, 0.75]

/**
 * How long stays last when both ends are known as intervals. From the first look on, the end is interval-censored, and Turnbull's
 * estimator holds as it is; what lay before the first look is spread evenly over the gap of each stay (Brookmeyer and Goedert 1989), and the
 * curve is the mean over it. Stays that no visit saw are not in it. Stays already there at the first look have no such gap: their curve is of the time after it.
 * Bands: campaigns (else sites) are drawn again with replacement; the standard error of log(−log) gives the band, percentiles those of the quantiles.
 */
export function stayLength(stays: readonly ObservedStay[], options: LengthOptions): LengthEstimate {
  const { times, level = 0.95, replicates = 200, seed = 1 } = options
  const clusters = [...Map.groupBy(stays, ({ cluster }) => cluster).values()]
  const { intervals, fit: fitWith } = prepare(stays.map(intervalOf))
  const places = new Map(intervals.map(({ left, right }, place) => [`${left} ${right}`, place]))
  const weigh = (sample: readonly ObservedStay[]): Float64Array => {
    const weights = new Float64Array(intervals.length)
    for (const stay of sample) weights[placeOf.get(stay) ?? 0]!++
    return weights
  }
  const placeOf = new Map(stays.map((stay) => [stay, places.get(`${stay.lastSeen} ${stay.goneBy}`) ?? 0]))
  const fit = fitWith(weigh(stays))
  const gaps = gapsOf(stays)
  const grid = [...new Set(times)].sort((a, b) => a - b)
  const base = grid.map((time) => lengthSurvival(fit.masses, gaps, time))
  const floor = 0.5 / Math.max(1, stays.length)
  const drawn = { logs: grid.map(() => [] as number[]), quantiles: shares.map(() => [] as number[]) }
  const random = seededRandom(seed)
  if (clusters.length > 1) {
    for (let replicate = 0; replicate < replicates; replicate++) {
      const sample: ObservedStay[] = []
      for (let draw = 0; draw < clusters.length; draw++) sample.push(...clusters[Math.floor(random() * clusters.length)]!)
      const { masses } = fitWith(weigh(sample), { tolerance: 1e-3, maxIterations: 300 })
      const itsGaps = gapsOf(sample)
      grid.forEach((time, at) => {
        const value = Math.min(1 - floor, Math.max(floor, lengthSurvival(masses, itsGaps, time)))
        drawn.logs[at]!.push(Math.log(-Math.log(value)))
      })
      shares.forEach((share, at) => drawn.quantiles[at]!.push(quantileOf(masses, itsGaps, share, grid) ?? Infinity))
    }
  }
  const z = zOf(level)
  return {
    stays: stays.length,
    clusters: clusters.length,
    ended: stays.filter(({ goneBy }) => goneBy < Infinity).length,
    fit,
    curve: grid.map((time, at) => {
      const survival = base[at]!
      const error = deviation(drawn.logs[at]!)
      const band = error === null ? { low: null, high: null } : logLogBand(survival, error * survival * Math.abs(Math.log(survival)), z)
      return { time, survival, ...band }
    }),
    quantiles: shares.map((share, at) => {
      const values = drawn.quantiles[at]!.toSorted((a, b) => a - b)
      return {
        share,
        estimate: quantileOf(fit.masses, gaps, share, grid),
        low: finite(percentile(values, (1 - level) / 2)),
        high: finite(percentile(values, (1 + level) / 2)),
      }
    }),
    replicates: clusters.length > 1 ? replicates : 0,
  }
}

const intervalOf = ({ lastSeen, goneBy }: ObservedStay): Interval => ({ left: lastSeen, right: goneBy })

/** Gaps before the first look, and how many stays have each. */
function gapsOf(stays: readonly ObservedStay[]): { gap: number; weight: number }[] {
  return [...Map.groupBy(stays, ({ startGap }) => startGap ?? 0)].map(([gap, its]) => ({ gap, weight: its.length / stays.length }))
}

/** Simpson's rule over eight parts of each gap: the curve between two looks is a polygon or smoother. */
const simpson = [1, 4, 2, 4, 2, 4, 2, 4, 1].map((weight, at) => ({ part: at / 8, weight: weight / 24 }))

function lengthSurvival(masses: readonly Mass[], gaps: readonly { gap: number; weight: number }[], time: number): number {
  let sum = 0
  for (const { gap, weight } of gaps) {
    if (gap === 0) sum += weight * survivalAfter(masses, time)
    else for (const { part, weight: share } of simpson) sum += weight * share * survivalAfter(masses, time - part * gap)
  }
  return Math.min(1, Math.max(0, sum))
}

/** As `survivalAt`, for the many times of a band: masses come in the order of time. */
function survivalAfter(masses: readonly Mass[], time: number): number {
  let survival = 1
  for (const { left, right, probability } of masses) {
    if (right <= time) survival -= probability
    else if (left >= time) break
    else if (right < Infinity) survival -= (probability * (time - left)) / (right - left)
  }
  return survival
}

/** Where the curve comes down to `1 − share`; null where it does not within the times asked for. */
function quantileOf(
  masses: readonly Mass[],
  gaps: readonly { gap: number; weight: number }[],
  share: number,
  grid: readonly number[],
): number | null {
  const level = 1 - share
  let high = grid.at(-1) ?? 0
  let low = 0
  if (lengthSurvival(masses, gaps, high) > level) return null
  for (let step = 0; step < 14; step++) {
    const middle = (low + high) / 2
    if (lengthSurvival(masses, gaps, middle) > level) low = middle
    else high = middle
  }
  return high
}

function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1))
}

function percentile(sorted: readonly number[], share: number): number | null {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!
}

const finite = (value: number | null) => (value === null || !Number.isFinite(value) ? null : value)
