import type { StoredValidators, ValidatorStore } from '#model/validators.ts'
import type { Database } from '../database/database.ts'
import { jsonForSql } from './write.ts'

/** A cache: it may be dropped at any time, and then everything is fetched whole once more. */
export function validatorStore(database: Database): ValidatorStore {
  return {
    async get(page) {
      const [row] = await database.query<{ entries: StoredValidators }>('select entries from assay.validators where page = $1', [page])
      return row?.entries ?? {}
    },
    async put(page, entries) {
      await database.query(
        `insert into assay.validators (page, stored_at, entries) values ($1, now(), $2::jsonb)
         on conflict (page) do update set stored_at = now(), entries = $2::jsonb`,
        [page, jsonForSql([entries]).slice(1, -1)],
      )
    },
  }
}
