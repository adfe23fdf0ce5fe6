import type { Digest } from '#model/digest.ts'
import type { Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import type { KeepRule } from '#model/retention.ts'
import { conditionsKey } from '../index/rows.ts'

/** What a policy has to know of a capture; small, for there may be millions. */
export interface JudgedCapture {
  captureId: Digest
  /** The page and the conditions under which it was visited: captures of one page are a sequence. */
  sequence: string
  observedAt: string
  recordedAt: string
  status: Status
  /** All of an answer that makes it another one. */
  answer: string
  /** Other captures in which its evidence lies. */
  restsOn: Digest[]
}

export function judgedCapture(observation: Observation): JudgedCapture {
  const { captureId, url, lane, vantage, conditions, findings, visits = [], conclusion } = observation
  const found = findings.map(({ kind, weight, family, service, account }) => JSON.stringify([kind, weight, family, service, account]))
  const cited = [...findings.flatMap(({ evidence }) => evidence.map((each) => each.captureId)), ...visits.map((visit) => visit.captureId)]
  return {
    captureId,
    sequence: JSON.stringify([url, lane, vantage, conditionsKey(conditions)]),
    observedAt: observation.observedAt,
    recordedAt: observation.recordedAt,
    status: conclusion.status,
    answer: JSON.stringify([conclusion.status, observation.reached, [...new Set(found)].sort()]),
    restsOn: [...new Set(cited)].filter((id) => id !== captureId),
  }
}

/** Nothing was found, and nothing stood in the way of finding it; or there was no page. */
const plain: ReadonlySet<Status> = new Set(['none', 'no-hint', 'not-observed'])

export type KeptFor = KeepRule | 'young' | 'evidence'

/** Captures of any pages, each once → why each stays whole; those that are not named may be thinned. Those of `before` and later are `young`. */
export function keptByPolicy(captures: Iterable<JudgedCapture>, rules: ReadonlySet<KeepRule>, before: Date): Map<Digest, KeptFor> {
  const sequences = Map.groupBy(captures, (capture) => capture.sequence)
  const kept = new Map<Digest, KeptFor>()
  const byId = new Map<Digest, JudgedCapture>()
  const keep = (capture: JudgedCapture | undefined, why: KeptFor) => {
    if (capture !== undefined && !kept.has(capture.captureId)) kept.set(capture.captureId, why)
  }
  for (const sequence of sequences.values()) {
    sequence.sort((a, b) => order(a.observedAt, b.observedAt) || order(a.captureId, b.captureId))
    if (rules.has('first')) keep(sequence[0], 'first')
    if (rules.has('last')) keep(sequence.at(-1), 'last')
    for (const [at, capture] of sequence.entries()) {
      byId.set(capture.captureId, capture)
      if (Date.parse(capture.observedAt) >= before.getTime()) keep(capture, 'young')
      if (rules.has('suspicious') && !plain.has(capture.status)) keep(capture, 'suspicious')
      const earlier = sequence[at - 1]
      if (rules.has('changed') && earlier !== undefined && earlier.answer !== capture.answer) {
        keep(earlier, 'changed')
        keep(capture, 'changed')
      }
    }
  }
  // An answer whose evidence is gone could not be checked: what a kept one rests on stays, and what that rests on. A Map grows while it is walked.
  for (const id of kept.keys()) for (const other of byId.get(id)?.restsOn ?? []) keep(byId.get(other), 'evidence')
  return kept
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
