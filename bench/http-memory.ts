/**
 * Memory of a long crawl without JavaScript: `npm run bench -- http-memory [--pages 100000] [--seconds 600]`. One process goes through the whole line (queue,
 * fetch, store, judge, index, PostgreSQL); every page is a site of its own with 1.5 KB of HTML that no other has and two scripts: one that all sites
 * share, and one that fifty share and no other, so that a fiftieth of the scripts is new. Proportional set sizes (proc(5)) of the crawler with the children
 * that it judges in, and of PostgreSQL apart, each the median of the eight samples up to a mark. After `--seconds` it ends where it is and says how far it came; with `--collect` what is in use is counted after a
 * collection of what is not, and memory is not that of a crawl that is left to itself.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { untilStopped } from '#ledger/testing/data-folder.ts'
import { processesOfTree, pssOf } from './process-usage.ts'
import { crawlOnce, httpOnly, ofLoopback } from './own-crawl.ts'

const marks = new Set([1_000, 2_500, 5_000, 10_000, 15_000, 20_000, 30_000, 50_000, 75_000, 100_000])
const samplesOfMark = 8
const codeOf = (name: string) => Array.from({ length: 40 }, (_, line) => `var v${line} = ${JSON.stringify(`${name} ${line}`)};`).join('\n')

async function serve(): Promise<void> {
  const shared = codeOf('shared')
  const server = http.createServer((request, response) => {
    const { url = '/' } = request
    const host = request.headers.host ?? ''
    response.setHeader('content-type', url === '/' ? 'text/html; charset=utf-8' : 'text/javascript')
    response.setHeader('etag', `"${host}${url}"`)
    if (url === '/shared.js') response.end(shared)
    else if (url.startsWith('/of-')) response.end(codeOf(url))
    else {
      const group = Math.floor(Number(request.headers.host?.split(/[.:]/)[3] ?? 0) / 50) + 6 * Number(host.split('.')[2] ?? 0)
      response.end(
        `<!doctype html><title>${host}</title><script src="/shared.js"></script><script src="/of-${group}.js"></script>${`<p>Words of ${host} that nobody else has.</p>`.repeat(24)}`,
      )
    }
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
}

async function crawlAll(dir: string, port: number, pages: number, each: number): Promise<void> {
  const urlOf = (index: number) => `http://127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:${port}/`
  let done = 0
  await crawlOnce(
    Array.from({ length: pages }, (_, index) => urlOf(index)),
    { data: dir, workshop: ofLoopback, lanes: httpOnly, httpJobs: 16 },
    () => {
      if (++done % each !== 0) return
      globalThis.gc?.()
      process.stdout.write(`at ${done} ${process.memoryUsage().heapUsed}\n`)
    },
  )
}

const isPostgres = (pid: number): boolean => {
  try {
    return /postgres/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'))
  } catch {
    return false
  }
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

interface Sample {
  crawlerMb: number
  databaseMb: number
  heapMb: number
}

function sampleOf(pid: number, heapUsed: number): Sample {
  let [crawler, database] = [0, 0]
  for (const one of processesOfTree(pid)) {
    if (isPostgres(one)) database += pssOf(one)
    else crawler += pssOf(one)
  }
  return { crawlerMb: crawler / 1e6, databaseMb: database / 1e6, heapMb: heapUsed / 1e6 }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pages: { type: 'string', default: '100000' },
    each: { type: 'string', default: '125' },
    seconds: { type: 'string' },
    role: { type: 'string' },
    collect: { type: 'boolean', default: false },
  },
})
const [pages, each] = [Number(values.pages), Number(values.each)]
if (values.role === 'server') await serve()
else if (values.role === 'crawl') {
  await crawlAll(positionals[0] ?? '', Number(positionals[1]), pages, each)
  process.exit(0)
} else {
  const server = spawn(process.execPath, [import.meta.filename, '--role', 'server'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const root = await mkdtemp(join(tmpdir(), 'assay-bench-memory-'))
  const dir = join(root, 'data')
  try {
    const [first] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
    const child = spawn(
      process.execPath,
      [
        ...(values.collect ? ['--expose-gc'] : []),
        import.meta.filename,
        '--role',
        'crawl',
        '--pages',
        String(pages),
        '--each',
        String(each),
        dir,
        first.split(' ')[1] ?? '',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    if (values.seconds !== undefined) setTimeout(() => child.kill('SIGTERM'), Number(values.seconds) * 1000).unref()
    const from = performance.now()
    const samples: Sample[] = []
    let last = 0
    const tell = (): void => {
      const of = (what: keyof Sample) => median(samples.slice(-samplesOfMark).map((sample) => sample[what])).toFixed(0)
      console.log(
        `page ${last}: crawler and its children ${of('crawlerMb')} MB (heap in use ${of('heapMb')}), PostgreSQL ${of('databaseMb')} MB; ${((performance.now() - from) / 1000).toFixed(0)} s`,
      )
    }
    for await (const line of createInterface({ input: child.stdout })) {
      const [, done = 0, heapUsed = 0] = line.split(' ').map(Number)
      samples.push(sampleOf(child.pid ?? 0, heapUsed))
      last = done
      if (marks.has(done)) tell()
    }
    if (!marks.has(last)) tell()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  } finally {
    server.kill()
    await untilStopped(dir)
    await rm(root, { recursive: true, force: true })
  }
}
