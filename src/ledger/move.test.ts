import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { seedOf } from '#model/seed.ts'
import { embeddedDatabase } from './database/embedded.ts'
import { openLedger } from './ledger.ts'
import { moveLedger } from './move.ts'
import { temporaryData } from './testing/data-folder.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'

/** Another folder's server stands for one that is served: it is reached by its socket, as that would be by its host. */
let data: Awaited<ReturnType<typeof temporaryData>>
let other: Awaited<ReturnType<typeof temporaryData>>
const server = (): ReturnType<typeof embeddedDatabase> => (running ??= embeddedDatabase(other.dir))
let running: ReturnType<typeof embeddedDatabase> | undefined
let url: string
const start = new Date('2026-01-05T00:00:00.000Z')

before(async () => {
  data = await temporaryData('move-from')
  other = await temporaryData('move-to')
  const { host, user } = await server().ensure()
  url = `postgres://${String(user)}@localhost/postgres?host=${encodeURIComponent(String(host))}`
})
after(async () => {
  await server().release()
  await data.remove()
  await other.remove()
})

test('a crawl goes on in the served database where it stood in the embedded one', { timeout: 240_000 }, async () => {
  const ledger = await openLedger({ dataDir: data.dir })
  const week = 7 * 86_400_000
  const seeds = ['https://shop.test/', 'https://other.test/'].map((each) => seedOf(each))
  await ledger.defineCrawl({ name: 'weekly', seeds, everyMs: week, rounds: 2, startsAt: start })
  await ledger.changeSeeds('weekly', ['https://shop.test/'], { addTags: ['news'] })
  const queue = await ledger.openQueue('weekly', { isRealTime: false })
  await queue.announce(start)
  const [lease] = await queue.claim(1, start)
  const capture = sampleCapture({ url: lease!.seed.url, seed: lease!.seed, visitId: lease!.visitId, startedAt: start.toISOString() })
  await ledger.files.putCapture(capture)
  await queue.acknowledge(lease!, sampleObservation(capture, 'active', { account: 'wallet' }, { site: lease!.site }))
  await assert.rejects(moveLedger(data.dir, url), (error) => error instanceof AssayError && error.code === 'STORE_BUSY')
  await queue.close()
  const before = { seeds: await ledger.listSeeds('weekly'), crawls: await ledger.listCrawls(), sightings: await ledger.listSightings() }
  await ledger.close()

  const report = await moveLedger(data.dir, url)
  assert.equal(report.after, report.before)
  assert.deepEqual([report.rows['crawls'], report.rows['seeds'], report.visits, report.observations], [1, 2, 1, 1])
  assert.equal((await moveLedger(data.dir, url)).after, report.before, 'the same again changes nothing')

  const served = await openLedger({ dataDir: data.dir, database: url })
  try {
    assert.deepEqual(
      { seeds: await served.listSeeds('weekly'), crawls: await served.listCrawls(), sightings: await served.listSightings() },
      before,
    )
    const goesOn = await served.openQueue('weekly', { isRealTime: false })
    await goesOn.announce(start)
    const leases = await goesOn.claim(10, start)
    assert.deepEqual(
      leases.map(({ seed }) => seed.url),
      seeds.map((seed) => seed.url).filter((each) => each !== lease!.seed.url),
    )
    await goesOn.close()
  } finally {
    await served.close()
  }
})

test('a database with the crawls of another folder is left alone', { timeout: 120_000 }, async () => {
  const third = await temporaryData('move-third')
  await (await openLedger({ dataDir: third.dir })).close()
  await assert.rejects(moveLedger(third.dir, url), (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT')
  await third.remove()
})
