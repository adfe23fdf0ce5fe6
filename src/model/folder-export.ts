import { z } from 'zod'

const text = z.string()
const count = z.number().int().nonnegative()

/** `assay export --json`. Additive. */
export const folderExportSchema = z.looseObject({
  schema: z.literal('assay.export'),
  schemaVersion: count,
  dir: text,
  format: z.enum(['wacz', 'parquet']),
  /** Files; 0 where the folder was up to date. */
  written: count,
  /** Files that were there already. */
  there: count,
  /** Captures that could not be read. */
  failed: count,
  /** Captures that are not there any more: thinned or purged. */
  removed: count,
  interrupted: z.boolean(),
  /** Of Parquet: rows by view. */
  rows: z.record(text, count).optional(),
})

export type FolderExport = z.infer<typeof folderExportSchema>

/** `assay migrate --json`. Additive. What is of the database is there where that was moved. */
export const migrationSchema = z.looseObject({
  schema: z.literal('assay.migration'),
  schemaVersion: count,
  /** Rows that live in SQL alone, by table. */
  rows: z.record(text, count).optional(),
  visits: count.optional(),
  observations: count.optional(),
  /** Digests of the whole index there and here. */
  before: text.optional(),
  after: text.optional(),
  /** Files that the object store has now, by kind, and of them those that were copied by this call; null where none were to be moved. */
  files: z.object({ store: text, files: z.record(text, z.object({ all: count, copied: count })) }).nullable(),
  isEqual: z.boolean(),
})
