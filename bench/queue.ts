/**
 * What the crawl's queue bears: `npm run bench -- queue [--seeds 200000] [--workers 8] [--slots 16] [--seconds 20] [--visit 0]`. That many pages, each of a site of its
 * own, all due, on a served PostgreSQL 15 with its own defaults; then so many processes claim and acknowledge (answer, record, index and next turn,
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
import { openLedger } from '#ledger/ledger.ts'
import type { Lease } from '#ledger/queue/queue.ts'
import { startServedDatabase } from '#ledger/testing/served-database.ts'
import { sampleCapture, sampleObservation } from '#ledger/testing/samples.ts'
import { seedOf } from '#model/seed.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200000' },
    workers: { type: 'string', default: '8' },
    slots: { type: 'string', default: '16' },
    seconds: { type: 'string', default: '20' },
    visit: { type: 'string', default: '0' },
    child: { type: 'string' },
    database: { type: 'string', default: '' },
  },
})
const [seeds, workers, slots, seconds] = [Number(values.seeds), Number(values.workers), Number(values.slots), Number(values.seconds)]
const visitMs = Number(values.visit)
const print = (name: string, value: string) => process.stdout.write(`${name.padEnd(58)} ${value}\n`)

interface Lap {
  visits: number
  /** Milliseconds of slots that were in a visit, and of all. */
  busy: number
  all: number
  claims: number[]
}

/** Claims for as many slots as are free, as a crawl does, and acknowledges each by itself. */
async function work(dir: string): Promise<Lap> {
  const ledger = await openLedger({ dataDir: dir, database: values.database })
  const queue = await ledger.openQueue('bench', { isRealTime: true, delayMs: 0 })
  const lap: Lap = { visits: 0, busy: 0, all: 0, claims: [] }
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  const begin = performance.now()
  const end = begin + seconds * 1000
  const over = AbortSignal.timeout(seconds * 1000)
  const running = new Set<Promise<void>>()
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
    const leases = await queue.claim(slots - running.size, new Date(), 'http')
    lap.claims.push(performance.now() - from)
    if (leases.length === 0 && running.size === 0) throw new Error('the queue is empty: more --seeds, or fewer --seconds')
    for (const lease of leases) {
      const visited: Promise<void> = visit(lease).finally(() => running.delete(visited))
      running.add(visited)
    }
    await Promise.race(running)
  }
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
  for (let at = 0; at < seeds; at += 50_000)
    await ledger.defineCrawl({
      name: 'bench',
      seeds: Array.from({ length: Math.min(50_000, seeds - at) }, (_, index) => seedOf(`https://site-${at + index}.example/`)),
      everyMs: null,
      rounds: 1,
      startsAt,
      firstLane: 'http',
    })
  const imported = performance.now()
  const queue = await ledger.openQueue('bench', { isRealTime: true, delayMs: 0 })
  await queue.announce(new Date())
  await queue.close()
  await ledger.close()
  print(`${seeds} pages of as many sites: imported`, `${((imported - from) / 1000).toFixed(1)} s`)
  print('every site has its turn in the queue', `${((performance.now() - imported) / 1000).toFixed(1)} s`)

  const options = ['--slots', String(slots), '--seconds', String(seconds), '--visit', String(visitMs), '--database', database.url]
  const children = Array.from({ length: workers }, () =>
    spawn(process.execPath, [fileURLToPath(import.meta.url), '--child', join(dir, 'data'), ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const lines = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]())
  for (const each of lines) await each.next()
  for (const child of children) child.stdin.write('go\n')
  const laps: Lap[] = []
  for (const each of lines) {
    const { value } = await each.next()
    laps.push(JSON.parse(String(value)) as Lap)
  }
  const visits = laps.reduce((sum, lap) => sum + lap.visits, 0)
  const claims = laps.flatMap((lap) => lap.claims).sort((a, b) => a - b)
  print(`${workers} processes of ${slots} slots, ${seconds} s: claimed and acknowledged`, `${Math.round(visits / seconds)}/s`)
  const share = (part: 'busy' | 'all') => laps.reduce((sum, lap) => sum + lap[part], 0)
  if (visitMs > 0)
    print(`${workers * slots} slots, visits of ${visitMs} ms: not in a visit`, `${(100 * (1 - share('busy') / share('all'))).toFixed(1)} %`)
  print(`a claim, n=${claims.length}: p50, p99`, `${quantile(claims, 0.5)}, ${quantile(claims, 0.99)}`)
} finally {
  await database.remove()
  await rm(dir, { recursive: true, force: true })
}
