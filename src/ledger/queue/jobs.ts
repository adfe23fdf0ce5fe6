import { PgBoss } from 'pg-boss'
import { AssayError } from '#model/errors.ts'
import type { Database, Queryable } from '../database/database.ts'

/** A job is one site's turn; what to visit there is rows of ours. */
export interface SiteJob {
  id: string
  site: string
}

/** pg-boss, cut down to what the crawl asks of it. `queryable` puts a call into the caller's transaction. */
export interface SiteJobs {
  /** One job a site: a site that has one keeps it. Answers how many were made. */
  send(sites: readonly { site: string; startAfter: Date | null }[], queryable?: Queryable): Promise<number>
  /** Brings a waiting job forward. */
  hasten(site: string): Promise<void>
  fetch(count: number): Promise<SiteJob[]>
  /** Jobs that were fetched some time ago and have no lease: the answer to the fetch was lost with the connection. */
  listLost(queryable: Queryable): Promise<SiteJob[]>
  complete(crawl: string, ids: readonly string[], queryable?: Queryable): Promise<void>
  /** The lease goes on. */
  touch(ids: readonly string[]): Promise<void>
  stop(): Promise<void>
}

const schema = 'assay_queue'
/** A worker that is not heard of for so long has lost its site. */
const heartbeatSeconds = 60
/** A fetch becomes a lease in milliseconds. */
const lostAfterSeconds = 5
const longestVisitSeconds = 60 * 60
const queueOf = (crawl: string) => `crawl-${crawl}`
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
  const queue = queueOf(crawl)
  // Several commands may be the first one: pg-boss makes its schema without a lock around `create schema`.
  const session = await database.session(() => {})
  try {
    await session.client.query('select pg_advisory_lock($1)', [startLock])
    await boss.start()
    await boss.createQueue(queue, {
      policy: 'exclusive',
      heartbeatSeconds,
      expireInSeconds: longestVisitSeconds,
      retryLimit: 1000,
      retryDelay: 0,
      deleteAfterSeconds: 3600,
    })
  } finally {
    await session.close()
  }
  const inside = (queryable: Queryable | undefined) => (queryable === undefined ? {} : { db: bossOf(queryable) })
  return {
    async send(sites, queryable) {
      let made = 0
      for (let from = 0; from < sites.length; from += 2000) {
        const jobs = sites
          .slice(from, from + 2000)
          .map(({ site, startAfter }) => ({ singletonKey: site, data: { site }, ...(startAfter === null ? {} : { startAfter }) }))
        made += (await boss.insert(queue, jobs, { ...inside(queryable), returnId: true }))?.length ?? 0
      }
      return made
    },
    async hasten(site) {
      await boss.update(queue, undefined, { singletonKey: site, startAfter: new Date(0) })
    },
    async fetch(count) {
      const jobs = await boss.fetch<{ site: string }>(queue, { batchSize: count })
      return jobs.map((job) => ({ id: job.id, site: job.data.site }))
    },
    async listLost(queryable) {
      return queryable.query<SiteJob>(
        `select j.id, j.singleton_key as site from ${schema}.job j
         where j.name = $1 and j.state = 'active' and j.started_on < now() - $2 * interval '1 second' and not exists (select from assay.leases l where l.job_id = j.id)`,
        [queue, lostAfterSeconds],
      )
    },
    async complete(ofCrawl, ids, queryable) {
      if (ids.length > 0) await boss.complete(queueOf(ofCrawl), [...ids], null, inside(queryable))
    },
    async touch(ids) {
      if (ids.length > 0) await boss.touch(queue, [...ids])
    },
    async stop() {
      await boss.stop({ graceful: false, close: false })
    },
  }
}
