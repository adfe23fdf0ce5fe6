import type { VisitOptions } from '#capture/visit-options.ts'
import { type ConditionsOf, noConditions } from '#crawl/conditions.ts'
import type { CrawlResult, Turn, TurnOptions, Visited } from '#crawl/crawl.ts'
import { browserOnly, type LanePolicy, lanesOf, placeOf } from '#crawl/lanes.ts'
import { type LinkPolicy, noLinks } from '#crawl/links.ts'
import type { CrawlProgress } from '#crawl/progress.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Capture } from '#model/capture.ts'
import { type Clock, SimulatedClock, systemClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { CrawlLane } from '#model/inclusion.ts'
import type { NeverList } from '#model/never-list.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import { Alone } from './alone.ts'
import { mannersOf } from './crawl-manners.ts'
import { FollowUpBudget, followUpSeconds, type FollowUpUse } from './follow-up-budget.ts'
import { type SecondLooks, visitAndLookAgain } from './second-look.ts'
import { visitedOf } from './visited.ts'
import { visit } from './visit.ts'
import { openWorkshop, type Workshop, type WorkshopOptions } from './workshop.ts'

/** How one process visits the pages of a crawl. */
export interface TurnsRequest {
  name: string
  data: string
  /** Milliseconds between two pages of one site; null for the usual. */
  delayMs: number | null
  /** A `SimulatedClock` runs the rounds one after the other without waiting. */
  clock?: Clock
  /** Of a lab that shows another day when it is told (`NameMap.world.turn`): told before the first visit of each round. */
  turn?: string | null
  workshop: Omit<WorkshopOptions, 'dir' | 'clock' | 'http' | 'withoutBrowser' | 'never'>
  visit: VisitOptions
  /** The browser lane alone, where left out. */
  lanes?: LanePolicy
  /** Of these lanes, the one that this process takes turns in; all, where left out. */
  only?: CrawlLane
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
export interface CrawlOutcome extends CrawlResult {
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

/** Between two visits of a site, where nothing else is said: a simulated round has no time in it. */
export const delayOf = (clock: Clock): number => (clock instanceof SimulatedClock ? 0 : usualDelayMs)

export const waitingForDatabase = 'assay: the database does not answer; waiting for it'

/** Opens what visits need and takes turns by `turns`: in a crawl that it defines, or that somebody else did. */
export async function takeTurns(
  ledger: Ledger,
  request: TurnsRequest,
  events: CrawlEvents,
  signal: AbortSignal,
  turns: (options: TurnOptions) => Promise<CrawlResult>,
): Promise<CrawlOutcome> {
  const { clock = systemClock, lanes = browserOnly, only, manners, conditionsOf = noConditions } = request
  const own = only === undefined ? lanesOf(lanes) : [only]
  const needsHttp = own.includes('http') || manners?.robots === 'obey' || request.turn != null
  await using line = await openWorkshop(
    {
      ...request.workshop,
      dir: request.data,
      clock,
      withoutBrowser: !own.includes('browser'),
      ...(manners === undefined ? {} : { never: manners.never }),
      ...(needsHttp ? { http: { contact: request.contact ?? null, version: request.version ?? '0', validators: ledger.validators } } : {}),
    },
    events.onNote,
  )
  const delayMs = request.delayMs ?? delayOf(clock)
  const budget = request.followUpShare == null ? null : new FollowUpBudget(request.followUpShare)
  const looks = budget === null ? null : { budget, alone: new Alone(), restMs: delayMs, key: lanes.key }
  const result = await turns({
    ledger,
    name: request.name,
    clock,
    concurrency: request.workshop.jobs,
    ...(request.httpJobs === undefined ? {} : { httpConcurrency: request.httpJobs }),
    delayMs,
    lanes,
    ...(only === undefined ? {} : { only }),
    links: request.links ?? noLinks,
    ...(manners === undefined
      ? {}
      : {
          manners: mannersOf({ ...manners, line, ledger, conditionsOf }),
          retries: manners.retries,
          ...(manners.dailyBudget === null ? {} : { dailyBudget: manners.dailyBudget }),
        }),
    signal,
    visit: (seed, at, turn) => visitInLane(line, request, conditionsOf, looks, seed, at, turn),
    onRound: async (round, at) => {
      if (request.turn != null) await turnLab(line, request.turn, at, signal)
      await events.onRound(round, at)
    },
    onProgress: (progress) => events.onProgress(progress),
    onVisit: (observation, turn) => events.onVisit(observation, turn.round),
  })
  return { ...result, followUps: budget?.use ?? null }
}

/** By the same way out that visits take. Throws `INTERNAL`, and what the way there throws. */
async function turnLab({ http }: Workshop, turn: string, at: Date, signal: AbortSignal): Promise<void> {
  if (http === null) throw new AssayError('INTERNAL', 'a lab cannot be turned without an http lane')
  const { status, text } = await http.fetchText(`${turn}${at.toISOString()}`, { maxBytes: 1000, maxRedirects: 0 }, signal)
  if (status !== 200) throw new AssayError('INTERNAL', `the lab did not turn to ${at.toISOString()}: HTTP ${status} ${text.slice(0, 100)}`)
}

async function visitInLane(
  line: Workshop,
  request: TurnsRequest,
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
