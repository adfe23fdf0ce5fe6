/**
 * What queue, storage and judging add to a visit in the browser: `npm run bench -- browser-lane [--pages 20] [--rounds 3] [--jobs 2]`. The same realistic
 * pages of the lab through the bare capturer, which stores bodies, and through `assay crawl` in the browser lane with the embedded database, by turns,
 * each in a process of its own. Measured from the fourth page: starts do not count. Processor time is of all that the process started.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCapturer } from '#capture/browser/capturer.ts'
import { findBrowser } from '#capture/browser/executable.ts'
import { createEgress, reachPolicy } from '#egress/egress.ts'
import { nameMapFileResolver } from '#egress/name-map.ts'
import { startLab } from '#lab/start.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { serversOf, untilStopped } from '#ledger/testing/data-folder.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { seedOf } from '#model/seed.ts'
import { cpuSpent } from './process-usage.ts'
import { crawlOnce } from './own-crawl.ts'

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '2' },
    dwell: { type: 'string', default: '500' },
    /** Of a process that was started for one contestant: its name, the lab's folder, the data folder, then addresses. */
    role: { type: 'string' },
  },
  allowPositionals: true,
})
const jobs = Number(values.jobs)
const visit = { dwellMs: Number(values.dwell), interact: false, screenshot: false }
const warm = 3

interface Result {
  wallS: number
  cpuS: number
  /** Of it the process itself, and PostgreSQL. */
  ownS: number
  databaseS: number
}

/** Counts pages; from the third to the last they are measured. */
function meter(pages: number, data: string): { count(): void; result: Promise<Result> } {
  const { promise, resolve } = Promise.withResolvers<Result>()
  const databaseS = async (): Promise<number> =>
    (await serversOf(data)).reduce((sum, { pid, isPostmaster }) => sum + (isPostmaster ? cpuSpent(pid) : 0), 0)
  const now = async (): Promise<Result> => {
    const { user, system } = process.cpuUsage()
    return { wallS: performance.now() / 1000, cpuS: cpuSpent(process.pid), ownS: (user + system) / 1e6, databaseS: await databaseS() }
  }
  let done = 0
  let from: Promise<Result> | null = null
  return {
    count() {
      if (++done === warm) from = now()
      if (done === pages)
        void Promise.all([from, now()]).then(([a, b]) => {
          if (a === null) return
          resolve({ wallS: b.wallS - a.wallS, cpuS: b.cpuS - a.cpuS, ownS: b.ownS - a.ownS, databaseS: b.databaseS - a.databaseS })
        })
    },
    result: promise,
  }
}

const roles: Record<string, (lab: string, data: string, urls: readonly string[]) => Promise<Result>> = {
  async bare(lab, data, urls) {
    const { names, resolver } = await nameMapFileResolver(join(lab, 'names.json'))
    const egress = createEgress({ resolver, policy: reachPolicy() })
    const store = await openFileStore(data)
    const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: store, spki: names.spki, jobs })
    const { count, result } = meter(urls.length, data)
    const queue = [...urls]
    const work = async (): Promise<void> => {
      for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
        const { manifest } = await capturer.capture(seedOf(url), visit)
        if (manifest.error) throw new Error(manifest.error.message)
        count()
      }
    }
    await Promise.all(Array.from({ length: jobs }, work))
    const measured = await result
    await capturer.close()
    await egress.close()
    return measured
  },
  async crawl(lab, data, urls) {
    const { count, result } = meter(urls.length, data)
    const manners = { robots: 'ignore', never: emptyNeverList, perAddress: 100, retries: 0, dailyBudget: null } as const
    const workshop = { allowPrivate: false, allow: [], lab, browser: null, jobs }
    const { visits, failed } = await crawlOnce(urls, { data, workshop, visit, manners }, count)
    if (visits !== urls.length || failed > 0) throw new Error(`${visits} visits, ${failed} failed`)
    return result
  },
}

async function measure(role: string, lab: string, urls: readonly string[]): Promise<Result> {
  const root = await mkdtemp(join(tmpdir(), 'assay-bench-browser-'))
  const data = join(root, 'data')
  const child = spawn(
    process.execPath,
    [import.meta.filename, '--role', role, '--jobs', values.jobs, '--dwell', values.dwell, '--', lab, data, ...urls],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  try {
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    await once(child, 'close')
    return JSON.parse(out) as Result
  } finally {
    await untilStopped(data)
    await rm(root, { recursive: true, force: true })
  }
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

if (values.role !== undefined) {
  const [lab = '', data = '', ...urls] = process.argv.slice(process.argv.indexOf('--') + 1)
  process.stdout.write(JSON.stringify(await roles[values.role]!(lab, data, urls)))
  process.exit(0)
}

const dir = await mkdtemp(join(tmpdir(), 'assay-bench-lab-'))
const lab = await startLab({ dir, seed: 7, sites: 'bench' })
try {
  const realistic = lab.truth.filter((site) => site.tags.includes('realistic')).map((site) => site.url)
  // Each page once: a queue visits an address once a round.
  const urls = Array.from({ length: Number(values.pages) }, (_, index) => {
    const url = new URL(realistic[index % realistic.length] ?? '')
    if (index >= realistic.length) url.searchParams.set('again', String(Math.floor(index / realistic.length)))
    return url.href
  })
  const of = urls.length - warm
  const found: Record<string, Result[]> = { bare: [], crawl: [] }
  for (let round = 0; round < Number(values.rounds); round++)
    for (const role of round % 2 === 0 ? ['bare', 'crawl'] : ['crawl', 'bare']) {
      const result = await measure(role, dir, urls)
      found[role]!.push(result)
      console.log(
        `${role.padEnd(6)} ${(result.cpuS / of).toFixed(3)} CPU-s a page (the process itself ${((result.ownS / of) * 1000).toFixed(0)} ms, PostgreSQL ${((result.databaseS / of) * 1000).toFixed(0)} ms), ${(of / result.wallS).toFixed(2)} pages/s`,
      )
    }
  const middle = (role: string, what: (result: Result) => number): number => median(found[role]!.map(what))
  console.log(
    `medians of ${values.rounds} rounds of ${of} pages, ${jobs} at a time: crawl ÷ bare ${(middle('crawl', (it) => it.cpuS) / middle('bare', (it) => it.cpuS)).toFixed(3)} of processor time, ${(middle('bare', (it) => it.wallS) / middle('crawl', (it) => it.wallS)).toFixed(3)} of pages/s`,
  )
} finally {
  await lab.close()
  await rm(dir, { recursive: true, force: true })
}
process.exit(0)
