import { z } from 'zod'
import { canonicalJson } from '#model/canonical.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { StudyReport } from '#model/study-report.ts'
import { storeError } from './files/atomic.ts'
import type { Shelf } from './files/shelf.ts'

/** One line of somebody else's observations: on that day that source saw the subject on the site, or looked and found nothing (`visited`). */
export interface ImportedRow {
  source: string
  /** ISO 8601, the day. */
  date: string
  site: string
  subjectKind: string
  /** Empty for `visited`. */
  subject: string
}

/** Everything of one source. */
export type ImportedSource = StudyReport['imported'][number]

/** So many rows are read of a file, kept as one file of the record and asked for by one statement at a time. */
export const importBatch = 50_000

const schema = z.strictObject({ source: z.string(), date: z.iso.date(), site: z.string(), subjectKind: z.string(), subject: z.string() })

/** Keeps rows as one file, named by its digest: the record from which the index can be made again. The same rows twice are one file. */
export async function writeImport(shelf: Shelf, rows: readonly ImportedRow[]): Promise<string> {
  const bytes = Buffer.from(rows.map((row) => `${canonicalJson(row)}\n`).join(''))
  const name = `${sha256(bytes).slice(7)}.jsonl`
  const file = `imports/${name}`
  try {
    if ((await shelf.size(file)) === null) await shelf.write(file, bytes, 'now')
  } catch (cause) {
    throw storeError(cause, 'storing an import')
  }
  return name
}

/** Every row of every import, file by file. Throws `STORE_CORRUPT`. */
export async function* listImports(shelf: Shelf): AsyncIterable<ImportedRow[]> {
  for await (const name of importNames(shelf)) {
    const rows = await readImport(shelf, name)
    if (rows === null) throw damaged(name, 'is gone')
    yield rows
  }
}

/** Names of the files, in their order. */
export async function* importNames(shelf: Shelf): AsyncIterable<string> {
  for await (const path of shelf.list('imports/')) if (path.endsWith('.jsonl')) yield path.slice('imports/'.length)
}

/** The rows of one file, compared with its name; null where there is none. Throws `STORE_CORRUPT`. */
export async function readImport(shelf: Shelf, name: string): Promise<ImportedRow[] | null> {
  const isWhole = (bytes: Uint8Array) => `${sha256(bytes).slice(7)}.jsonl` === name
  const bytes = await shelf.read(`imports/${name}`, isWhole)
  if (bytes === null) return null
  if (bytes === 'broken' || !isWhole(bytes)) throw damaged(name, 'is damaged')
  try {
    return Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => schema.parse(JSON.parse(line)))
  } catch (cause) {
    throw damaged(name, 'holds what is no row of an import', cause)
  }
}

const damaged = (name: string, how: string, cause?: unknown): AssayError =>
  new AssayError('STORE_CORRUPT', `import ${name} ${how}`, {
    hint: 'Import its source again, and move the damaged file away.',
    ...(cause === undefined ? {} : { cause }),
  })
