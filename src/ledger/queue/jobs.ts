import { PgBoss } from 'pg-boss'
import { AssayError } from '#model/errors.ts'
import { type CrawlLane, crawlLanes } from '#model/inclusion.ts'
import type { Database, Queryable } from '../database/database.ts'

/** A job is one site's turn in one lane; what to visit there is rows of ours. */
export interface SiteJob {
  id: string
  site: string
  lane: CrawlLane
}

/**
 * pg-boss, cut down to what the crawl asks of it. A queue a lane: who has no browser takes none of its turns. `queryable` puts a call into
 * the caller's transaction.
 */
export interface SiteJobs {
  /** One job a site and lane: a site that has one keeps it. Answers how many were made. */
  send(sites: readonly { site: string; lane: CrawlLane; startAfter: Date | null }[], queryable?: Queryable): Promise<number>
  /** Those of the sites that have no job in that lane, in their order. */
  without(sites: readonly string[], lane: CrawlLane): Promise<string[]>
  /** Brings jobs forward that wait for later while a page of the site is due now and the site does not rest. */
  hasten(lane: CrawlLane, now: Date): Promise<void>
  /** Jobs of a lane that may be fetched now: those of sites that rest are not among them. No more than `most` are counted. */
  countReady(lane: CrawlLane, most: number): Promise<number>
  /** After many new ones at once: until then the planner takes the table for an empty one. */
  analyze(): Promise<void>
  fetch(lane: CrawlLane, count: number): Promise<SiteJob[]>
  /** Jobs that were fetched some time ago and have no lease: the answer to the fetch was lost with the connection. */
  listLost(queryable: Queryable): Promise<SiteJob[]>
  complete(crawl: string, jobs: readonly Pick<SiteJob, 'id' | 'lane'>[], queryable?: Queryable): Promise<void>
  /** The lease goes on. */
  touch(jobs: readonly Pick<SiteJob, 'id' | 'lane'>[]): Promise<void>
  stop(): Promise<void>
}

const schema = 'assay_queue'
/** A worker that is not heard of for so long has lost its site. */
const heartbeatSeconds = 60
/** A fetch becomes a lease in milliseconds. */
const lostAfterSeconds = 5
const longestVisitSeconds = 60 * 60
/** Names of crawls have no dot. The browser lane's is the one that earlier versions had. */
const queueOf = (crawl: string, lane: CrawlLane) => (lane === 'browser' ? `crawl-${crawl}` : `crawl-${crawl}.${lane}`)
const startLock = 0x6173626f

/** pg-boss tells some errors by their SQLSTATE: it gets them as PostgreSQL gave them. */
const bossOf = (queryable: Queryable) => ({
  async executeSql(text: string, values?: unknown[]) {
    try {
      return { rows: await queryable.query<never>(text, values) }
    } catch (error) {
      throw error instanceof AssayError && error.cause !== undefined ? error.cause : error
    }
  },
})

/**
 * A fetch reads a handful of jobs off the front of an index that is in their order. Right after many jobs were made the planner does not know how many
 * there are, and would sort them all; and nothing is lost with a fetch that a power cut undoes. One round trip.
 */
const inOrder = (database: Database) => ({
  async executeSql(text: string) {
    const settings = ['synchronous_commit', 'enable_bitmapscan', 'enable_seqscan', 'enable_sort', 'jit'].map(
      (name) => `set local ${name} = off;`,
    )
    return bossOf(database).executeSql(`begin; ${settings.join(' ')} ${text}; commit`)
  },
})

export async function openSiteJobs(database: Database, crawl: string, onError: (error: Error) => void): Promise<SiteJobs> {
  const boss = new PgBoss({
    db: bossOf(database),
    schema,
    schedule: false,
    superviseIntervalSeconds: 15,
    monitorIntervalSeconds: 15,
    registerInstance: false,
    reindex: false,
  })
  boss.on('error', onError)
  // Several commands may be the first one: pg-boss makes its schema without a lock around `create schema`.
  const session = await database.session(() => {})
  try {
    await session.client.query('select pg_advisory_lock($1)', [startLock])
    await boss.start()
    for (const lane of crawlLanes)
      await boss.createQueue(queueOf(crawl, lane), {
        policy: 'exclusive',
        heartbeatSeconds,
        expireInSeconds: longestVisitSeconds,
        retryLimit: 1000,
        retryDelay: 0,
        deleteAfterSeconds: 300,
      })
  } finally {
    await session.close()
  }
  const frequently = <T>(work: (transaction: Queryable) => Promise<T>) => database.transaction(work, { isFrequent: true })
  const inside = (queryable: Queryable | undefined) => (queryable === undefined ? {} : { db: bossOf(queryable) })
  return {
    async send(sites, queryable) {
      let made = 0
      for (const lane of crawlLanes) {
        const its = sites.filter((site) => site.lane === lane)
        for (let from = 0; from < its.length; from += 2000) {
          const jobs = its
            .slice(from, from + 2000)
            .map(({ site, startAfter }) => ({ singletonKey: site, data: { site }, ...(startAfter === null ? {} : { startAfter }) }))
          made += (await boss.insert(queueOf(crawl, lane), jobs, { ...inside(queryable), returnId: true }))?.length ?? 0
        }
      }
      return made
    },
    async without(sites, lane) {
      if (sites.length === 0) return []
      const rows = await frequently((transaction) =>
        transaction.query<{ site: string }>(
          // By the index that keeps it to one job a key.
          `select site from unnest($2::text[]) with ordinality t(site, n) where not exists (select from ${schema}.job j
             where j.name = $1 and coalesce(j.singleton_key, '') = t.site and j.state <= 'active' and j.policy = 'exclusive') order by n`,
          [queueOf(crawl, lane), [...sites]],
        ),
      )
      return rows.map(({ site }) => site)
    },
    async hasten(lane, now) {
      await frequently((transaction) =>
        transaction.query(
          `update ${schema}.job j set start_after = now() where j.name = $1 and j.state < 'active' and not j.blocked and j.start_after > now()
             and exists (select from assay.seeds s where s.crawl = $2 and s.lane = $3 and s.site = j.singleton_key and s.next_at <= $4)
             and not exists (select from assay.sites s where s.site = j.singleton_key and s.ready_at > clock_timestamp())`,
          [queueOf(crawl, lane), crawl, lane, now],
        ),
      )
    },
    async countReady(lane, most) {
      const [row] = await database.query<{ count: number }>(
        `select count(*) as count from (select from ${schema}.job where name = $1 and state < 'active' and not blocked and start_after <= now() limit $2) t`,
        [queueOf(crawl, lane), most],
      )
      return row?.count ?? 0
    },
    async analyze() {
      await database.query(`analyze ${schema}.job_common`)
    },
    async fetch(lane, count) {
      const jobs = await boss.fetch<{ site: string }>(queueOf(crawl, lane), { batchSize: count, db: inOrder(database) })
      return jobs.map((job) => ({ id: job.id, site: job.data.site, lane }))
    },
    async listLost(queryable) {
      const rows = await queryable.query<{ id: string; site: string; queue: string }>(
        `select j.id, j.singleton_key as site, j.name as queue from ${schema}.job j
         where j.name = any($1) and j.state = 'active' and j.started_on < now() - $2 * interval '1 second' and not exists (select from assay.leases l where l.job_id = j.id)`,
        [crawlLanes.map((lane) => queueOf(crawl, lane)), lostAfterSeconds],
      )
      return rows.map(({ id, site, queue }) => ({ id, site, lane: crawlLanes.find((lane) => queueOf(crawl, lane) === queue) ?? 'browser' }))
    },
    async complete(ofCrawl, jobs, queryable) {
      for (const lane of crawlLanes) {
        const ids = jobs.filter((job) => job.lane === lane).map(({ id }) => id)
        if (ids.length > 0) await boss.complete(queueOf(ofCrawl, lane), ids, null, inside(queryable))
      }
    },
    async touch(jobs) {
      for (const lane of crawlLanes) {
        const ids = jobs.filter((job) => job.lane === lane).map(({ id }) => id)
        if (ids.length > 0) await boss.touch(queueOf(crawl, lane), ids)
      }
    },
    async stop() {
      await boss.stop({ graceful: false, close: false })
    },
  }
}
