import type { CrawlPlan } from './crawl-plan.ts'
import type { Status } from './finding.ts'

/** A capture of which an earlier judgement said otherwise than the latest. */
export interface StudyRetraction {
  captureId: string
  site: string
  url: string
  /** When the page was visited. */
  observedAt: Date
  /** `withdrawn`: said found, and no longer; `late`: found only by a later judgement; `renamed`: found before and now, with other names. */
  kind: 'withdrawn' | 'late' | 'renamed'
  before: StudySaid
  now: StudySaid
}

export interface StudySaid {
  status: Status
  judgement: string
  at: Date
  /** Families, services and accounts, as `kind name`. */
  subjects: string[]
}

/** What a study will be able to show. */
export interface StudyPlan {
  /** Ends of the 95 % interval, were so many of the sites found. */
  intervals: { share: number; low: number; high: number }[]
  /** A share of which at least one site is found with 95 %. */
  smallestSeen: number
  /** Between two halves of the sites: the second share that differs from the first with a power of 80 % at 5 %. */
  detectable: { share: number; other: number }[]
  shortestStayDays: number | null
  /** The longest length that a stay whose start was seen can be followed. */
  longestFollowedDays: number | null
}

export interface StudyPlanned {
  schema: 'assay.study-plan'
  schemaVersion: 1
  name: string
  endpoint: string
  population: { sites: number; pages: number; isCensus: boolean; badLines: number; tags: { tag: string; pages: number }[] }
  rounds: number
  every: string | null
  profile: string
  jobs: number
  /** Of the crawl, by lanes. */
  cost: CrawlPlan
  plan: StudyPlan
}
