import { artifacts, type Capture } from '#model/capture.ts'
import type { Finding, Status, Weight } from '#model/finding.ts'
import type { Conclusion, FollowUp, Observation, RestingVisit, VisitChange } from '#model/observation.ts'
import { isWorker, steadyLoad } from '#detect/load.ts'

/** Which visit's status stands, the strongest first: docs/follow-up.md. A visit that saw all and found nothing stands before one that was blind. */
const strength: readonly Status[] = ['active', 'opt-in', 'loaded', 'suspected', 'hint', 'none', 'no-hint', 'inconclusive', 'not-observed']
const weights: readonly Weight[] = ['hashing', 'pool-contact', 'delivered', 'suspicion', 'context']

/** One visit with what it was made for. */
export interface JudgedVisit {
  observation: Observation
  capture: Capture
  followUp: FollowUp | null
}

/**
 * The answer that rests on a first visit and the second looks at the same page. The stronger status stands, with all that its visit says;
 * findings of the others are added, each citing its own capture; what one visit could not say of consent, placement or accounts the others may.
 * `keep` holds the answer to that capture's own lists, whichever decides: an answer that is given again stays where it was.
 */
export function foldVisits(visits: readonly [JudgedVisit, ...JudgedVisit[]], keep: string | null = null): Observation {
  const [first] = visits
  if (visits.length === 1) return first.observation
  const place = ({ observation }: JudgedVisit): number => strength.indexOf(observation.conclusion.status)
  const decides = visits.reduce((best, each) => (place(each) < place(best) ? each : best))
  const base = visits.find(({ observation }) => observation.captureId === keep) ?? decides
  const others = visits.filter((each) => each !== decides)
  const resting = visits.map((each) => restingVisit(each, first))
  const isBlindStill = decides.observation.conclusion.status === 'inconclusive'
  return {
    ...base.observation,
    conclusion: conclusionOf(decides, others, first),
    findings: joined([decides, ...others]),
    // What one visit missed and another saw is no blindness of both; where nothing was seen whole, all of it stays.
    blindTo: isBlindStill ? visits.flatMap(({ observation }) => observation.blindTo) : decides.observation.blindTo,
    reached: decides.observation.reached,
    error: decides.observation.error,
    followUps: first.observation.followUps.filter(
      (asked) => !visits.some(({ followUp }) => followUp !== null && followUp.rule === asked.rule),
    ),
    visits: resting,
  }
}

function conclusionOf(decides: JudgedVisit, others: readonly JudgedVisit[], first: JudgedVisit): Conclusion {
  const { conclusion } = decides.observation
  const theirs = others.map(({ observation }) => observation.conclusion).filter(({ mining }) => mining.activity !== 'none-seen')
  const known = <K extends 'consent' | 'placement' | 'operator'>(fact: K): Conclusion['mining'][K] =>
    [conclusion, ...theirs].map(({ mining }) => mining[fact]).find((value) => value !== 'unknown') ?? conclusion.mining[fact]
  const accounts = new Map([conclusion, ...theirs].flatMap((each) => each.accounts).map((each) => [each.account, each]))
  const isSecond = decides !== first
  const isFound = conclusion.mining.activity !== 'none-seen' || conclusion.status === 'suspected'
  const told =
    isSecond && isFound
      ? ` That showed in a second visit (${changeWords(decides.followUp?.changes ?? [])}); the first alone was ${first.observation.conclusion.status}.`
      : isSecond
        ? ' A second visit saw what the first had missed.'
        : ''
  return {
    ...conclusion,
    mining:
      conclusion.mining.activity === 'none-seen'
        ? conclusion.mining
        : { ...conclusion.mining, consent: known('consent'), placement: known('placement'), operator: known('operator') },
    sentence: `${conclusion.sentence}${told}`,
    rule: `${conclusion.rule}; the stronger of ${others.length + 1} visits`,
    chain: conclusion.chain.length > 0 ? conclusion.chain : (theirs.find(({ chain }) => chain.length > 0)?.chain ?? []),
    accounts: [...accounts.values()],
  }
}

const changeNames: Record<VisitChange, string> = {
  longer: 'longer',
  alone: 'alone',
  cores: 'told of another number of cores',
  throttle: 'with a slower processor for a while',
  referrer: 'from a search engine',
  phone: 'as a phone',
  returns: 'come back to',
  wallet: 'with a wallet',
}

/** What a visit did otherwise, in words. */
const changeWords = (changes: readonly VisitChange[]): string => changes.map((change) => changeNames[change]).join(', ')

/** The same finding of two visits is one, with the evidence of both. */
function joined(visits: readonly JudgedVisit[]): Finding[] {
  const findings = new Map<string, Finding>()
  for (const finding of visits.flatMap(({ observation }) => observation.findings)) {
    const key = JSON.stringify([finding.detector, finding.kind, finding.title, finding.family, finding.service, finding.account])
    const known = findings.get(key)
    if (known === undefined) findings.set(key, finding)
    else {
      const stronger = weights.indexOf(finding.weight) < weights.indexOf(known.weight) ? finding.weight : known.weight
      findings.set(key, { ...known, weight: stronger, evidence: [...known.evidence, ...finding.evidence] })
    }
  }
  return [...findings.values()]
}

function restingVisit(visit: JudgedVisit, first: JudgedVisit): RestingVisit {
  const { observation, followUp } = visit
  return {
    captureId: observation.captureId,
    observedAt: observation.observedAt,
    status: observation.conclusion.status,
    activity: observation.conclusion.mining.activity,
    rule: followUp?.rule ?? null,
    reason: followUp?.reason ?? null,
    changes: [...(followUp?.changes ?? [])],
    dwellMs: observation.conditions.dwellMs,
    notes: visit === first ? [] : [...notesOnThreads(first.capture, visit.capture), ...notesOnSpeed(visit.capture)],
  }
}

const working = (capture: Capture): number =>
  artifacts(capture, 'cpu').items.filter((cpu) => isWorker(cpu) && steadyLoad(cpu) !== null).length
const toldTo = ({ manifest: { conditions } }: Capture): number => conditions.toldCores ?? conditions.cores

/** Ordinary work has as many threads as it has parts; work that is sold has as many as there are cores. */
function notesOnThreads(before: Capture, after: Capture): string[] {
  const [told, toldNow, threads, threadsNow] = [toldTo(before), toldTo(after), working(before), working(after)]
  if (told === toldNow || threads + threadsNow === 0) return []
  const follows = threadsNow - threads === toldNow - told
  return [
    `told of ${told} cores, the page kept ${threads} workers at a steady load, and ${threadsNow} when it was told of ${toldNow}: ${follows ? 'its load follows the cores given' : 'its load does not follow the cores given'}`,
  ]
}

/** Work by the clock takes a larger share of a slower core; work that takes what it gets already had all of it. */
function notesOnSpeed(capture: Capture): string[] {
  const [from, to] = capture.manifest.actions.filter(({ type }) => type === 'throttle')
  if (from === undefined || to === undefined) return []
  return artifacts(capture, 'cpu')
    .items.flatMap((cpu) => {
      if (steadyLoad(cpu) === null) return []
      const mean = (windows: typeof cpu.windows): number => windows.reduce((sum, { busy }) => sum + busy, 0) / windows.length
      const slow = cpu.windows.filter(({ fromMs, toMs }) => fromMs >= from.atMs && toMs <= to.atMs)
      const fast = cpu.windows.filter(({ fromMs, toMs }) => toMs <= from.atMs || fromMs >= to.atMs).filter(({ busy }) => busy >= 0.08)
      if (slow.length === 0 || fast.length === 0) return []
      const [share, usual] = [mean(slow), mean(fast)].map((value) => Math.round(value * 100)) as [number, number]
      return [
        `a ${cpu.thread} thread (${cpu.url.slice(0, 120)}) took ${usual} % of a core, and ${share} % while the page's processor was slowed to a half`,
      ]
    })
    .slice(0, 4)
}
