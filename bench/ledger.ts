/**
 * What the ledger costs: `node bench/ledger.ts [postgres://…] [--pglite PATH]`. Start, ingest and queue, on the embedded PostgreSQL, and
 * beside it on a served one, or on PGlite where its package lies at PATH (`…/node_modules/@electric-sql/pglite/dist/index.js`).
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Db, fromPglite, PgBoss, type PGliteLike } from 'pg-boss'
import { openDatabase } from '#ledger/database/database.ts'
import { embeddedDatabase } from '#ledger/database/embedded.ts'
import { servedDatabase } from '#ledger/database/server.ts'
import { openLedger } from '#ledger/ledger.ts'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { seedOf } from '#model/seed.ts'

interface Sql {
  run(sql: string, values?: unknown[]): Promise<unknown>
  boss: Db
  close(): Promise<void>
}

const lap = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
  const start = performance.now()
  const value = await work()
  return [performance.now() - start, value]
}
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)} ${value}\n`)
const ms = (value: number) => `${Math.round(value)} ms`
const perSecond = (count: number, took: number) => `${Math.round((count / took) * 1000)}/s`

async function measure(name: string, open: () => Promise<Sql>): Promise<void> {
  const [first, made] = await lap(open)
  print(`${name}: first start (a new cluster)`, ms(first))
  await made.close()
  const [second, sql] = await lap(open)
  print(`${name}: start`, ms(second))

  await sql.run('drop table if exists bench_rows')
  await sql.run(
    'create table bench_rows (capture_id text, judgement text, kind text, subject text, primary key (capture_id, judgement, kind, subject))',
  )
  const batches = Array.from({ length: 40 }, (_, batch) =>
    JSON.stringify(
      Array.from({ length: 500 }, (_, row) => ({
        capture_id: `sha256:${batch}-${row >> 4}`.padEnd(71, 'f'),
        judgement: 'sha256:1',
        kind: 'script',
        subject: `sha256:${row}`.padEnd(71, 'e'),
      })),
    ),
  )
  const [ingest] = await lap(async () => {
    for (const batch of batches)
      await sql.run('insert into bench_rows select * from jsonb_populate_recordset(null::bench_rows, $1::jsonb)', [batch])
  })
  print(`${name}: rows, 500 a statement and transaction`, perSecond(20_000, ingest))
  const [single] = await lap(async () => {
    for (let row = 0; row < 300; row++) await sql.run('insert into bench_rows values ($1, $2, $3, $4)', [`single-${row}`, 'j', 'k', 's'])
  })
  print(`${name}: rows, one a statement and transaction`, perSecond(300, single))

  const boss = new PgBoss({ db: sql.boss, schema: 'bench_queue', schedule: false, supervise: false, registerInstance: false })
  boss.on('error', (error) => process.stderr.write(`${error.message}\n`))
  const [bossStart] = await lap(() => boss.start())
  print(`${name}: queue, first start`, ms(bossStart))
  await boss.createQueue('sites', { policy: 'exclusive' })
  for (const [label, batchSize, count] of [
    ['one by one', 1, 300],
    ['in batches of 25', 25, 3000],
  ] as const) {
    await boss.insert(
      'sites',
      Array.from({ length: count }, (_, site) => ({ singletonKey: `${label} ${site}`, data: { site } })),
    )
    const [took] = await lap(async () => {
      for (let done = 0; done < count;) {
        const jobs = await boss.fetch('sites', { batchSize })
        await boss.complete(
          'sites',
          jobs.map((job) => job.id),
        )
        done += jobs.length
      }
    })
    print(`${name}: queue, claims and completions ${label}`, perSecond(count, took))
  }
  await boss.stop({ graceful: false, close: false })
  await sql.run('drop schema bench_queue cascade')
  await sql.run('drop table bench_rows')
  const [end] = await lap(() => sql.close())
  print(`${name}: close`, ms(end))
}

async function measureLedger(dataDir: string, database: string | undefined): Promise<void> {
  const name = database === undefined ? 'ledger, embedded' : 'ledger, served'
  const options = { dataDir, ...(database === undefined ? {} : { database }) }
  const ledger = await openLedger(options)
  const [again, neighbour] = await lap(() => openLedger(options))
  print(`${name}: open beside another`, ms(again))
  await neighbour.close()
  const crawl = `bench-${Date.now()}`
  const start = new Date('2026-01-05T00:00:00Z')
  const count = 400
  await ledger.defineCrawl({
    name: crawl,
    seeds: Array.from({ length: count }, (_, site) => seedOf(`https://site-${crawl}-${site}.test/`)),
    everyMs: null,
    rounds: 1,
    startsAt: start,
  })
  const queue = await ledger.openQueue(crawl, { isRealTime: false })
  await queue.announce(start)
  const slots = Array.from({ length: 8 }, async () => {
    for (;;) {
      const leases = await queue.claim(4, start)
      if (leases.length === 0) return
      for (const lease of leases) {
        const capture = sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId })
        await ledger.files.putCapture(capture)
        await queue.acknowledge(lease, sampleObservation(capture, 'active', { account: 'A', service: 'coinhive' }))
      }
    }
  })
  const before = process.cpuUsage()
  const [took] = await lap(() => Promise.all(slots))
  const { user, system } = process.cpuUsage(before)
  print(`${name}: claim, capture file, acknowledge, next job (1 process)`, perSecond(count, took))
  print(`${name}: the same, CPU of this process a visit`, `${((user + system) / 1000 / count).toFixed(1)} ms`)
  await queue.close()
  const [reindexed] = await lap(() => ledger.reindex())
  print(`${name}: reindex`, perSecond(count, reindexed))
  await ledger.close()
}

const args = process.argv.slice(2)
const pglitePath = args.includes('--pglite') ? args[args.indexOf('--pglite') + 1] : undefined
const url = args.find((arg) => /^postgres(ql)?:/.test(arg))
const root = await mkdtemp(join(tmpdir(), 'assay-bench-'))
const ofDatabase = (server: ReturnType<typeof embeddedDatabase>) => async (): Promise<Sql> => {
  const database = await openDatabase(server)
  return {
    run: (sql, values) => database.query(sql, values),
    boss: { executeSql: async (text, values) => ({ rows: await database.query<never>(text, values) }) },
    close: () => database.close(),
  }
}
try {
  await measure('embedded PostgreSQL', ofDatabase(embeddedDatabase(join(root, 'embedded'))))
  if (url !== undefined) await measure('served PostgreSQL', ofDatabase(servedDatabase(url)))
  if (pglitePath !== undefined) {
    const { PGlite } = (await import(pglitePath)) as { PGlite: { create(dir: string): Promise<PGliteLike & { close(): Promise<void> }> } }
    await measure('PGlite', async () => {
      const lite = await PGlite.create(join(root, 'pglite'))
      return { run: (sql, values) => lite.query(sql, values), boss: fromPglite(lite), close: () => lite.close() }
    })
  }
  await measureLedger(join(root, 'ledger'), undefined)
  if (url !== undefined) await measureLedger(join(root, 'ledger-served'), url)
} finally {
  for (const name of ['embedded', 'ledger']) await untilStopped(join(root, name))
  await rm(root, { recursive: true, force: true })
}
