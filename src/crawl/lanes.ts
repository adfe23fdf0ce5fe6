import { createHash } from 'node:crypto'
import type { Status } from '#model/finding.ts'
import type { CrawlLane, NextTurn } from '#model/inclusion.ts'

export const laneChoices = ['http', 'browser', 'both'] as const

/** `both`: http for all, the browser for hints and for a random sample of the others. */
export type LaneChoice = (typeof laneChoices)[number]

export interface LanePolicy {
  lane: LaneChoice
  /** Probability with which a page without a hint is visited in the browser lane all the same. */
  sample: number
  /** Hints that the browser lane visits in a round; where there are more, they are drawn. Null: all. */
  hintBudget: number | null
  /** Share of the browser lane's visits that are made a second time. */
  repeat: number
  /** Within this time after the first. Milliseconds. */
  repeatWithinMs: number
  /** What every draw of the crawl is made from: with the same key the same pages are drawn. */
  key: string
}

export const browserOnly: LanePolicy = { lane: 'browser', sample: 0, hintBudget: null, repeat: 0, repeatWithinMs: 0, key: '' }

export const firstLaneOf = ({ lane }: LanePolicy): CrawlLane => (lane === 'browser' ? 'browser' : 'http')

export const lanesOf = ({ lane }: LanePolicy): readonly CrawlLane[] => (lane === 'both' ? ['http', 'browser'] : [lane])

/**
 * A number from 0 to 1, 1 left out, that depends on nothing but its words: the first 52 bits of a SHA-256. Evenly spread, and the same
 * in every process and every run. `purpose` keeps the draws of one page apart.
 */
export function placeOf(key: string, purpose: string, url: string, round: number): number {
  const digest = createHash('sha256').update(`${key}\n${purpose}\n${round}\n${url}`).digest()
  return (digest.readUInt32BE(0) * 2 ** 20 + (digest.readUInt32BE(4) >>> 12)) / 2 ** 52
}

export interface EndedTurn {
  url: string
  round: number
  lane: CrawlLane
  repeat: number
  status: Status
  at: Date
}

/** What a page's visit leads to in the same round; null where the round is done with it. Pure: the same turn gives the same answer. */
export function nextTurnOf(policy: LanePolicy, { url, round, lane, repeat, status, at }: EndedTurn): NextTurn | null {
  if (lane === 'http') {
    if (policy.lane !== 'both') return null
    const toBrowser = { lane: 'browser', repeat: 0 } as const
    if (status === 'hint') {
      if (policy.hintBudget === null)
        return { ...toBrowser, at: at.toISOString(), inclusion: { probability: 1, reason: 'hint' }, drawn: null }
      return { ...toBrowser, at: null, inclusion: null, drawn: placeOf(policy.key, 'hint', url, round) }
    }
    if (placeOf(policy.key, 'sample', url, round) >= policy.sample) return null
    return { ...toBrowser, at: at.toISOString(), inclusion: { probability: policy.sample, reason: 'sample' }, drawn: null }
  }
  if (repeat > 0 || placeOf(policy.key, 'repeat', url, round) >= policy.repeat) return null
  // Not at once and not at the very end: a late worker must still be in time.
  const share = 0.1 + 0.8 * placeOf(policy.key, 'repeat-time', url, round)
  return {
    lane: 'browser',
    repeat: 1,
    at: new Date(at.getTime() + Math.round(share * policy.repeatWithinMs)).toISOString(),
    inclusion: { probability: policy.repeat, reason: 'repeat' },
    drawn: null,
  }
}
