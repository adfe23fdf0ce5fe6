import { randomUUIDv7 } from 'node:crypto'
import type { CrawlLane, Inclusion } from '#model/inclusion.ts'
import type { Seed } from '#model/seed.ts'
import type { Database, Queryable } from '../database/database.ts'
import { jsonForSql } from '../index/write.ts'
import type { TriedVisit } from '../visit-record.ts'
import type { Endings } from './endings.ts'
import type { SiteJob, SiteJobs } from './jobs.ts'
import type { Lease, LeaseRow } from './lease.ts'
import type { Turns } from './turns.ts'
import { isDead, type WorkerIdentity } from './worker.ts'

interface SeedRow {
  site: string
  url: string
  rank: number | null
  tags: string[]
  scope: Seed['scope']
  next_round: number
  next_at: Date
  lane: CrawlLane
  repeat: number
  inclusion: Inclusion | null
  tried: TriedVisit[]
  depth: number
  parent: string | null
  robots_reason: string | null
}

interface SiteState {
  site: string
  lease: string | null
  failures: number
  ready_at: Date | null
  waits: boolean
  now: Date
}

/** The crawl's row. */
export interface Schedule {
  every_ms: number | null
  rounds: number
  starts_at: Date
  first_lane: CrawlLane
}

interface ClaimsOptions {
  database: Database
  jobs: SiteJobs
  turns: Turns
  endings: Endings
  worker: WorkerIdentity
  crawl: string
  schedule: Schedule
}

const busySiteDelayMs = 3000

/** Makes leases of jobs that were fetched: of each site's pages the one that is due longest. A site that is visited or rests gets its job back for later. */
export function claimsOf({
  database,
  jobs,
  turns,
  endings,
  worker,
  crawl,
  schedule,
}: ClaimsOptions): (fetched: readonly SiteJob[], lane: CrawlLane, now: Date) => Promise<Lease[]> {
  const dateOf = (round: number) => new Date(schedule.starts_at.getTime() + round * (schedule.every_ms ?? 0))
  const roundAt = (now: Date) =>
    schedule.every_ms === null ? 0 : Math.floor((now.getTime() - schedule.starts_at.getTime()) / schedule.every_ms)
  const isFirstTurn = (seed: SeedRow) => seed.lane === schedule.first_lane && seed.repeat === 0
  /** Rounds that passed while nobody crawled are not made up for: a late visit belongs to the round that it falls into; what a visit led to, to that visit's. */
  const roundOf = (seed: SeedRow, now: Date) =>
    isFirstTurn(seed) ? Math.min(Math.max(seed.next_round, roundAt(now)), schedule.rounds - 1) : seed.next_round

  async function canTakeOver(transaction: Queryable, site: string, visitId: string, jobId: string | undefined): Promise<boolean> {
    const [lease] = await transaction.query<LeaseRow>('select * from assay.leases where visit_id = $1', [visitId])
    // The same job again: pg-boss has not heard of its worker for too long.
    if (lease !== undefined && lease.job_id !== jobId && !(await isDead(transaction, lease.worker))) return false
    if (lease === undefined) await transaction.query('update assay.sites set lease = null where site = $1 and lease = $2', [site, visitId])
    else await endings.settle(transaction, lease)
    return true
  }

  return async function claim(fetched: readonly SiteJob[], lane: CrawlLane, now: Date): Promise<Lease[]> {
    if (fetched.length === 0) return []
    return database.transaction(
      async (transaction) => {
        const sites = fetched.map((job) => job.site).sort()
        const lock = () =>
          transaction.query<SiteState>(
            'select site, lease, failures, ready_at, coalesce(ready_at > clock_timestamp(), false) as waits, clock_timestamp() as now from assay.sites where site = any($1) order by site for update',
            [sites],
          )
        let states = await lock()
        if (states.length < sites.length) {
          await transaction.query('insert into assay.sites (site) select unnest($1::text[]) on conflict do nothing', [sites])
          states = await lock()
        }
        const jobOf = new Map(fetched.map((job) => [job.site, job.id]))
        const failuresOf = new Map(states.map((state) => [state.site, state.failures]))
        const free: string[] = []
        const later = new Map<string, Date>()
        for (const state of states) {
          if (state.lease !== null && !(await canTakeOver(transaction, state.site, state.lease, jobOf.get(state.site))))
            later.set(state.site, new Date(state.now.getTime() + busySiteDelayMs))
          else if (state.waits && state.ready_at !== null) later.set(state.site, state.ready_at)
          else free.push(state.site)
        }
        const seeds = await transaction.query<SeedRow>(
          `select distinct on (site) site, url, rank, tags, scope, next_round, next_at, lane, repeat, inclusion, tried, depth, parent, robots_reason from assay.seeds
         where crawl = $1 and site = any($2) and next_at <= $3 and lane = $4 order by site, next_at, rank nulls last, url`,
          [crawl, free, now, lane],
        )
        const leases: Lease[] = seeds.map((row) => {
          const round = roundOf(row, now)
          const seed: Seed = { url: row.url, tags: row.tags, scope: row.scope, ...(row.rank === null ? {} : { rank: row.rank }) }
          return {
            visitId: randomUUIDv7(),
            seed,
            site: row.site,
            round,
            plannedAt: isFirstTurn(row) ? dateOf(round) : row.next_at,
            leasedAt: now,
            jobId: jobOf.get(row.site)!,
            lane: row.lane,
            repeat: row.repeat,
            inclusion: row.inclusion,
            tried: row.tried,
            siteFailures: failuresOf.get(row.site) ?? 0,
            depth: row.depth,
            parent: row.parent,
            robotsReason: row.robots_reason,
          }
        })
        const rows = leases.map((lease) => ({
          visit_id: lease.visitId,
          site: lease.site,
          crawl,
          url: lease.seed.url,
          round: lease.round,
          planned_at: lease.plannedAt,
          job_id: lease.jobId,
          worker: worker.number,
          lane: lease.lane,
          repeat: lease.repeat,
        }))
        await transaction.query(
          `with made as (
           insert into assay.leases (visit_id, site, crawl, url, round, planned_at, job_id, worker, lane, repeat)
           select visit_id, site, crawl, url, round, planned_at, job_id, worker, lane, repeat from jsonb_populate_recordset(null::assay.leases, $1::jsonb) returning site, visit_id)
         update assay.sites set lease = made.visit_id from made where sites.site = made.site`,
          [jsonForSql(rows)],
        )
        const taken = new Set(leases.map((lease) => lease.site))
        const idle = sites.filter((site) => !taken.has(site))
        await jobs.complete(
          crawl,
          idle.map((site) => ({ id: jobOf.get(site)!, lane })),
          transaction,
        )
        await turns.sendNext(transaction, idle, now, later)
        return leases
      },
      { isFrequent: true },
    )
  }
}
