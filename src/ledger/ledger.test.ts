import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import type { Status } from '#model/finding.ts'
import { seedOf } from '#model/seed.ts'
import { type Ledger, openLedger } from './ledger.ts'
import type { Lease } from './queue/lease.ts'
import { temporaryData } from './testing/data-folder.ts'
import { sampleCapture, sampleObservation, type SampleMiner } from './testing/samples.ts'

const day = 86_400_000
const start = new Date('2026-01-05T00:00:00.000Z')
let data: Awaited<ReturnType<typeof temporaryData>>
let ledger: Ledger

before(async () => {
  data = await temporaryData('ledger')
  ledger = await openLedger(data.place)
})
after(async () => {
  await ledger.close()
  await data.remove()
})
const hasCode = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code

async function visited(lease: Lease, status: Status = 'none', miner: SampleMiner = {}, over: Parameters<typeof sampleObservation>[3] = {}) {
  const at = lease.plannedAt.toISOString()
  const capture = sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId, startedAt: at, endedAt: at })
  await ledger.files.putCapture(capture)
  return sampleObservation(capture, status, miner, { site: lease.site, ...over })
}

async function newCrawl(name: string, urls: string[], rounds = 1, more: { isRealTime?: boolean; delayMs?: number } = {}) {
  await ledger.defineCrawl({ name, seeds: urls.map((url) => seedOf(url)), everyMs: rounds > 1 ? 7 * day : null, rounds, startsAt: start })
  return ledger.openQueue(name, { isRealTime: false, ...more })
}

test('a site has one visit at a time, and its next page comes when that is acknowledged', async (t) => {
  const queue = await newCrawl('one-at-a-time', ['https://shop.test/a', 'https://www.shop.test/b', 'https://other.test/'])
  t.after(() => queue.close())
  await queue.announce(start)
  const first = await queue.claim(10, start)
  assert.deepEqual(first.map((lease) => lease.site).sort(), ['other.test', 'shop.test'])
  assert.deepEqual(await queue.claim(10, start), [])
  const shop = first.find((lease) => lease.site === 'shop.test')!
  assert.equal(await queue.acknowledge(shop, await visited(shop)), 'accepted')
  const [second] = await queue.claim(10, start)
  assert.equal(second?.site, 'shop.test')
  assert.notEqual(second?.seed.url, shop.seed.url)
  await queue.release(second)
  const [again] = await queue.claim(10, start)
  assert.equal(again?.seed.url, second?.seed.url)
  assert.notEqual(again?.visitId, second?.visitId)
})

test('a second crawl of the same site waits for the first', async (t) => {
  const first = await newCrawl('site-first', ['https://shared.test/'])
  const second = await newCrawl('site-second', ['https://shared.test/'])
  t.after(() => Promise.all([first.close(), second.close()]))
  await first.announce(start)
  await second.announce(start)
  const [lease] = await first.claim(1, start)
  assert.ok(lease)
  assert.deepEqual(await second.claim(1, start), [])
  await first.acknowledge(lease, await visited(lease))
  assert.equal((await first.counts(start)).done, 1)
})

test('a result whose site was taken over is fenced off: no visit, no row, and the later one counts', async (t) => {
  const queue = await newCrawl('fenced', ['https://fenced.test/'])
  t.after(() => queue.close())
  await queue.announce(start)
  const [stale] = await queue.claim(1, start)
  assert.ok(stale)
  await queue.release(stale)
  const [fresh] = await queue.claim(1, start)
  assert.ok(fresh)
  assert.equal(await queue.acknowledge(stale, await visited(stale, 'active')), 'fenced')
  assert.equal(await queue.acknowledge(fresh, await visited(fresh, 'none')), 'accepted')
  const rows = await ledger.listVisits({ crawl: 'fenced' })
  assert.deepEqual(
    rows.map((row) => [row.visitId, row.observed?.status]),
    [[fresh.visitId, 'none']],
  )
  assert.equal(await ledger.files.getVisit(stale.visitId), null)
})

test('acknowledged twice, as after a lost answer, is once', async (t) => {
  const queue = await newCrawl('twice', ['https://twice.test/'], 2)
  t.after(() => queue.close())
  await queue.announce(start)
  const [lease] = await queue.claim(1, start)
  const observation = await visited(lease!)
  assert.equal(await queue.acknowledge(lease!, observation), 'accepted')
  assert.equal(await queue.acknowledge(lease!, observation), 'accepted')
  assert.equal((await ledger.listVisits({ crawl: 'twice' })).length, 1)
  assert.deepEqual(await queue.nextDue(), new Date(start.getTime() + 7 * day))
})

test('a visit that fails three times is recorded as failed, and the next round is planned', async (t) => {
  const queue = await newCrawl('failing', ['https://failing.test/'], 2)
  t.after(() => queue.close())
  await queue.announce(start)
  const outcomes: string[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    const [lease] = await queue.claim(1, start)
    outcomes.push(await queue.fail(lease!, { code: 'BROWSER_FAILED', message: 'it went away' }, start))
  }
  assert.deepEqual(outcomes, ['again', 'again', 'recorded'])
  const [row] = await ledger.listVisits({ crawl: 'failing' })
  assert.deepEqual([row?.captureId, row?.errorCode, row?.observed], [null, 'BROWSER_FAILED', null])
  assert.deepEqual(await queue.nextDue(), new Date(start.getTime() + 7 * day))
})

test('rounds that passed while nobody crawled are not made up for', async (t) => {
  const queue = await newCrawl('late', ['https://late.test/'], 5)
  t.after(() => queue.close())
  const late = new Date(start.getTime() + 2 * 7 * day + 1)
  await queue.announce(late)
  const [lease] = await queue.claim(1, late)
  assert.equal(lease?.round, 2)
  await queue.acknowledge(lease, await visited(lease))
  assert.deepEqual(await queue.nextDue(), new Date(start.getTime() + 3 * 7 * day))
})

test('a site rests between two visits in real time', async (t) => {
  const queue = await newCrawl('resting', ['https://resting.test/1', 'https://resting.test/2'], 1, { isRealTime: true, delayMs: 3_600_000 })
  t.after(() => queue.close())
  await queue.announce(new Date())
  const [lease] = await queue.claim(1, new Date())
  await queue.acknowledge(lease!, await visited(lease!))
  assert.deepEqual(await queue.claim(1, new Date()), [])
  await queue.announce(new Date())
  assert.deepEqual(await queue.claim(1, new Date()), [])
  assert.deepEqual((await queue.counts(new Date())).due, 1)
})

test('the same name with another schedule is refused, more seeds are added', async () => {
  const definition = { name: 'defined', seeds: [seedOf('a.test'), seedOf('b.test')], everyMs: 7 * day, rounds: 3, startsAt: start }
  assert.deepEqual(await ledger.defineCrawl(definition), { added: 2, seeds: 2 })
  assert.deepEqual(await ledger.defineCrawl({ ...definition, seeds: [seedOf('b.test'), seedOf('c.test')] }), { added: 1, seeds: 3 })
  await assert.rejects(ledger.defineCrawl({ ...definition, rounds: 4 }), hasCode('BAD_ARGUMENT'))
  await assert.rejects(ledger.defineCrawl({ ...definition, name: 'Two words' }), hasCode('BAD_ARGUMENT'))
  await assert.rejects(ledger.openQueue('nowhere', { isRealTime: false }), hasCode('NOT_FOUND'))
})

test('sightings carry when a subject was first and last seen, how often, and the looks around it', async (t) => {
  const queue = await newCrawl('sightings', ['https://stays.test/'], 6)
  t.after(() => queue.close())
  const statuses: Status[] = ['none', 'active', 'inconclusive', 'active', 'not-observed', 'none']
  for (const [round, status] of statuses.entries()) {
    const now = new Date(start.getTime() + round * 7 * day)
    await queue.announce(now)
    const [lease] = await queue.claim(1, now)
    await queue.acknowledge(lease!, await visited(lease!, status, { account: 'wallet-1', service: 'coinhive' }))
  }
  const sighting = (await ledger.listSightings({ kind: 'account' })).find((row) => row.site === 'stays.test')
  const week = (round: number) => new Date(start.getTime() + round * 7 * day)
  assert.deepEqual(
    [
      sighting?.subject,
      sighting?.firstSeen,
      sighting?.lastSeen,
      sighting?.visitsSeen,
      sighting?.visitsLooked,
      sighting?.lookedBefore,
      sighting?.lookedAfter,
    ],
    ['wallet-1', week(1), week(3), 2, 4, week(0), week(5)],
  )
})

test('a capture judged again: the new judgement counts, the old one stays readable', async () => {
  const capture = sampleCapture({ url: 'https://rejudged.test/' })
  await ledger.files.putCapture(capture)
  await ledger.record(sampleObservation(capture, 'active', { service: 'wrong' }, { recordedAt: '2026-01-05T11:00:00.000Z' }))
  await ledger.record(sampleObservation(capture, 'none', {}, { judgement: 'sha256:judgement-2', recordedAt: '2026-02-01T00:00:00.000Z' }))
  const row = (await ledger.listVisits({ crawl: null })).find((visit) => visit.url === 'https://rejudged.test/')
  assert.deepEqual([row?.observed?.status, row?.observed?.judgement], ['none', 'sha256:judgement-2'])
  const asOf = async (date: string) =>
    (await ledger.listVisits({ crawl: null, asOf: new Date(date) })).find((visit) => visit.url === 'https://rejudged.test/')?.observed
      ?.status
  assert.equal(await asOf('2026-01-20T00:00:00Z'), 'active')
  assert.equal(await asOf('2026-02-02T00:00:00Z'), 'none')
  assert.equal(await asOf('2025-01-01T00:00:00Z'), undefined)
})

test('what pages write that SQL cannot hold does not stop the ledger', async () => {
  const capture = sampleCapture({ url: `https://hostile.test/${'x'.repeat(5000)}` })
  await ledger.files.putCapture(capture)
  await ledger.record(sampleObservation(capture, 'active', { account: `\u0000\ud800${'Ж'.repeat(100_000)}`, service: `' or 1=1 --` }))
  const row = (await ledger.listVisits({ crawl: null })).find((visit) => visit.site === 'hostile.test')
  assert.equal(row?.observed?.accounts.length, 1)
  assert.deepEqual(row?.observed?.services, [`' or 1=1 --`])
})

test('the index is dropped and rebuilt from the files, equal', async () => {
  const report = await ledger.reindex()
  assert.ok(report.visits > 10 && report.observations > 10)
  assert.equal(report.after, report.before)
  assert.deepEqual((await ledger.files.verify()).faults, [])
})

test('a schema of a later version is refused', async () => {
  const { openDatabase } = await import('./database/database.ts')
  const database = await openDatabase(data.server())
  try {
    await database.query(`insert into assay.migrations (number, name, digest) values (999, 'later', '')`)
    await assert.rejects(openLedger(data.place), hasCode('UNSUPPORTED'))
  } finally {
    await database.query('delete from assay.migrations where number = 999')
    await database.close()
  }
})

test('a served database is named by its URL', async () => {
  await assert.rejects(openLedger({ dataDir: data.dir, database: 'mysql://x' }), hasCode('BAD_ARGUMENT'))
  await assert.rejects(
    openLedger({ dataDir: data.dir, database: 'postgres://nobody@127.0.0.1:1/none', patienceMs: 0 }),
    hasCode('DATABASE_FAILED'),
  )
})
