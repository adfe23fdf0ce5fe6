import type { VisitOptions } from '#capture/visit-options.ts'
import type { ConditionsOf } from '#crawl/conditions.ts'
import { type CrawlResult, runCrawl, type Turn, type Visited } from '#crawl/crawl.ts'
import { browserOnly, type LanePolicy, lanesOf, placeOf } from '#crawl/lanes.ts'
import { type LinkPolicy, noLinks } from '#crawl/links.ts'
import type { CrawlProgress } from '#crawl/progress.ts'
import { scheduleOf } from '#crawl/schedule.ts'
import { openLedger } from '#ledger/ledger.ts'
import { SimulatedClock, systemClock, type Clock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import { emptyNeverList, type NeverList } from '#model/never-list.ts'
import type { Capture } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import { Alone } from './alone.ts'
import { FollowUpBudget, followUpSeconds, type FollowUpUse } from './follow-up-budget.ts'
import { mannersOf } from './crawl-manners.ts'
import { visitedOf } from './visited.ts'
import { type SecondLooks, visitAndLookAgain } from './second-look.ts'
import { visit } from './visit.ts'
import { openWorkshop, type Workshop, type WorkshopOptions } from './workshop.ts'

export interface CrawlRequest {
  /** The same name goes on with the same crawl. */
  name: string
  /** Added to those that the crawl has. */
  seeds: readonly Seed[]
  /** `7d`; null visits once. */
  every: string | null
  /** `23w`; null without an end. */
  span: string | null
  /** Date of the first round; now, where null. */
  startsAt: Date | null
  data: string
  database: string | null
  /** Milliseconds between two pages of one site; null for the usual. */
  delayMs: number | null
  /** A `SimulatedClock` runs the rounds one after the other without waiting. */
  clock?: Clock
  workshop: Omit<WorkshopOptions, 'dir' | 'clock' | 'http' | 'withoutBrowser' | 'never'>
  visit: VisitOptions
  /** The browser lane alone, where left out. */
  lanes?: LanePolicy
  links?: LinkPolicy
  /** Nobody is asked, where left out: a lab's own sites. */
  manners?: MannersRequest
  conditionsOf?: ConditionsOf
  httpJobs?: number
  /** For the user agent of the http lane and of robots.txt. */
  contact?: string
  version?: string
  /** What second looks may cost, as a share of the short visits; none are made, where null or left out. */
  followUpShare?: number | null
}

/** What the queue says, and what second looks cost; null where none were asked for. */
interface CrawlOutcome extends CrawlResult {
  followUps: FollowUpUse | null
}

export interface MannersRequest {
  robots: 'obey' | 'ignore'
  never: NeverList
  perAddress: number
  retries: number
  dailyBudget: number | null
}

export interface CrawlEvents {
  onNote(text: string): void
  onProgress(progress: CrawlProgress): void
  onRound(round: number, at: Date): Promise<void>
  /** Kept for good. */
  onVisit(observation: Observation, round: number): void
}

const usualDelayMs = 2000

/** Every seed through its lanes, capture and judgement, round after round; what is acknowledged stays, the same request goes on. */
export async function crawl(request: CrawlRequest, events: CrawlEvents, signal: AbortSignal): Promise<CrawlOutcome> {
  const { everyMs, rounds } = scheduleOf(request.every, request.span)
  const clock = request.clock ?? systemClock
  const lanes = request.lanes ?? browserOnly
  const asksRobots = request.manners?.robots === 'obey'
  const hasHttp = lanesOf(lanes).includes('http')
  if (hasHttp && request.contact === undefined)
    throw new AssayError('BAD_ARGUMENT', 'the http lane visits in the name of somebody who can be reached', {
      hint: '--contact you@example.org, or a page that says who you are.',
    })
  const ledger = await openLedger({ dataDir: request.data, signal, ...(request.database === null ? {} : { database: request.database }) })
  try {
    if (request.seeds.length === 0 && !(await ledger.listCrawls()).some(({ name, seeds }) => name === request.name && seeds > 0))
      throw new AssayError('BAD_ARGUMENT', `crawl ${request.name} has no seeds yet`, { hint: 'Name a list, or assay seeds import one.' })
    await using line = await openWorkshop(
      {
        ...request.workshop,
        dir: request.data,
        clock,
        withoutBrowser: !lanesOf(lanes).includes('browser'),
        ...(request.manners === undefined ? {} : { never: request.manners.never }),
        ...(hasHttp || asksRobots
          ? { http: { contact: request.contact ?? null, version: request.version ?? '0', validators: ledger.validators } }
          : {}),
      },
      events.onNote,
    )
    const conditionsOf: ConditionsOf = request.conditionsOf ?? (() => ({}))
    const { manners } = request
    const delayMs = request.delayMs ?? (clock instanceof SimulatedClock ? 0 : usualDelayMs)
    const budget = request.followUpShare == null ? null : new FollowUpBudget(request.followUpShare)
    const looks = budget === null ? null : { budget, alone: new Alone(), restMs: delayMs, key: lanes.key }
    const result = await runCrawl({
      ledger,
      name: request.name,
      seeds: request.seeds,
      rounds,
      ...(everyMs === null ? {} : { everyMs }),
      ...(request.startsAt === null ? {} : { startsAt: request.startsAt }),
      clock,
      concurrency: request.workshop.jobs,
      ...(request.httpJobs === undefined ? {} : { httpConcurrency: request.httpJobs }),
      delayMs,
      lanes,
      links: request.links ?? noLinks,
      ...(manners === undefined
        ? {}
        : {
            manners: mannersOf({ ...manners, line, ledger, conditionsOf }),
            retries: manners.retries,
            ...(manners.dailyBudget === null ? {} : { dailyBudget: manners.dailyBudget }),
          }),
      settings: settingsOf(request, lanes),
      signal,
      visit: (seed, at, turn) => visitInLane(line, request, conditionsOf, looks, seed, at, turn),
      onRound: (round, at) => events.onRound(round, at),
      onProgress: (progress) => events.onProgress(progress),
      onVisit: (observation, turn) => events.onVisit(observation, turn.round),
    })
    return { ...result, followUps: budget?.use ?? null }
  } finally {
    await ledger.close()
  }
}

async function visitInLane(
  line: Workshop,
  request: CrawlRequest,
  conditionsOf: ConditionsOf,
  looks: CrawlLooks | null,
  seed: Seed,
  at: Date,
  turn: Turn,
): Promise<Visited> {
  const options = { ...request.visit, ...conditionsOf(seed), visitId: turn.visitId }
  const wantsLinks = (request.links ?? noLinks).depth > 0
  if (turn.lane === 'browser') {
    const { capture, observation } =
      looks === null ? await visit(line, seed, options, turn.signal) : await lookAgain(line, seed, options, looks, turn)
    return visitedOf(capture, observation, at, wantsLinks ? line.store : null)
  }
  if (line.http === null) throw new AssayError('INTERNAL', 'a visit in the http lane of a line without one')
  // The browser's own name would be a lie here.
  const { userAgent: _, ...rest } = options
  const capture = await line.http.capture(seed, rest, turn.signal)
  await line.store.putCapture(capture)
  return visitedOf(capture, await line.judge.judge(capture), at, wantsLinks ? line.store : null)
}

interface CrawlLooks {
  budget: FollowUpBudget
  alone: Alone
  restMs: number
  /** What draws are made from. */
  key: string
}

/** The visit of a turn and, within the budget, its second look: one turn, one answer. */
async function lookAgain(
  line: Workshop,
  seed: Seed,
  options: VisitOptions,
  { budget, alone, restMs, key }: CrawlLooks,
  { round, signal }: Turn,
): Promise<{ capture: Capture; observation: Observation }> {
  const secondsOf = ({ startedAt, endedAt }: Capture['manifest']): number => (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  const looks: SecondLooks = {
    alone,
    restMs,
    onFirst: (first) => budget.short(secondsOf(first.manifest)),
    choose: ({ rule }, first) =>
      budget.draw(
        followUpSeconds(secondsOf(first.manifest), first.manifest.conditions.dwellMs),
        placeOf(key, `follow-up ${rule ?? ''}`, seed.url, round),
      ),
    onLooked: (seconds) => budget.extra(seconds),
  }
  const { capture, observation, others } = await visitAndLookAgain(line, seed, options, looks, signal)
  // Files of their own: the turn has one answer in the index.
  for (const other of others) await line.store.appendObservation(other.observation)
  return { capture, observation }
}

/** Plain JSON, for `assay status` and for workers that join: no secrets, no paths. */
function settingsOf(request: CrawlRequest, lanes: LanePolicy): object {
  const { manners, links, contact } = request
  return {
    lanes,
    links: links ?? noLinks,
    delayMs: request.delayMs ?? usualDelayMs,
    followUpShare: request.followUpShare ?? null,
    jobs: { browser: request.workshop.jobs, http: request.httpJobs ?? request.workshop.jobs },
    ...(contact === undefined ? {} : { contact }),
    ...(manners === undefined
      ? {}
      : {
          manners: {
            robots: manners.robots,
            perAddress: manners.perAddress,
            retries: manners.retries,
            dailyBudget: manners.dailyBudget,
            neverListed: manners.never === emptyNeverList ? 0 : manners.never.size,
          },
        }),
  }
}
