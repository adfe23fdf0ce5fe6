import type { CrawlPlan } from '#model/crawl-plan.ts'
import type { LanePolicy } from './lanes.ts'

/** What one visit costs. Measured (docs/benchmarks.md) where nobody says otherwise. */
export interface VisitCost {
  /** Processor seconds, of everything. */
  cpuS: number
  /** From claim to acknowledgement, seconds. */
  wallS: number
  /** Octets received. */
  bytes: number
}

export interface PlanInput {
  pages: number
  sites: number
  /** Pages of the site that has most. */
  mostPagesOfASite: number
  lanes: LanePolicy
  rounds: number
  everyMs: number | null
  /** Share of pages that the http lane is taken to point at. */
  hintShare: number
  /** Probability that one visit of the browser lane sees a miner that is there. */
  detection: number
  browserJobs: number
  httpJobs: number
  delayMs: number
  dailyBudget: number | null
  http: VisitCost
  browser: VisitCost
}

const confidence = 0.95
const unending = 1_000_000

/**
 * The smallest share m of miners among N pages that a sample shows with 95 % confidence: each page is drawn with probability P, and a miner
 * that is drawn is seen with probability d, so none of the mN is seen with probability (1 − P·d)^(mN); at most 5 % gives
 * mN ≥ ln 0.05 ÷ ln(1 − P·d). Seen none in the sample, this is also the upper bound of what was missed.
 */
export function smallestMissedPages(probability: number, detection: number): number {
  const seen = probability * detection
  return seen >= 1 ? 1 : Math.max(1, Math.log(1 - confidence) / Math.log(1 - seen))
}

/** Pure: stated formulas over stated costs. */
export function planCrawl(input: PlanInput): CrawlPlan {
  const { pages, sites, lanes } = input
  const hasHttp = lanes.lane !== 'browser'
  const allHints = lanes.lane === 'both' ? pages * input.hintShare : 0
  const hints = Math.min(allHints, lanes.hintBudget ?? Infinity)
  const others = lanes.lane === 'both' ? pages - allHints : 0
  const sample = others * lanes.sample
  const firsts = lanes.lane === 'browser' ? pages : lanes.lane === 'both' ? hints + sample : 0
  const repeats = firsts * lanes.repeat
  const planned: CrawlPlan['lanes'] = []
  const add = (lane: 'http' | 'browser', visits: number, cost: VisitCost): void => {
    if (visits > 0)
      planned.push({ lane, visits: Math.round(visits), cpuS: Math.round(visits * cost.cpuS), bytes: Math.round(visits * cost.bytes) })
  }
  add('http', hasHttp ? pages : 0, input.http)
  add('browser', firsts + repeats, input.browser)
  const visits = (hasHttp ? pages : 0) + firsts + repeats
  const visitsOfLargest = pages === 0 ? 0 : (input.mostPagesOfASite * visits) / pages
  const wallS = Math.max(input.browser.wallS * (lanes.lane === 'http' ? 0 : 1), input.http.wallS)
  const bounds = {
    jobs: Math.max(
      hasHttp ? (pages * input.http.wallS) / input.httpJobs : 0,
      ((firsts + repeats) * input.browser.wallS) / input.browserJobs,
    ),
    politeness: Math.max(0, visitsOfLargest - 1) * (input.delayMs / 1000 + wallS) + wallS,
    budget: input.dailyBudget === null ? 0 : Math.max(0, Math.ceil(visits / input.dailyBudget) - 1) * 86_400,
  }
  const bound = (['budget', 'politeness', 'jobs'] as const).reduce((most, name) => (bounds[name] > bounds[most] ? name : most), 'jobs')
  const rounds = input.rounds >= unending ? null : input.rounds
  const total = (of: (lane: CrawlPlan['lanes'][number]) => number) => planned.reduce((sum, lane) => sum + of(lane), 0)
  const missed = lanes.lane === 'both' && lanes.sample > 0 ? smallestMissedPages(lanes.sample, input.detection) : null
  return {
    pages,
    sites,
    rounds,
    lanes: planned,
    browserVisits: {
      hints: Math.round(hints),
      hintProbability: allHints === 0 ? 1 : Math.min(1, hints / allHints),
      sample: Math.round(sample),
      repeats: Math.round(repeats),
    },
    roundS: Math.ceil(bounds[bound]),
    bound,
    fitsInRound: input.everyMs === null ? null : bounds[bound] * 1000 <= input.everyMs,
    whole:
      rounds === null
        ? null
        : {
            visits: total((lane) => lane.visits) * rounds,
            cpuS: total((lane) => lane.cpuS) * rounds,
            bytes: total((lane) => lane.bytes) * rounds,
          },
    miss:
      missed === null
        ? null
        : {
            sample: Math.round(sample),
            smallestPages: Math.ceil(missed),
            smallestShare: missed > others ? null : missed / others,
            confidence,
            formula: `ln(1 - ${confidence}) / ln(1 - ${lanes.sample} * ${input.detection}) pages of ${Math.round(others)}`,
          },
  }
}
