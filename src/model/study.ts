import type { Status } from './finding.ts'

export const studySchemaVersion = 1

/**
 * What one site was in one round, over all its pages: the first that holds of `found` (active, loaded, suspected, hint), `opt-in`, `clean`
 * (looked at, nothing found), `blind` (looked at, something missed that could have hidden a miner), `not-observed` (no content was reached,
 * or the visit failed), `not-visited`.
 */
export type SiteState = 'found' | 'opt-in' | 'clean' | 'blind' | 'not-observed' | 'not-visited'

export interface StudyRound {
  round: number
  /** ISO 8601: the date planned, and of the first and last visit. */
  plannedAt: string | null
  from: string | null
  to: string | null
  sites: Record<SiteState, number>
  /** Of the sites that were looked at without blindness, in this round: found, and opt-in apart. */
  found: Share
  optIn: Share
}

/** One site over the rounds. */
export interface StudySite {
  site: string
  rank: number | null
  tags: string[]
  states: SiteState[]
}

/** A site on which a miner was found, or one that asks first. */
export interface StudyMiner {
  site: string
  rank: number | null
  /** `opt-in` only where it never was anything else. */
  state: 'found' | 'opt-in'
  /** Every status that it was found with. */
  statuses: Status[]
  families: string[]
  services: string[]
  accounts: string[]
  /** ISO 8601. The stay began after `lookedBefore` (null: it was there at the first look) and ended before `lookedAfter` (null: there at the last). */
  firstSeen: string
  lastSeen: string
  lookedBefore: string | null
  lookedAfter: string | null
  roundsSeen: number
  /** Rounds in which the site was looked at: `found`, `opt-in` or `clean`. */
  roundsLooked: number
  roundsNotObserved: number
  /** Not seen in a look between two in which it was. */
  hadGap: boolean
}

export interface StudyCount {
  name: string
  sites: number
  firstSeen: string
  lastSeen: string
}

/** Plain JSON; additive only. */
export interface StudySummary {
  schema: 'assay.study'
  schemaVersion: number
  crawl: string
  population: { sites: number; pages: number; visits: number }
  /** Of visits: how many reached content, and why the others did not. */
  coverage: { observed: number; blind: number; notObserved: number; reasons: { reason: string; visits: number }[] }
  /** Under which versions of the judgement the answers stand, and in which lanes and places the visits were made. */
  versions: { judgement: string; visits: number }[]
  lanes: { lane: string; vantage: string; visits: number }[]
  rounds: StudyRound[]
  /** By rank, then by name. */
  sites: StudySite[]
  miners: StudyMiner[]
  services: StudyCount[]
  families: StudyCount[]
  accounts: StudyCount[]
  campaigns: Campaign[]
}

/** A share and its interval, each from 0 to 1. */
export interface Share {
  count: number
  of: number
  /** Null of nothing. */
  estimate: number | null
  low: number | null
  high: number | null
}

/** Sites tied together by who is paid. */
export interface Campaign {
  /** The first of its accounts by code point: stable while that one is seen. */
  id: string
  accounts: string[]
  services: string[]
  sites: string[]
  firstSeen: string
  lastSeen: string
}
