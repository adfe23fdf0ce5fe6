import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openLedger } from '#ledger/ledger.ts'
import { temporaryData } from '#ledger/testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { seedOf } from '#model/seed.ts'
import { gc, purgeFrom } from './retention.ts'
import { reindex } from './reindex.ts'

/** A folder with a ledger: after gc and after a purge its index is what its files say. */
let data: Awaited<ReturnType<typeof temporaryData>>
before(async () => {
  data = await temporaryData('retention')
})
after(() => data.remove())
const never = new AbortController().signal

test('an index after gc and purge equals one that is made from the files', { timeout: 240_000 }, async () => {
  const ledger = await openLedger({ dataDir: data.dir })
  try {
    await ledger.defineCrawl({
      name: 'weekly',
      seeds: ['https://shop.test/', 'https://person.test/'].map((url) => seedOf(url)),
      everyMs: null,
      rounds: 1,
      startsAt: new Date('2025-01-01T00:00:00.000Z'),
    })
    for (const url of ['https://shop.test/', 'https://person.test/'])
      for (const week of ['05', '12', '19', '26']) {
        const startedAt = `2025-01-${week}T10:00:00.000Z`
        const capture = sampleCapture({ url, startedAt }, [await ledger.files.put(Buffer.from(`${url} in ${week}`))])
        await ledger.files.putCapture(capture)
        await ledger.record(sampleObservation(capture, week === '05' ? 'active' : 'none', { account: 'wallet' }))
      }
    const robots = 'User-agent: *\nDisallow: /private'
    const entry = {
      fetchedAt: new Date(),
      expiresAt: new Date(Date.now() + 86_400_000),
      outcome: 'rules',
      text: robots,
      reason: null,
    } as const
    for (const host of ['shop', 'person']) await ledger.robots.put(`https://${host}.test`, { ...entry, text: `${robots}/${host}` })

    const thinned = await gc(
      { data: data.dir, database: null, keep: ['last', 'suspicious'], olderThanMs: 0, graceMs: 0, dryRun: false },
      () => {},
      never,
    )
    assert.deepEqual([thinned.captures.thinned, thinned.blobs.removed], [4, 4])
    const now = new Date()
    assert.equal((await ledger.robots.get('https://shop.test', now))?.text, `${robots}/shop`, 'what the index names stays')
    assert.equal((await ledger.listSightings({ kind: 'account' })).length, 2)
    const afterGc = await reindex({ data: data.dir }, () => {})
    assert.equal(afterGc.after, afterGc.before)
    assert.equal(afterGc.observations, 8)

    const purged = await purgeFrom(
      { data: data.dir, database: null, subject: 'person.test', captures: [], reason: null, graceMs: 0, dryRun: false },
      () => {},
      never,
    )
    assert.deepEqual([purged.captures.length, purged.observations, purged.visits, purged.seeds], [4, 4, 4, 1])
    assert.equal(await ledger.robots.get('https://person.test', now), null)
    assert.deepEqual(
      (await ledger.listSeeds('weekly')).map(({ url }) => url),
      ['https://shop.test/'],
    )
    assert.deepEqual(
      (await ledger.listSightings({ kind: 'account' })).map(({ site }) => site),
      ['shop.test'],
    )
    const afterPurge = await reindex({ data: data.dir }, () => {})
    assert.equal(afterPurge.after, afterPurge.before)
    assert.equal(afterPurge.observations, 4)
    assert.deepEqual((await ledger.files.verify()).faults, [])
  } finally {
    await ledger.close()
  }
})
