import type { ArtifactKind } from './artifact.ts'
import type { Digest } from './digest.ts'

export const findingKinds = [
  'mining',
  'proof-of-work',
  'crypto-library',
  'wallet',
  'proxyware',
  'ad-worker',
  'clipboard',
  'drainer',
] as const

/** Only `mining` moves the status. */
export type FindingKind = (typeof findingKinds)[number]

export interface Evidence {
  captureId: Digest
  /** Artifact's identifier in that capture. */
  artifact: string
  /** Where in it: `frame 2`, `function 17`, `line 4`, `0–8,000 ms`. */
  at: string
  /** A sentence that a site's owner can check for himself. */
  reason: string
}

/** What a mining finding is worth to the page's conclusion; see `docs/conclusion.md`. */
export type Weight =
  /** Hashing was seen. */
  | 'hashing'
  /** A pool was spoken to in a pool's dialect. */
  | 'pool-contact'
  /** Miner code was delivered, or a known miner is referred to and started. */
  | 'delivered'
  /** Points to mining, does not decide. */
  | 'suspicion'
  /** Names or explains; says nothing about mining. */
  | 'context'

export interface Finding {
  detector: string
  kind: FindingKind
  weight: Weight
  /** The algorithm (`cryptonight`, `randomx`, `sha256` …) or `unknown-core`. */
  family: string | null
  /** The vendor, as its signature is called. */
  service: string | null
  account: string | null
  title: string
  evidence: Evidence[]
  /** As the code has it, nothing runs before the visitor has been asked, or has acted on a control that names it. */
  asksFirst?: boolean
}

/** An artifact whose absence could have hidden a finding. */
export interface Blindness {
  artifact: ArtifactKind
  /** What was missing and why, as a sentence. */
  reason: string
}

/** What one detector said. */
export interface Verdict {
  detector: string
  version: string
  findings: Finding[]
  blindTo: Blindness[]
  error: { code: string; message: string } | null
}

export const activities = ['hashing', 'pool-contact', 'delivered', 'none-seen'] as const
export const consents = ['asked-first', 'asked-late', 'refused-ignored', 'not-asked', 'unknown'] as const
export const placements = ['page', 'own-file', 'third-party', 'ad', 'unknown'] as const
export const operators = ['declared', 'denied', 'unknown'] as const

export type Activity = (typeof activities)[number]
export type Consent = (typeof consents)[number]
export type Placement = (typeof placements)[number]
export type Operator = (typeof operators)[number]

export interface Mining {
  activity: Activity
  consent: Consent
  placement: Placement
  operator: Operator
}

export const statuses = ['active', 'loaded', 'opt-in', 'suspected', 'none', 'inconclusive', 'not-observed', 'hint', 'no-hint'] as const

export type Status = (typeof statuses)[number]

/** Statuses that count as found in every figure; `opt-in` is found and told apart. */
export const foundStatuses: readonly Status[] = ['active', 'loaded', 'suspected']
