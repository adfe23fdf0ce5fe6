import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Status } from '#model/finding.ts'
import type { CrawlLane, NextTurn } from '#model/inclusion.ts'
import { seedOf } from '#model/seed.ts'
import { importedSettings } from '../index/crawls.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { temporaryData } from '../testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import type { Lease } from './lease.ts'
import type { CrawlQueue, QueueOptions } from './queue.ts'

/** A page's turns in one round: lanes, repeats, retries; the draw among hints; caps and budgets over several workers. */
const day = 86_400_000
const start = new Date('2026-01-05T00:00:00.000Z')
let data: Awaited<ReturnType<typeof temporaryData>>
let ledger: Ledger

before(async () => {
  data = await temporaryData('turns')
  ledger = await openLedger(data.place)
})
after(async () => {
  await ledger.close()
  await data.remove()
})

async function open(
  name: string,
  urls: string[],
  o: Partial<QueueOptions> & { rounds?: number; firstLane?: CrawlLane } = {},
): Promise<CrawlQueue> {
  const { rounds = 2, firstLane = 'http', ...options } = o
  await ledger.defineCrawl({
    name,
    seeds: urls.map((url) => seedOf(url)),
    everyMs: rounds > 1 ? 7 * day : null,
    rounds,
    startsAt: start,
    firstLane,
  })
  return ledger.openQueue(name, { isRealTime: false, ...options })
}

async function visited(lease: Lease, status: Status = 'none') {
  const at = lease.plannedAt.toISOString()
  const capture = sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId, startedAt: at, endedAt: at })
  await ledger.files.putCapture(capture)
  return sampleObservation(capture, status)
}

const toBrowser: NextTurn = {
  lane: 'browser',
  repeat: 0,
  at: start.toISOString(),
  inclusion: { probability: 0.05, reason: 'sample' },
  drawn: null,
}

test('a page that the http lane leads on from is the browser lane’s, then the next round’s', async (t) => {
  const queue = await open('both', ['https://both.test/'])
  t.after(() => queue.close())
  await queue.announce(start)
  assert.deepEqual(await queue.claim(5, start, 'browser'), [])
  const [first] = await queue.claim(5, start, 'http')
  assert.deepEqual([first?.lane, first?.inclusion], ['http', null])
  await queue.acknowledge(first!, await visited(first!, 'no-hint'), { next: toBrowser })
  assert.deepEqual(await queue.claim(5, start, 'http'), [])
  const [second] = await queue.claim(5, start, 'browser')
  assert.deepEqual([second?.round, second?.inclusion], [0, { probability: 0.05, reason: 'sample' }])
  const later = new Date(start.getTime() + day)
  await queue.acknowledge(second!, await visited(second!), {
    next: { ...toBrowser, repeat: 1, at: later.toISOString(), inclusion: { probability: 0.1, reason: 'repeat' } },
  })
  assert.deepEqual(await queue.nextDue(), later)
  await queue.announce(later)
  const [third] = await queue.claim(5, later, 'browser')
  assert.deepEqual([third?.repeat, third?.plannedAt], [1, later])
  await queue.acknowledge(third!, await visited(third!))
  assert.deepEqual(await queue.nextDue(), new Date(start.getTime() + 7 * day))
  const rows = (await ledger.listVisits({ crawl: 'both' }))
    .map(({ lane, repeat, inclusion, inclusionReason }) => [lane, repeat, inclusion, inclusionReason].join(' '))
    .sort()
  assert.deepEqual(rows, ['browser 0 0.05 sample', 'browser 1 0.1 repeat', 'http 0  '])
})

test('what followed a visit whose worker died is what its record says', async (t) => {
  const dying = await open('dies', ['https://dies.test/'])
  const other = await ledger.openQueue('dies', { isRealTime: false })
  t.after(() => other.close())
  await dying.announce(start)
  const [lease] = await dying.claim(1, start, 'http')
  const observation = await visited(lease!, 'hint')
  await ledger.files.appendObservation(observation)
  await ledger.files.putVisit({
    schema: 'assay.visit',
    schemaVersion: 1,
    visitId: lease!.visitId,
    crawl: 'dies',
    round: 0,
    seed: lease!.seed,
    site: lease!.site,
    plannedAt: start.toISOString(),
    captureId: observation.captureId,
    judgement: observation.judgement,
    observedAt: start.toISOString(),
    error: null,
    lane: 'http',
    repeat: 0,
    failure: null,
    next: toBrowser,
  })
  await dying.close()
  assert.equal(await other.reclaim(start), 1)
  const [next] = await other.claim(1, start, 'browser')
  assert.deepEqual([next?.seed.url, next?.inclusion?.reason], ['https://dies.test/', 'sample'])
  await other.release(next!)
})

test('hints over the budget are drawn when the http lane is done, each with the same probability', async (t) => {
  const urls = Array.from({ length: 8 }, (_, index) => `https://hint-${index}.test/`)
  const queue = await open('draw', [...urls, 'https://slow.test/'])
  t.after(() => queue.close())
  await queue.announce(start)
  const leases = await queue.claim(20, start, 'http')
  const slow = leases.find(({ site }) => site === 'slow.test')!
  for (const [index, lease] of leases.filter((one) => one !== slow).entries())
    await queue.acknowledge(lease, await visited(lease, 'hint'), {
      next: { lane: 'browser', repeat: 0, at: null, inclusion: null, drawn: ((index * 3) % 8) / 8 },
    })
  assert.equal((await queue.counts(start)).held, 8)
  assert.equal(await queue.draw(2, start), 0, 'one page is still to be visited in the http lane')
  await queue.acknowledge(slow, await visited(slow, 'no-hint'))
  assert.equal(await queue.draw(2, start), 8)
  assert.equal(await queue.draw(2, start), 0, 'a draw is made once')
  await queue.announce(start)
  const drawn = await queue.claim(20, start, 'browser')
  assert.deepEqual(
    drawn.map(({ inclusion }) => inclusion),
    [
      { probability: 0.25, reason: 'hint' },
      { probability: 0.25, reason: 'hint' },
    ],
  )
  for (const lease of drawn) await queue.acknowledge(lease, await visited(lease))
  assert.deepEqual(await queue.nextDue(), new Date(start.getTime() + 7 * day))
  assert.equal(
    (await ledger.listSeeds('draw')).every(({ lane, nextRound }) => lane === 'http' && nextRound === 1),
    true,
  )
})

test('a visit that observed nothing comes again later; the one that counts says what was tried', async (t) => {
  const queue = await open('again', ['https://again.test/'], { rounds: 1 })
  t.after(() => queue.close())
  await queue.announce(start)
  const [first] = await queue.claim(1, start, 'http')
  assert.equal(await queue.retry(first!, { at: start.toISOString(), failure: 'dns', code: 'DNS_FAILED' }, 600_000, 0), 'again')
  assert.deepEqual(await queue.claim(1, start, 'http'), [])
  const later = new Date(start.getTime() + 600_000)
  assert.deepEqual(await queue.nextDue(), later)
  await queue.announce(later)
  const [second] = await queue.claim(1, later, 'http')
  assert.deepEqual([second?.tried.map(({ failure }) => failure), second?.siteFailures], [['dns'], 1])
  await queue.acknowledge(second!, await visited(second!, 'not-observed'), { failure: 'timeout' })
  const [row, ...more] = await ledger.listVisits({ crawl: 'again' })
  assert.deepEqual([row?.failure, more.length], ['timeout', 0])
  assert.deepEqual(
    (await ledger.files.getVisit(second!.visitId))?.tried?.map(({ failure }) => failure),
    ['dns'],
  )
})

test('a page that robots.txt keeps us from is recorded at once: not observed, no capture', async (t) => {
  const queue = await open('robots', ['https://robots.test/'], { rounds: 1 })
  t.after(() => queue.close())
  await queue.announce(start)
  const [lease] = await queue.claim(1, start, 'http')
  assert.equal(await queue.fail(lease!, { code: 'NOT_ALLOWED', message: 'no' }, start, { isFinal: true, failure: 'robots' }), 'recorded')
  const [row] = await ledger.listVisits({ crawl: 'robots' })
  assert.deepEqual([row?.failure, row?.errorCode, row?.captureId, row?.observed], ['robots', 'NOT_ALLOWED', null, null])
  const status = await ledger.crawlStatus('robots', start)
  assert.deepEqual(
    [status?.failures, status?.statuses],
    [[{ lane: 'http', failure: 'robots', visits: 1 }], [{ lane: 'http', status: 'not-observed', visits: 1 }]],
  )
  // The rate counts from the first visit, not from an hour ago.
  const later = await ledger.crawlStatus('robots', new Date(start.getTime() + 90_000))
  assert.deepEqual([later?.lastHour, later?.lastHourMs], [1, 90_000])
})

test('no more than the cap are at one address, over all workers, and a place is free when its visit ends', async (t) => {
  const urls = Array.from({ length: 4 }, (_, index) => `https://shared-${index}.test/`)
  const [a, b] = [await open('cap', urls), await ledger.openQueue('cap', { isRealTime: false })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await a.announce(start)
  const leases = [...(await a.claim(2, start, 'http')), ...(await b.claim(2, start, 'http'))]
  assert.equal(leases.length, 4)
  const got = await Promise.all(leases.map((lease, index) => (index < 2 ? a : b).occupy(lease, '192.0.2.1', 2)))
  assert.equal(got.filter(Boolean).length, 2)
  const [holder, waiter] = [leases[got.indexOf(true)]!, leases[got.indexOf(false)]!]
  assert.equal(await a.occupy(holder, '192.0.2.1', 2), true, 'who is there stays')
  assert.equal(await a.occupy(waiter, '192.0.2.9', 2), true, 'another address is free')
  await a.release(holder)
  assert.equal(await b.occupy(leases[got.lastIndexOf(false)]!, '192.0.2.1', 2), true)
})

test('a day has its budget over all workers, the next day has another', async (t) => {
  const urls = Array.from({ length: 9 }, (_, index) => `https://daily-${index}.test/`)
  const [a, b] = [await open('daily', urls, { dailyBudget: 5 }), await ledger.openQueue('daily', { isRealTime: false, dailyBudget: 5 })]
  t.after(() => Promise.all([a.close(), b.close()]))
  await a.announce(start)
  const leases = (await Promise.all([a.claim(4, start, 'http'), b.claim(4, start, 'http')])).flat()
  assert.equal(leases.length, 5)
  assert.deepEqual([await a.budgetLeft(start), await b.claim(4, start, 'http')], [0, []])
  await a.release(leases[0]!)
  assert.equal(await a.budgetLeft(start), 1, 'what was given back is free')
  const tomorrow = new Date(start.getTime() + day)
  assert.equal(await a.budgetLeft(tomorrow), 5)
})

test('pages that a page names are visited in the same round, at the same site, with its tags and overrides', async (t) => {
  const queue = await open('links', ['https://home.test/'], { rounds: 1 })
  t.after(() => queue.close())
  assert.equal(await ledger.changeSeeds('links', ['https://home.test/'], { addTags: ['shop'], robotsReason: 'the owner asked us' }), 1)
  await queue.announce(start)
  const [home] = await queue.claim(1, start, 'http')
  await queue.acknowledge(home!, await visited(home!), {
    discovered: [
      { url: 'https://home.test/a', depth: 1 },
      { url: 'https://home.test/', depth: 1 },
    ],
  })
  const [inner] = await queue.claim(1, start, 'http')
  assert.deepEqual(
    [inner?.seed.url, inner?.depth, inner?.parent, inner?.seed.tags, inner?.robotsReason],
    ['https://home.test/a', 1, 'https://home.test/', ['shop'], 'the owner asked us'],
  )
  await queue.acknowledge(inner!, await visited(inner!))
  assert.equal(await queue.nextDue(), null)
  assert.equal((await ledger.files.getVisit(inner!.visitId))?.parent, 'https://home.test/')
})

test('tags are added and taken away, each once; a list may be imported before it has a schedule', async () => {
  const seeds = ['https://t1.test/', 'https://t2.test/'].map((url) => seedOf(url, { tags: ['old'] }))
  await ledger.defineCrawl({ name: 'tags', seeds, everyMs: null, rounds: 1, startsAt: start, settings: importedSettings })
  assert.equal(
    await ledger.changeSeeds('tags', ['https://t1.test/', 'https://nobody.test/'], { addTags: ['b', 'a', 'b'], removeTags: ['old'] }),
    1,
  )
  assert.deepEqual(
    (await ledger.listSeeds('tags')).map(({ tags }) => tags),
    [['b', 'a'], ['old']],
  )
  const later = new Date(start.getTime() + day)
  await ledger.defineCrawl({ name: 'tags', seeds: [], everyMs: 7 * day, rounds: 3, startsAt: later, settings: {} })
  assert.deepEqual(
    (await ledger.listSeeds('tags')).map(({ nextAt }) => nextAt),
    [later, later],
  )
  await assert.rejects(ledger.defineCrawl({ name: 'tags', seeds: [], everyMs: day, rounds: 3, startsAt: later }), { code: 'BAD_ARGUMENT' })
})

test('the index with lanes is rebuilt from the files, equal', async () => {
  const report = await ledger.reindex()
  assert.equal(report.after, report.before)
})

test('robots.txt and validators are kept for every process, and are gone with their octets', async () => {
  const entry = {
    fetchedAt: start,
    expiresAt: new Date(start.getTime() + day),
    outcome: 'rules',
    text: 'User-agent: *\nDisallow: /x',
    reason: null,
  } as const
  await ledger.robots.put('https://a.test', entry)
  assert.deepEqual(await ledger.robots.get('https://a.test', start), entry)
  assert.equal(await ledger.robots.get('https://a.test', entry.expiresAt), null)
  assert.equal(await ledger.robots.get('https://b.test', start), null)
  const digest = await ledger.files.put(Buffer.from('x'))
  const validators = { 'https://a.test/': { etag: '"\u0000"', digest, size: 1, status: 200, headers: [] } }
  assert.deepEqual(await ledger.validators.get('page'), {})
  await ledger.validators.put('page', validators)
  await ledger.validators.put('page', validators)
  assert.equal((await ledger.validators.get('page'))['https://a.test/']?.digest, digest)
})
