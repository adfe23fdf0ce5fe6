import type { ArtifactKind } from './artifact.ts'
import type { Digest } from './digest.ts'

/** Only `mining` moves the status. */
export type FindingKind = 'mining' | 'proof-of-work' | 'crypto-library' | 'wallet' | 'proxyware' | 'ad-worker' | 'clipboard' | 'drainer'

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

export type Activity = 'hashing' | 'pool-contact' | 'delivered' | 'none-seen'
export type Consent = 'asked-first' | 'asked-late' | 'refused-ignored' | 'not-asked' | 'unknown'
export type Placement = 'page' | 'own-file' | 'third-party' | 'ad' | 'unknown'
export type Operator = 'declared' | 'denied' | 'unknown'

export interface Mining {
  activity: Activity
  consent: Consent
  placement: Placement
  operator: Operator
}

export type Status = 'active' | 'loaded' | 'opt-in' | 'suspected' | 'none' | 'inconclusive' | 'not-observed' | 'hint' | 'no-hint'

/** Statuses that count as found in every figure; `opt-in` is found and told apart. */
export const foundStatuses: readonly Status[] = ['active', 'loaded', 'suspected']
