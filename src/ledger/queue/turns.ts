import { type CrawlLane, crawlLanes } from '#model/inclusion.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { SiteJobs } from './jobs.ts'

export interface TurnsOptions {
  isRealTime: boolean
  /** Jobs of one lane that wait for a claim at a time, besides those of sites that rest; of millions of sites, the others are still to be announced. */
  ahead?: number
}

/** Which sites have a job: those whose page is due, as many as are needed soon. */
export interface Turns {
  /** Makes jobs for sites with a page that is due, as far as there is room for them: what is due longest first, then by place in the list. Answers how many. */
  announce(now: Date): Promise<number>
  /** So many jobs of a lane were taken: others follow, meanwhile. */
  onClaimed(lane: CrawlLane, count: number, now: Date): void
  /** A lane's jobs have run out: makes others at once, where there may be some. */
  refill(lane: CrawlLane, now: Date): Promise<number>
  /** The next turns of sites that have no job any more, none before `notBefore`. */
  sendNext(transaction: Queryable, sites: readonly string[], now: Date, notBefore?: ReadonlyMap<string, Date>): Promise<void>
  /** The next look starts from the front: pages have become due at a time that earlier looks have passed. */
  rescan(): Promise<void>
  close(): Promise<void>
}

/** Seeds that are looked at together. */
const batchSize = 1000
/** Jobs that a process takes before it sees to the next ones. */
const refillSize = 250
/** In real time, a turn gets its job so long before it is due; until then it is a row of ours. */
const soonSeconds = 60
/** What nobody told: seeds that somebody added, jobs that were lost. */
const wholeAgainMs = 10_000
const lookAgainMs = 1000

interface LaneOfTurns {
  lane: CrawlLane
  /** The last seed that was looked at. */
  at: string
  place: number
  isAtEnd: boolean
  /** 0 until everything was looked at. */
  wholeAgainAt: number
  takenSince: number
  lookedAt: number
  /** One look at a time. */
  looking: Promise<unknown>
}

export function turnsOf(database: Database, jobs: SiteJobs, crawl: string, { isRealTime, ahead = 10_000 }: TurnsOptions): Turns {
  const lanes = new Map(
    crawlLanes.map((lane): [CrawlLane, LaneOfTurns] => [
      lane,
      { lane, at: '-infinity', place: 0, isAtEnd: false, wholeAgainAt: 0, takenSince: 0, lookedAt: 0, looking: Promise.resolve() },
    ]),
  )

  const fromStart = (of: LaneOfTurns) => Object.assign(of, { at: '-infinity', place: 0, isAtEnd: false, wholeAgainAt: 0 })

  /** Goes on where it was, until there are `room` more or no page is due any more. */
  async function look(of: LaneOfTurns, now: Date, room: number): Promise<number> {
    const { lane } = of
    of.lookedAt = performance.now()
    let made = 0
    let analysed = batchSize / 2
    // Those at the front have their jobs; the more of them there are, the more are passed over at a time.
    for (let limit = Math.min(batchSize, room); made < room; limit = Math.min(batchSize, limit * 2)) {
      const rows = await database.query<{ site: string; at: string; place: number }>(
        `select site, next_at::text as at, place from assay.seeds where crawl = $1 and lane = $2 and next_at <= $3
           and (next_at, place) > ($4::timestamptz, $5::bigint) order by next_at, place limit $6`,
        [crawl, lane, now, of.at, of.place, limit],
      )
      const open = await jobs.without([...new Set(rows.map(({ site }) => site))], lane)
      const next = open.slice(0, room - made)
      if (next.length > 0) {
        // Here, for many at once: a claim then finds them.
        await database.query('insert into assay.sites (site) select s from unnest($1::text[]) s order by s on conflict do nothing', [next])
        made += await jobs.send(next.map((site) => ({ site, lane, startAfter: null })))
        if (made >= analysed * 2) {
          await jobs.analyze()
          analysed = made
        }
      }
      const left = open[next.length]
      Object.assign(of, left === undefined ? rows.at(-1) : rows[rows.findIndex(({ site }) => site === left) - 1])
      of.isAtEnd = rows.length < limit && left === undefined
      if (!of.isAtEnd) continue
      if (of.wholeAgainAt === 0) of.wholeAgainAt = performance.now() + wholeAgainMs
      break
    }
    return made
  }

  /** After those that came before. */
  function next<T>(of: LaneOfTurns, work: () => Promise<T>): Promise<T> {
    const looked = of.looking.then(work)
    of.looking = looked.catch(() => {})
    return looked
  }

  const roomIn = async (of: LaneOfTurns) => ahead - (await jobs.countReady(of.lane, ahead))

  return {
    async announce(now) {
      const made = await Promise.all(
        [...lanes.values()].map((of) =>
          next(of, async () => {
            // A simulated day has few sites, and comes all at once.
            const room = await roomIn(of)
            if (room > 0 && (!isRealTime || performance.now() >= of.wholeAgainAt)) {
              fromStart(of)
              if (isRealTime) await jobs.hasten(of.lane, now)
            }
            return look(of, now, room)
          }),
        ),
      )
      return made.reduce((sum, count) => sum + count, 0)
    },

    onClaimed(lane, count, now) {
      const of = lanes.get(lane)!
      of.takenSince += count
      const isTime = isRealTime && of.takenSince > 0 && performance.now() - of.lookedAt > lookAgainMs
      if (of.takenSince < refillSize && !isTime) return
      const taken = of.takenSince
      of.takenSince = 0
      // Sites that come back from their rest may have filled the room. What goes wrong here goes wrong with the next claim too, and is told there.
      void next(of, async () => look(of, now, Math.min(taken, await roomIn(of)))).catch(() => {})
    },

    refill: (lane, now) => {
      const of = lanes.get(lane)!
      return next(of, async () => (of.isAtEnd ? 0 : look(of, now, Math.min(refillSize, await roomIn(of)))))
    },

    async sendNext(transaction, sites, now, notBefore = new Map()) {
      if (sites.length === 0) return
      const rows = await transaction.query<{ site: string; lane: CrawlLane; at: Date }>(
        `select site, lane, min(next_at) as at from assay.seeds where crawl = $1 and site = any($2) and lane = any($4)
           and next_at <= case when $3::timestamptz is null then clock_timestamp() + interval '${soonSeconds} s' else $3 end group by site, lane`,
        [crawl, [...sites], isRealTime ? null : now, crawlLanes],
      )
      const turns = rows.map(({ site, lane, at }) => {
        const earliest = Math.max(notBefore.get(site)?.getTime() ?? 0, isRealTime ? at.getTime() : 0)
        return { site, lane, startAfter: earliest === 0 ? null : new Date(earliest) }
      })
      if (turns.length > 0) await jobs.send(turns, transaction)
    },

    async rescan() {
      // After a look that is under way: it would write its own place over this one.
      await Promise.all([...lanes.values()].map((of) => next(of, async () => fromStart(of))))
    },

    async close() {
      await Promise.all([...lanes.values()].map(({ looking }) => looking))
    },
  }
}
