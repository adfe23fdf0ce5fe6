import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import type { Database } from '../database/database.ts'

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
  return {
    async get(origin, now) {
      const [row] = await database.query<Row>(
        'select fetched_at as "fetchedAt", expires_at as "expiresAt", outcome, digest, reason from assay.robots where origin = $1 and expires_at > $2',
        [origin, now],
      )
      if (row === undefined) return null
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
      await database.query(
        `insert into assay.robots (origin, fetched_at, expires_at, outcome, digest, reason) values ($1, $2, $3, $4, $5, $6)
         on conflict (origin) do update set fetched_at = $2, expires_at = $3, outcome = $4, digest = $5, reason = $6`,
        [origin, fetchedAt, expiresAt, outcome, digest, reason?.slice(0, 500) ?? null],
      )
    },
  }
}
