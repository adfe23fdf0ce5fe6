import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Queryable } from '../database/database.ts'

/** First number of the advisory locks of workers: `as` in ASCII. */
const lockClass = 0x6173

/** This process as the database knows it: it holds a lock for as long as it lives, so that its death shows at once. */
export interface WorkerIdentity {
  readonly number: number
  close(): Promise<void>
}

export async function registerWorker(database: Database): Promise<WorkerIdentity> {
  const [row] = await database.query<{ number: number }>(`select nextval('assay.worker_numbers')::int as number`)
  const number = row?.number ?? 0
  const closing = new AbortController()
  let current: { close(): Promise<void> } | null = null
  async function hold(): Promise<void> {
    // When the database goes away: whoever finds the lock free meanwhile takes our leases over; the others are ours again.
    const session = await database.session(() => void again())
    try {
      await session.client.query('select pg_advisory_lock($1, $2)', [lockClass, number])
    } catch (error) {
      await session.close()
      throw error
    }
    current = session
    if (closing.signal.aborted) await session.close()
  }
  async function again(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        return await hold()
      } catch {
        await sleep(1000, undefined, { ref: false })
      }
    }
  }
  await hold()
  return {
    number,
    async close() {
      closing.abort()
      await current?.close()
    },
  }
}

/** Whether a worker's process is gone; its lock is ours until the transaction ends. */
export async function isDead(transaction: Queryable, worker: number): Promise<boolean> {
  const [row] = await transaction.query<{ free: boolean }>('select pg_try_advisory_xact_lock($1, $2) as free', [lockClass, worker])
  return row?.free === true
}
