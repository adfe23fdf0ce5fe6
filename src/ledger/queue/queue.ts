import { AssayError, type ErrorRecord } from '#model/errors.ts'
import { type CrawlLane, crawlLanes } from '#model/inclusion.ts'
import type { Observation } from '#model/observation.ts'
import type { Database } from '../database/database.ts'
import type { FileStore } from '../file-store.ts'
import { jsonForSql } from '../index/write.ts'
import type { TriedVisit } from '../visit-record.ts'
import { addressesOf } from './addresses.ts'
import { returnToBudget, takeFromBudget } from './budget.ts'
import { claimsOf, type Schedule } from './claims.ts'
import { drawHints } from './draw.ts'
import { endingsOf } from './endings.ts'
import { openSiteJobs } from './jobs.ts'
import { type Aftermath, type Lease, type LeaseRow, visitRecordOf } from './lease.ts'
import { turnsOf } from './turns.ts'
import { isDead, registerWorker } from './worker.ts'

export interface QueueOptions {
  /** Milliseconds between two visits of one site, by the database's clock. */
  delayMs?: number
  /** Rounds wait for their real time; without, a job is made only for what is due at the time handed in. */
  isRealTime: boolean
  /** A page whose visit fails this often in one round is recorded as failed. */
  attempts?: number
  /** Visits a day (UTC) of the whole crawl, over all processes; without, no bound. */
  dailyBudget?: number
  /** Jobs of one lane that wait for a claim at a time, besides those of sites that rest. */
  ahead?: number
  onError?: (error: Error) => void
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
  /** Visits accepted, of each lane. */
  http: number
  browser: number
  /** Pages with a hint that wait for the round's draw. */
  held: number
}

/** One crawl's turns. Every method may be called by many processes at once. */
export interface CrawlQueue {
  /** Makes a job for every site with a page that is due, as far as there is room; claims see to the others. Answers how many were made. */
  announce(now: Date): Promise<number>
  /** Up to `count` visits in that lane (the browser's, where none is named), each of another site; a site has one at a time over all crawls, lanes and processes. */
  claim(count: number, now: Date, lane?: CrawlLane): Promise<Lease[]>
  /** Keeps the result, plans what comes next and ends the job, in one transaction. `fenced`: the lease was taken over, nothing was kept. */
  acknowledge(lease: Lease, observation: Observation, after?: Aftermath): Promise<'accepted' | 'fenced'>
  /** The visit could not be made: tried again, or after the last attempt (`isFinal`: this one) recorded as failed. */
  fail(lease: Lease, error: ErrorRecord, now: Date, more?: { isFinal?: boolean } & Aftermath): Promise<'again' | 'recorded' | 'fenced'>
  /** The visit observed nothing and is made again later; what it brought does not count. */
  retry(lease: Lease, tried: TriedVisit, waitMs: number, restMs: number): Promise<'again' | 'fenced'>
  /** Gives the visit back as if it had not been claimed; the site rests for so long. */
  release(lease: Lease, restMs?: number): Promise<void>
  /** Whether the visit may go to this address now: no more than `cap` of all crawls and processes are there. */
  occupy(lease: Lease, address: string, cap: number): Promise<boolean>
  /** Draws among the hints of every round whose http lane is done: `budget` of them, each with the same probability. Answers how many wait no longer. */
  draw(budget: number, now: Date): Promise<number>
  /** Visits of the day of `now` that the budget has left; null without a budget. */
  budgetLeft(now: Date): Promise<number | null>
  touch(leases: readonly Lease[]): Promise<void>
  /** Takes over what dead processes held; visits whose record they had written are kept. Answers how many. */
  reclaim(now: Date): Promise<number>
  /** The earliest time that any page of the crawl wants a visit, leased or not. */
  nextDue(): Promise<Date | null>
  counts(now: Date): Promise<QueueCounts>
  close(): Promise<void>
}

const retryDelayMs = 5000

export async function openCrawlQueue(database: Database, files: FileStore, crawl: string, options: QueueOptions): Promise<CrawlQueue> {
  const { delayMs = 0, isRealTime, attempts = 3, dailyBudget, onError = () => {} } = options
  const [schedule] = await database.query<Schedule>('select every_ms, rounds, starts_at, first_lane from assay.crawls where name = $1', [
    crawl,
  ])
  if (schedule === undefined) throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"`)
  const jobs = await openSiteJobs(database, crawl, onError)
  const turns = turnsOf(database, jobs, crawl, options)
  const worker = await registerWorker(database)
  const endings = endingsOf({ database, files, jobs, turns, crawl, firstLane: schedule.first_lane, delayMs, isRealTime })
  const claimLeases = claimsOf({ database, jobs, turns, endings, worker, crawl, schedule })
  const occupy = addressesOf(database)

  const budget = dailyBudget === undefined ? null : { crawl, limit: dailyBudget }

  return {
    announce: (now) => turns.announce(now),

    async claim(count, now, lane = 'browser') {
      const allowed = budget === null ? count : await takeFromBudget(database, budget, count, now)
      if (allowed === 0) return []
      const fetched = await jobs.fetch(lane, allowed)
      if (fetched.length < allowed && (await turns.refill(lane, now)) > 0)
        fetched.push(...(await jobs.fetch(lane, allowed - fetched.length)))
      turns.onClaimed(lane, fetched.length, now)
      const leases = await claimLeases(fetched, lane, now)
      if (budget !== null && leases.length < allowed) await returnToBudget(database, budget, allowed - leases.length, now)
      return leases
    },
    async acknowledge(lease, observation, after = {}) {
      if (observation.visitId !== lease.visitId)
        throw new AssayError('INTERNAL', `the visit's token is ${lease.visitId}, its observation says ${observation.visitId}`)
      const visit = visitRecordOf(crawl, lease, after, {
        captureId: observation.captureId,
        observedAt: observation.observedAt,
        error: null,
        judgement: observation.judgement,
      })
      return endings.keep({ lease, visit, observations: [observation], after })
    },

    async fail(lease, error, now, { isFinal = false, ...after } = {}) {
      const [seed] = await database.query<{ attempts: number }>('select attempts from assay.seeds where crawl = $1 and url = $2', [
        crawl,
        lease.seed.url,
      ])
      const tries = (seed?.attempts ?? 0) + 1
      if (isFinal || tries >= attempts) {
        const visit = visitRecordOf(crawl, lease, after, { captureId: null, observedAt: now.toISOString(), error, judgement: null })
        return (await endings.keep({ lease, visit, observations: [], after })) === 'accepted' ? 'recorded' : 'fenced'
      }
      return database.transaction(async (transaction) => {
        if (!(await endings.stands(transaction, lease))) return 'fenced'
        await transaction.query('update assay.seeds set attempts = $3 where crawl = $1 and url = $2', [crawl, lease.seed.url, tries])
        const waitMs = isRealTime ? Math.max(delayMs, retryDelayMs * 2 ** (tries - 1)) : delayMs
        await endings.endTurns(transaction, [{ lease, waitMs, now, failures: lease.siteFailures + 1 }])
        return 'again'
      })
    },

    async retry(lease, tried, waitMs, restMs) {
      return database.transaction(async (transaction) => {
        if (!(await endings.stands(transaction, lease))) return 'fenced'
        await transaction.query(
          `update assay.seeds set attempts = attempts + 1, tried = tried || $3::jsonb, next_at = $4::timestamptz + $5 * interval '1 millisecond' where crawl = $1 and url = $2`,
          [crawl, lease.seed.url, jsonForSql([tried]), tried.at, waitMs],
        )
        await endings.endTurns(transaction, [
          { lease, waitMs: Math.max(delayMs, restMs), now: lease.plannedAt, failures: lease.siteFailures + 1 },
        ])
        return 'again'
      })
    },

    async release(lease, restMs = 0) {
      const stood = await database.transaction(async (transaction) => {
        if (!(await endings.stands(transaction, lease))) return false
        await endings.endTurns(transaction, [{ lease, waitMs: restMs, now: lease.plannedAt, failures: lease.siteFailures }])
        return true
      })
      if (stood && budget !== null) await returnToBudget(database, budget, 1, lease.leasedAt)
    },

    occupy: (lease, address, cap) => occupy({ visitId: lease.visitId, address, cap }),

    async draw(count, now) {
      const drawn = await drawHints(database, { crawl, schedule, budget: count }, now)
      if (drawn > 0) await turns.rescan()
      return drawn
    },

    async budgetLeft(now) {
      if (budget === null) return null
      const left = await takeFromBudget(database, budget, budget.limit, now)
      if (left > 0) await returnToBudget(database, budget, left, now)
      return left
    },

    touch: (leases) => jobs.touch(leases.map(({ jobId, lane }) => ({ id: jobId, lane }))),

    async reclaim(now) {
      const held = await database.query<{ worker: number }>('select distinct worker from assay.leases where worker <> $1', [worker.number])
      let count = 0
      for (const { worker: other } of held) {
        count += await database.transaction(async (transaction) => {
          if (!(await isDead(transaction, other))) return 0
          const leases = await transaction.query<LeaseRow>(
            'select l.* from assay.leases l join assay.sites s on s.site = l.site and s.lease = l.visit_id where l.worker = $1 and l.crawl = $2 order by s.site for update of s',
            [other, crawl],
          )
          for (const lease of leases) await endings.settle(transaction, lease)
          await jobs.complete(
            crawl,
            leases.map((lease) => ({ id: lease.job_id, lane: lease.lane })),
            transaction,
          )
          for (const lease of leases) await turns.sendNext(transaction, [lease.site], lease.planned_at)
          return leases.length
        })
      }
      return (
        count +
        (await database.transaction(async (transaction) => {
          const lost = await jobs.listLost(transaction)
          await jobs.complete(crawl, lost, transaction)
          await turns.sendNext(
            transaction,
            lost.map((job) => job.site),
            now,
          )
          return lost.length
        }))
      )
    },

    async nextDue() {
      const [row] = await database.query<{ at: Date | null }>(
        'select min(s.at) as at from unnest($2::text[]) as l(lane), lateral (select min(next_at) as at from assay.seeds where crawl = $1 and lane = l.lane) s',
        [crawl, [...crawlLanes]],
      )
      return row?.at ?? null
    },

    async counts(now) {
      const [row] = await database.query<QueueCounts>(
        // One look at each table: a crawl asks every second, also of hundreds of thousands of visits.
        `select s.*, v.*, (select count(*) from assay.leases where crawl = $1) as leased from (
             select count(next_at) as waiting, count(*) filter (where next_at <= $2) as due, count(drawn) as held from assay.seeds where crawl = $1) s, (
             select count(*) as done, count(*) - count(capture_id) as failed, count(*) filter (where lane = 'http') as http,
               count(*) filter (where lane = 'browser') as browser from assay.visits where crawl = $1) v`,
        [crawl, now],
      )
      return row ?? { waiting: 0, due: 0, leased: 0, done: 0, failed: 0, http: 0, browser: 0, held: 0 }
    },

    async close() {
      await turns.close()
      await jobs.stop()
      await worker.close()
    },
  }
}
