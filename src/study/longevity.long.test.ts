import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { clopperPearson } from './estimators/clopper-pearson.ts'
import { kaplanMeier, survivalQuantile } from './estimators/kaplan-meier.ts'
import { logRank } from './estimators/log-rank.ts'
import { seededRandom } from './estimators/random.ts'
import { type ObservedStay, stayLength } from './estimators/stay-length.ts'
import { turnbull } from './estimators/turnbull.ts'
import { staysOf } from './stays.ts'
import { drawWorld, truthOf, type WorldLaw } from './testing/world.ts'
import { wilson } from './wilson.ts'

const dataSets = 1000
const times = [14, 28, 56, 84]
const law: WorldLaw = {
  sites: 400,
  rounds: 23,
  cadence: 7,
  shape: 0.7,
  scale: 56,
  detection: 1,
  reached: 1,
  lostWithMiner: 0,
  campaign: 1,
}

const observed = (world: WorldLaw, seed: number, endAfter: number): ObservedStay[] =>
  drawWorld(world, seed).flatMap(({ cluster, looks }) =>
    staysOf(looks, { endAfter }).flatMap(({ firstSeen, lastSeen, lookedBefore, goneBy }) =>
      lookedBefore === null
        ? []
        : [{ startGap: firstSeen - lookedBefore, lastSeen: lastSeen - firstSeen, goneBy: (goneBy ?? Infinity) - firstSeen, cluster }],
    ),
  )

/** Coverage and bias of the 95 % bands at each of the times. */
function simulate(world: WorldLaw, endAfter: number, runs: number) {
  const covered = times.map(() => 0)
  const bias = times.map(() => 0)
  let stays = 0
  for (let run = 1; run <= runs; run++) {
    const sample = observed(world, run, endAfter)
    stays += sample.length
    const { curve } = stayLength(sample, { times, replicates: 100, seed: run })
    curve.forEach(({ time, survival, low, high }, at) => {
      const truth = truthOf(world, time)
      if (low !== null && high !== null && low <= truth && truth <= high) covered[at]!++
      bias[at]! += (survival - truth) / runs
    })
  }
  return { coverage: covered.map((count) => count / runs), bias, stays: stays / runs }
}

const percent = (values: readonly number[]) => values.map((value) => `${(100 * value).toFixed(1)} %`).join(', ')

const nominal: Record<string, { world: WorldLaw; endAfter: number; runs: number }> = {
  'a heavy tail, every visit made': { world: law, endAfter: 1, runs: dataSets },
  'a heavy tail, one visit in twelve missed': { world: { ...law, reached: 0.92 }, endAfter: 1, runs: 400 },
  'campaigns of three sites': { world: { ...law, sites: 600, campaign: 3 }, endAfter: 1, runs: 400 },
}
for (const [name, { world, endAfter, runs }] of Object.entries(nominal))
  test(`longevity, ${name}: 95 % bands hold the truth in 93 to 97 %, over all times`, (t) => {
    const { coverage, bias, stays } = simulate(world, endAfter, runs)
    t.diagnostic(`${stays.toFixed(0)} stays; at ${times.join(', ')} days covered ${percent(coverage)}; bias ${percent(bias)}`)
    const mean = coverage.reduce((sum, each) => sum + each, 0) / coverage.length
    assert.ok(mean >= 0.93 && mean <= 0.97, percent(coverage))
    // Missed visits make the gaps before a start uneven, and at 14 days the band is a little low for it: 92.0 % of 1,000 data sets.
    for (const each of coverage) assert.ok(each >= 0.9 && each <= 0.985, percent(coverage))
  })

/** What the assumptions leave out: told, not hidden. The expected bias is the finding. */
const told: Record<string, { world: WorldLaw; endAfter: number; bias: [number, number] }> = {
  'one look in twenty misses what is there, two looks are an end': {
    world: { ...law, detection: 0.95, reached: 0.92 },
    endAfter: 2,
    bias: [-0.03, 0.03],
  },
  'one look in twenty misses what is there, one look is an end: too short': {
    world: { ...law, detection: 0.95, reached: 0.92 },
    endAfter: 1,
    bias: [-0.16, -0.06],
  },
  'three in ten sites are lost when their miner goes: too long': { world: { ...law, lostWithMiner: 0.3 }, endAfter: 1, bias: [0.06, 0.18] },
}
for (const [
  name,
  {
    world,
    endAfter,
    bias: [low, high],
  },
] of Object.entries(told))
  test(`longevity, ${name}`, (t) => {
    const { coverage, bias } = simulate(world, endAfter, 100)
    t.diagnostic(`at ${times.join(', ')} days covered ${percent(coverage)}; bias ${percent(bias)}`)
    const worst = bias.at(-1) ?? 0
    assert.ok(worst >= low && worst <= high, percent(bias))
  })

test('Kaplan and Meier where both ends are known: 95 % bands hold the truth in 93 to 97 %', (t) => {
  const random = seededRandom(11)
  const covered = times.map(() => 0)
  for (let run = 0; run < dataSets; run++) {
    const steps = kaplanMeier(
      Array.from({ length: 200 }, () => {
        const length = law.scale * (-Math.log(1 - random())) ** (1 / law.shape)
        const until = 20 + random() * 200
        return { time: Math.min(length, until), ended: length <= until }
      }),
    )
    times.forEach((time, at) => {
      const step = steps.findLast((each) => each.time <= time)
      const truth = Math.exp(-((time / law.scale) ** law.shape))
      if (step?.low != null && step.high !== null && step.low <= truth && truth <= step.high) covered[at]!++
    })
  }
  t.diagnostic(percent(covered.map((count) => count / dataSets)))
  for (const count of covered) assert.ok(count / dataSets >= 0.93 && count / dataSets <= 0.97, String(count))
})

/** Exactly, by the binomial distribution, over shares as crawls find them. */
function coverageOf(
  interval: (count: number, of: number) => { low: number | null; high: number | null },
  of: number,
  share: number,
): number {
  let logarithm = of * Math.log1p(-share)
  let covered = 0
  for (let count = 0; count <= of; count++) {
    const { low, high } = interval(count, of)
    if (low! <= share && share <= high!) covered += Math.exp(logarithm)
    logarithm += Math.log((of - count) / (count + 1)) + Math.log(share / (1 - share))
  }
  return covered
}

test('shares: Wilson near nominal on average, the exact interval never under 95 %', (t) => {
  for (const size of [50, 200, 1000]) {
    const shares = Array.from({ length: 200 }, (_, at) => (at + 0.5) / 400 + 0.002)
    const wilsons = shares.map((share) => coverageOf(wilson, size, share))
    const exacts = shares.map((share) => coverageOf(clopperPearson, size, share))
    const mean = wilsons.reduce((sum, each) => sum + each, 0) / wilsons.length
    t.diagnostic(
      `of ${size}: Wilson ${(100 * mean).toFixed(2)} % on average, ${(100 * Math.min(...wilsons)).toFixed(1)} % at worst; exact ${(100 * Math.min(...exacts)).toFixed(2)} % at worst`,
    )
    assert.ok(mean > 0.945 && mean < 0.96, String(mean))
    assert.ok(Math.min(...exacts) >= 0.95 - 1e-9, String(Math.min(...exacts)))
  }
})

const isRThere = await promisify(execFile)('Rscript', ['-e', 'library(survival)']).then(
  () => true,
  () => false,
)

test(
  'twenty data sets beside R: equal to six digits, and the likelihood of Turnbull not below',
  { skip: isRThere ? false : 'no Rscript with survival here' },
  async (t) => {
    const random = seededRandom(5)
    const sets = Array.from({ length: 20 }, () =>
      Array.from({ length: 20 + Math.floor(random() * 40) }, () => {
        const left = random() * 100
        return {
          left,
          right: random() < 0.25 ? Infinity : left + random() * 40,
          time: 7 * (1 + Math.floor(random() * 20)),
          ended: random() < 0.7,
          group: 'abcd'[Math.floor(random() * 4)]!,
        }
      }),
    )
    const answers = await askR(sets)
    assert.equal(answers.length, sets.length)
    let least = Infinity
    let compared = 0
    for (const [at, rows] of sets.entries()) {
      const r = answers[at]!
      const mine = estimates(rows)
      for (const [what, values] of Object.entries(mine)) {
        const theirs = r[what as keyof Answer]
        assert.equal(values.length, theirs.length, what)
        values.forEach((value, index) => {
          const other = theirs[index] ?? null
          const isSame =
            value === other || (value !== null && other !== null && Math.abs(value - other) < 1e-6 * Math.max(1, Math.abs(other)))
          assert.ok(isSame, `set ${at}, ${what} ${index}: ${value}, R ${other}`)
        })
      }
      const fit = turnbull(rows)
      assert.ok(fit.converged)
      const theirs = r.turnbull[0] ?? null
      if (theirs === null) continue
      compared++
      least = Math.min(least, fit.logLikelihood - theirs)
      assert.ok(fit.logLikelihood >= theirs - 1e-7, `${fit.logLikelihood}, R ${theirs}`)
    }
    assert.ok(compared >= sets.length / 2, `R's own estimator ended on ${compared} sets only`)
    t.diagnostic(`on ${compared} sets the log-likelihood of Turnbull is at least ${least.toExponential(2)} over that of R`)
  },
)

interface Row {
  left: number
  right: number
  time: number
  ended: boolean
  group: string
}

type Answer = Record<keyof ReturnType<typeof estimates> | 'turnbull', (number | null)[]>

/** What R gives no number for is null: beside 0 and 1 there is no band, at 0 no error. */
function estimates(rows: readonly Row[]) {
  const steps = kaplanMeier(rows)
  const quantiles = [0.25, 0.5, 0.75].map((share) => survivalQuantile(steps, share))
  const ranked = logRank(rows)
  return {
    time: steps.map(({ time }) => time),
    survival: steps.map(({ survival }) => survival),
    error: steps.map(({ standardError }) => (Number.isFinite(standardError) ? standardError : null)),
    low: steps.map(({ low }) => low),
    high: steps.map(({ high }) => high),
    quantiles: quantiles.map(({ estimate }) => estimate),
    quantilesLow: quantiles.map(({ low }) => low),
    quantilesHigh: quantiles.map(({ high }) => high),
    chiSquare: [ranked?.chiSquare ?? null],
    p: [ranked?.p ?? null],
    expected: ranked?.groups.map(({ expected }) => expected) ?? [],
  }
}

function askR(sets: readonly (readonly Row[])[]): Promise<Answer[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer[]>()
  const child = execFile('Rscript', ['--vanilla', join(import.meta.dirname, 'testing/survival.R')], (error, stdout) =>
    error
      ? reject(error)
      : resolve(
          stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Answer),
        ),
  )
  const lines = sets.flatMap((rows, set) =>
    rows.map(({ left, right, time, ended, group }) => `${set},${left},${right < Infinity ? right : -1},${time},${ended ? 1 : 0},${group}`),
  )
  child.stdin?.end(`set,left,right,time,ended,group\n${lines.join('\n')}\n`)
  return promise
}
