import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { kaplanMeier, survivalQuantile } from './kaplan-meier.ts'
import { logRank } from './log-rank.ts'
import { type Interval, survivalAt, turnbull } from './turnbull.ts'

const near = (actual: number | null | undefined, expected: number | null, digits = 1e-6) =>
  expected === null
    ? assert.equal(actual, null)
    : assert.ok(actual != null && Math.abs(actual - expected) <= digits * Math.max(1, Math.abs(expected)), `${actual}, not ${expected}`)

/** Twenty stays in days; R 4.2.2, survival 3.5-3: survfit(Surv(time, ended) ~ 1, conf.type = "log-log"). */
const times = [7, 7, 14, 14, 14, 21, 28, 28, 35, 42, 42, 49, 56, 63, 70, 70, 84, 91, 105, 119]
const ended = [1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
const stays = times.map((time, at) => ({ time, ended: ended[at] === 1, group: 'abc'[at % 3]! }))
const printed: [number, number, number, number, number, number | null, number | null][] = [
  [7, 20, 1, 0.95, 0.04873397172, 0.69474319326, 0.9928022286],
  [14, 18, 2, 0.8444444444, 0.08263493351, 0.59114211121, 0.9470734065],
  [21, 15, 1, 0.7881481481, 0.09437371676, 0.52834083868, 0.9149979699],
  [28, 14, 1, 0.7318518519, 0.10306499371, 0.46964809432, 0.8790204277],
  [35, 12, 1, 0.6708641975, 0.11106438165, 0.40661038153, 0.8377153394],
  [42, 11, 2, 0.5488888889, 0.11976626184, 0.29414205827, 0.7452365769],
  [49, 9, 0, 0.5488888889, 0.11976626184, 0.29414205827, 0.7452365769],
  [56, 8, 1, 0.4802777778, 0.12288670164, 0.23383821394, 0.6906367568],
  [63, 7, 1, 0.4116666667, 0.12300285741, 0.17962062606, 0.632037197],
  [70, 6, 1, 0.3430555556, 0.12012344465, 0.13107571928, 0.5693293733],
  [84, 4, 1, 0.2572916667, 0.11676153937, 0.07324341861, 0.4940931438],
  [91, 3, 0, 0.2572916667, 0.11676153937, 0.07324341861, 0.4940931438],
  [105, 2, 1, 0.1286458333, 0.1080888037, 0.01027793435, 0.3990589153],
  [119, 1, 0, 0.1286458333, 0.1080888037, 0.01027793435, 0.3990589153],
]

test('Kaplan and Meier with Greenwood and log-log bands, as R prints them', () => {
  const steps = kaplanMeier(stays)
  assert.equal(steps.length, printed.length)
  printed.forEach(([time, atRisk, events, survival, error, low, high], at) => {
    const step = steps[at]!
    assert.deepEqual([step.time, step.atRisk, step.events], [time, atRisk, events])
    near(step.survival, survival)
    near(step.standardError, error)
    near(step.low, low)
    near(step.high, high)
  })
})

test('median and quartiles with intervals, as R prints them', () => {
  const steps = kaplanMeier(stays)
  assert.deepEqual(
    [0.25, 0.5, 0.75].map((share) => survivalQuantile(steps, share)),
    [
      { share: 0.25, estimate: 28, low: 7, high: 42 },
      { share: 0.5, estimate: 56, low: 28, high: 84 },
      { share: 0.75, estimate: 105, low: 56, high: null },
    ],
  )
})

test('a curve that lies exactly at a half has its median in the middle of the step, as R prints it', () => {
  const steps = kaplanMeier([1, 1, 1, 1, 1, 0, 1, 1].map((end, at) => ({ time: at + 1, ended: end === 1 })))
  assert.deepEqual(
    [0.25, 0.5, 0.75].map((share) => survivalQuantile(steps, share)),
    [
      { share: 0.25, estimate: 2.5, low: 1, high: 5 },
      { share: 0.5, estimate: 4.5, low: 1, high: null },
      { share: 0.75, estimate: 7, low: 3, high: null },
    ],
  )
  assert.deepEqual([steps.at(-1)?.survival, steps.at(-1)?.low, steps.at(-1)?.high], [0, null, null])
})

test('log-rank of three groups and of two, as R prints them', () => {
  const three = logRank(stays)
  assert.deepEqual(
    three?.groups.map(({ observed }) => observed),
    [7, 3, 3],
  )
  three?.groups.forEach(({ expected }, at) => near(expected, [4.511796537, 4.90465368, 3.583549784][at]!))
  near(three?.chiSquare, 2.283138702)
  near(three?.p, 0.3193175071)
  const two = logRank(stays.map((stay) => ({ ...stay, group: stay.group === 'a' ? 'a' : 'b' })))
  near(two?.chiSquare, 2.184180211)
  near(two?.p, 0.1394352889)
})

test('one group, or groups without an end, are not compared', () => {
  assert.equal(logRank(stays.map((stay) => ({ ...stay, group: 'a' }))), null)
  assert.equal(logRank(stays.map((stay) => ({ ...stay, ended: false }))), null)
})

/** Peto's and Turnbull's kind of data, small enough to see. */
test('Turnbull: mass lies on the innermost intervals and nowhere else', () => {
  const fit = turnbull([
    { left: 0, right: 2 },
    { left: 1, right: 3 },
    { left: 4, right: Infinity },
  ])
  assert.deepEqual(
    fit.masses.map(({ left, right }) => [left, right]),
    [
      [1, 2],
      [4, Infinity],
    ],
  )
  near(fit.masses[0]?.probability, 2 / 3)
  near(fit.logLikelihood, 2 * Math.log(2 / 3) + Math.log(1 / 3))
  assert.deepEqual(survivalAt(fit.masses, 1.5).low.toFixed(6), (1 / 3).toFixed(6))
  assert.deepEqual(survivalAt(fit.masses, 1.5).survival.toFixed(6), (2 / 3).toFixed(6))
})

test('Turnbull of exact and right-censored times is Kaplan and Meier', () => {
  const fit = turnbull(stays.map(({ time, ended: end }) => ({ left: time, right: end ? time : Infinity })))
  for (const step of kaplanMeier(stays)) near(survivalAt(fit.masses, step.time).survival, step.survival, 1e-4)
})

test('what is no interval is refused; nothing has no masses', () => {
  assert.throws(() => turnbull([{ left: 3, right: 2 }]), RangeError)
  assert.throws(() => turnbull([{ left: Number.NaN, right: 2 }]), RangeError)
  assert.deepEqual(turnbull([]).masses, [])
})

const intervals = fc.array(
  fc.record({ left: fc.nat(20), width: fc.nat(10), open: fc.boolean() }).map(({ left, width, open }): Interval => ({
    left,
    right: open && width > 7 ? Infinity : left + width,
  })),
  { minLength: 1, maxLength: 40 },
)

test('Turnbull on any data: the masses sum to 1, and the gap says that no move of mass gains more', () => {
  fc.assert(
    fc.property(intervals, (data) => {
      const fit = turnbull(data)
      assert.ok(fit.converged, `gap ${fit.gap} after ${fit.iterations}`)
      assert.ok(Math.abs(fit.masses.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-9)
      // Moving mass towards any of the masses must not gain more than the gap says.
      const holds = (interval: Interval, mass: { left: number; right: number }) =>
        mass.left >= interval.left &&
        mass.right <= interval.right &&
        !(mass.left === mass.right && interval.left === mass.left && interval.right > interval.left)
      for (const toward of fit.masses) {
        const moved = fit.masses.map((mass) => ({ ...mass, probability: mass.probability * 0.9 + (mass === toward ? 0.1 : 0) }))
        const value = data.reduce(
          (sum, interval) => sum + Math.log(moved.filter((mass) => holds(interval, mass)).reduce((p, mass) => p + mass.probability, 0)),
          0,
        )
        assert.ok(value <= fit.logLikelihood + fit.gap + 1e-7, `${value} over ${fit.logLikelihood}`)
      }
    }),
    { numRuns: 150 },
  )
})
