import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { NextTurn } from '#model/inclusion.ts'
import { seedOf } from '#model/seed.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import { type ServedDatabase, startServedDatabase } from '../testing/served-database.ts'
import type { Lease } from './lease.ts'
import type { CrawlQueue, QueueOptions } from './queue.ts'

/** Many sites and many results at once, on a served PostgreSQL 15: more than may wait, more than go together, and a database that goes away. */
const day = 86_400_000
const hour = 3_600_000
const start = new Date('2026-01-05T00:00:00.000Z')
let dir: string
let database: ServedDatabase
let ledger: Ledger
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-many-'))
  database = await startServedDatabase()
  ledger = await openLedger({ dataDir: dir, database: database.url, onWaiting: () => {} })
})
after(async () => {
  await ledger.close()
  await database.remove()
  await rm(dir, { recursive: true, force: true })
})

async function open(name: string, urls: readonly string[], options: Partial<QueueOptions> = {}, rounds = 1): Promise<CrawlQueue> {
  await ledger.defineCrawl({ name, seeds: urls.map((url) => seedOf(url)), everyMs: rounds > 1 ? 7 * day : null, rounds, startsAt: start })
  return ledger.openQueue(name, { isRealTime: true, ...options })
}
const sitesOf = (name: string, count: number) => Array.from({ length: count }, (_, index) => `https://${name}-${index}.test/`)
const keep = (queue: CrawlQueue, lease: Lease, next: NextTurn | null = null) =>
  queue.acknowledge(lease, sampleObservation(sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId }), 'none'), {
    next,
  })
/** By a connection that is not the ledger's. */
async function directly(task: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await task(client)
  } finally {
    await client.end()
  }
}
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5)
}
const urlsOf = (leases: readonly Lease[]) => leases.map(({ seed }) => seed.url).sort()
/** Until nothing is left: claims of `count`, each acknowledged. */
async function work(queue: CrawlQueue, count: number): Promise<string[][]> {
  const claims: string[][] = []
  for (let leases = await queue.claim(count, new Date()); leases.length > 0; leases = await queue.claim(count, new Date())) {
    claims.push(urlsOf(leases))
    for (const lease of leases) assert.equal(await keep(queue, lease), 'accepted')
  }
  return claims
}

test('more sites than may wait come after each other, in the order of the list, without being announced again', async (t) => {
  const urls = sitesOf('ahead', 10)
  const queue = await open('ahead', urls, { ahead: 3 })
  t.after(() => queue.close())
  assert.equal(await queue.announce(new Date()), 3)
  assert.equal(await queue.announce(new Date()), 0, 'there is no room')
  assert.deepEqual(await work(queue, 3), [urls.slice(0, 3), urls.slice(3, 6), urls.slice(6, 9), urls.slice(9)])
})

for (const [name, another] of Object.entries({ 'the process that was there': false, 'a process that starts': true }))
  test(`sites that rest take no room from those that are due: ${name}`, async (t) => {
    const crawl = another ? 'rest-there' : 'rest-here'
    const urls = sitesOf(crawl, 5)
    const queue = await open(crawl, urls, { ahead: 3 })
    t.after(() => queue.close())
    await queue.announce(new Date())
    const first = await queue.claim(3, new Date())
    assert.deepEqual(urlsOf(first), urls.slice(0, 3))
    for (const lease of first) await queue.release(lease, hour)
    if (another) {
      const other = await ledger.openQueue(crawl, { isRealTime: true, ahead: 3 })
      t.after(() => other.close())
      assert.equal(await other.announce(new Date()), 2)
    }
    assert.deepEqual(urlsOf(await queue.claim(3, new Date())), urls.slice(3))
  })

test('sites that come back from their rest when others have filled the room come before them, and all come', async (t) => {
  const urls = sitesOf('back', 6)
  const queue = await open('back', urls, { ahead: 2 })
  t.after(() => queue.close())
  await queue.announce(new Date())
  for (const lease of await queue.claim(2, new Date())) await queue.release(lease, hour)
  assert.equal(await queue.announce(new Date()), 2)
  await directly(async (client) => {
    await client.query('update assay.sites set ready_at = now() where ready_at > now() and site = any($1)', [
      urls.map((url) => new URL(url).host),
    ])
    await client.query(`update assay_queue.job set start_after = now() where name = 'crawl-back' and start_after > now()`)
  })
  assert.equal(await queue.announce(new Date()), 0, 'there is no room')
  assert.deepEqual(await work(queue, 2), [urls.slice(0, 2), urls.slice(2, 4), urls.slice(4)])
})

test('a hint that is drawn while sites are looked through is found at once', async (t) => {
  const [hint, other] = sitesOf('drawn', 2)
  await ledger.defineCrawl({
    name: 'drawn',
    seeds: [hint!, other!].map((url) => seedOf(url)),
    everyMs: null,
    rounds: 1,
    startsAt: start,
    firstLane: 'http',
  })
  const queue = await ledger.openQueue('drawn', { isRealTime: true })
  t.after(() => queue.close())
  const now = new Date()
  await queue.announce(now)
  for (const lease of await queue.claim(2, now, 'http')) {
    const isHint = lease.seed.url === hint
    const at = isHint ? null : new Date(now.getTime() + day).toISOString()
    await keep(queue, lease, { lane: 'browser', repeat: 0, at, inclusion: null, drawn: isHint ? 0.5 : null })
  }
  const later = new Date(now.getTime() + 2 * day)
  await directly(async (client) => {
    await client.query('begin; lock table assay.sites in share mode')
    const announced = queue.announce(later)
    await until(
      async () => (await client.query(`select from pg_locks where relation = 'assay.sites'::regclass and not granted`)).rowCount === 1,
    )
    const drawn = queue.draw(1, now)
    await until(async () => (await queue.counts(now)).held === 0)
    await client.query('commit')
    assert.deepEqual(await Promise.all([announced, drawn]), [1, 1])
  })
  assert.deepEqual(urlsOf(await queue.claim(2, later, 'browser')), [hint, other])
})

test('sites of one page are not held up by one of many that stands before them', async (t) => {
  const many = Array.from({ length: 1500 }, (_, index) => `https://hot.test/${index}`)
  const queue = await open('hot', [...many, ...sitesOf('cold', 4)], { ahead: 4 })
  t.after(() => queue.close())
  await queue.announce(new Date())
  assert.deepEqual([...new Set((await queue.claim(10, new Date())).map(({ site }) => site))].sort(), [
    'cold-0.test',
    'cold-1.test',
    'cold-2.test',
    'cold-3.test',
    'hot.test',
  ])
})

test('two processes share what there is, each site once', async (t) => {
  const urls = sitesOf('shared', 40)
  const [a, b] = [await open('shared', urls, { ahead: 5 }), await ledger.openQueue('shared', { isRealTime: true, ahead: 5 })]
  t.after(() => Promise.all([a.close(), b.close()]))
  const visited = (await Promise.all([work(a, 4), work(b, 4)])).flat(2)
  assert.deepEqual(visited.sort(), [...urls].sort())
})

test('a page that is due much later has no job until then', async (t) => {
  const queue = await open('weekly', sitesOf('weekly', 2), {}, 2)
  t.after(() => queue.close())
  // The first round falls into a time that has passed: the second is due as well.
  const during = new Date(start.getTime() + day)
  assert.equal(await queue.announce(during), 2)
  for (const lease of await queue.claim(2, during)) await keep(queue, lease)
  assert.equal((await queue.nextDue())?.getTime(), start.getTime() + 7 * day)

  const startsAt = new Date()
  await ledger.defineCrawl({ name: 'later', seeds: [seedOf('https://later.test/')], everyMs: 7 * day, rounds: 2, startsAt })
  const later = await ledger.openQueue('later', { isRealTime: true })
  t.after(() => later.close())
  await later.announce(startsAt)
  const [lease] = await later.claim(1, startsAt)
  await keep(later, lease!)
  assert.equal(await later.announce(new Date(startsAt.getTime() + day)), 0)
  assert.equal(await later.announce(new Date(startsAt.getTime() + 7 * day)), 1, 'it had none')
})

test('one of many results that comes too late is fenced off, and the others count; more at once than go together', async (t) => {
  const queue = await open('late', sitesOf('late', 150))
  t.after(() => queue.close())
  await queue.announce(new Date())
  const leases = await queue.claim(150, new Date())
  assert.equal(leases.length, 150)
  const late = new Set([3, 70, 71, 149])
  for (const at of late) await queue.release(leases[at]!)
  const answers = await Promise.all(leases.map((lease) => keep(queue, lease)))
  assert.deepEqual(
    answers.flatMap((answer, at) => (answer === 'fenced' ? [at] : [])),
    [...late],
  )
  assert.equal((await ledger.listVisits({ crawl: 'late' })).length, 146)
  assert.deepEqual(urlsOf(await queue.claim(150, new Date())), urlsOf(leases.filter((_, at) => late.has(at))))
})

test('a database that goes while results are kept loses none that was acknowledged, and has each once', async (t) => {
  const queue = await open('gone', sitesOf('gone', 120))
  t.after(() => queue.close())
  await queue.announce(new Date())
  const leases = await queue.claim(120, new Date())
  const first = Promise.withResolvers<void>()
  const results = leases.map((lease) => keep(queue, lease).finally(() => first.resolve()))
  await first.promise
  await database.kill()
  await database.start()
  assert.deepEqual([...new Set(await Promise.all(results))], ['accepted'])
  assert.deepEqual((await ledger.listVisits({ crawl: 'gone' })).map(({ url }) => url).sort(), urlsOf(leases))
})

test('seeds that can be gone through only once are refused: a transaction may be repeated', async () => {
  const seeds = sitesOf('once', 2)
    .values()
    .map((url) => seedOf(url))
  await assert.rejects(ledger.defineCrawl({ name: 'once', seeds, everyMs: null, rounds: 1, startsAt: start }), { code: 'INTERNAL' })
})
