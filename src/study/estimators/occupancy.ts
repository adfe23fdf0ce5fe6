import { zOf } from './distribution.ts'

/** A site within a time in which it does not change: how often it was looked at, and in how many of these it was seen. */
export interface Repeated {
  looks: number
  seen: number
}

export interface Occupancy {
  sites: number
  /** Sites with more than one look: only they tell anything of misses. */
  repeated: number
  /** Share of the sites that have it, seen or not. */
  occupied: { estimate: number; low: number; high: number } | null
  /** Share of the looks at such a site that see it. */
  detection: { estimate: number; low: number; high: number } | null
  logLikelihood: number
  /** Why there is no estimate. */
  reason: string | null
}

/**
 * Share occupied ψ and probability p of seeing it in one look, constant, no false sightings. MacKenzie, D. I. et al. (2002), Ecology 83,
 * 2248–2255: Π ψ·C·p^y(1−p)^(n−y) + (1−ψ)[y = 0]. Maximised by EM, then Newton; intervals by the observed information of the logits.
 */
export function occupancy(data: readonly Repeated[], level = 0.95): Occupancy {
  const sites = data.filter(({ looks }) => looks > 0)
  const repeated = sites.filter(({ looks }) => looks > 1).length
  const none = (reason: string): Occupancy => ({
    sites: sites.length,
    repeated,
    occupied: null,
    detection: null,
    logLikelihood: 0,
    reason,
  })
  if (!sites.some(({ seen }) => seen > 0)) return none('it was seen on no site')
  if (!sites.some(({ looks, seen }) => looks > 1 && seen > 0)) return none('no site on which it was seen was looked at more than once')
  const groups = Map.groupBy(sites, ({ looks, seen }) => `${looks} ${seen}`)
    .values()
    .map((same) => ({ ...same[0]!, count: same.length }))
    .toArray()
  let psi = 0.5
  let p = 0.5
  for (let step = 0; step < 20_000; step++) {
    let occupied = 0
    let looksAtOccupied = 0
    let seenTotal = 0
    for (const { looks, seen, count } of groups) {
      const missed = psi * (1 - p) ** looks
      const weight = seen > 0 ? 1 : missed / (missed + 1 - psi)
      occupied += count * weight
      looksAtOccupied += count * weight * looks
      seenTotal += count * seen
    }
    const [nextPsi, nextP] = [occupied / sites.length, seenTotal / looksAtOccupied]
    const moved = Math.abs(nextPsi - psi) + Math.abs(nextP - p)
    psi = nextPsi
    p = nextP
    if (moved < 1e-13) break
  }
  const logLikelihood = likelihood(groups, psi, p)
  const z = zOf(level)
  const errors = logitErrors(groups, psi, p)
  return {
    sites: sites.length,
    repeated,
    occupied: { estimate: psi, ...logitBand(psi, errors[0], z) },
    detection: { estimate: p, ...logitBand(p, errors[1], z) },
    logLikelihood,
    reason: null,
  }
}

type Group = Repeated & { count: number }

function likelihood(groups: readonly Group[], psi: number, p: number): number {
  let sum = 0
  for (const { looks, seen, count } of groups) {
    const there = psi * p ** seen * (1 - p) ** (looks - seen)
    sum += count * Math.log(seen > 0 ? there : there + 1 - psi)
  }
  return sum
}

/** Standard errors of logit ψ and logit p by the inverse of the curvature, by differences. Null at an edge, where there is none. */
function logitErrors(groups: readonly Group[], psi: number, p: number): [number | null, number | null] {
  const edge = 1e-6
  const isInner = (value: number) => value > edge && value < 1 - edge
  const a = logit(Math.min(1 - edge, psi))
  const b = logit(Math.min(1 - edge, p))
  const h = 1e-3
  const at = (x: number, y: number) => likelihood(groups, expit(x), expit(y))
  const here = at(a, b)
  const aa = -(at(a + h, b) - 2 * here + at(a - h, b)) / (h * h)
  const bb = -(at(a, b + h) - 2 * here + at(a, b - h)) / (h * h)
  const ab = -(at(a + h, b + h) - at(a + h, b - h) - at(a - h, b + h) + at(a - h, b - h)) / (4 * h * h)
  if (!isInner(psi)) return [null, isInner(p) && bb > 0 ? Math.sqrt(1 / bb) : null]
  if (!isInner(p)) return [aa > 0 ? Math.sqrt(1 / aa) : null, null]
  const determinant = aa * bb - ab * ab
  return determinant > 0 ? [Math.sqrt(bb / determinant), Math.sqrt(aa / determinant)] : [null, null]
}

function logitBand(value: number, error: number | null, z: number): { low: number; high: number } {
  if (error === null) return { low: value >= 0.5 ? value : 0, high: value >= 0.5 ? 1 : value }
  return { low: expit(logit(value) - z * error), high: expit(logit(value) + z * error) }
}

const logit = (x: number) => Math.log(x / (1 - x))
const expit = (x: number) => 1 / (1 + Math.exp(-x))
