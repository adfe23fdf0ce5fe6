import type { StoredValidators, ValidatorStore } from '#model/validators.ts'
import { batched } from '../database/batched.ts'
import type { Database } from '../database/database.ts'
import { jsonForSql } from './write.ts'

/** A cache: it may be dropped at any time, and then everything is fetched whole once more. */
export function validatorStore(database: Database): ValidatorStore {
  const read = batched(async (pages: string[]): Promise<StoredValidators[]> => {
    const rows = await database.query<{ page: string; entries: StoredValidators }>(
      'select page, entries from assay.validators where page = any($1)',
      [pages],
    )
    const byPage = new Map(rows.map(({ page, entries }) => [page, entries]))
    return pages.map((page) => byPage.get(page) ?? {})
  })
  const write = batched(async (rows: { page: string; entries: StoredValidators }[]): Promise<void[]> => {
    // Of a page that is there twice the later one.
    const byPage = new Map(rows.map((row) => [row.page, row]))
    await database.query(
      `insert into assay.validators (page, stored_at, entries) select page, now(), entries from jsonb_to_recordset($1::jsonb) as t(page text, entries jsonb)
       on conflict (page) do update set stored_at = excluded.stored_at, entries = excluded.entries`,
      [jsonForSql([...byPage.values()])],
    )
    return rows.map(() => undefined)
  })
  return { get: read, put: (page, entries) => write({ page, entries }) }
}
