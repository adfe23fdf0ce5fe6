import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { AssayError, messageOf } from '#model/errors.ts'
import type { DatabaseServer } from './server.ts'

export interface Queryable {
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
}

export interface Transaction extends Queryable {
  /** Hands over each row as it comes, in the order of its columns: of many rows none is kept. */
  each(sql: string, values: readonly unknown[], take: (row: unknown[]) => void): Promise<void>
}

/**
 * PostgreSQL behind a pool. Waits for a database that is gone, up to `patienceMs`, and then rejects with `DATABASE_FAILED` or `DISK_FULL`; with
 * `onWaiting` for as long as it takes, once it was reached.
 */
export interface Database extends Queryable {
  readonly kind: DatabaseServer['kind']
  /**
   * Runs `work` in one transaction. After a lost connection, a deadlock or a serialization failure it runs again: also when the commit may
   * have happened, so `work` must recognise what it did before.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** A connection of one's own, for locks that last as long as the process. `onLost` once, when it is gone. */
  session(onLost: () => void): Promise<{ client: Queryable; close(): Promise<void> }>
  close(): Promise<void>
}

export interface TransactionOptions {
  /**
   * The same few statements again and again: each connection parses and plans them once, and by their indexes, whatever the statistics say of tables that
   * were empty a moment ago. Every text stays with the connection, so there must be few of them.
   */
  isFrequent?: boolean
}

export interface DatabaseOptions {
  poolSize?: number
  patienceMs?: number
  /** Told once each time that the database has not answered for a while. */
  onWaiting?: () => void
  signal?: AbortSignal
}

const toldAfterMs = 5000

// int8 as number: counts here are far below 2^53. Dates come as Date.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** Classes of SQLSTATE (PostgreSQL, appendix A) and of sockets after which the same again may succeed. */
const lost = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
const again = new Set(['40001', '40P01'])
const full = new Set(['53100', '53200'])

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

function isLost(error: unknown): boolean {
  const code = codeOf(error)
  return (
    lost.has(code) ||
    code.startsWith('08') ||
    (error instanceof Error &&
      /Connection terminated|timeout exceeded when trying to connect|Client was closed|not queryable/i.test(error.message))
  )
}

function databaseError(error: unknown): unknown {
  if (error instanceof AssayError) return error
  const code = codeOf(error)
  const message = messageOf(error)
  if (full.has(code))
    return new AssayError('DISK_FULL', `the database has no space left: ${message}`, {
      cause: error,
      hint: 'Free some space; what was acknowledged is safe.',
    })
  if (isLost(error) || /^[0-9A-Z]{5}$/.test(code))
    return new AssayError('DATABASE_FAILED', `the database said: ${message}`, { cause: error })
  return error
}

export async function openDatabase(server: DatabaseServer, options: DatabaseOptions = {}): Promise<Database> {
  const { poolSize = 8, patienceMs = 60_000, onWaiting, signal } = options
  let isReached = false
  let config: pg.PoolConfig
  try {
    config = await server.ensure()
  } catch (error) {
    await server.release()
    throw error
  }
  // A connection that dies while idle is the pool's to drop; the next query gets another.
  const makePool = () =>
    new pg.Pool({ ...config, max: poolSize, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 10_000, allowExitOnIdle: true }).on(
      'error',
      () => {},
    )
  const pool = makePool()

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    const from = performance.now()
    let isTold = onWaiting === undefined
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await work()
        isReached = true
        return result
      } catch (error) {
        const retry = isLost(error) || (again.has(codeOf(error)) && attempt < 20)
        // Tried again once at the least: a machine that slept for longer finds its connections dead.
        const isOver = attempt > 0 && performance.now() - from > patienceMs && !(isReached && onWaiting !== undefined)
        if (!retry || isOver || signal?.aborted) throw databaseError(error)
        if (!isTold && performance.now() - from > toldAfterMs) {
          isTold = true
          onWaiting?.()
        }
        await sleep(Math.min(20 * 2 ** Math.min(attempt, 6), 1000) * (0.5 + (performance.now() % 1) / 2))
        // Starts an embedded server again. Its own failure is told by the next attempt, or by the deadline.
        if (isLost(error)) await server.ensure().catch((cause: unknown) => rethrowFinal(cause))
      }
    }
  }

  return {
    kind: server.kind,
    query: (sql, values = []) => patiently(async () => rowsOf(await pool.query(sql, [...values]))),
    transaction: (work, { isFrequent = false } = {}) =>
      patiently(async () => {
        const client = await pool.connect()
        const dropped = (error: Error) => void (gone = error)
        let gone: Error | undefined
        client.on('error', dropped)
        try {
          await client.query(isFrequent ? 'begin; set local enable_seqscan = off; set local jit = off' : 'begin')
          const result = await work({
            query: async (text, values = []) =>
              rowsOf(await client.query({ text, values: [...values], ...(isFrequent ? { name: nameOf(text) } : {}) })),
            each: (sql, values, take) => eachRow(client, sql, values, take),
          })
          await client.query('commit')
          client.release()
          return result
        } catch (error) {
          await client.query('rollback').then(
            () => client.release(gone),
            (cause: Error) => client.release(cause),
          )
          throw error
        } finally {
          client.off('error', dropped)
        }
      }),
    session: (onLost) =>
      patiently(async () => {
        const client = new pg.Client(config)
        // A connection that never came about ends too, and was not lost.
        let open = false
        client.on('error', () => {})
        client.on('end', () => {
          if (open) onLost()
          open = false
        })
        await client.connect()
        open = true
        return {
          client: { query: async <Row>(sql: string, values: readonly unknown[] = []) => rowsOf<Row>(await client.query(sql, [...values])) },
          async close() {
            open = false
            await client.end().catch(() => {})
          },
        }
      }),
    async close() {
      await pool.end()
      await server.release()
    },
  }
}

function eachRow(client: pg.ClientBase, sql: string, values: readonly unknown[], take: (row: unknown[]) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const config: pg.QueryArrayConfig = { text: sql, values: [...values], rowMode: 'array' }
  const query = new pg.Query<unknown[]>(config)
  let failure: { cause: unknown } | null = null
  query.on('row', (row) => {
    if (failure !== null) return
    try {
      take(row)
    } catch (cause) {
      failure = { cause }
    }
  })
  query.on('error', reject)
  query.on('end', () => (failure === null ? resolve() : reject(failure.cause)))
  client.query(query)
  return promise
}

const names = new Map<string, string>()
/** Names of prepared statements; a connection has its own, so the number is enough. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `assay-${names.size}`
  names.set(text, name)
  return name
}

/** What waiting cannot mend. */
function rethrowFinal(cause: unknown): void {
  if (cause instanceof AssayError && (cause.code === 'STORE_DENIED' || cause.code === 'UNSUPPORTED')) throw cause
}

/** Several statements in one text give a result each. */
function rowsOf<Row>(result: pg.QueryResult | pg.QueryResult[]): Row[] {
  return Array.isArray(result) ? result.flatMap((each) => each.rows as Row[]) : (result.rows as Row[])
}
