import type { FailureClass } from '#model/failure.ts'
import type { CrawlLane, Inclusion, NextTurn } from '#model/inclusion.ts'
import type { Seed } from '#model/seed.ts'
import type { TriedVisit, VisitRecord } from '../visit-record.ts'

/** One visit to make: `visitId` is its fencing token. */
export interface Lease {
  visitId: string
  seed: Seed
  site: string
  round: number
  plannedAt: Date
  leasedAt: Date
  jobId: string
  lane: CrawlLane
  /** 0 the first visit of the round in that lane, 1 its repeat. */
  repeat: number
  /** Null where everything is visited. */
  inclusion: Inclusion | null
  /** Attempts of this turn that observed nothing. */
  tried: TriedVisit[]
  /** Visits of this site in a row that observed nothing. */
  siteFailures: number
  /** How many links away from the list's own page. */
  depth: number
  parent: string | null
  /** Why robots.txt is not asked; null asks. */
  robotsReason: string | null
}

/** A page that a visited one names and that the crawl's scope takes in. */
export interface DiscoveredPage {
  url: string
  depth: number
}

/** What follows from a visit besides its result. */
export interface Aftermath {
  /** Another turn in this round; null or left out ends the page's round. */
  next?: NextTurn | null
  failure?: FailureClass | null
  /** How long the site rests, milliseconds, where that is longer than between any two visits. */
  restMs?: number
  discovered?: readonly DiscoveredPage[]
}

/** The same as the database holds it: enough to settle it when its holder is gone. */
export interface LeaseRow {
  visit_id: string
  site: string
  crawl: string
  url: string
  round: number
  planned_at: Date
  job_id: string
  worker: number
  lane: CrawlLane
  repeat: number
}

/** The record of a visit that a lease led to. */
export const visitRecordOf = (
  crawl: string,
  lease: Lease,
  after: Aftermath,
  more: Pick<VisitRecord, 'captureId' | 'observedAt' | 'error' | 'judgement'>,
): VisitRecord => ({
  schema: 'assay.visit',
  schemaVersion: 1,
  visitId: lease.visitId,
  crawl,
  round: lease.round,
  seed: lease.seed,
  site: lease.site,
  plannedAt: lease.plannedAt.toISOString(),
  ...more,
  lane: lease.lane,
  repeat: lease.repeat,
  ...(lease.inclusion === null ? {} : { inclusion: lease.inclusion }),
  failure: after.failure ?? null,
  ...(lease.tried.length === 0 ? {} : { tried: lease.tried }),
  next: after.next ?? null,
  ...(lease.robotsReason === null ? {} : { robotsReason: lease.robotsReason }),
  ...(lease.parent === null ? {} : { parent: lease.parent }),
})
