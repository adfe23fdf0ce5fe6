/**
 * Many sites in the browser lane in one process, without a restart: `npm run bench -- long-crawl [--sites 2000] [--seconds 1200] [--jobs 2]`. Small pages
 * on as many sites, a short stay, embedded database, everything judged and kept. Memory every hundred pages: the process's heap after a collection, the
 * proportional set sizes of the process, of its judging children, of the browser and of PostgreSQL, with the slope over pages and its standard error.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { cpuSpent, processesOfTree, pssOf } from './process-usage.ts'
import { crawlOnce } from './own-crawl.ts'

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '1200' },
    jobs: { type: 'string', default: '2' },
    dwell: { type: 'string', default: '100' },
  },
})
const sampleEvery = 100

const words = 'Some words of an ordinary page that a reader might read. '
const shared = Array.from({ length: 120 }, (_, line) => `var shared${line} = 'a line of a library that every site loads';`).join('\n')
const server = http.createServer((request, response) => {
  const { url = '/' } = request
  const host = request.headers.host ?? ''
  if (url === '/') {
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end(
        `<!doctype html><title>${host}</title><script src="/shared.js"></script><script src="/own.js"></script>${`<p>${words.repeat(4)}</p>`.repeat(12)}`,
      )
  } else if (url === '/shared.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(shared)
  else if (url === '/own.js')
    response
      .writeHead(200, { 'content-type': 'text/javascript' })
      .end(`document.title += ' ' + ${JSON.stringify(host)}.length; fetch('/data').catch(() => {})`)
  else response.writeHead(404).end()
})
await once(server.listen(0, '0.0.0.0'), 'listening')

interface Sample {
  pages: number
  /** Octets. */
  heap: number
  own: number
  judging: number
  browser: number
  database: number
}

function kindOf(pid: number): 'own' | 'judging' | 'browser' | 'database' {
  if (pid === process.pid) return 'own'
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    return /^(?:\S*postgres|postgres:)/.test(command) ? 'database' : /chrom/.test(command) ? 'browser' : 'judging'
  } catch {
    return 'browser'
  }
}

function sampleAfter(pages: number): Sample {
  globalThis.gc?.()
  const sample: Sample = { pages, heap: process.memoryUsage().heapUsed, own: 0, judging: 0, browser: 0, database: 0 }
  for (const pid of processesOfTree(process.pid)) sample[kindOf(pid)] += pssOf(pid)
  return sample
}

/** Least squares: octets a page, with the standard error of the slope. */
function slopeOf(points: readonly { x: number; y: number }[]): { slope: number; error: number } {
  const mean = (of: (point: { x: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)]
  const sxx = points.reduce((sum, { x }) => sum + (x - mx) ** 2, 0)
  const slope = points.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx
  const residual = points.reduce((sum, { x, y }) => sum + (y - my - slope * (x - mx)) ** 2, 0)
  return { slope, error: Math.sqrt(residual / (points.length - 2) / sxx) }
}

const root = await mkdtemp(join(tmpdir(), 'assay-bench-long-'))
const data = join(root, 'data')
const mb = (octets: number): string => (octets / 1e6).toFixed(0)
const samples: Sample[] = []
try {
  const sites = Array.from({ length: Number(values.sites) }, (_, index) => `site-${index}.test`)
  const hosts = Object.fromEntries(sites.map((site, index) => [site, [`127.2.${index >> 8}.${index & 255}`]]))
  const ports = { '80': (server.address() as AddressInfo).port }
  await writeFile(join(root, 'names.json'), JSON.stringify({ hosts, ports, allow: ['127.0.0.0/8'] }))
  const stop = AbortSignal.timeout(Number(values.seconds) * 1000)
  const started = performance.now()
  let pages = 0
  const statuses = new Map<string, number>()
  const { visits, failed, ended } = await crawlOnce(
    sites.map((site) => `http://${site}/`),
    {
      data,
      workshop: { allowPrivate: false, allow: [], lab: root, browser: null, jobs: Number(values.jobs) },
      visit: { dwellMs: Number(values.dwell), interact: false, screenshot: false },
      manners: { robots: 'obey', never: emptyNeverList, perAddress: 4, retries: 0, dailyBudget: null },
    },
    ({ conclusion }) => {
      statuses.set(conclusion.status, (statuses.get(conclusion.status) ?? 0) + 1)
      if (++pages % sampleEvery !== 0) return
      const sample = sampleAfter(pages)
      samples.push(sample)
      const { heap, own, judging, browser, database } = sample
      console.log(
        `${pages} pages after ${((performance.now() - started) / 1000).toFixed(0)} s: heap ${mb(heap)} MB, process ${mb(own)}, judging ${mb(judging)}, browser ${mb(browser)}, PostgreSQL ${mb(database)}`,
      )
    },
    stop,
  )
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${visits} visits of ${sites.length} (${ended}), ${failed} failed, in ${seconds.toFixed(0)} s; ${(cpuSpent(process.pid) / visits).toFixed(2)} CPU-s a page; answers: ${[...statuses].map(([status, count]) => `${count} ${status}`).join(', ')}`,
  )
  // What is loaded and learnt in the first pages is no slope.
  const later = samples.slice(2)
  for (const part of ['heap', 'own', 'judging', 'browser', 'database'] as const) {
    const { slope, error } = slopeOf(later.map((sample) => ({ x: sample.pages, y: sample[part] })))
    console.log(
      `${part.padEnd(9)} ${((slope * 1000) / 1e6).toFixed(1)} ± ${((error * 1000) / 1e6).toFixed(1)} MB in 1,000 pages (slope ± standard error)`,
    )
  }
} finally {
  server.closeAllConnections()
  server.close()
  await untilStopped(data)
  await rm(root, { recursive: true, force: true })
}
process.exit(0)
