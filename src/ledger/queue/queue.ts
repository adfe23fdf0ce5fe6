import { randomUUIDv7 } from 'node:crypto'
import { AssayError, type ErrorRecord } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { FileStore } from '../file-store.ts'
import { jsonForSql, writeIndex } from '../index/write.ts'
import type { VisitRecord } from '../visit-record.ts'
import { openSiteJobs } from './jobs.ts'
import { isDead, registerWorker } from './worker.ts'

export interface QueueOptions {
  /** Milliseconds between two visits of one site, by the database's clock. */
  delayMs?: number
  /** Rounds wait for their real time; without, a job is made only for what is due at the time handed in. */
  isRealTime: boolean
  /** A page whose visit fails this often in one round is recorded as failed. */
  attempts?: number
  onError?: (error: Error) => void
}

/** One visit to make: `visitId` is its fencing token. */
export interface Lease {
  visitId: string
  seed: Seed
  site: string
  round: number
  plannedAt: Date
  jobId: string
}

export interface QueueCounts {
  /** Pages that want a visit in this or a later round. */
  waiting: number
  /** Of them, now. */
  due: number
  leased: number
  /** Visits accepted in this crawl, and of them those without a capture. */
  done: number
  failed: number
}

/** One crawl's turns. Every method may be called by many processes at once. */
export interface CrawlQueue {
  /** Makes a job for every site with a page that is due. */
  announce(now: Date): Promise<number>
  /** Up to `count` visits, each of another site; a site has one at a time over all crawls and processes. */
  claim(count: number, now: Date): Promise<Lease[]>
  /** Keeps the result, plans the next round and ends the job, in one transaction. `fenced`: the lease was taken over, nothing was kept. */
  acknowledge(lease: Lease, observation: Observation): Promise<'accepted' | 'fenced'>
  /** The visit could not be made: tried again, or after the last attempt recorded as failed. */
  fail(lease: Lease, error: ErrorRecord, now: Date): Promise<'again' | 'recorded' | 'fenced'>
  /** Gives the visit back as if it had not been claimed. */
  release(lease: Lease): Promise<void>
  touch(leases: readonly Lease[]): Promise<void>
  /** Takes over what dead processes held; visits whose record they had written are kept. Answers how many. */
  reclaim(now: Date): Promise<number>
  /** The earliest time that any page of the crawl wants a visit, leased or not. */
  nextDue(): Promise<Date | null>
  counts(now: Date): Promise<QueueCounts>
  close(): Promise<void>
}

interface SeedRow {
  site: string
  url: string
  rank: number | null
  tags: string[]
  scope: Seed['scope']
  next_round: number
}

interface LeaseRow {
  visit_id: string
  site: string
  crawl: string
  url: string
  round: number
  planned_at: Date
  job_id: string
  worker: number
}

interface Schedule {
  every_ms: number | null
  rounds: number
  starts_at: Date
}

const busySiteDelayMs = 3000
const retryDelayMs = 5000

export async function openCrawlQueue(database: Database, files: FileStore, crawl: string, options: QueueOptions): Promise<CrawlQueue> {
  const { delayMs = 0, isRealTime, attempts = 3, onError = () => {} } = options
  const [schedule] = await database.query<Schedule>('select every_ms, rounds, starts_at from assay.crawls where name = $1', [crawl])
  if (schedule === undefined) throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"`)
  const dateOf = (round: number) => new Date(schedule.starts_at.getTime() + round * (schedule.every_ms ?? 0))
  const roundAt = (now: Date) =>
    schedule.every_ms === null ? 0 : Math.floor((now.getTime() - schedule.starts_at.getTime()) / schedule.every_ms)
  const jobs = await openSiteJobs(database, crawl, onError)
  const worker = await registerWorker(database)

  /** Rounds that passed while nobody crawled are not made up for: a late visit belongs to the round that it falls into. */
  const roundOf = (seed: SeedRow, now: Date) => Math.min(Math.max(seed.next_round, roundAt(now)), schedule.rounds - 1)

  /** The site's next turn, now that it has no job. */
  async function sendNext(
    transaction: Queryable,
    sites: readonly string[],
    now: Date,
    notBefore: ReadonlyMap<string, Date> = new Map(),
  ): Promise<void> {
    if (sites.length === 0) return
    const rows = await transaction.query<{ site: string; at: Date }>(
      'select site, min(next_at) as at from assay.seeds where crawl = $1 and site = any($2) and next_at is not null group by site',
      [crawl, [...sites]],
    )
    const turns = rows
      .filter((row) => isRealTime || row.at <= now)
      .map(({ site, at }) => {
        const earliest = Math.max(notBefore.get(site)?.getTime() ?? 0, isRealTime ? at.getTime() : 0)
        return { site, startAfter: earliest === 0 ? null : new Date(earliest) }
      })
    if (turns.length > 0) await jobs.send(turns, transaction)
  }

  async function advance(transaction: Queryable, url: string, round: number): Promise<void> {
    const next = round + 1 < schedule!.rounds ? round + 1 : null
    await transaction.query(
      'update assay.seeds set next_round = $3, next_at = $4, attempts = 0 where crawl = $1 and url = $2 and next_round <= $5',
      [crawl, url, next, next === null ? null : dateOf(next), round],
    )
  }

  /** Forgets a lease whose holder is gone; its visit counts if its record was written before it went. */
  async function settle(transaction: Queryable, lease: LeaseRow): Promise<void> {
    const visit = await files.getVisit(lease.visit_id)
    if (visit !== null) {
      const observations = visit.captureId === null ? [] : await observationsOf(visit)
      await writeIndex(transaction, [visit], observations)
      await transaction.query(
        `update assay.seeds s set attempts = 0, next_round = case when $3::int + 1 < c.rounds then $3::int + 1 end, next_at = case when $3::int + 1 < c.rounds then c.starts_at + ($3::int + 1) * coalesce(c.every_ms, 0) * interval '1 millisecond' end
         from assay.crawls c where c.name = s.crawl and s.crawl = $1 and s.url = $2 and s.next_round <= $3::int`,
        [lease.crawl, lease.url, lease.round],
      )
    }
    await transaction.query('delete from assay.leases where visit_id = $1', [lease.visit_id])
    await transaction.query('update assay.sites set lease = null where site = $1 and lease = $2', [lease.site, lease.visit_id])
  }

  async function observationsOf(visit: VisitRecord): Promise<Observation[]> {
    const found = visit.captureId === null || visit.judgement === null ? null : await files.getObservation(visit.captureId, visit.judgement)
    return found === null ? [] : [found]
  }

  /** Locks the site and answers whether the lease still stands; a repeated transaction finds its own work done. */
  async function standing(transaction: Queryable, lease: Lease): Promise<'stands' | 'done' | 'fenced'> {
    const [site] = await transaction.query<{ lease: string | null }>('select lease from assay.sites where site = $1 for update', [
      lease.site,
    ])
    if (site?.lease === lease.visitId) return 'stands'
    const done = await transaction.query('select 1 from assay.visits where visit_id = $1', [lease.visitId])
    return done.length > 0 ? 'done' : 'fenced'
  }

  async function keep(lease: Lease, visit: VisitRecord, observations: Observation[]): Promise<'accepted' | 'fenced'> {
    return database.transaction(async (transaction) => {
      const state = await standing(transaction, lease)
      if (state === 'fenced') return 'fenced'
      if (state === 'done') return 'accepted'
      // Before the commit: were it after, a kill in between would leave an acknowledged visit that no reindex finds.
      await files.putVisit(visit)
      await writeIndex(transaction, [visit], observations)
      await advance(transaction, lease.seed.url, lease.round)
      await endTurn(transaction, lease, delayMs, lease.plannedAt)
      return 'accepted'
    })
  }

  async function endTurn(transaction: Queryable, lease: Lease, waitMs: number, now: Date): Promise<void> {
    await transaction.query('delete from assay.leases where visit_id = $1', [lease.visitId])
    const [row] = await transaction.query<{ ready: Date }>(
      `update assay.sites set lease = null, ready_at = clock_timestamp() + $2 * interval '1 millisecond' where site = $1 returning ready_at as ready`,
      [lease.site, waitMs],
    )
    await jobs.complete(crawl, [lease.jobId], transaction)
    await sendNext(transaction, [lease.site], now, waitMs > 0 && row !== undefined ? new Map([[lease.site, row.ready]]) : new Map())
  }

  const recordOf = (lease: Lease, more: Pick<VisitRecord, 'captureId' | 'observedAt' | 'error' | 'judgement'>): VisitRecord => ({
    schema: 'assay.visit',
    schemaVersion: 1,
    visitId: lease.visitId,
    crawl,
    round: lease.round,
    seed: lease.seed,
    site: lease.site,
    plannedAt: lease.plannedAt.toISOString(),
    ...more,
  })

  return {
    async announce(now) {
      const sites = (
        await database.query<{ site: string }>(
          'select site from assay.seeds where crawl = $1 and next_at <= $2 group by site order by min(rank) nulls last, site',
          [crawl, now],
        )
      ).map((row) => row.site)
      const made = await jobs.send(sites.map((site) => ({ site, startAfter: null })))
      // A job may wait for a later round while a page that was added since is due now. The claim keeps the peace.
      if (isRealTime && made < sites.length) {
        const waiting = await database.query<{ site: string }>(
          `select s.site from assay.seeds s where s.crawl = $1 and s.next_at <= $2 and s.next_round = 0 group by s.site`,
          [crawl, now],
        )
        for (const { site } of waiting) await jobs.hasten(site)
      }
      return made
    },

    async claim(count, now) {
      const fetched = await jobs.fetch(count)
      if (fetched.length === 0) return []
      return database.transaction(async (transaction) => {
        const sites = fetched.map((job) => job.site).sort()
        await transaction.query('insert into assay.sites (site) select unnest($1::text[]) on conflict do nothing', [sites])
        const states = await transaction.query<{ site: string; lease: string | null; ready_at: Date | null; waits: boolean; now: Date }>(
          'select site, lease, ready_at, coalesce(ready_at > clock_timestamp(), false) as waits, clock_timestamp() as now from assay.sites where site = any($1) order by site for update',
          [sites],
        )
        const jobOf = new Map(fetched.map((job) => [job.site, job.id]))
        const free: string[] = []
        const later = new Map<string, Date>()
        for (const state of states) {
          if (state.lease !== null && !(await canTakeOver(transaction, state.lease, jobOf.get(state.site))))
            later.set(state.site, new Date(state.now.getTime() + busySiteDelayMs))
          else if (state.waits && state.ready_at !== null) later.set(state.site, state.ready_at)
          else free.push(state.site)
        }
        const seeds = await transaction.query<SeedRow>(
          `select distinct on (site) site, url, rank, tags, scope, next_round from assay.seeds
           where crawl = $1 and site = any($2) and next_at <= $3 order by site, next_at, rank nulls last, url`,
          [crawl, free, now],
        )
        const leases: Lease[] = seeds.map((row) => {
          const round = roundOf(row, now)
          const seed: Seed = { url: row.url, tags: row.tags, scope: row.scope, ...(row.rank === null ? {} : { rank: row.rank }) }
          return { visitId: randomUUIDv7(), seed, site: row.site, round, plannedAt: dateOf(round), jobId: jobOf.get(row.site)! }
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
        }))
        await transaction.query(
          `with made as (
             insert into assay.leases (visit_id, site, crawl, url, round, planned_at, job_id, worker)
             select visit_id, site, crawl, url, round, planned_at, job_id, worker from jsonb_populate_recordset(null::assay.leases, $1::jsonb) returning site, visit_id)
           update assay.sites set lease = made.visit_id from made where sites.site = made.site`,
          [jsonForSql(rows)],
        )
        const taken = new Set(leases.map((lease) => lease.site))
        const idle = sites.filter((site) => !taken.has(site))
        await jobs.complete(
          crawl,
          idle.map((site) => jobOf.get(site)!),
          transaction,
        )
        await sendNext(transaction, idle, now, later)
        return leases
      })
    },

    async acknowledge(lease, observation) {
      await files.appendObservation(observation)
      if (observation.visitId !== lease.visitId)
        throw new AssayError('INTERNAL', `the visit's token is ${lease.visitId}, its observation says ${observation.visitId}`)
      const visit = recordOf(lease, {
        captureId: observation.captureId,
        observedAt: observation.observedAt,
        error: null,
        judgement: observation.judgement,
      })
      return keep(lease, visit, [observation])
    },

    async fail(lease, error, now) {
      const [seed] = await database.query<{ attempts: number }>('select attempts from assay.seeds where crawl = $1 and url = $2', [
        crawl,
        lease.seed.url,
      ])
      const tries = (seed?.attempts ?? 0) + 1
      if (tries >= attempts) {
        const visit = recordOf(lease, { captureId: null, observedAt: now.toISOString(), error, judgement: null })
        return (await keep(lease, visit, [])) === 'accepted' ? 'recorded' : 'fenced'
      }
      return database.transaction(async (transaction) => {
        if ((await standing(transaction, lease)) !== 'stands') return 'fenced'
        await transaction.query('update assay.seeds set attempts = $3 where crawl = $1 and url = $2', [crawl, lease.seed.url, tries])
        await endTurn(transaction, lease, isRealTime ? Math.max(delayMs, retryDelayMs * 2 ** (tries - 1)) : delayMs, now)
        return 'again'
      })
    },

    async release(lease) {
      await database.transaction(async (transaction) => {
        if ((await standing(transaction, lease)) === 'stands') await endTurn(transaction, lease, 0, lease.plannedAt)
      })
    },

    touch: (leases) => jobs.touch(leases.map((lease) => lease.jobId)),

    async reclaim(now) {
      const held = await database.query<{ worker: number }>('select distinct worker from assay.leases where worker <> $1', [worker.number])
      let count = 0
      for (const { worker: other } of held) {
        count += await database.transaction(async (transaction) => {
          if (!(await isDead(transaction, other))) return 0
          const leases = await transaction.query<LeaseRow>(
            'select l.* from assay.leases l join assay.sites s on s.lease = l.visit_id where l.worker = $1 and l.crawl = $2 order by s.site for update of s',
            [other, crawl],
          )
          for (const lease of leases) await settle(transaction, lease)
          await jobs.complete(
            crawl,
            leases.map((lease) => lease.job_id),
            transaction,
          )
          for (const lease of leases) await sendNext(transaction, [lease.site], lease.planned_at)
          return leases.length
        })
      }
      return (
        count +
        (await database.transaction(async (transaction) => {
          const lost = await jobs.listLost(transaction)
          await jobs.complete(
            crawl,
            lost.map((job) => job.id),
            transaction,
          )
          await sendNext(
            transaction,
            lost.map((job) => job.site),
            now,
          )
          return lost.length
        }))
      )
    },

    async nextDue() {
      const [row] = await database.query<{ at: Date | null }>('select min(next_at) as at from assay.seeds where crawl = $1', [crawl])
      return row?.at ?? null
    },

    async counts(now) {
      const [row] = await database.query<QueueCounts>(
        `select (select count(*) from assay.seeds where crawl = $1 and next_at is not null) as waiting,
           (select count(*) from assay.seeds where crawl = $1 and next_at <= $2) as due,
           (select count(*) from assay.leases where crawl = $1) as leased,
           (select count(*) from assay.visits where crawl = $1) as done,
           (select count(*) from assay.visits where crawl = $1 and capture_id is null) as failed`,
        [crawl, now],
      )
      return row ?? { waiting: 0, due: 0, leased: 0, done: 0, failed: 0 }
    },

    async close() {
      await jobs.stop()
      await worker.close()
    },
  }

  async function canTakeOver(transaction: Queryable, visitId: string, jobId: string | undefined): Promise<boolean> {
    const [lease] = await transaction.query<LeaseRow>('select * from assay.leases where visit_id = $1', [visitId])
    // The same job again: pg-boss has not heard of its worker for too long.
    if (lease !== undefined && lease.job_id !== jobId && !(await isDead(transaction, lease.worker))) return false
    if (lease === undefined) await transaction.query('update assay.sites set lease = null where lease = $1', [visitId])
    else await settle(transaction, lease)
    return true
  }
}
