import { zOf } from './distribution.ts'

/** A stay and whether its end was seen: `ended` false is a stay that was last seen at `time` and may have gone on. */
export interface RightCensored {
  time: number
  ended: boolean
}

export interface SurvivalStep {
  time: number
  atRisk: number
  events: number
  censored: number
  survival: number
  /** Greenwood's, of the survival itself. */
  standardError: number
  /** By log(-log): stays within 0 and 1. Null where there is none: at 0 and at 1. */
  low: number | null
  high: number | null
}

/**
 * The product-limit estimator at every time at which something ended or was last seen. Events come before censorings of the same time.
 * Kaplan, E. and Meier, P. (1958), JASA 53, 457–481; Greenwood, M. (1926); bands: Borgan, Ø. and Liestøl, K. (1990). Equal to R's
 * `survfit(…, conf.type = "log-log")`.
 */
export function kaplanMeier(data: readonly RightCensored[], level = 0.95): SurvivalStep[] {
  const z = zOf(level)
  const sorted = [...data].sort((a, b) => a.time - b.time)
  const steps: SurvivalStep[] = []
  let survival = 1
  let greenwood = 0
  for (let at = 0; at < sorted.length;) {
    const time = sorted[at]?.time ?? 0
    const atRisk = sorted.length - at
    let events = 0
    let censored = 0
    for (; at < sorted.length && sorted[at]?.time === time; at++) {
      if (sorted[at]?.ended) events++
      else censored++
    }
    survival *= 1 - events / atRisk
    if (events < atRisk) greenwood += events / (atRisk * (atRisk - events))
    else greenwood = Infinity
    steps.push({
      time,
      atRisk,
      events,
      censored,
      survival,
      standardError: survival === 0 ? Number.NaN : survival * Math.sqrt(greenwood),
      ...logLogBand(survival, survival * Math.sqrt(greenwood), z),
    })
  }
  return steps
}

/** A band around a survival, from its standard error, that stays within 0 and 1. */
export function logLogBand(survival: number, standardError: number, z: number): { low: number | null; high: number | null } {
  if (!(survival > 0 && survival < 1) || !Number.isFinite(standardError)) return { low: null, high: null }
  const centre = Math.log(-Math.log(survival))
  const spread = (z * standardError) / (survival * Math.abs(Math.log(survival)))
  return { low: Math.exp(-Math.exp(centre + spread)), high: Math.exp(-Math.exp(centre - spread)) }
}

export interface Quantile {
  /** Share of the stays that have ended by then. */
  share: number
  /** Null where the curve does not come so low. */
  estimate: number | null
  low: number | null
  high: number | null
}

/** Where the curve, and its bands, cross `1 - share`; the middle of the step where it lies exactly there, as R's `quantile.survfit` has it. */
export function survivalQuantile(steps: readonly SurvivalStep[], share: number): Quantile {
  const cross = (of: (step: SurvivalStep) => number | null): number | null => {
    const level = 1 - share
    for (const [index, step] of steps.entries()) {
      const value = of(step)
      if (value === null) continue
      if (Math.abs(value - level) < 1e-9) {
        const next = steps.slice(index + 1).find((later) => (of(later) ?? value) < level - 1e-9)
        return next === undefined ? step.time : (step.time + next.time) / 2
      }
      if (value < level) return step.time
    }
    return null
  }
  return { share, estimate: cross((step) => step.survival), low: cross((step) => step.low), high: cross((step) => step.high) }
}
