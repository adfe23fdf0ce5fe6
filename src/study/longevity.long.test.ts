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

const nominal: Record<string, { world: WorldLaw; endAfter: number }> = {
  'a heavy tail, every visit made': { world: law, endAfter: 1 },
  'a heavy tail, one visit in twelve missed': { world: { ...law, reached: 0.92 }, endAfter: 1 },
  'campaigns of three sites': { world: { ...law, sites: 600, campaign: 3 }, endAfter: 1 },
}
for (const [name, { world, endAfter }] of Object.entries(nominal))
  test(`longevity, ${name}: 95 % bands hold the truth in 93 to 97 %, over all times`, (t) => {
    const { coverage, bias, stays } = simulate(world, endAfter, dataSets)
    t.diagnostic(`${stays.toFixed(0)} stays; at ${times.join(', ')} days covered ${percent(coverage)}; bias ${percent(bias)}`)
    const mean = coverage.reduce((sum, each) => sum + each, 0) / coverage.length
    assert.ok(mean >= 0.93 && mean <= 0.97, percent(coverage))
    // Two standard errors of a coverage at this number of data sets are 1.4 points.
    for (const each of coverage) assert.ok(each >= 0.916 && each <= 0.984, percent(coverage))
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
    const { coverage, bias } = simulate(world, endAfter, 200)
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

const rscript = await promisify(execFile)('Rscript', ['-e', 'library(survival)']).then(
  () => true,
  () => false,
)

test(
  '25 data sets beside R: equal to six digits, and the likelihood of Turnbull not below',
  { skip: rscript ? false : 'no Rscript with survival here' },
  async (t) => {
    const random = seededRandom(5)
    let least = Infinity
    for (let run = 0; run < 25; run++) {
      const rows = Array.from({ length: 20 + Math.floor(random() * 80) }, () => {
        const left = random() * 100
        const isOpen = random() < 0.25
        return {
          left,
          right: isOpen ? Infinity : left + random() * 40,
          time: 7 * (1 + Math.floor(random() * 20)),
          ended: random() < 0.7,
          group: 'abcd'[Math.floor(random() * 4)]!,
        }
      })
      const r = await askR(rows)
      const steps = kaplanMeier(rows)
      const same = (mine: (number | null)[], theirs: (number | null)[], what: string) => {
        assert.equal(mine.length, theirs.length, what)
        mine.forEach((value, at) => {
          const other = theirs[at] ?? null
          assert.ok(
            value === other || (value !== null && other !== null && Math.abs(value - other) < 1e-6 * Math.max(1, Math.abs(other))),
            `${what} ${at}: ${value}, R ${other}`,
          )
        })
      }
      const finite = (value: number | null) => (value === null || !Number.isFinite(value) ? null : value)
      same(
        steps.map(({ time }) => time),
        r.time,
        'time',
      )
      same(
        steps.map(({ survival }) => survival),
        r.survival,
        'survival',
      )
      same(
        steps.map(({ standardError }) => finite(standardError)),
        r.error,
        'Greenwood',
      )
      same(
        steps.map(({ low }) => low),
        r.low,
        'low',
      )
      same(
        steps.map(({ high }) => high),
        r.high,
        'high',
      )
      const quantiles = [0.25, 0.5, 0.75].map((share) => survivalQuantile(steps, share))
      same(
        quantiles.map(({ estimate }) => estimate),
        r.quantiles,
        'quantile',
      )
      same(
        quantiles.map(({ low }) => low),
        r.quantilesLow,
        'low of quantile',
      )
      same(
        quantiles.map(({ high }) => high),
        r.quantilesHigh,
        'high of quantile',
      )
      const ranked = logRank(rows)
      same([ranked?.chiSquare ?? null, ranked?.p ?? null], [r.chiSquare[0] ?? null, r.p[0] ?? null], 'log-rank')
      same(ranked?.groups.map(({ expected }) => expected) ?? [], r.expected, 'expected')
      const fit = turnbull(rows)
      least = Math.min(least, fit.logLikelihood - (r.turnbull[0] ?? 0))
      assert.ok(fit.converged && fit.logLikelihood >= (r.turnbull[0] ?? 0) - 1e-7, `${fit.logLikelihood}, R ${r.turnbull[0]}`)
    }
    t.diagnostic(`Turnbull's log-likelihood is at least ${least.toExponential(2)} above R's`)
  },
)

type Answer = Record<
  | 'time'
  | 'survival'
  | 'error'
  | 'low'
  | 'high'
  | 'quantiles'
  | 'quantilesLow'
  | 'quantilesHigh'
  | 'chiSquare'
  | 'p'
  | 'expected'
  | 'turnbull',
  (number | null)[]
>

function askR(rows: readonly { left: number; right: number; time: number; ended: boolean; group: string }[]): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const child = execFile('Rscript', ['--vanilla', join(import.meta.dirname, 'testing/survival.R')], (error, stdout) =>
    error ? reject(error) : resolve(JSON.parse(stdout) as Answer),
  )
  child.stdin?.end(
    `left,right,time,ended,group\n${rows.map(({ left, right, time, ended, group }) => `${left},${right < Infinity ? right : -1},${time},${ended ? 1 : 0},${group}`).join('\n')}\n`,
  )
  return promise
}
