import type { Share } from '#model/study.ts'

/** 0.975 quantile of the normal distribution. */
const z95 = 1.959963984540054

/**
 * Wilson's score interval, 95 %, without continuity correction.
 * Wilson, E. B. (1927), JASA 22, 209–212; Newcombe, R. G. (1998), Statistics in Medicine 17, 857–872, method 3.
 */
export function wilson(count: number, of: number, z = z95): Share {
  if (!Number.isSafeInteger(count) || !Number.isSafeInteger(of) || count < 0 || count > of)
    throw new RangeError(`${count} of ${of} is no share`)
  if (of === 0) return { count, of, estimate: null, low: null, high: null }
  const centre = 2 * count + z * z
  const spread = z * Math.sqrt(z * z + (4 * count * (of - count)) / of)
  const scale = 2 * (of + z * z)
  // Rounding must not push an end past what was seen.
  return {
    count,
    of,
    estimate: count / of,
    low: count === 0 ? 0 : (centre - spread) / scale,
    high: count === of ? 1 : (centre + spread) / scale,
  }
}
