import { z } from 'zod'
import { crawlPlanSchema } from './crawl-plan.ts'
import { statuses } from './finding.ts'

const nullable = z.number().nullable()

/** The line of `assay study plan --json`. */
export const studyPlanSchema = z.object({
  schema: z.literal('assay.study-plan'),
  schemaVersion: z.literal(1),
  name: z.string(),
  endpoint: z.string(),
  population: z.object({
    sites: z.number(),
    pages: z.number(),
    isCensus: z.boolean(),
    badLines: z.number(),
    tags: z.array(z.object({ tag: z.string(), pages: z.number() })),
  }),
  rounds: z.number(),
  every: z.string().nullable(),
  profile: z.string(),
  jobs: z.number(),
  cost: crawlPlanSchema,
  plan: z.object({
    intervals: z.array(z.object({ share: z.number(), low: z.number(), high: z.number() })),
    smallestSeen: z.number(),
    detectable: z.array(z.object({ share: z.number(), other: z.number() })),
    shortestStayDays: nullable,
    longestFollowedDays: nullable,
  }),
})

/** The line of `assay study import --json`. */
export const studyImportSchema = z.object({
  schema: z.literal('assay.study-import'),
  schemaVersion: z.literal(1),
  file: z.string(),
  added: z.number(),
  known: z.number(),
  badLines: z.number(),
  /** Of these the first. */
  bad: z.array(z.object({ line: z.number(), reason: z.string() })),
})

/** The line of `assay study query --format json`. */
export const studyQuerySchema = z.object({
  schema: z.literal('assay.study-query'),
  schemaVersion: z.literal(1),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  isCut: z.boolean(),
})

const said = z.object({ status: z.enum(statuses), judgement: z.string(), at: z.iso.datetime(), subjects: z.array(z.string()) })

/** A line of `assay study retractions --json`. */
export const studyRetractionSchema = z.object({
  schema: z.literal('assay.study-retraction'),
  schemaVersion: z.literal(1),
  captureId: z.string(),
  site: z.string(),
  url: z.string(),
  observedAt: z.iso.datetime(),
  kind: z.enum(['withdrawn', 'late', 'renamed']),
  before: said,
  now: said,
})
