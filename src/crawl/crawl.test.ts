import assert from 'node:assert/strict'
import { randomUUIDv7 } from 'node:crypto'
import { test } from 'node:test'
import { SimulatedClock } from '#model/clock.ts'
import type { Status } from '#model/finding.ts'
import { parseNeverList } from '#model/never-list.ts'
import { seedOf, type Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'
import type { Ledger } from '#ledger/ledger.ts'
import type { Lease } from '#ledger/queue/lease.ts'
import type { CrawlQueue } from '#ledger/queue/queue.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { type CrawlOptions, runCrawl, type Turn, type Visited } from './crawl.ts'
import type { LanePolicy } from './lanes.ts'
import type { Manners } from './manners.ts'

/** What a crawl decides, over a queue in memory; the queue in SQL has tests of its own. */
const start = new Date('2026-01-05T10:00:00.000Z')
const both: LanePolicy = { lane: 'both', sample: 0, hintBudget: null, repeat: 0, repeatWithinMs: 0, key: 'k' }

type Page = Pick<Lease, 'seed' | 'lane' | 'repeat' | 'inclusion' | 'tried' | 'depth' | 'parent' | 'robotsReason'> & {
  at: Date | null
  drawn: number | null
}

function memoryLedger(o: { budgetPerDay?: number; robotsReason?: string } = {}) {
  const pages: Page[] = []
  const log: string[] = []
  const taken = new Set<Page>()
  const used = new Map<string, number>()
  const pageOf = (lease: Lease) => pages.find((page) => page.seed.url === lease.seed.url)!
  const add = (seed: Seed, lane: Page['lane'], at: Date, depth = 0): void => {
    if (!pages.some((page) => page.seed.url === seed.url))
      pages.push({
        seed,
        lane,
        repeat: 0,
        inclusion: null,
        tried: [],
        depth,
        parent: null,
        robotsReason: o.robotsReason ?? null,
        at,
        drawn: null,
      })
  }
  const queue: CrawlQueue = {
    announce: async () => 0,
    async claim(count, now, lane = 'browser') {
      const day = now.toISOString().slice(0, 10)
      const left = (o.budgetPerDay ?? Infinity) - (used.get(day) ?? 0)
      const due = pages
        .filter((page) => page.lane === lane && page.at !== null && page.at <= now && !taken.has(page))
        .slice(0, Math.min(count, left))
      used.set(day, (used.get(day) ?? 0) + due.length)
      for (const page of due) taken.add(page)
      return due.map((page) => ({
        ...page,
        visitId: randomUUIDv7(),
        site: siteOf(page.seed.url),
        round: 0,
        plannedAt: page.at ?? now,
        leasedAt: now,
        jobId: '',
        siteFailures: 0,
      }))
    },
    async acknowledge(lease, observation, after = {}) {
      const page = pageOf(lease)
      taken.delete(page)
      log.push(
        `${lease.lane}${lease.repeat > 0 ? ' again' : ''} ${lease.seed.url} ${observation.conclusion.status}${after.failure ? ` ${after.failure}` : ''}${lease.tried.length > 0 ? ` after ${lease.tried.map(({ failure }) => failure).join(',')}` : ''}`,
      )
      const { next } = after
      Object.assign(page, {
        at: next?.at == null ? null : new Date(next.at),
        lane: next?.lane ?? page.lane,
        repeat: next?.repeat ?? 0,
        inclusion: next?.inclusion ?? null,
        drawn: next?.drawn ?? null,
      })
      for (const { url, depth } of after.discovered ?? []) add({ ...lease.seed, url }, 'http', lease.plannedAt, depth)
      return 'accepted'
    },
    async fail(lease, error, _, { failure } = {}) {
      taken.delete(pageOf(lease))
      log.push(`failed ${lease.seed.url} ${failure} ${error.code}`)
      pageOf(lease).at = null
      return 'recorded'
    },
    async retry(lease, tried, waitMs) {
      taken.delete(pageOf(lease))
      Object.assign(pageOf(lease), { tried: [...lease.tried, tried], at: new Date(Date.parse(tried.at) + waitMs) })
      return 'again'
    },
    async release(lease) {
      taken.delete(pageOf(lease))
      log.push(`given back ${lease.seed.url}`)
    },
    occupy: async () => true,
    async draw(budget) {
      const held = pages.filter(({ drawn }) => drawn !== null).sort((a, b) => (a.drawn ?? 0) - (b.drawn ?? 0))
      for (const [index, page] of held.entries())
        Object.assign(page, {
          drawn: null,
          at: index < budget ? start : null,
          inclusion: { probability: Math.min(1, budget / held.length), reason: 'hint' },
        })
      return held.length
    },
    budgetLeft: async (now) => (o.budgetPerDay === undefined ? null : o.budgetPerDay - (used.get(now.toISOString().slice(0, 10)) ?? 0)),
    touch: async () => {},
    reclaim: async () => 0,
    nextDue: async () => pages.reduce<Date | null>((least, { at }) => (at !== null && (least === null || at < least) ? at : least), null),
    counts: async () => ({ waiting: 0, due: 0, leased: 0, done: 0, failed: 0, http: 0, browser: 0, held: 0 }),
    close: async () => {},
  }
  const ledger = {
    listCrawls: async () => [],
    async defineCrawl({ seeds, firstLane = 'browser' }: Parameters<Ledger['defineCrawl']>[0]) {
      for (const seed of seeds) add(seed, firstLane, start)
      return { added: pages.length, seeds: pages.length }
    },
    openQueue: async () => queue,
  } as unknown as Ledger
  return { ledger, queue, log, pages }
}

const manners = (more: Partial<Manners> = {}): Manners => ({
  robots: null,
  never: parseNeverList('', ''),
  perAddress: 4,
  addressOf: async () => null,
  ...more,
})

/** `answers` says what each visit brings. */
async function crawl(
  urls: string[],
  answers: (seed: Seed, turn: Turn, at: Date) => Partial<Visited> & { status?: Status; code?: string; reached?: 'content' | 'error' },
  more: Partial<CrawlOptions> = {},
  ledgerOptions: Parameters<typeof memoryLedger>[0] = {},
  scope: Seed['scope'] = 'page',
) {
  const memory = memoryLedger(ledgerOptions)
  const clock = new SimulatedClock(start)
  const dates: string[] = []
  const result = await runCrawl({
    ledger: memory.ledger,
    name: 'c',
    seeds: urls.map((url) => seedOf(url, { scope })),
    clock,
    concurrency: 2,
    async visit(seed, at, turn) {
      const { status = 'none', code, reached = 'content', ...rest } = answers(seed, turn, at)
      dates.push(at.toISOString())
      const capture = sampleCapture({ url: seed.url, seed, visitId: turn.visitId, startedAt: at.toISOString(), endedAt: at.toISOString() })
      return {
        observation: sampleObservation(
          capture,
          status,
          {},
          { reached, error: code === undefined ? null : { code: 'DNS_FAILED', message: code } },
        ),
        ...rest,
      }
    },
    ...more,
  })
  return { ...memory, result, dates, clock }
}

test('http for all, the browser for what it points at, in both lanes once', async () => {
  const { log, result } = await crawl(
    ['https://a.test/', 'https://b.test/'],
    (seed, { lane }) => ({ status: lane === 'browser' ? 'active' : seed.url.includes('a.') ? 'hint' : 'no-hint' }),
    { lanes: both },
  )
  assert.deepEqual(log.sort(), ['browser https://a.test/ active', 'http https://a.test/ hint', 'http https://b.test/ no-hint'])
  assert.deepEqual([result.visits, result.ended], [3, 'done'])
})

test('hints over the budget wait for the draw, then so many are visited', async () => {
  const urls = Array.from({ length: 7 }, (_, index) => `https://h${index}.test/`)
  const { log } = await crawl(urls, (_, { lane }) => ({ status: lane === 'http' ? 'hint' : 'none' }), { lanes: { ...both, hintBudget: 3 } })
  assert.equal(log.filter((line) => line.startsWith('browser')).length, 3)
  assert.ok(
    log.slice(0, 7).every((line) => line.startsWith('http')),
    log.join('\n'),
  )
})

test('a tenth is a tenth: every browser visit is repeated where the share is one, within its time', async () => {
  const { log, dates } = await crawl(['https://a.test/'], () => ({}), {
    lanes: { ...both, lane: 'browser', repeat: 1, repeatWithinMs: 48 * 3_600_000 },
  })
  assert.deepEqual(log, ['browser https://a.test/ none', 'browser again https://a.test/ none'])
  const apart = Date.parse(dates[1] ?? '') - Date.parse(dates[0] ?? '')
  assert.ok(apart > 0 && apart < 48 * 3_600_000, `${apart}`)
})

test('a visit that observes nothing is made again by plan, and the last attempt stands as not observed', async () => {
  const down = { status: 'not-observed', code: 'NXDOMAIN', reached: 'error' } as const
  const { log, dates, result } = await crawl(['https://a.test/'], () => down, { retries: 2 })
  assert.deepEqual(log, ['browser https://a.test/ not-observed dns after dns,dns'])
  assert.deepEqual(
    dates.map((date) => Date.parse(date) - start.getTime()),
    [0, 600_000, 4_200_000],
  )
  assert.equal(result.retried, 2)
})

test('one that then succeeds says what was tried', async () => {
  let visits = 0
  const { log } = await crawl(
    ['https://a.test/'],
    () => (++visits === 1 ? { status: 'not-observed', reached: 'error', httpStatus: 503 } : {}),
    { retries: 2 },
  )
  assert.deepEqual(log, ['browser https://a.test/ none after http-error'])
})

test('a page that is not there is not asked for again', async () => {
  const { log } = await crawl(['https://a.test/'], () => ({ status: 'not-observed', reached: 'error', httpStatus: 404 }), { retries: 2 })
  assert.deepEqual(log, ['browser https://a.test/ not-observed http-error'])
})

test('whom robots.txt or the operator keeps us from is not visited, and recorded as such', async () => {
  const visited: string[] = []
  const robots = {
    decide: async ({ url }: Seed) => ({
      isAllowed: !url.includes('closed'),
      crawlDelayMs: 0,
      reason: url.includes('closed') ? 'line 2' : null,
      error: null,
    }),
  }
  const { log } = await crawl(
    ['https://closed.test/', 'https://www.never.test/', 'https://open.test/'],
    ({ url }) => (visited.push(url), {}),
    { manners: manners({ robots, never: parseNeverList('never.test', '') }) },
  )
  assert.deepEqual(visited, ['https://open.test/'])
  assert.deepEqual(log.sort(), [
    'browser https://open.test/ none',
    'failed https://closed.test/ robots NOT_ALLOWED',
    'failed https://www.never.test/ never-list NOT_ALLOWED',
  ])
})

test('where the way to robots.txt fails, the visit has that fault, and its plan', async () => {
  const robots = {
    decide: async () => ({
      isAllowed: false,
      crawlDelayMs: 0,
      reason: '',
      error: { code: 'TLS_FAILED', message: 'robots.txt: expired' } as const,
    }),
  }
  const { log, result } = await crawl(['https://a.test/'], () => assert.fail('visited'), { manners: manners({ robots }), retries: 2 })
  assert.deepEqual([log, result.retried], [['failed https://a.test/ tls TLS_FAILED'], 1])
})

test('an override does not ask', async () => {
  const robots = { decide: () => assert.fail('asked') }
  const { log } = await crawl(['https://a.test/'], () => ({}), { manners: manners({ robots }) }, { robotsReason: 'the owner asked us' })
  assert.deepEqual(log, ['browser https://a.test/ none'])
})

test('where an address is crowded the visit is given back and made when there is room', async () => {
  const crowded = memoryLedger()
  let asked = 0
  crowded.queue.occupy = async () => ++asked > 3
  const result = await runCrawl({
    ledger: crowded.ledger,
    name: 'c',
    seeds: [seedOf('https://a.test/')],
    clock: new SimulatedClock(start),
    concurrency: 1,
    manners: manners({ addressOf: async () => '192.0.2.1' }),
    visit: async (seed, at, turn) => ({
      observation: sampleObservation(
        sampleCapture({ url: seed.url, seed, visitId: turn.visitId, startedAt: at.toISOString(), endedAt: at.toISOString() }),
      ),
    }),
  })
  assert.deepEqual(crowded.log, [...Array.from({ length: 3 }, () => 'given back https://a.test/'), 'browser https://a.test/ none'])
  assert.equal(result.visits, 1)
})

test('a day’s budget is kept; what is left over is visited the next day', async () => {
  const urls = Array.from({ length: 5 }, (_, index) => `https://d${index}.test/`)
  const { dates, clock } = await crawl(urls, () => ({}), { dailyBudget: 2 }, { budgetPerDay: 2 })
  assert.deepEqual([dates.length, clock.now().toISOString()], [5, '2026-01-07T00:00:00.000Z'])
})

test('links are followed within scope and depth, the most different first', async () => {
  const links = ['https://a.test/news/1', 'https://a.test/news/2', 'https://a.test/about', 'https://b.test/']
  const { log } = await crawl(
    ['https://a.test/'],
    () => ({ status: 'no-hint', links }),
    { lanes: { ...both, lane: 'http' }, links: { depth: 1, inner: 2 } },
    {},
    'host',
  )
  assert.deepEqual(log.map((line) => line.split(' ')[1] ?? '').sort(), ['https://a.test/', 'https://a.test/about', 'https://a.test/news/1'])
})
