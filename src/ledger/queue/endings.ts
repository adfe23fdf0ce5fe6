import type { CrawlLane, NextTurn } from '#model/inclusion.ts'
import type { Observation } from '#model/observation.ts'
import { siteOf } from '#model/site.ts'
import { batched } from '../database/batched.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { FileStore } from '../file-store.ts'
import { jsonForSql, writeIndex } from '../index/write.ts'
import type { VisitRecord } from '../visit-record.ts'
import type { SiteJobs } from './jobs.ts'
import type { Aftermath, DiscoveredPage, Lease, LeaseRow } from './lease.ts'
import type { Turns } from './turns.ts'

/** A page whose turn has ended. */
interface EndedPage {
  crawl: string
  url: string
  round: number
  lane: CrawlLane
  repeat: number
}

interface EndingTurn {
  lease: Lease
  waitMs: number
  /** Turns of the site that are due by then are sent at once. */
  now: Date
  failures: number
}

/** What one visit leaves. */
interface Kept {
  lease: Lease
  visit: VisitRecord
  observations: Observation[]
  after: Aftermath
}

interface EndingsOptions {
  database: Database
  files: FileStore
  jobs: SiteJobs
  turns: Turns
  crawl: string
  firstLane: CrawlLane
  /** Milliseconds between two visits of one site. */
  delayMs: number
  isRealTime: boolean
}

/** How leases end: with a result that is kept, given back, or left behind by a process that died. Only who still holds a lease may end it. */
export interface Endings {
  /** Keeps the result, plans what comes next and ends the job, all in one transaction with others that come at the same time. */
  keep(kept: Kept): Promise<'accepted' | 'fenced'>
  /** Locks the lease's site, and says whether the lease still stands. */
  stands(transaction: Queryable, lease: Lease): Promise<boolean>
  /** Frees the sites, ends their jobs and sends their next turns. */
  endTurns(transaction: Queryable, ending: readonly EndingTurn[]): Promise<void>
  /** Forgets a lease whose holder is gone; its visit counts if its record was written before it went. */
  settle(transaction: Queryable, lease: LeaseRow): Promise<void>
}

export function endingsOf({ database, files, jobs, turns, crawl, firstLane, delayMs, isRealTime }: EndingsOptions): Endings {
  /** What pages want after a visit: their next turn in the round, or the next round. A second settling of the same turn finds the page elsewhere. */
  async function moveOn(transaction: Queryable, ended: readonly { page: EndedPage; next: NextTurn | null }[]): Promise<void> {
    const done = ended.flatMap(({ page, next }) => (next === null ? [page] : []))
    if (done.length > 0)
      await transaction.query(
        `update assay.seeds s set attempts = 0, tried = '[]', inclusion = null, drawn = null, repeat = 0, lane = c.first_lane,
           next_round = case when t.round + 1 < c.rounds then t.round + 1 end,
           next_at = case when t.round + 1 < c.rounds then c.starts_at + (t.round + 1) * coalesce(c.every_ms, 0) * interval '1 millisecond' end
         from assay.crawls c, jsonb_to_recordset($1::jsonb) as t(crawl text, url text, round int, lane text, repeat int)
         where c.name = t.crawl and s.crawl = t.crawl and s.url = t.url and s.next_round <= t.round and s.lane = t.lane and s.repeat = t.repeat`,
        [jsonForSql(done)],
      )
    const moved = ended.flatMap(({ page, next }) => (next === null ? [] : [{ ...page, next }]))
    if (moved.length > 0)
      await transaction.query(
        `update assay.seeds s set attempts = 0, tried = '[]', next_round = t.round, next_at = (t.next ->> 'at')::timestamptz, lane = t.next ->> 'lane',
           repeat = (t.next ->> 'repeat')::int, inclusion = nullif(t.next -> 'inclusion', 'null'), drawn = (t.next ->> 'drawn')::float8
         from jsonb_to_recordset($1::jsonb) as t(crawl text, url text, round int, lane text, repeat int, next jsonb)
         where s.crawl = t.crawl and s.url = t.url and s.next_round <= t.round and s.lane = t.lane and s.repeat = t.repeat`,
        [jsonForSql(moved)],
      )
  }

  async function addDiscovered(transaction: Queryable, lease: Lease, pages: readonly DiscoveredPage[]): Promise<void> {
    if (pages.length === 0) return
    const rows = pages.map(({ url, depth }) => ({ url, site: siteOf(url), depth }))
    await transaction.query(
      `insert into assay.seeds (crawl, url, site, rank, tags, scope, next_round, next_at, lane, parent, depth, robots_reason)
       select $1, d.url, d.site, s.rank, s.tags, s.scope, $4, $5, $6, s.url, d.depth, s.robots_reason
       from jsonb_populate_recordset(null::assay.seeds, $3::jsonb) d, assay.seeds s where s.crawl = $1 and s.url = $2 on conflict do nothing`,
      [crawl, lease.seed.url, jsonForSql(rows), lease.round, lease.plannedAt, firstLane],
    )
  }

  /** Forgets a lease whose holder is gone; its visit counts if its record was written before it went. */
  async function settle(transaction: Queryable, lease: LeaseRow): Promise<void> {
    const visit = await files.getVisit(lease.visit_id)
    if (visit !== null) {
      const observations = visit.captureId === null ? [] : await observationsOf(visit)
      await writeIndex(transaction, [visit], observations)
      const { crawl: of, url, round, lane, repeat } = lease
      await moveOn(transaction, [{ page: { crawl: of, url, round, lane, repeat }, next: visit.next ?? null }])
    }
    await transaction.query('delete from assay.leases where visit_id = $1', [lease.visit_id])
    await transaction.query('update assay.sites set lease = null where site = $1 and lease = $2', [lease.site, lease.visit_id])
  }

  async function observationsOf(visit: VisitRecord): Promise<Observation[]> {
    const found = visit.captureId === null || visit.judgement === null ? null : await files.getObservation(visit.captureId, visit.judgement)
    return found === null ? [] : [found]
  }

  /** Locks the sites and answers which leases still stand; a repeated transaction finds its own work done. */
  async function standing(transaction: Queryable, leases: readonly Lease[]): Promise<('stands' | 'done' | 'fenced')[]> {
    const rows = await transaction.query<{ site: string; lease: string | null }>(
      'select site, lease from assay.sites where site = any($1) order by site for update',
      [leases.map(({ site }) => site)],
    )
    const leaseOf = new Map(rows.map(({ site, lease }) => [site, lease]))
    const lost = leases.filter(({ site, visitId }) => leaseOf.get(site) !== visitId).map(({ visitId }) => visitId)
    const visits =
      lost.length === 0
        ? []
        : await transaction.query<{ id: string }>('select visit_id as id from assay.visits where visit_id = any($1)', [lost])
    const done = new Set(visits.map(({ id }) => id))
    return leases.map(({ site, visitId }) => (leaseOf.get(site) === visitId ? 'stands' : done.has(visitId) ? 'done' : 'fenced'))
  }

  const stands = async (transaction: Queryable, lease: Lease) => (await standing(transaction, [lease]))[0] === 'stands'

  /** Results that come at the same time are kept in one transaction: their files first, each synced. */
  const keep = batched(async (kept: Kept[]) => {
    await Promise.all(kept.flatMap(({ observations }) => observations.map((observation) => files.appendObservation(observation))))
    return database.transaction(
      async (transaction) => {
        const states = await standing(
          transaction,
          kept.map(({ lease }) => lease),
        )
        const good = kept.filter((_, at) => states[at] === 'stands')
        if (good.length > 0) {
          // Before the commit: were it after, a kill in between would leave an acknowledged visit that no reindex finds.
          await Promise.all(good.map(({ visit }) => files.putVisit(visit)))
          await writeIndex(
            transaction,
            good.map(({ visit }) => visit),
            good.flatMap(({ observations }) => observations),
          )
          await moveOn(
            transaction,
            good.map(({ lease, visit }) => ({ page: pageOf(lease), next: visit.next ?? null })),
          )
          for (const { lease, after } of good) await addDiscovered(transaction, lease, after.discovered ?? [])
          await endTurns(
            transaction,
            good.map(({ lease, visit, after }) => ({
              lease,
              waitMs: Math.max(delayMs, after.restMs ?? 0),
              now: lease.plannedAt,
              failures: (visit.failure ?? null) === null ? 0 : lease.siteFailures + 1,
            })),
          )
        }
        return states.map((state) => (state === 'fenced' ? 'fenced' : 'accepted'))
      },
      { isFrequent: true },
    )
  })

  const pageOf = ({ seed, round, lane, repeat }: Lease): EndedPage => ({ crawl, url: seed.url, round, lane, repeat })

  async function endTurns(transaction: Queryable, ending: readonly EndingTurn[]): Promise<void> {
    const rows = await transaction.query<{ site: string; ready: Date }>(
      `with gone as (delete from assay.leases where visit_id = any($2))
       update assay.sites s set lease = null, failures = t.failures, ready_at = clock_timestamp() + t.wait * interval '1 millisecond'
       from jsonb_to_recordset($1::jsonb) as t(site text, wait float8, failures int) where s.site = t.site returning s.site, s.ready_at as ready`,
      [
        jsonForSql(ending.map(({ lease, waitMs, failures }) => ({ site: lease.site, wait: waitMs, failures }))),
        ending.map(({ lease }) => lease.visitId),
      ],
    )
    const readyOf = new Map(rows.map(({ site, ready }) => [site, ready]))
    await jobs.complete(
      crawl,
      ending.map(({ lease }) => ({ id: lease.jobId, lane: lease.lane })),
      transaction,
    )
    for (const its of Map.groupBy(ending, ({ now }) => (isRealTime ? 0 : now.getTime())).values()) {
      const waits = its.flatMap(({ lease, waitMs }): [string, Date][] => {
        const ready = readyOf.get(lease.site)
        return waitMs > 0 && ready !== undefined ? [[lease.site, ready]] : []
      })
      await turns.sendNext(
        transaction,
        its.map(({ lease }) => lease.site),
        its[0]!.now,
        new Map(waits),
      )
    }
  }

  return { keep, stands, endTurns, settle }
}
