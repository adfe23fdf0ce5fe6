import type { Share } from '#model/study.ts'
import { betaQuantile } from './distribution.ts'

/**
 * The exact interval: never less than its level, whatever the true share.
 * Clopper, C. and Pearson, E. S. (1934), Biometrika 26, 404–413, by quantiles of the beta distribution. Throws `RangeError`.
 */
export function clopperPearson(count: number, of: number, level = 0.95): Share {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(of) || count < 0 || count > of)
    throw new RangeError(`${count} of ${of} is no share`)
  if (of === 0) return { count, of, estimate: null, low: null, high: null }
  const beyond = (1 - level) / 2
  return {
    count,
    of,
    estimate: count / of,
    low: count === 0 ? 0 : betaQuantile(beyond, count, of - count + 1),
    high: count === of ? 1 : betaQuantile(1 - beyond, count + 1, of - count),
  }
}
