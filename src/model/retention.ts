import { z } from 'zod'
import { digestForm } from './digest.ts'

export const retentionSchemaVersion = 1

/**
 * Which captures of a page under the same conditions stay whole: its first and last, those whose answer is another than the one before
 * (and that one), those that are not plainly clean.
 */
export const keepRules = ['first', 'last', 'changed', 'suspicious'] as const

export type KeepRule = (typeof keepRules)[number]

const text = z.string()
const count = z.number().int().nonnegative()
const digest = z.string().regex(digestForm)
const blobs = z.looseObject({
  /** Of the folder, before. */
  all: count,
  removed: count,
  /** On disk, of the removed ones. */
  octets: count,
  /** Named by nothing, and too young to be sure that nobody is about to name them. */
  waiting: count,
})

/** `assay gc --json`. Additive. */
export const gcReportSchema = z.looseObject({
  schema: z.literal('assay.gc'),
  schemaVersion: count,
  dir: text,
  /** Whether it was only asked what would be done. */
  dryRun: z.boolean(),
  interrupted: z.boolean(),
  keep: z.union([z.literal('all'), z.array(z.enum(keepRules))]),
  /** Captures of this moment and later stay whole. */
  before: z.iso.datetime(),
  captures: z.looseObject({
    /** Whole, before. */
    all: count,
    thinned: count,
    thinnedEarlier: count,
    /** Why the others stay, each counted once, the first reason that holds. */
    kept: z.looseObject({
      young: count,
      unjudged: count,
      first: count,
      last: count,
      changed: count,
      suspicious: count,
      evidence: count,
      policy: count,
    }),
  }),
  blobs,
})

export type GcReport = z.infer<typeof gcReportSchema>

/** `assay purge --json`. Additive. */
export const purgeReportSchema = z.looseObject({
  schema: z.literal('assay.purge'),
  schemaVersion: count,
  /** Name of the record in purges/; null of a dry run, and where there was nothing. */
  purgeId: text.nullable(),
  dir: text,
  dryRun: z.boolean(),
  interrupted: z.boolean(),
  at: z.iso.datetime(),
  reason: text.nullable(),
  selectedBy: z.enum(['url', 'host', 'capture']),
  captures: z.array(digest),
  visits: count,
  observations: count,
  /** Pages taken off the lists of crawls. */
  seeds: count,
  blobs: z.looseObject({ removed: count, octets: count, waiting: count }),
})

export type PurgeReport = z.infer<typeof purgeReportSchema>
