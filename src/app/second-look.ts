import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { VisitOptions } from '#capture/visit-options.ts'
import { planOf } from '#capture/visit-options.ts'
import { foldVisits, type JudgedVisit } from '#judge/fold-visits.ts'
import type { Capture } from '#model/capture.ts'
import { AssayError } from '#model/errors.ts'
import type { FollowUp, Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import type { Alone } from './alone.ts'
import { type Line, visit } from './visit.ts'

/** Whom pages that mine for some visitors only like best. */
const searchEngine = 'https://www.google.com/'
/** A phone as its browser names itself: https://developer.chrome.com/docs/privacy-security/user-agent-client-hints */
const phone = (product: string): string =>
  `Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${/\d+/.exec(product)?.[0] ?? '156'}.0.0.0 Mobile Safari/537.36`
/** The screen that goes with a phone's user agent. */
export const phoneScreen = { width: 412, height: 915, deviceScaleFactor: 2.625, mobile: true }

const times = 3
const longestMs = 60_000

/** What a second visit is told, by what it does otherwise. What the caller asked for itself (consent, proxy, headers) stays. */
function optionsFor(followUp: FollowUp, first: VisitOptions, browser: string | null): VisitOptions {
  const plan = planOf(first)
  const changes = new Set(followUp.changes ?? [])
  const cores = availableParallelism()
  return {
    ...first,
    profile: followUp.profile,
    dwellMs: changes.has('longer') ? Math.max(plan.dwellMs, Math.min(longestMs, times * plan.dwellMs)) : plan.dwellMs,
    wallet: first.wallet ?? changes.has('wallet'),
    returns: changes.has('returns'),
    variesCpu: changes.has('throttle'),
    ...(changes.has('cores') ? { toldCores: cores >= 4 ? Math.floor(cores / 2) : cores + 1 } : {}),
    ...(changes.has('referrer') && plan.referrer === null ? { referrer: searchEngine } : {}),
    ...(changes.has('phone') ? { userAgent: phone(browser ?? ''), viewport: phoneScreen } : {}),
  }
}

export interface SecondLooks {
  alone: Alone
  /** Which of those that were asked for are made, with what was drawn; each is made only while the ones before did not decide. */
  choose?: (followUp: FollowUp, first: Capture) => { probability: number; isMade: boolean }
  /** The first visit is judged. */
  onFirst?: (first: Capture) => void
  /** A second look took so long, without the rest before it. */
  onLooked?: (seconds: number) => void
  /** Between two visits to one site, milliseconds. */
  restMs?: number
  onProgress?: (text: string) => void
}

interface LookedAt {
  /** That of the visit which decides: the answer stands with it. */
  capture: Capture
  observation: Observation
  /** What the answer rests on beside it: kept with their own answers. */
  others: { capture: Capture; observation: Observation }[]
}

/**
 * A visit, and where its judgement asks for one, another that does otherwise what the rule says, until one decides. A second look that fails leaves the answer
 * as it was; `INTERRUPTED` during it too, so that what was seen is kept.
 */
export async function visitAndLookAgain(
  line: Line,
  seed: Seed,
  options: VisitOptions,
  looks: SecondLooks,
  signal?: AbortSignal,
): Promise<LookedAt> {
  const { capture, observation } = await looks.alone.beside(() => visit(line, seed, options, signal))
  looks.onFirst?.(capture)
  const visits: [JudgedVisit, ...JudgedVisit[]] = [{ capture, observation, followUp: null }]
  const asked: FollowUp[] = []
  for (const followUp of observation.followUps) {
    if (isDecided(visits) || signal?.aborted || followUp.changes === undefined || followUp.changes.length === 0) {
      asked.push(followUp)
      continue
    }
    const drawn = looks.choose?.(followUp, capture) ?? { probability: 1, isMade: true }
    const told = { ...followUp, probability: drawn.probability }
    asked.push(told)
    if (!drawn.isMade) continue
    const changed = optionsFor(followUp, { ...options, visitId: capture.manifest.visitId }, capture.manifest.conditions.browser)
    try {
      looks.onProgress?.(`looking again at ${seed.url}: ${followUp.reason}`)
      if (looks.restMs) await sleep(looks.restMs, undefined, signal === undefined ? {} : { signal })
      const again = await looks.alone.alone(async () => {
        const startedAt = performance.now()
        try {
          return await visit(line, seed, changed, signal)
        } finally {
          looks.onLooked?.((performance.now() - startedAt) / 1000)
        }
      })
      visits.push({ ...again, followUp: told })
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }
  visits[0] = { ...visits[0], observation: { ...observation, followUps: asked } }
  const folded = foldVisits(visits)
  const decides = visits.find((each) => each.observation.captureId === folded.captureId) ?? visits[0]
  return {
    capture: decides.capture,
    observation: folded,
    others: visits.filter((each) => each !== decides).map((each) => ({ capture: each.capture, observation: each.observation })),
  }
}

/** Hashing or a pool was seen, or a question before it: no other visit could say more. */
const isDecided = (visits: readonly JudgedVisit[]): boolean =>
  visits.some(({ observation: { conclusion } }) => conclusion.status === 'active' || conclusion.status === 'opt-in')

/** The first visit's answer stands all the same. */
const isPassing = (error: unknown): boolean =>
  (error instanceof AssayError && (error.code === 'INTERRUPTED' || error.code === 'BROWSER_FAILED')) ||
  (error instanceof Error && error.name === 'AbortError')

/**
 * A kept capture under today's detectors and signatures. Where the answer that was given rested on several visits, all of them are judged
 * again and folded as then; one whose capture is gone is left out.
 */
export async function judgeAgain(
  { judge, store }: Pick<Line, 'judge' | 'store'>,
  capture: Capture,
  before: Observation | null,
): Promise<Observation> {
  const rested = before?.visits ?? []
  if (rested.length < 2) return judge.judge(capture)
  const visits: JudgedVisit[] = []
  for (const { captureId, rule, reason, changes } of rested) {
    const kept = captureId === capture.id ? capture : await store.getCapture(captureId).catch(() => null)
    if (kept === null) continue
    const followUp =
      rule === null ? null : { url: kept.manifest.url, reason: reason ?? '', profile: kept.manifest.conditions.profile, rule, changes }
    visits.push({ capture: kept, observation: await judge.judge(kept), followUp })
  }
  const [first, ...others] = visits
  return first === undefined ? judge.judge(capture) : foldVisits([first, ...others], capture.id)
}
