import type { Database, Queryable } from '../database/database.ts'
import { giveMemory } from './ask.ts'

/** `sight` in ASCII: one fold at a time. */
const lockNumber = 0x7369676874

/**
 * Brings `assay.sightings` up to the observations. They are only ever appended, so their number says whether anything is new. Answers whether
 * there was.
 */
export async function foldSightings(database: Pick<Database, 'transaction' | 'query'>): Promise<boolean> {
  if (await isFolded(database)) return false
  return database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [lockNumber])
    if (await isFolded(transaction)) return false
    await foldAgain(transaction)
    return true
  })
}

/** Drops what was folded and folds it anew. */
export async function foldAgain(transaction: Queryable): Promise<void> {
  const [row] = await transaction.query<{ count: number }>('select count(*) as count from assay.observations')
  await giveMemory(transaction)
  await transaction.query('refresh materialized view assay.sightings')
  await transaction.query(
    `insert into assay.folds (name, observations) values ('sightings', $1) on conflict (name) do update set observations = excluded.observations`,
    [row?.count ?? 0],
  )
}

async function isFolded(from: Queryable): Promise<boolean> {
  const [row] = await from.query<{ same: boolean }>(
    `select coalesce((select observations from assay.folds where name = 'sightings') = (select count(*) from assay.observations), false) as same`,
  )
  return row?.same === true
}
