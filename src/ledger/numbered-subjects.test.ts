import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Digest } from '#model/digest.ts'
import { seedOf } from '#model/seed.ts'
import { type Database, openDatabase, type Queryable } from './database/database.ts'
import { pageServers } from './index/page-servers.ts'
import { listVisits } from './index/questions.ts'
import { traces } from './index/traces.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { temporaryData } from './testing/data-folder.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'

let data: Awaited<ReturnType<typeof temporaryData>>
let ledger: Ledger
let database: Database

before(async () => {
  data = await temporaryData('numbers')
  ledger = await openLedger(data.place)
  database = await openDatabase(data.server())
})
after(async () => {
  await database.close()
  await ledger.close()
  await data.remove()
})

const start = new Date('2026-01-05T00:00:00.000Z')

/** A crawl of the sites, on each of which the service is found. Answers their captures. */
async function crawled(name: string, sites: string[], service: string, address: string): Promise<Digest[]> {
  await ledger.defineCrawl({ name, seeds: sites.map((site) => seedOf(`https://${site}/`)), everyMs: null, rounds: 1, startsAt: start })
  const queue = await ledger.openQueue(name, { isRealTime: false })
  try {
    await queue.announce(start)
    const captures: Digest[] = []
    for (const lease of await queue.claim(sites.length, start)) {
      const { seed, site, visitId } = lease
      const at = lease.plannedAt.toISOString()
      const capture = sampleCapture({ url: seed.url, seed, visitId, startedAt: at, endedAt: at })
      await ledger.files.putCapture(capture)
      const servers = [{ host: site, address, asn: 64500, organisation: 'Example', country: 'DE', certificate: null, isPage: true }]
      const observation = sampleObservation(capture, 'active', { service, account: `${service}-1` }, { site, servers })
      assert.equal(await queue.acknowledge(lease, observation), 'accepted')
      captures.push(capture.id)
    }
    assert.equal(captures.length, sites.length)
    return captures
  } finally {
    await queue.close()
  }
}

const purge = (captures: Digest[]) => ledger.removeFromIndex({ captures, visits: [], isSubject: () => false })

/** Until somebody waits for a lock of the table. */
async function untilWaitedFor(database: Queryable, table: string): Promise<void> {
  for (;;) {
    const rows = await database.query(`select from pg_locks where not granted and relation = $1::regclass`, [`assay.${table}`])
    if (rows.length > 0) return
  }
}

const questions: Record<string, (asked: Pick<Database, 'transaction'>) => Promise<readonly unknown[]>> = {
  visits: async (asked) => {
    const rows = await listVisits(asked, {})
    return rows.map(({ site, observed }) => [site, observed?.services, observed?.accounts])
  },
  traces: (asked) => traces(asked, undefined, undefined),
  servers: (asked) => pageServers(asked, undefined, undefined),
}

/** A database in which something happens between the numbers of subjects and their names. */
const interrupted = (meanwhile: () => Promise<void>): Pick<Database, 'transaction'> => ({
  transaction: (work, options) =>
    database.transaction(
      (transaction) =>
        work({
          ...transaction,
          each: async (...of) => {
            await transaction.each(...of)
            await meanwhile()
          },
        }),
      options,
    ),
})

test('the index is made again between numbers and names: questions have the state before', async () => {
  await crawled('stays', ['stays-a.test', 'stays-b.test'], 'staying', '192.0.2.1')
  for (const [name, ask] of Object.entries(questions)) {
    const before = await ask(database)
    assert.ok(before.length > 0)
    let reindexed: Promise<unknown> = Promise.resolve()
    const asked = await ask(
      interrupted(async () => {
        reindexed = ledger.reindex()
        await untilWaitedFor(database, 'subject_names')
      }),
    )
    assert.deepEqual(asked, before, name)
    await reindexed
    assert.deepEqual(await ask(database), before, name)
  }
})

test('a reindex that begins before a question is waited for', async () => {
  for (const [name, ask] of Object.entries(questions)) {
    const before = await ask(database)
    let asked: Promise<unknown> = Promise.resolve()
    await database.transaction(async (transaction) => {
      // Whoever has an older state sees a table that was emptied as empty.
      await transaction.query('create temporary table kept on commit drop as select * from assay.subject_names')
      await transaction.query('truncate assay.subject_names')
      asked = ask(database)
      await untilWaitedFor(transaction, 'subject_names')
      await transaction.query('insert into assay.subject_names select * from kept')
    })
    assert.deepEqual(await asked, before, name)
  }
})

test('however often the index is made again, numbers begin with 1 and answers stay', async () => {
  const answers = () => Promise.all(Object.values(questions).map((ask) => ask(database)))
  const before = await answers()
  for (let time = 0; time < 2; time++) {
    const report = await ledger.reindex()
    assert.equal(report.after, report.before)
    const [row] = await database.query<{ first: number; last: number; count: number }>(
      'select min(id) as first, max(id) as last, count(*) as count from assay.subject_names',
    )
    assert.deepEqual([row?.first, row?.last], [1, row?.count])
    assert.deepEqual(await answers(), before)
  }
})

test('a number without a name is an error that says what to do', async () => {
  await database.query(`delete from assay.subject_names where subject = 'staying' or kind = 'server'`)
  for (const [name, ask] of Object.entries(questions)) await assert.rejects(ask(database), { code: 'STORE_CORRUPT', hint: /reindex/ }, name)
  await ledger.reindex()
  for (const ask of Object.values(questions)) assert.ok((await ask(database)).length > 0)
})

test('a purge between numbers and names: questions have the state before, and then that after', async () => {
  for (const [name, ask] of Object.entries(questions)) {
    const gone = await crawled(name, [`${name}-a.test`, `${name}-b.test`], `of-${name}`, `198.51.100.${name.length}`)
    const before = await ask(database)
    const asked = await ask(interrupted(async () => void (await purge(gone))))
    assert.deepEqual(asked, before, name)
    assert.notDeepEqual(await ask(database), before, name)
  }
  const left = await database.query(`select from assay.subject_names where subject like 'of-%' or subject like '%198.51.100.%'`)
  assert.equal(left.length, 0)
})

test('while a purge folds, visits are accepted, and what they name stays named', { timeout: 60_000 }, async () => {
  const gone = await crawled('purged', ['purged.test'], 'next-too', '203.0.113.8')
  await ledger.listSightings()
  let purged: Promise<unknown> = Promise.resolve()
  await database.transaction(async (reader) => {
    // Holds it back in its fold.
    await reader.query('select from assay.sightings limit 1')
    purged = purge(gone)
    await untilWaitedFor(reader, 'sightings')
    await crawled('next', ['next.test'], 'next-too', '203.0.113.8')
  })
  await purged
  const [next] = await ledger.listVisits({ crawl: 'next' })
  assert.deepEqual([next?.observed?.services, next?.observed?.accounts], [['next-too'], ['next-too-1']])
  assert.deepEqual(
    (await ledger.study.servers({ crawl: 'next' })).map(({ address }) => address),
    ['203.0.113.8'],
  )
})
