import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { openDatabase } from './database/database.ts'
import { servedDatabase } from './database/server.ts'
import { openLedger } from './ledger.ts'
import { startObjectStore, type TestStore } from './testing/object-store.ts'
import { type ServedDatabase, startServedDatabase } from './testing/served-database.ts'

/** The same tests as on the embedded database and on disk, where a fleet has its record: a served PostgreSQL 15 and an object store. */
let database: ServedDatabase
let objects: TestStore
before(async () => {
  database = await startServedDatabase()
  objects = await startObjectStore()
})
after(async () => {
  await database.remove()
  await objects.close()
})

test('it is the oldest version that is promised', () => {
  assert.equal(Math.floor(database.version / 10_000), 15)
})

for (const [name, file, atLeast] of [
  ['ledger', 'ledger.test.ts', 12],
  ['turns', 'queue/turns.test.ts', 10],
  ['questions', 'study-questions.test.ts', 5],
  ['numbers', 'numbered-subjects.test.ts', 6],
] as const)
  test(`${file} on PostgreSQL 15 and an object store`, { timeout: 170_000 }, async () => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    const run = spawn(process.execPath, ['--test', '--test-reporter=tap', join(import.meta.dirname, file)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...objects.keys,
        NODE_TEST_CONTEXT: undefined,
        ASSAY_TEST_DATABASE: database.url.replace(/postgres$/, name),
        ASSAY_TEST_STORE: objects.address(name),
      },
    })
    let said = ''
    run.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = await once(run, 'close')
    assert.equal(code, 0, said)
    assert.ok(Number(/^# pass (\d+)$/m.exec(said)?.[1]) >= atLeast, said)
    assert.ok(
      objects.asked.some((each) => each.startsWith(`PUT ${name}/captures/`)),
      'the record is in the object store',
    )
  })

test('a database that is gone is waited for by whom it was reached before, and told to be', { timeout: 60_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-waits-'))
  const told = Promise.withResolvers<void>()
  const waiting = await openLedger({ dataDir: dir, database: database.url, patienceMs: 1, onWaiting: told.resolve })
  const impatient = await openDatabase(servedDatabase(database.url), { patienceMs: 1 })
  try {
    await impatient.query('select 1')
    await database.kill()
    await assert.rejects(impatient.query('select 1'), { code: 'DATABASE_FAILED' })
    const answer = waiting.listCrawls()
    await told.promise
    await database.start()
    assert.deepEqual(await answer, [])
    await database.kill()
    await assert.rejects(openLedger({ dataDir: dir, database: database.url, patienceMs: 1, onWaiting: () => {} }), {
      code: 'DATABASE_FAILED',
    })
    await database.start()
  } finally {
    await waiting.close()
    await impatient.close()
    await rm(dir, { recursive: true, force: true })
  }
})
