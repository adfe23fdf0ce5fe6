import type { Random } from '../random.ts'

/** Lengths and gaps of time, days. None of these laws is one that an estimator of the study assumes. */
export type Law =
  | { law: 'weibull'; shape: number; scale: number }
  | { law: 'lognormal'; median: number; sigma: number }
  /** One or the other: a few that are found at once, and many that nobody looks for. */
  | { law: 'mixture'; share: number; first: Law; second: Law }

export function draw(law: Law, random: Random): number {
  switch (law.law) {
    case 'weibull':
      return law.scale * (-Math.log(1 - random.fraction())) ** (1 / law.shape)
    case 'lognormal':
      return law.median * Math.exp(law.sigma * normal(random))
    case 'mixture':
      return draw(random.chance(law.share) ? law.first : law.second, random)
  }
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction())
}

/** Pareto, cut to whole numbers from 1 to `most`: few are large. */
export function heavySize(random: Random, shape: number, most: number): number {
  return Math.min(most, Math.floor((1 - random.fraction()) ** (-1 / shape)))
}

/** An index below `count`, the n-th in proportion to 1 ÷ (n + 2)^0.9: few are everywhere. */
export function popularIndex(random: Random, count: number): number {
  const power = 0.1
  const [low, high] = [2 ** power, (count + 2) ** power]
  return Math.min(count - 1, Math.floor((low + random.fraction() * (high - low)) ** (1 / power)) - 2)
}
