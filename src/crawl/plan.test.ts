import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { browserOnly, type LanePolicy } from './lanes.ts'
import { planCrawl, type PlanInput, smallestMissedPages } from './plan.ts'

const both: LanePolicy = { lane: 'both', sample: 0.05, hintBudget: null, repeat: 0.1, repeatWithinMs: 0, key: 'k' }
const input = (more: Partial<PlanInput> = {}): PlanInput => ({
  pages: 10_000,
  sites: 10_000,
  mostPagesOfASite: 1,
  lanes: both,
  rounds: 23,
  everyMs: 7 * 86_400_000,
  hintShare: 0.01,
  detection: 0.9,
  browserJobs: 2,
  httpJobs: 16,
  delayMs: 2000,
  dailyBudget: null,
  http: { cpuS: 0.05, wallS: 2, bytes: 1e6 },
  browser: { cpuS: 3, wallS: 15, bytes: 2e6 },
  ...more,
})

describe('what a crawl would cost', () => {
  it('counts http for all, the browser for hints, the sample and repeats', () => {
    const plan = planCrawl(input())
    assert.deepEqual(plan.browserVisits, { hints: 100, hintProbability: 1, sample: 495, repeats: 60 })
    assert.deepEqual(
      plan.lanes.map(({ lane, visits }) => [lane, visits]),
      [
        ['http', 10_000],
        ['browser', 655],
      ],
    )
    assert.deepEqual([plan.bound, plan.fitsInRound], ['jobs', true])
    assert.equal(plan.whole?.visits, 10_655 * 23)
  })
  it('more hints than the budget have a probability below 1', () =>
    assert.equal(planCrawl(input({ lanes: { ...both, hintBudget: 25 } })).browserVisits.hintProbability, 0.25))
  it('the largest site bounds the time by its rests', () => {
    const plan = planCrawl(input({ lanes: browserOnly, mostPagesOfASite: 5000, browserJobs: 100 }))
    assert.deepEqual([plan.bound, plan.roundS], ['politeness', 4999 * 17 + 15])
  })
  it('a budget bounds it by days', () => {
    const plan = planCrawl(input({ dailyBudget: 1000 }))
    assert.deepEqual([plan.bound, plan.roundS, plan.fitsInRound], ['budget', 10 * 86_400, false])
  })
  it('without a sample there is no telling what is missed', () =>
    assert.equal(planCrawl(input({ lanes: { ...both, lane: 'http' } })).miss, null))
})

describe('the smallest miss that a sample shows', () => {
  it('a sample of all with sure eyes shows one page', () => assert.equal(smallestMissedPages(1, 1), 1))
  it('is what is seen with 95 % in a simulation', () => {
    const [probability, detection] = [0.05, 0.9]
    const pages = Math.ceil(smallestMissedPages(probability, detection))
    let state = 12_345
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
    const seen = (count: number) =>
      Array.from({ length: 4000 }, () => Array.from({ length: count }, random).some((u) => u < probability * detection)).filter(Boolean)
        .length / 4000
    assert.ok(seen(pages) > 0.935 && seen(pages) < 0.97, `${seen(pages)}`)
    assert.ok(seen(Math.floor(pages / 2)) < 0.9)
  })
})
