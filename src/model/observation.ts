import type { Component, HostPair } from './component.ts'
import type { Conditions, Lane, PageReached } from './capture.ts'
import type { Digest } from './digest.ts'
import type { ErrorRecord } from './errors.ts'
import type { Blindness, Finding, Mining, Status, Verdict } from './finding.ts'
import type { Gap } from './gap.ts'
import type { Server } from './server.ts'
import type { Tracker } from './tracker.ts'

export const observationSchemaVersion = 1

/** What a judgement asks for next: see docs/follow-up.md. */
export interface FollowUp {
  url: string
  reason: string
  profile: string
  /** The stated rule that asks. Absent in what earlier versions wrote. */
  rule?: FollowUpRule
  /** What that visit does otherwise than the one that was judged. */
  changes?: VisitChange[]
  /** With which probability it was going to be made, where a crawl's budget decided; 1 where nothing stood in the way. */
  probability?: number
}

export const followUpRules = ['suspected', 'waiting', 'phone', 'blind', 'listed', 'wary', 'hint'] as const

export type FollowUpRule = (typeof followUpRules)[number]

/**
 * `longer`: three times the dwell. `alone`: no other visit is under way. `cores`: the page is told of another number of cores. `throttle`: its
 * processor is slowed for a while. `referrer`: it is come to from a search engine. `phone`: as a phone. `returns`: a second time, where a service worker
 * was installed. `wallet`: pages are shown a wallet that declines.
 */
export const visitChanges = ['longer', 'alone', 'cores', 'throttle', 'referrer', 'phone', 'returns', 'wallet'] as const

export type VisitChange = (typeof visitChanges)[number]

/** One of the visits that an answer rests on. */
export interface RestingVisit {
  captureId: Digest
  observedAt: string
  /** What it alone shows. */
  status: Status
  activity: Mining['activity']
  /** Why it was made, of a second look; null of the first. */
  rule: FollowUpRule | null
  reason: string | null
  changes: VisitChange[]
  dwellMs: number
  /** What it shows beside the first, a sentence each. */
  notes: string[]
}

export const questions = ['mining', 'components', 'consent', 'load', 'traffic', 'code'] as const

/** Questions that the evidence at hand could answer. */
export type Question = (typeof questions)[number]

/** One sentence of the way from the page to the miner, the page first. */
export interface ChainLink {
  url: string
  artifact: string | null
  /** `loads script`, `starts worker`, `opens socket` … */
  how: string
}

/** What the page's conclusion says to a site's owner. */
export interface Conclusion {
  status: Status
  mining: Mining
  /** The verdict as one sentence. */
  sentence: string
  /** Which rule of the stated fold held: see `docs/conclusion.md`. */
  rule: string
  /** What to do about it, a sentence each. */
  advice: string[]
  /** From the page to the miner; empty where none was found. */
  chain: ChainLink[]
  accounts: { account: string; service: string | null }[]
}

/** `s1:` and 32 hexadecimal figures, equal in copies of a script or module with other names and literals; the artifact that carries it. */
export interface CodeSimilarity {
  digest: string
  artifact: string
}

/** One capture × one version of the judgement. Append-only. */
export interface Observation {
  schema: 'assay.observation'
  schemaVersion: number
  captureId: Digest
  visitId: string
  url: string
  finalUrl: string
  /** Registrable domain (private suffixes included) or address. */
  site: string
  lane: Lane
  vantage: string
  conditions: Conditions
  rank: number | null
  tags: string[]
  /** When the page was visited, and when this judgement was written. ISO 8601. */
  observedAt: string
  recordedAt: string
  /** Digest over the versions of derivers, detectors and signatures. */
  judgement: string
  reached: PageReached
  conclusion: Conclusion
  findings: Finding[]
  verdicts: Verdict[]
  blindTo: Blindness[]
  /** Lists that are not whole, whether or not that could have hidden a finding. Absent in what earlier versions wrote. */
  gaps?: Gap[]
  asked: Question[]
  components: Component[]
  hostPairs: HostPair[]
  /** Hosts by address. Absent in what earlier versions wrote. */
  servers?: Server[]
  /** Whose page it is to services of measurement and advertising. Absent in what earlier versions wrote. */
  trackers?: Tracker[]
  /** Of the code that findings of mining cite. Absent in what earlier versions wrote. */
  similarities?: CodeSimilarity[]
  followUps: FollowUp[]
  /** The visits that the answer rests on, the first visit first. Absent where it is one. */
  visits?: RestingVisit[]
  error: ErrorRecord | null
}
