import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import { batched } from '../database/batched.ts'
import type { Database } from '../database/database.ts'
import { jsonForSql } from './write.ts'

/** What an origin last said to robots (RFC 9309), kept for every process of every crawl. */
export interface RobotsEntry {
  fetchedAt: Date
  expiresAt: Date
  /** `rules`: a text was had. `none`: there is none (4xx), all is allowed. `unreachable`: 5xx or no answer, all is disallowed. */
  outcome: 'rules' | 'none' | 'unreachable'
  text: string
  reason: string | null
}

export interface RobotsCache {
  /** What is kept and has not expired. */
  get(origin: string, now: Date): Promise<RobotsEntry | null>
  put(origin: string, entry: RobotsEntry): Promise<void>
}

interface Row extends Omit<RobotsEntry, 'text'> {
  digest: Digest | null
}

export function robotsCache(database: Database, blobs: BlobStore): RobotsCache {
  const rowOf = batched(async (origins: string[]): Promise<(Row | null)[]> => {
    const rows = await database.query<Row & { origin: string }>(
      'select origin, fetched_at as "fetchedAt", expires_at as "expiresAt", outcome, digest, reason from assay.robots where origin = any($1)',
      [origins],
    )
    const byOrigin = new Map(rows.map(({ origin, ...row }) => [origin, row]))
    return origins.map((origin) => byOrigin.get(origin) ?? null)
  })
  const write = batched(async (entries: object[]): Promise<void[]> => {
    await database.query(
      `insert into assay.robots select distinct on (origin) * from jsonb_populate_recordset(null::assay.robots, $1::jsonb) order by origin, fetched_at desc
       on conflict (origin) do update set fetched_at = excluded.fetched_at, expires_at = excluded.expires_at, outcome = excluded.outcome, digest = excluded.digest, reason = excluded.reason`,
      [jsonForSql(entries)],
    )
    return entries.map(() => undefined)
  })
  return {
    async get(origin, now) {
      const row = await rowOf(origin)
      if (row === null || row.expiresAt <= now) return null
      const { digest, ...entry } = row
      if (digest === null) return { ...entry, text: '' }
      try {
        return { ...entry, text: Buffer.from(await blobs.get(digest)).toString('utf8') }
      } catch (error) {
        // A cache: what is gone is fetched again.
        if (error instanceof AssayError && (error.code === 'NOT_FOUND' || error.code === 'STORE_CORRUPT')) return null
        throw error
      }
    },
    async put(origin, { fetchedAt, expiresAt, outcome, text, reason }) {
      const digest = outcome === 'rules' ? await blobs.put(Buffer.from(text)) : null
      await write({ origin, fetched_at: fetchedAt, expires_at: expiresAt, outcome, digest, reason: reason?.slice(0, 500) ?? null })
    },
  }
}
