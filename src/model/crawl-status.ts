import { z } from 'zod'

export const crawlStatusSchemaVersion = 1

const count = z.number().int().nonnegative()
const date = z.iso.datetime()

/** The line of `assay status --json`, one a crawl; additive only. */
export const crawlStatusSchema = z.looseObject({
  schemaVersion: z.number().int().positive(),
  crawl: z.string(),
  /** `done`: no page wants another visit. `waiting`: for a later round. `due`: pages want a visit now. */
  state: z.enum(['done', 'waiting', 'due']),
  everyMs: z.number().nullable(),
  /** Null without an end. */
  rounds: count.nullable(),
  startsAt: date,
  /** Round of the latest visit, from 0. */
  round: count.nullable(),
  sites: count,
  pages: count,
  waiting: count,
  due: count,
  /** In hand, over all processes. */
  underWay: count,
  /** Hints that wait for the draw. */
  held: count,
  nextDue: date.nullable(),
  lastVisit: date.nullable(),
  visitsLastHour: count,
  /** Until what is due is done, at the rate of the last hour. */
  leftMs: z.number().nullable(),
  lanes: z.array(z.looseObject({ lane: z.string(), repeat: count, visits: count })),
  statuses: z.array(z.looseObject({ lane: z.string(), status: z.string(), visits: count })),
  /** Visits that observed nothing: never counted as clean. */
  failures: z.array(z.looseObject({ lane: z.string(), failure: z.string(), visits: count })),
  budget: z.looseObject({ perDay: count, usedToday: count }).nullable(),
  /** What the crawl was last started with. */
  settings: z.record(z.string(), z.unknown()),
})

export type CrawlStatus = z.infer<typeof crawlStatusSchema>
