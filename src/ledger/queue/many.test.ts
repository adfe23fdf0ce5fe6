import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { seedOf } from '#model/seed.ts'
import { type Ledger, openLedger } from '../ledger.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import { type ServedDatabase, startServedDatabase } from '../testing/served-database.ts'
import type { CrawlQueue, Lease, QueueOptions } from './queue.ts'

/** Many sites and many results at once, on a served PostgreSQL 15: more than may wait, more than go together, and a database that goes away. */
const day = 86_400_000
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
const keep = (queue: CrawlQueue, lease: Lease) =>
  queue.acknowledge(lease, sampleObservation(sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId }), 'none'))
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
