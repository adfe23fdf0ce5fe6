import { AssayError } from '#model/errors.ts'
import { type Database, openDatabase } from './database/database.ts'
import { embeddedDatabase } from './database/embedded.ts'
import { migrate } from './database/migrate.ts'
import { servedDatabase } from './database/server.ts'
import { openFileStore } from './file-store.ts'
import { foldSightings } from './index/fold.ts'
import { indexDigest, reindex } from './index/reindex.ts'
import { jsonForSql } from './index/write.ts'

/** What lives in SQL alone, in an order that keeps references whole, each with its key. The rest is made from the files; jobs are made again from the seeds. */
const tables: Record<string, string> = {
  crawls: 'name',
  seeds: 'crawl, url',
  sites: 'site',
  budgets: 'crawl, day',
  studies: 'name, written_at',
  robots: 'origin',
  validators: 'page',
}

const batchSize = 5000

export interface MoveReport {
  /** Rows by table that the source has. */
  rows: Record<string, number>
  visits: number
  observations: number
  /** Of the whole index there and here. */
  before: string
  after: string
}

/**
 * The ledger of an embedded database into a served one, of the same data folder. The source is only read, but for what is folded from it; ended in between, the same again goes on.
 * Rejects with `STORE_BUSY` while a crawl runs, `BAD_ARGUMENT` where the target has other crawls, `DATABASE_FAILED`.
 */
export async function moveLedger(dataDir: string, to: string, onProgress: (text: string) => void = () => {}): Promise<MoveReport> {
  await using undo = new AsyncDisposableStack()
  const open = async (server: Parameters<typeof openDatabase>[0], patienceMs: number): Promise<Database> => {
    const database = undo.adopt(await openDatabase(server, { patienceMs }), (it) => it.close())
    await migrate(database)
    return database
  }
  const target = await open(servedDatabase(to), 5000)
  const source = await open(embeddedDatabase(dataDir), 60_000)
  await checkAtRest(source, dataDir)
  await checkTarget(source, target)
  // What is compared at the end: nobody may have asked for it yet.
  await foldSightings(source)
  const rows: Record<string, number> = {}
  for (const [table, key] of Object.entries(tables)) {
    rows[table] = 0
    for (;;) {
      const batch = await source.query<{ row: Record<string, unknown> }>(
        `select to_jsonb(t) as row from assay.${table} t order by ${key} limit ${batchSize} offset ${rows[table]}`,
      )
      if (batch.length === 0) break
      // A lease is a worker's that is not there any more.
      const values = batch.map(({ row }) => (table === 'sites' ? { ...row, lease: null } : row))
      await target.query(
        `insert into assay.${table} select * from jsonb_populate_recordset(null::assay.${table}, $1::jsonb) on conflict do nothing`,
        [jsonForSql(values)],
      )
      rows[table] += batch.length
      onProgress(`${table}: ${rows[table]}`)
    }
  }
  await target.query(`select setval('assay.seed_places', coalesce((select max(place) from assay.seeds), 1))`)
  const { visits, observations } = await reindex(target, await openFileStore(dataDir), (done) => onProgress(`index: ${done}`))
  return { rows, visits, observations, before: await digestOf(source), after: await digestOf(target) }
}

/** Rejects with `STORE_BUSY` while a crawl runs on the folder's embedded database. */
export async function checkFolderAtRest(dataDir: string): Promise<void> {
  const source = await openDatabase(embeddedDatabase(dataDir), { patienceMs: 60_000 })
  try {
    await checkAtRest(source, dataDir)
  } finally {
    await source.close()
  }
}

async function checkAtRest(source: Database, dataDir: string): Promise<void> {
  // A worker holds a lock of its own while it lives.
  const [row] = await source.query<{ busy: boolean }>(
    `select exists (select from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid()) as busy`,
  )
  if (row?.busy)
    throw new AssayError('STORE_BUSY', `a crawl is running in ${dataDir}`, { hint: 'Stop it (Ctrl-C; nothing is lost), then migrate.' })
}

async function checkTarget(source: Database, target: Database): Promise<void> {
  const crawlsOf = async (database: Database) =>
    database.query<{ name: string; createdAt: string }>(
      `select name, extract(epoch from created_at)::text as "createdAt" from assay.crawls`,
    )
  const ours = new Map((await crawlsOf(source)).map(({ name, createdAt }) => [name, createdAt]))
  for (const { name, createdAt } of await crawlsOf(target))
    if (ours.get(name) !== createdAt)
      throw new AssayError('BAD_ARGUMENT', `the database has the crawl ${name} of another data folder`, {
        hint: 'Give an empty database: one data folder has one.',
      })
}

/** Times as the same text on both sides. */
const digestOf = (database: Database): Promise<string> =>
  database.transaction(async (transaction) => {
    await transaction.query(`set local timezone = 'UTC'`)
    return indexDigest(transaction)
  })
