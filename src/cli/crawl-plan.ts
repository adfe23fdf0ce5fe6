import { type Command, InvalidArgumentError } from 'commander'
import { planCrawl, type PlanInput, scheduleOf } from '#app/crawl-policy.ts'
import type { CrawlPlan } from '#model/crawl-plan.ts'
import type { Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import { type CrawlFlags, crawlOptions, lanesFrom } from './crawl-flags.ts'
import { exit } from './exit.ts'
import { Progress } from './progress.ts'
import { readSeedList } from './seed-list.ts'

export interface PlanFlags extends CrawlFlags {
  hintShare: number
  detection: number
  httpCpu: number
  httpTime: number
  httpBytes: number
  browserCpu: number
  browserTime: number
  browserBytes: number
  json?: boolean
}

/** One ordinary page: docs/crawling.md says from where. */
const usual = {
  hintShare: 0.01,
  detection: 0.9,
  httpCpu: 0.05,
  httpTime: 2,
  httpBytes: 0.8e6,
  browserCpu: 3,
  browserTime: 14,
  browserBytes: 2.5e6,
}
const usualDelayMs = 2000

/** What a visit is taken to cost, and what its lanes to show. */
export const costOptions = (command: Command): Command =>
  command
    .option('--hint-share <share>', 'share of pages that the http lane is taken to point at', fraction, usual.hintShare)
    .option(
      '--detection <share>',
      'probability that one browser visit sees a miner that is there (the repeats of a crawl tell)',
      fraction,
      usual.detection,
    )
    .option('--http-cpu <s>', 'processor seconds of an http visit', positive, usual.httpCpu)
    .option('--http-time <s>', 'seconds of an http visit', positive, usual.httpTime)
    .option('--http-bytes <n>', 'octets of an http visit', positive, usual.httpBytes)
    .option('--browser-cpu <s>', 'processor seconds of a browser visit, judged', positive, usual.browserCpu)
    .option('--browser-time <s>', 'seconds of a browser visit', positive, usual.browserTime)
    .option('--browser-bytes <n>', 'octets of a browser visit', positive, usual.browserBytes)

export function definePlan(command: Command): void {
  costOptions(
    crawlOptions(
      command.command('plan').description('what a crawl would cost, how long it takes, and the smallest miss that its sample can show'),
    ),
  )
    .argument('<list>', 'as for crawl')
    .option('--json', 'as JSON')
    .action(async (list: string, own: PlanFlags, plan: Command) => {
      // Flags before the word `plan` are the crawl's, behind it the plan's: both count.
      const flags: PlanFlags = { ...own, ...given(plan.parent), ...given(plan) }
      const limit = flags.limit === undefined ? {} : { limit: flags.limit }
      const { seeds } = await readSeedList(list, new Progress(), { scope: flags.scope, tags: flags.tag, ...limit })
      const made = planCrawl(planInput(seeds, flags))
      process.stdout.write(flags.json ? `${JSON.stringify(made)}\n` : `${costText(made)}\n`)
      exit(0)
    })
}

/** What was given by hand, not what holds otherwise. */
function given(command: Command | null): Partial<PlanFlags> {
  const options = Object.entries(command?.opts() ?? {}).filter(([name]) => command?.getOptionValueSource(name) === 'cli')
  return Object.fromEntries(options)
}

function fraction(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError('a share over 0, at most 1.')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('a number over 0.')
  return value
}

export function planInput(seeds: readonly Seed[], flags: CrawlFlags & Partial<PlanFlags>): PlanInput {
  const bySite = new Map<string, number>()
  for (const { url } of seeds) bySite.set(siteOf(url), (bySite.get(siteOf(url)) ?? 0) + 1)
  const { rounds, everyMs } = scheduleOf(flags.every ?? null, flags.for ?? null)
  const inner = flags.scope === 'page' ? 0 : pagesBelow(flags.inner, flags.depth ?? 1)
  return {
    pages: seeds.length * (1 + inner),
    sites: bySite.size,
    mostPagesOfASite: Math.max(0, ...bySite.values()) * (1 + inner),
    lanes: lanesFrom(flags),
    rounds,
    everyMs,
    hintShare: flags.hintShare ?? usual.hintShare,
    detection: flags.detection ?? usual.detection,
    browserJobs: flags.jobs,
    httpJobs: flags.httpJobs,
    delayMs: flags.delay ?? usualDelayMs,
    dailyBudget: flags.budget ?? null,
    http: { cpuS: flags.httpCpu ?? usual.httpCpu, wallS: flags.httpTime ?? usual.httpTime, bytes: flags.httpBytes ?? usual.httpBytes },
    browser: {
      cpuS: flags.browserCpu ?? usual.browserCpu,
      wallS: flags.browserTime ?? usual.browserTime,
      bytes: flags.browserBytes ?? usual.browserBytes,
    },
  }
}

/** At most: pages may have fewer links than are followed. */
function pagesBelow(inner: number, depth: number): number {
  let [all, level] = [0, 1]
  for (let at = 0; at < depth; at++) all += level *= inner
  return all
}

export function costText(plan: CrawlPlan): string {
  const hours = (s: number) =>
    s >= 172_800 ? `${(s / 86_400).toFixed(1)} days` : s >= 5400 ? `${(s / 3600).toFixed(1)} hours` : `${Math.ceil(s / 60)} minutes`
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`
  const { hints, hintProbability, sample, repeats } = plan.browserVisits
  const because = { jobs: 'the jobs at a time', politeness: 'the politeness to the largest site', budget: 'the daily budget' }[plan.bound]
  return [
    `${plan.pages} pages on ${plan.sites} sites, ${plan.rounds === null ? 'rounds without an end' : plan.rounds === 1 ? 'once' : `${plan.rounds} rounds`}. One round:`,
    ...plan.lanes.map(
      ({ lane, visits, cpuS, bytes }) =>
        `  ${lane.padEnd(8)} ${visits} visits, ${hours(cpuS)} of one processor, ${gigabytes(bytes)}${lane === 'browser' && plan.lanes.length > 1 ? ` (${hints} hints${hintProbability < 1 ? `, each with probability ${hintProbability.toFixed(3)}` : ''}, ${sample} sampled, ${repeats} repeated)` : ''}`,
    ),
    `  takes ${hours(plan.roundS)}, bound by ${because}${plan.fitsInRound === false ? ': LONGER than the time from round to round' : ''}`,
    ...(plan.whole === null || plan.rounds === 1
      ? []
      : [`All rounds: ${plan.whole.visits} visits, ${hours(plan.whole.cpuS)} of one processor, ${gigabytes(plan.whole.bytes)} received.`]),
    plan.miss === null
      ? 'No page without a hint is sampled: what the http lane misses cannot be told (--lane both).'
      : plan.miss.smallestShare === null
        ? `The sample is too small to show a miss: it would take ${plan.miss.smallestPages} miners among ${plan.pages} pages. More pages, or --sample.`
        : `Smallest miss that the sample shows with ${plan.miss.confidence * 100} %: ${plan.miss.smallestPages} pages, a share of ${(plan.miss.smallestShare * 100).toPrecision(2)} % = ${plan.miss.formula}.`,
  ].join('\n')
}
