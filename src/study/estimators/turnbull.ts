/** The end of a stay lies after `left` and not after `right` (`Infinity`: it was not seen to end). Equal ends: known exactly. */
export interface Interval {
  left: number
  right: number
  weight?: number
}

export interface Mass {
  /** An innermost interval: where in it the mass lies, the data do not say. */
  left: number
  right: number
  probability: number
}

export interface TurnbullFit {
  masses: Mass[]
  logLikelihood: number
  /** How far at most the log-likelihood lies below its maximum: no distribution whatever is better by more. */
  gap: number
  iterations: number
  converged: boolean
}

export interface TurnbullOptions {
  /** Of `gap`. */
  tolerance?: number
  maxIterations?: number
}

/** Data made ready for fits with other weights. */
export interface Prepared {
  /** Distinct intervals, in the order in which they came. */
  intervals: Required<Interval>[]
  /** Fits so many of each distinct interval. */
  fit(weights: Float64Array, options?: TurnbullOptions): TurnbullFit
}

interface Problem {
  masses: { left: number; right: number }[]
  first: Int32Array
  last: Int32Array
  weight: Float64Array
  total: number
}

/**
 * The nonparametric maximum of the likelihood of interval-censored data. Turnbull, B. W. (1976), JRSS B 38, 290–295: mass on innermost
 * intervals, by self-consistency (EM), three steps of which are extrapolated (SQUAREM, Varadhan and Roland 2008), and masses whose
 * gradient says so are set to nothing (Gentleman and Geyer 1994). It ends when the Kuhn–Tucker conditions bound what is still to gain:
 * the likelihood is concave, so that its maximum is within `max gradient − n` of it.
 */
export function turnbull(data: readonly Interval[], options: TurnbullOptions = {}): TurnbullFit {
  const { intervals, fit } = prepare(data)
  return fit(
    Float64Array.from(intervals, ({ weight }) => weight),
    options,
  )
}

export function prepare(data: readonly Interval[]): Prepared {
  const intervals = distinct(data)
  const structure = structureOf(intervals)
  return {
    intervals,
    fit: (weight, options = {}) => maximise({ ...structure, weight, total: weight.reduce((a, b) => a + b, 0) }, options),
  }
}

function maximise(problem: Problem, { tolerance = 1e-7, maxIterations = 20_000 }: TurnbullOptions): TurnbullFit {
  const m = problem.masses.length
  if (m === 0) return { masses: [], logLikelihood: 0, gap: 0, iterations: 0, converged: true }
  let p = new Float64Array(m).fill(1 / m)
  const gradient = new Float64Array(m)
  let value = evaluate(problem, p, gradient)
  let iterations = 0
  let gap = gapOf(problem, gradient)
  while (gap > tolerance && iterations < maxIterations) {
    const one = emStep(p, gradient, problem.total)
    evaluate(problem, one, gradient)
    const two = emStep(one, gradient, problem.total)
    iterations += 2
    const jumped = extrapolate(p, one, two)
    let next = two
    let nextValue = evaluate(problem, two, gradient)
    if (jumped !== null) {
      const there = new Float64Array(m)
      const thereValue = evaluate(problem, jumped, there)
      if (thereValue > nextValue) {
        next = emStep(jumped, there, problem.total)
        nextValue = evaluate(problem, next, gradient)
        iterations++
      }
    }
    p = next
    value = nextValue
    if (iterations % 30 < 3) {
      const pruned = prune(problem, p, gradient)
      if (pruned !== null) {
        const there = new Float64Array(m)
        const prunedValue = evaluate(problem, pruned, there)
        if (prunedValue >= value) {
          p = pruned
          value = prunedValue
          gradient.set(there)
        }
      }
    }
    gap = gapOf(problem, gradient)
    // A mass that was set to nothing and is wanted after all gets a little again.
    for (let j = 0; j < m; j++) if (p[j] === 0 && gradient[j]! > problem.total * (1 + 1e-9)) p[j] = 1e-6
    if (gap > tolerance) value = evaluate(problem, normalised(p), gradient)
  }
  return {
    masses: problem.masses.flatMap(({ left, right }, j) => (p[j]! > 0 ? [{ left, right, probability: p[j]! }] : [])),
    logLikelihood: value,
    gap,
    iterations,
    converged: gap <= tolerance,
  }
}

function distinct(data: readonly Interval[]): Required<Interval>[] {
  const merged = new Map<string, Required<Interval>>()
  for (const { left, right, weight = 1 } of data) {
    if (!(right >= left) || !(left > -Infinity)) throw new RangeError(`from ${left} to ${right} is no interval`)
    const key = `${left} ${right}`
    const known = merged.get(key)
    if (known) known.weight += weight
    else merged.set(key, { left, right, weight })
  }
  return [...merged.values()]
}

/** Innermost intervals: a left end that is followed at once by a right one. At one time exact values come first, then right ends, then left ones. */
function structureOf(intervals: readonly Interval[]): Omit<Problem, 'weight' | 'total'> {
  const ends = intervals
    .flatMap(({ left, right }) => [
      { at: left, order: left === right ? 0 : 2, isLeft: true },
      { at: right, order: 1, isLeft: false },
    ])
    .sort((a, b) => a.at - b.at || a.order - b.order)
  const masses: { left: number; right: number; order: number }[] = []
  for (let at = 0; at + 1 < ends.length; at++) {
    const [left, right] = [ends[at]!, ends[at + 1]!]
    if (left.isLeft && !right.isLeft) masses.push({ left: left.at, right: right.at, order: left.order })
  }
  const first = new Int32Array(intervals.length)
  const last = new Int32Array(intervals.length)
  intervals.forEach(({ left, right }, i) => {
    const order = left === right ? 0 : 2
    first[i] = lowest(masses.length, (j) => masses[j]!.left > left || (masses[j]!.left === left && masses[j]!.order >= order))
    last[i] = lowest(masses.length, (j) => masses[j]!.right > right) - 1
  })
  return { masses, first, last }
}

function lowest(length: number, holds: (j: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** The log-likelihood, and its gradient into `gradient`. */
function evaluate({ first, last, weight }: Problem, p: Float64Array, gradient: Float64Array): number {
  const m = p.length
  const below = new Float64Array(m + 1)
  for (let j = 0; j < m; j++) below[j + 1] = below[j]! + p[j]!
  const change = new Float64Array(m + 1)
  let value = 0
  for (let i = 0; i < weight.length; i++) {
    if (weight[i] === 0) continue
    const mass = below[last[i]! + 1]! - below[first[i]!]!
    if (!(mass > 0)) return -Infinity
    value += weight[i]! * Math.log(mass)
    change[first[i]!]! += weight[i]! / mass
    change[last[i]! + 1]! -= weight[i]! / mass
  }
  let running = 0
  for (let j = 0; j < m; j++) gradient[j] = running += change[j]!
  return value
}

function emStep(p: Float64Array, gradient: Float64Array, total: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(p.length)
  for (let j = 0; j < p.length; j++) next[j] = (p[j]! * gradient[j]!) / total
  return normalised(next)
}

function normalised(p: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  let sum = 0
  for (const each of p) sum += each
  for (let j = 0; j < p.length; j++) p[j]! /= sum
  return p
}

function extrapolate(zero: Float64Array, one: Float64Array, two: Float64Array): Float64Array<ArrayBuffer> | null {
  let r2 = 0
  let v2 = 0
  for (let j = 0; j < zero.length; j++) {
    const r = one[j]! - zero[j]!
    const v = two[j]! - 2 * one[j]! + zero[j]!
    r2 += r * r
    v2 += v * v
  }
  if (!(v2 > 1e-30)) return null
  const alpha = -Math.sqrt(r2 / v2)
  if (alpha > -1) return null
  const next = new Float64Array(zero.length)
  for (let j = 0; j < zero.length; j++) {
    const value = zero[j]! - 2 * alpha * (one[j]! - zero[j]!) + alpha * alpha * (two[j]! - 2 * one[j]! + zero[j]!)
    next[j] = zero[j] === 0 ? 0 : Math.max(value, zero[j]! * 1e-3)
  }
  return normalised(next)
}

/** Small masses that the gradient wants to be nothing. */
function prune({ total }: Problem, p: Float64Array, gradient: Float64Array): Float64Array<ArrayBuffer> | null {
  const next = Float64Array.from(p)
  let any = false
  for (let j = 0; j < p.length; j++) {
    if (p[j]! > 0 && p[j]! < 1e-4 && gradient[j]! < total * (1 - 1e-3)) {
      next[j] = 0
      any = true
    }
  }
  return any ? normalised(next) : null
}

function gapOf({ total }: Problem, gradient: Float64Array): number {
  let highest = 0
  for (const each of gradient) if (each > highest) highest = each
  return Math.max(0, highest - total)
}

/**
 * The share that stays longer than `time`. Within an innermost interval mass is spread evenly (`low` and `high` say what the data allow: all
 * of it gone, none of it gone); mass that was never seen to end is spread nowhere.
 */
export function survivalAt(masses: readonly Mass[], time: number): { survival: number; low: number; high: number } {
  let survival = 1
  let low = 1
  let high = 1
  for (const { left, right, probability } of masses) {
    if (right <= time) {
      survival -= probability
      low -= probability
      high -= probability
    } else if (left < time) {
      if (right < Infinity) survival -= (probability * (time - left)) / (right - left)
      low -= probability
    }
  }
  const within = (value: number) => Math.min(1, Math.max(0, value))
  return { survival: within(survival), low: within(low), high: within(high) }
}
