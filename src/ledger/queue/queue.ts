import { randomUUIDv7 } from 'node:crypto'
import { AssayError, type ErrorRecord } from '#model/errors.ts'
import type { FailureClass } from '#model/failure.ts'
import { type CrawlLane, crawlLanes, type Inclusion, type NextTurn } from '#model/inclusion.ts'
import type { Observation } from '#model/observation.ts'
import type { Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import { batched } from '../database/batched.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { FileStore } from '../file-store.ts'
import { jsonForSql, writeIndex } from '../index/write.ts'
import type { TriedVisit, VisitRecord } from '../visit-record.ts'
import { returnToBudget, takeFromBudget } from './budget.ts'
import { drawHints } from './draw.ts'
import { openSiteJobs, type SiteJob } from './jobs.ts'
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

interface LeaseRow {
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

interface Occupying {
  visitId: string
  address: string
  cap: number
}

interface SiteState {
  site: string
  lease: string | null
  failures: number
  ready_at: Date | null
  waits: boolean
  now: Date
}

interface Schedule {
  every_ms: number | null
  rounds: number
  starts_at: Date
  first_lane: CrawlLane
}

const busySiteDelayMs = 3000
const retryDelayMs = 5000
/** First number of the advisory locks of addresses: `aa` in ASCII. */
const addressLockClass = 0x6161

export async function openCrawlQueue(database: Database, files: FileStore, crawl: string, options: QueueOptions): Promise<CrawlQueue> {
  const { delayMs = 0, isRealTime, attempts = 3, dailyBudget, onError = () => {} } = options
  const [schedule] = await database.query<Schedule>('select every_ms, rounds, starts_at, first_lane from assay.crawls where name = $1', [
    crawl,
  ])
  if (schedule === undefined) throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"`)
  const dateOf = (round: number) => new Date(schedule.starts_at.getTime() + round * (schedule.every_ms ?? 0))
  const roundAt = (now: Date) =>
    schedule.every_ms === null ? 0 : Math.floor((now.getTime() - schedule.starts_at.getTime()) / schedule.every_ms)
  const frequently = <T>(work: (transaction: Queryable) => Promise<T>) => database.transaction(work, { isFrequent: true })
  const jobs = await openSiteJobs(database, crawl, onError)
  const turns = turnsOf(database, jobs, crawl, options)
  const { sendNext } = turns
  const worker = await registerWorker(database)

  const isFirstTurn = (seed: SeedRow) => seed.lane === schedule.first_lane && seed.repeat === 0
  /** Rounds that passed while nobody crawled are not made up for: a late visit belongs to the round that it falls into; what a visit led to, to that visit's. */
  const roundOf = (seed: SeedRow, now: Date) =>
    isFirstTurn(seed) ? Math.min(Math.max(seed.next_round, roundAt(now)), schedule.rounds - 1) : seed.next_round
  const budget = dailyBudget === undefined ? null : { crawl, limit: dailyBudget }

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
      [crawl, lease.seed.url, jsonForSql(rows), lease.round, lease.plannedAt, schedule!.first_lane],
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

  const standsAlone = async (transaction: Queryable, lease: Lease) => (await standing(transaction, [lease]))[0] === 'stands'

  /** Results that come at the same time are kept in one transaction: their files first, each synced. */
  const keep = batched(async (kept: Kept[]) => {
    await Promise.all(kept.flatMap(({ observations }) => observations.map((observation) => files.appendObservation(observation))))
    return frequently(async (transaction) => {
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
    })
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
      await sendNext(
        transaction,
        its.map(({ lease }) => lease.site),
        its[0]!.now,
        new Map(waits),
      )
    }
  }

  const occupy = batched((wanted: Occupying[]) =>
    database.transaction(async (transaction) => {
      const addresses = [...new Set(wanted.map(({ address }) => address))]
      // In one order, so that no two processes wait for each other.
      await transaction.query(
        'select pg_advisory_xact_lock($1, n) from (select distinct hashtext(a) as n from unnest($2::text[]) a order by 1) o',
        [addressLockClass, addresses],
      )
      const rows = await transaction.query<{ id: string; address: string }>(
        'select visit_id as id, address from assay.leases where address = any($1)',
        [addresses],
      )
      const there = Map.groupBy(rows, ({ address }) => address)
      const taken: { id: string; address: string }[] = []
      const answers = wanted.map(({ visitId, address, cap }) => {
        const others = (there.get(address) ?? []).filter(({ id }) => id !== visitId)
        if (others.length >= cap) return false
        taken.push({ id: visitId, address })
        there.set(address, [...others, { id: visitId, address }])
        return true
      })
      if (taken.length > 0)
        await transaction.query(
          'update assay.leases l set address = t.address from jsonb_to_recordset($1::jsonb) as t(id text, address text) where l.visit_id = t.id',
          [jsonForSql(taken)],
        )
      return answers
    }),
  )

  const recordOf = (
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

  async function claimJobs(fetched: readonly SiteJob[], lane: CrawlLane, now: Date): Promise<Lease[]> {
    if (fetched.length === 0) return []
    return frequently(async (transaction) => {
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
      await sendNext(transaction, idle, now, later)
      return leases
    })
  }

  return {
    announce: (now) => turns.announce(now),

    async claim(count, now, lane = 'browser') {
      const allowed = budget === null ? count : await takeFromBudget(database, budget, count, now)
      if (allowed === 0) return []
      const fetched = await jobs.fetch(lane, allowed)
      if (fetched.length < allowed && (await turns.refill(lane, now)) > 0)
        fetched.push(...(await jobs.fetch(lane, allowed - fetched.length)))
      turns.onClaimed(lane, fetched.length, now)
      const leases = await claimJobs(fetched, lane, now)
      if (budget !== null && leases.length < allowed) await returnToBudget(database, budget, allowed - leases.length, now)
      return leases
    },
    async acknowledge(lease, observation, after = {}) {
      if (observation.visitId !== lease.visitId)
        throw new AssayError('INTERNAL', `the visit's token is ${lease.visitId}, its observation says ${observation.visitId}`)
      const visit = recordOf(lease, after, {
        captureId: observation.captureId,
        observedAt: observation.observedAt,
        error: null,
        judgement: observation.judgement,
      })
      return keep({ lease, visit, observations: [observation], after })
    },

    async fail(lease, error, now, { isFinal = false, ...after } = {}) {
      const [seed] = await database.query<{ attempts: number }>('select attempts from assay.seeds where crawl = $1 and url = $2', [
        crawl,
        lease.seed.url,
      ])
      const tries = (seed?.attempts ?? 0) + 1
      if (isFinal || tries >= attempts) {
        const visit = recordOf(lease, after, { captureId: null, observedAt: now.toISOString(), error, judgement: null })
        return (await keep({ lease, visit, observations: [], after })) === 'accepted' ? 'recorded' : 'fenced'
      }
      return database.transaction(async (transaction) => {
        if (!(await standsAlone(transaction, lease))) return 'fenced'
        await transaction.query('update assay.seeds set attempts = $3 where crawl = $1 and url = $2', [crawl, lease.seed.url, tries])
        const waitMs = isRealTime ? Math.max(delayMs, retryDelayMs * 2 ** (tries - 1)) : delayMs
        await endTurns(transaction, [{ lease, waitMs, now, failures: lease.siteFailures + 1 }])
        return 'again'
      })
    },

    async retry(lease, tried, waitMs, restMs) {
      return database.transaction(async (transaction) => {
        if (!(await standsAlone(transaction, lease))) return 'fenced'
        await transaction.query(
          `update assay.seeds set attempts = attempts + 1, tried = tried || $3::jsonb, next_at = $4::timestamptz + $5 * interval '1 millisecond' where crawl = $1 and url = $2`,
          [crawl, lease.seed.url, jsonForSql([tried]), tried.at, waitMs],
        )
        await endTurns(transaction, [{ lease, waitMs: Math.max(delayMs, restMs), now: lease.plannedAt, failures: lease.siteFailures + 1 }])
        return 'again'
      })
    },

    async release(lease, restMs = 0) {
      const stood = await database.transaction(async (transaction) => {
        if (!(await standsAlone(transaction, lease))) return false
        await endTurns(transaction, [{ lease, waitMs: restMs, now: lease.plannedAt, failures: lease.siteFailures }])
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
          for (const lease of leases) await settle(transaction, lease)
          await jobs.complete(
            crawl,
            leases.map((lease) => ({ id: lease.job_id, lane: lease.lane })),
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
          await jobs.complete(crawl, lost, transaction)
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

  async function canTakeOver(transaction: Queryable, site: string, visitId: string, jobId: string | undefined): Promise<boolean> {
    const [lease] = await transaction.query<LeaseRow>('select * from assay.leases where visit_id = $1', [visitId])
    // The same job again: pg-boss has not heard of its worker for too long.
    if (lease !== undefined && lease.job_id !== jobId && !(await isDead(transaction, lease.worker))) return false
    if (lease === undefined) await transaction.query('update assay.sites set lease = null where site = $1 and lease = $2', [site, visitId])
    else await settle(transaction, lease)
    return true
  }
}
