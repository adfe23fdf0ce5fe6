import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Database } from './database.ts'

const folder = join(import.meta.dirname, '../migrations')
/** `assay` in ASCII: one migrator at a time, over all machines. */
const lockNumber = 0x6173736179

/** Brings the schema up to this version: numbered files, each once. Throws `UNSUPPORTED` where a later version was here. */
export async function migrate(database: Database): Promise<void> {
  const files = (await readdir(folder)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).sort()
  const newest = Number.parseInt(files.at(-1) ?? '0', 10)
  const [present] = await database.query<{ there: boolean }>(`select to_regclass('assay.migrations') is not null as there`)
  if (present?.there) {
    const [row] = await database.query<{ newest: number | null }>('select max(number)::int as newest from assay.migrations')
    if (row?.newest === newest) return
  }
  await database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [lockNumber])
    await transaction.query('create schema if not exists assay')
    await transaction.query(
      'create table if not exists assay.migrations (number int primary key, name text not null, digest text not null, applied_at timestamptz not null default now())',
    )
    const done = new Map(
      (await transaction.query<{ number: number; digest: string }>('select number, digest from assay.migrations')).map((row) => [
        row.number,
        row.digest,
      ]),
    )
    const latest = Math.max(0, ...done.keys())
    if (latest > newest) {
      throw new AssayError('UNSUPPORTED', `the database has schema ${latest}; this version of assay knows up to ${newest}`, {
        hint: 'Use the version of assay that wrote it, or a newer one.',
      })
    }
    for (const name of files) {
      const sql = await readFile(join(folder, name), 'utf8')
      const number = Number.parseInt(name, 10)
      const digest = sha256(Buffer.from(sql))
      if (done.has(number)) continue
      await transaction.query(sql)
      await transaction.query('insert into assay.migrations (number, name, digest) values ($1, $2, $3)', [number, name, digest])
    }
  })
}
