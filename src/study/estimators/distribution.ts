import library from 'jstat'

/** Quantile of the standard normal distribution: half of the two-sided level lies beyond it. */
export function normalQuantile(p: number): number {
  return library.normal.inv(p, 0, 1)
}

/** 1.96, for 95 %. */
export function zOf(level: number): number {
  return level === 0.95 ? 1.959963984540054 : normalQuantile((1 + level) / 2)
}

/** Probability of a value above `x`. */
export function chiSquareTail(x: number, degrees: number): number {
  if (!(x > 0)) return 1
  const tail = 1 - library.chisquare.cdf(x, degrees)
  // What is left after the subtraction has no digits: the continued fraction of the upper part has (Abramowitz and Stegun, 26.4.19).
  return tail > 1e-4 || x < degrees + 2 ? tail : upperGamma(degrees / 2, x / 2)
}

/** Regularised upper incomplete gamma function by Lentz's method, for x above a + 1, where no denominator comes near 0. */
function upperGamma(a: number, x: number): number {
  let b = x + 1 - a
  let c = Infinity
  let d = 1 / b
  let product = d
  for (let i = 1; i < 500; i++) {
    const an = -i * (i - a)
    b += 2
    d = 1 / (an * d + b)
    c = b + an / c
    product *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return Math.exp(-x + a * Math.log(x) - logGamma(a)) * product
}

/** For halves: those are all that degrees of freedom give. */
function logGamma(a: number): number {
  let sum = a % 1 === 0 ? 0 : Math.log(Math.PI) / 2
  for (let k = a % 1 === 0 ? 1 : 0.5; k < a; k++) sum += Math.log(k)
  return sum
}

/** Quantile of the beta distribution, 0 ≤ p ≤ 1. */
export function betaQuantile(p: number, alpha: number, beta: number): number {
  return library.beta.inv(p, alpha, beta)
}
