import type { Database, Queryable } from '../database/database.ts'

/** Until the end of the transaction: large tables would be gone over on a disk otherwise. */
export const giveMemory = (transaction: Queryable): Promise<unknown[]> => transaction.query(`set local work_mem = '96MB'`)

/**
 * One state of the index for all statements: lists of numbers and the names of these are read one after the other, and a purge may end in between. A
 * reindex is kept out by the lock, for a table that was emptied is empty in every state.
 */
async function begin(transaction: Queryable): Promise<void> {
  await transaction.query('set transaction isolation level repeatable read, read only')
  await transaction.query('lock table assay.subject_names in access share mode')
  await giveMemory(transaction)
}

/** A study's question. */
export function ask<Row>(database: Pick<Database, 'transaction'>, sql: string, values: readonly unknown[]): Promise<Row[]> {
  return database.transaction(async (transaction) => {
    await begin(transaction)
    return transaction.query<Row>(sql, values)
  })
}

/**
 * The same, row by row: `start` makes anew what they are gathered in, should the transaction have to run again. `result` may ask for more, of the
 * same state.
 */
export function askEach<Result>(
  database: Pick<Database, 'transaction'>,
  sql: string,
  values: readonly unknown[],
  start: () => { take(row: unknown[]): void; result(transaction: Queryable): Result | Promise<Result> },
): Promise<Result> {
  return database.transaction(async (transaction) => {
    const { take, result } = start()
    await begin(transaction)
    await transaction.each(sql, values, take)
    return result(transaction)
  })
}
