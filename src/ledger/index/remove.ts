import type { Digest } from '#model/digest.ts'
import type { Database } from '../database/database.ts'
import { foldAgain } from './fold.ts'
import { forgetUnused } from './subjects.ts'

/** Digests that rows name and that are blobs of the data folder. */
export async function blobsOfIndex(database: Database): Promise<Digest[]> {
  const rows = await database.query<{ digest: Digest }>(
    `select digest from assay.robots where digest is not null
     union select m[1] from assay.validators, regexp_matches(entries::text, '(sha256:[0-9a-f]{64})', 'g') m`,
  )
  return rows.map((row) => row.digest)
}

export interface IndexRemoval {
  captures: readonly Digest[]
  visits: readonly string[]
  /** Whether a page or a host's own address is what is to be forgotten; it is asked of every address in the caches and lists. */
  isSubject(url: string): boolean
}

/** Rows of captures, visits and pages, in one transaction; sightings are folded anew. Answers how many pages went off the lists of crawls. */
export async function removeFromIndex(database: Database, { captures, visits, isSubject }: IndexRemoval): Promise<number> {
  const seeds = await database.transaction(async (transaction) => {
    const gone = await transaction.query<{ ids: number[] }>(
      'delete from assay.observations where capture_id = any($1) or visit_id = any($2) returning subject_ids || server_ids as ids',
      [captures, visits],
    )
    await transaction.query('delete from assay.visits where visit_id = any($1) or capture_id = any($2)', [visits, captures])
    for (const [table, column] of [
      ['robots', 'origin'],
      ['validators', 'page'],
    ] as const) {
      const rows = await transaction.query<{ key: string }>(`select ${column} as key from assay.${table}`)
      const keys = rows.map(({ key }) => key).filter((key) => isSubject(addressIn(key)))
      if (keys.length > 0) await transaction.query(`delete from assay.${table} where ${column} = any($1)`, [keys])
    }
    const pages = await transaction.query<{ url: string }>('select distinct url from assay.seeds')
    const urls = pages.map(({ url }) => url).filter(isSubject)
    // A visit that is under way ends as one whose page is no more on the list.
    const removed = urls.length === 0 ? [] : await transaction.query('delete from assay.seeds where url = any($1) returning url', [urls])
    await foldAgain(transaction)
    // Nobody is to number an observation's subjects between the look for those that are unused and the end. Last, for the fold takes long.
    await transaction.query('lock table assay.subject_names in share row exclusive mode')
    await forgetUnused(transaction, [...new Set(gone.flatMap(({ ids }) => ids))])
    return removed.length
  })
  // Deleted rows lie in the table's files until then.
  for (const table of ['observations', 'subject_names', 'findings', 'servers', 'visits', 'seeds', 'robots', 'validators'])
    await database.query(`vacuum assay.${table}`)
  return seeds
}

/** A validator's key goes on with what its visitor is. */
const addressIn = (key: string): string => key.split('\n', 1)[0] ?? key
