/**
 * What the crawl's queue bears: `npm run bench -- queue [--seeds 200000] [--workers 8] [--slots 16] [--seconds 20] [--visit 0] [--import 500000]`. That many pages (of many only so many by
 * an import), each of a site of its own, all due, on a served PostgreSQL 15 with its own defaults; then so many processes claim and acknowledge (answer, record, index and next turn,
 * all kept) as fast as they can; with `--visit 30000` each visit lasts between nothing and twice that many milliseconds, and what counts is how long slots wait.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { ClaimBatch } from '#crawl/claim-batch.ts'
import { openLedger } from '#ledger/ledger.ts'
import type { Lease } from '#ledger/queue/lease.ts'
import { startServedDatabase } from '#ledger/testing/served-database.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { seedOf } from '#model/seed.ts'
import { cpuSpent } from './process-usage.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200000' },
    workers: { type: 'string', default: '8' },
    slots: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '20' },
    visit: { type: 'string', default: '0' },
    import: { type: 'string', default: '500000' },
    child: { type: 'string' },
    database: { type: 'string', default: '' },
  },
})
const [seeds, workers, slots, seconds] = [Number(values.seeds), Number(values.workers), Number(values.slots), Number(values.seconds)]
const visitMs = Number(values.visit)
const imported = Math.min(seeds, Number(values.import))
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)} ${value}\n`)

interface Lap {
  visits: number
  /** Milliseconds of slots that were in a visit, and of all. */
  busy: number
  all: number
  claims: number[]
  /** Seconds of processor. */
  cpu: number
}

/** Claims when a crawl would, and acknowledges each by itself. */
async function work(dir: string): Promise<Lap> {
  const ledger = await openLedger({ dataDir: dir, database: values.database })
  const queue = await ledger.openQueue('bench', { isRealTime: true, delayMs: 0 })
  const lap: Lap = { visits: 0, busy: 0, all: 0, claims: [], cpu: 0 }
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const begin = performance.now()
  const startUsage = process.cpuUsage()
  const end = begin + seconds * 1000
  const over = AbortSignal.timeout(seconds * 1000)
  const running = new Set<Promise<void>>()
  const batch = new ClaimBatch(slots)
  const visit = async (lease: Lease): Promise<void> => {
    const from = performance.now()
    if (visitMs > 0) await sleep(Math.random() * 2 * visitMs, undefined, { signal: over }).catch(() => {})
    lap.busy += performance.now() - from
    if (over.aborted && visitMs > 0) return queue.release(lease)
    const capture = sampleCapture({ url: lease.seed.url, seed: lease.seed, visitId: lease.visitId })
    if ((await queue.acknowledge(lease, sampleObservation(capture, 'none'))) === 'accepted') lap.visits++
  }
  while (performance.now() < end) {
    const from = performance.now()
    const wanted = batch.wanted(running.size, from)
    const leases = wanted === 0 ? [] : await queue.claim(wanted, new Date(), 'http')
    if (wanted > 0) {
      lap.claims.push(performance.now() - from)
      batch.claimed(wanted, leases.length)
    }
    if (leases.length === 0 && running.size === 0) throw new Error('the queue is empty: more --seeds, or fewer --seconds')
    for (const lease of leases) {
      const visited: Promise<void> = visit(lease).finally(() => running.delete(visited))
      running.add(visited)
    }
    const waitMs = Math.min(batch.waitMs(performance.now()), end - performance.now())
    if (running.size === slots) await Promise.race(running)
    else await Promise.race([...running, sleep(Math.max(1, waitMs))])
  }
  const { user, system } = process.cpuUsage(startUsage)
  lap.cpu = (user + system) / 1e6
  lap.all = slots * (performance.now() - begin)
  await Promise.all(running)
  await queue.close()
  await ledger.close()
  return lap
}

const quantile = (sorted: readonly number[], q: number): string => `${(sorted[Math.floor(sorted.length * q)] ?? Number.NaN).toFixed(1)} ms`

if (values.child !== undefined) {
  process.stdout.write(`${JSON.stringify(await work(values.child))}\n`)
  process.exit(0)
}

const dir = await mkdtemp(join(tmpdir(), 'assay-bench-queue-'))
await chmod(dir, 0o755)
const database = await startServedDatabase()
try {
  const from = performance.now()
  const ledger = await openLedger({ dataDir: join(dir, 'data'), database: database.url })
  const startsAt = new Date()
  await ledger.defineCrawl({
    name: 'bench',
    seeds: {
      *[Symbol.iterator]() {
        for (let at = 0; at < imported; at++) yield seedOf(`https://site-${at}.example/`)
      },
    },
    everyMs: null,
    rounds: 1,
    startsAt,
    firstLane: 'http',
  })
  const importedAt = performance.now()
  print(`${imported} pages of as many sites: imported`, `${((importedAt - from) / 1000).toFixed(1)} s`)
  if (seeds > imported) {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(
      `insert into assay.seeds (crawl, url, site, tags, scope, next_round, next_at, lane)
       select crawl, 'https://site-' || n || '.example/', 'site-' || n || '.example', tags, scope, next_round, next_at, lane
       from generate_series($1::int, $2::int) n, (select * from assay.seeds limit 1) s`,
      [imported, seeds - 1],
    )
    await client.query('analyze assay.seeds')
    await client.end()
    print(`${seeds - imported} more, made by the database`, `${((performance.now() - importedAt) / 1000).toFixed(1)} s`)
  }
  const announcedAt = performance.now()
  const queue = await ledger.openQueue('bench', { isRealTime: true, delayMs: 0 })
  await queue.announce(new Date())
  await queue.close()
  await ledger.close()
  print('turns of those that come first are in the queue', `${((performance.now() - announcedAt) / 1000).toFixed(1)} s`)

  const options = ['--slots', String(slots), '--seconds', String(seconds), '--visit', String(visitMs), '--database', database.url]
  const children = Array.from({ length: workers }, () =>
    spawn(process.execPath, [fileURLToPath(import.meta.url), '--child', join(dir, 'data'), ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const lines = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]())
  for (const each of lines) await each.next()
  const cpuBefore = cpuSpent(database.pid())
  for (const child of children) child.stdin.write('go\n')
  const laps: Lap[] = []
  for (const each of lines) {
    const { value } = await each.next()
    laps.push(JSON.parse(String(value)) as Lap)
  }
  const databaseCpu = cpuSpent(database.pid()) - cpuBefore
  const visits = laps.reduce((sum, lap) => sum + lap.visits, 0)
  const claims = laps.flatMap((lap) => lap.claims).sort((a, b) => a - b)
  print(`${workers} processes of ${slots} slots, ${seconds} s: claimed and acknowledged`, `${Math.round(visits / seconds)}/s`)
  const share = (part: 'busy' | 'all') => laps.reduce((sum, lap) => sum + lap[part], 0)
  if (visitMs > 0)
    print(`${workers * slots} slots, visits of ${visitMs} ms: not in a visit`, `${(100 * (1 - share('busy') / share('all'))).toFixed(1)} %`)
  const cpu = laps.reduce((sum, lap) => sum + lap.cpu, 0)
  print(
    'processor, a visit: the processes, PostgreSQL',
    `${((cpu / visits) * 1000).toFixed(1)} ms, ${((databaseCpu / visits) * 1000).toFixed(1)} ms`,
  )
  print(`a claim, n=${claims.length}: p50, p99`, `${quantile(claims, 0.5)}, ${quantile(claims, 0.99)}`)
} finally {
  await database.remove()
  await rm(dir, { recursive: true, force: true })
}
