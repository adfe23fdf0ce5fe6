import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wilson } from '../wilson.ts'
import { clopperPearson } from './clopper-pearson.ts'
import { chiSquareTail, normalQuantile } from './distribution.ts'
import { benjaminiHochberg, holm } from './multiple.ts'
import { occupancy } from './occupancy.ts'
import { seededRandom } from './random.ts'
import { boundsOf, clusteredShare, corrected, hajek, horvitzThompson } from './sampling.ts'

const near = (actual: number | null | undefined, expected: number, digits = 1e-6) =>
  assert.ok(actual != null && Math.abs(actual - expected) <= digits * Math.max(1e-3, Math.abs(expected)), `${actual}, not ${expected}`)

/** R 4.2.2: binom.test(…)$conf.int, prop.test(…, correct = FALSE)$conf.int. */
const exact: [number, number, number, number][] = [
  [7, 50, 0.0581917003, 0.2673960025],
  [0, 20, 0, 0.168433471],
  [415, 10000, 0.03767504549, 0.04559479616],
]
for (const [count, of, low, high] of exact)
  test(`exactly: ${count} of ${of} is from ${low} to ${high}, as R prints it`, () => {
    const share = clopperPearson(count, of)
    near(share.low, low)
    near(share.high, high)
  })
test("Wilson: 415 of 10000, as R's prop.test prints it", () => {
  const share = wilson(415, 10000)
  near(share.low, 0.03776382739)
  near(share.high, 0.04558829912)
})
test('the exact interval is refused what is no count', () => {
  assert.throws(() => clopperPearson(3, 2), RangeError)
  assert.deepEqual(clopperPearson(0, 0), { count: 0, of: 0, estimate: null, low: null, high: null })
})

test('quantiles and tails, as R prints them', () => {
  near(normalQuantile(0.9), 1.28155156554)
  near(normalQuantile(0.995), 2.57582930355)
  for (const [x, degrees, p] of [
    [3.84, 1, 0.0500435212487],
    [25, 1, 5.73303143758e-7],
    [60, 4, 2.90086312034e-12],
    [2, 6, 0.919698602929],
    [100, 3, 1.55415943139e-21],
  ] as const)
    assert.ok(Math.abs(chiSquareTail(x, degrees) / p - 1) < 1e-6, String(chiSquareTail(x, degrees)))
})

/** Benjamini and Hochberg (1995), table of 25 p values; R: p.adjust. */
const ps = [
  0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34, 0.341, 0.384, 0.569, 0.594, 0.696,
  0.762, 0.94, 0.942, 0.975, 0.986,
]
test('Holm and Benjamini–Hochberg, as R prints them, in any order', () => {
  ;[0.025, 0.192, 0.897, 0.902, 0.902, 1].forEach((p, at) => near(holm(ps)[at], p))
  ;[0.025, 0.1, 0.21, 0.21, 0.21, 0.25, 0.26428571, 0.49107143].forEach((p, at) => near(benjaminiHochberg(ps)[at], p))
  assert.deepEqual(holm(ps.toReversed()), holm(ps).toReversed())
  assert.deepEqual(benjaminiHochberg(ps.toReversed()), benjaminiHochberg(ps).toReversed())
})

test('Horvitz–Thompson over every sample that a design can draw: right on average, and its variance too', () => {
  const population = [3, 0, 1, 0, 7, 2]
  const samples: number[][] = []
  for (let a = 0; a < 6; a++) for (let b = a + 1; b < 6; b++) for (let c = b + 1; c < 6; c++) samples.push([a, b, c])
  const estimates = samples.map((drawn) =>
    horvitzThompson(drawn.map((at) => ({ value: population[at]!, inclusion: 0.5, cluster: String(at) }))),
  )
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  near(mean(estimates.map(({ estimate }) => estimate!)), 13)
  const variance = mean(estimates.map(({ estimate }) => (estimate! - 13) ** 2))
  near(mean(estimates.map(({ standardError }) => standardError! ** 2)), variance)
})

test('what was sure to be looked at adds nothing to the variance', () => {
  const all = [1, 0, 1].map((value, at) => ({ value, inclusion: 1, cluster: String(at) }))
  assert.deepEqual([horvitzThompson(all).estimate, horvitzThompson(all).standardError], [2, 0])
})

test('a cluster counts as one: ten sites of one campaign are no ten witnesses', () => {
  const units = Array.from({ length: 100 }, (_, at) => ({ hit: at < 10, cluster: at < 10 ? 'campaign' : String(at) }))
  const clustered = clusteredShare(units)
  const apart = clusteredShare(units.map(({ hit }, at) => ({ hit, cluster: String(at) })))
  assert.ok(clustered.designEffect > 5 && apart.designEffect < 1.02)
  assert.ok(clustered.high! - clustered.low! > 2 * (apart.high! - apart.low!))
  near(apart.low, wilson(10, 100).low!, 0.01)
})

test('a share by the sample: weights undo that hints were preferred', () => {
  // 100 hints, all visited, half of them mine; 900 others, one in ten visited, one in thirty mines.
  const sample = [
    ...Array.from({ length: 100 }, (_, at) => ({ value: at % 2, inclusion: 1, cluster: `h${at}` })),
    ...Array.from({ length: 90 }, (_, at) => ({ value: at % 30 === 0 ? 1 : 0, inclusion: 0.1, cluster: `o${at}` })),
  ]
  const share = hajek(sample)
  near(share.estimate, 0.08)
  assert.ok(share.low! > 0.04 && share.high! < 0.16)
})

test('the http lane corrected: unbiased over many draws, its mean error within its standard error, and its intervals near nominal', () => {
  const random = seededRandom(7)
  const population = Array.from({ length: 2000 }, (_, at) => {
    const value = at < 160 ? 1 : 0
    // The cheap lane sees three of four, and takes some for miners that are none.
    return { value, coarse: value === 1 ? Number(at % 4 !== 0) : Number(at % 150 === 0), cluster: String(at) }
  })
  const truth = 160 / 2000
  const coarseTotal = population.reduce((sum, { coarse }) => sum + coarse, 0)
  const errors: number[] = []
  let covered = 0
  const draws = 2000
  for (let draw = 0; draw < draws; draw++) {
    const sample = population.flatMap((unit) => {
      const inclusion = unit.coarse === 1 ? 1 : 0.2
      return random() < inclusion ? [{ ...unit, inclusion }] : []
    })
    const { estimate, low, high } = corrected(coarseTotal, sample, population.length)
    errors.push(estimate! - truth)
    if (low! <= truth && truth <= high!) covered++
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / draws
  const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / draws)
  assert.ok(Math.abs(mean) < (2 * deviation) / Math.sqrt(draws), `${mean} with ${deviation / Math.sqrt(draws)}`)
  // Few of the 40 that it misses are in a sample, so the normal interval is a little short.
  assert.ok(covered / draws > 0.9 && covered / draws < 0.98, String(covered / draws))
})

test('a sample that agrees with the cheap lane says no more than its size does', () => {
  const agree = (count: number, coarse: number, inclusion: number) =>
    Array.from({ length: count }, (_, at) => ({ value: coarse, coarse, inclusion, cluster: `${coarse} ${at}` }))
  const both = corrected(12, [...agree(4, 1, 1 / 3), ...agree(6, 0, 0.1)], 60)
  near(both.estimate, 0.2)
  // 1 − 0.025^¼ of 12 hints, 1 − 0.025^⅙ of 48 others.
  near(both.low, 0.2 - ((1 - 0.025 ** 0.25) * 12) / 60)
  near(both.high, 0.2 + ((1 - 0.025 ** (1 / 6)) * 48) / 60)
  const all = corrected(12, [...agree(12, 1, 1), ...agree(48, 0, 1)], 60)
  assert.deepEqual([all.low, all.high], [0.2, 0.2])
})

test('what could not be looked at: the share if none, and if all of it mines', () => {
  assert.deepEqual(boundsOf(5, 80, 20), { low: 0.05, high: 0.25 })
  assert.deepEqual(boundsOf(0, 0, 0), { low: null, high: null })
})

test('a probability of inclusion is over 0 and at most 1', () => {
  assert.throws(() => horvitzThompson([{ value: 1, inclusion: 0, cluster: 'a' }]), RangeError)
  assert.throws(() => hajek([{ value: 1, inclusion: 1.5, cluster: 'a' }]), RangeError)
})

test('occupancy: with two looks the estimates are those that can be written down', () => {
  // n1 seen once, n2 twice of N: p = 2·n2 / (n1 + 2·n2), ψ = (n1 + n2) / (N (1 − (1 − p)²)).
  const data = [
    ...Array.from({ length: 20 }, () => ({ looks: 2, seen: 1 })),
    ...Array.from({ length: 40 }, () => ({ looks: 2, seen: 2 })),
    ...Array.from({ length: 140 }, () => ({ looks: 2, seen: 0 })),
  ]
  const fit = occupancy(data)
  near(fit.detection?.estimate, 0.8)
  near(fit.occupied?.estimate, 60 / (200 * 0.96))
  assert.ok(fit.detection!.low > 0.65 && fit.detection!.high < 0.9)
  assert.ok(fit.occupied!.low < 60 / 200 && fit.occupied!.high > 0.36)
})

test('occupancy: never a second look tells nothing of misses, and it says so', () => {
  assert.match(occupancy([{ looks: 1, seen: 1 }]).reason ?? '', /more than once/)
  assert.match(occupancy([{ looks: 3, seen: 0 }]).reason ?? '', /no site/)
})

test('occupancy: every look at a site sees it', () => {
  const fit = occupancy([
    ...Array.from({ length: 10 }, () => ({ looks: 3, seen: 3 })),
    ...Array.from({ length: 10 }, () => ({ looks: 3, seen: 0 })),
  ])
  near(fit.detection?.estimate, 1, 1e-4)
  near(fit.occupied?.estimate, 0.5, 1e-4)
})
