import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { canonicalJson } from '#model/canonical.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { isMissing, readIfThere, storeError, syncFolder, writeWhole } from './files/atomic.ts'
import { dirname } from 'node:path'

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

const schema = z.strictObject({ source: z.string(), date: z.iso.date(), site: z.string(), subjectKind: z.string(), subject: z.string() })

/** Keeps rows as one file, named by its digest: the record from which the index can be made again. The same rows twice are one file. */
export async function writeImport(dir: string, rows: readonly ImportedRow[]): Promise<string> {
  const bytes = Buffer.from(rows.map((row) => `${canonicalJson(row)}\n`).join(''))
  const name = `${sha256(bytes).slice(7)}.jsonl`
  const file = join(dir, 'imports', name)
  try {
    if ((await readIfThere(file)) === null) {
      await writeWhole(file, bytes, join(dir, 'tmp'))
      await syncFolder(dirname(file))
    }
  } catch (cause) {
    throw storeError(cause, 'storing an import')
  }
  return name
}

/** Every row of every import, file by file. Throws `STORE_CORRUPT`. */
export async function* listImports(dir: string): AsyncIterable<ImportedRow[]> {
  const names: string[] = await readdir(join(dir, 'imports')).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw storeError(error, 'listing imports')
  })
  for (const name of names.filter((each) => each.endsWith('.jsonl')).sort()) {
    const bytes = await readIfThere(join(dir, 'imports', name))
    if (bytes === null || `${sha256(bytes).slice(7)}.jsonl` !== name)
      throw new AssayError('STORE_CORRUPT', `import ${name} is damaged`, {
        hint: 'Import its source again, and move the damaged file away.',
      })
    yield Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => schema.parse(JSON.parse(line)))
  }
}
