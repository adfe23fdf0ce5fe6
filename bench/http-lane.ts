/**
 * Processor seconds a page in the http lane, beside crawlee's HttpCrawler on the same sites: `npm run bench -- http-lane [--pages 200]`.
 * A page is 30 KB of HTML and four scripts of 20 KB, two of them the same on every site; every site has an address of its own on loopback, so
 * both visit sites side by side. Both store every body. Measured from the first fifth of the pages to the last: starts do not count.
 * `fetch and store`: our http capture alone; `whole line`: with the queue, judging, observations and the index, PostgreSQL counted apart.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, readSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createHttpCapturer } from '#capture/http/http-capturer.ts'
import { createEgress, reachPolicy, systemResolver } from '#egress/egress.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { serversOf, untilStopped } from '#ledger/testing/data-folder.ts'
import { seedOf } from '#model/seed.ts'
import { watchProcesses } from './process-usage.ts'
import { crawlOnce, httpOnly, ofLoopback } from './own-crawl.ts'

const atOnce = 16
const scriptsOfPage = ['/shared-1.js', '/shared-2.js', '/own-1.js', '/own-2.js']

async function serve(): Promise<void> {
  const filler = (bytes: number, key: string) =>
    Array.from(
      { length: Math.ceil(bytes / 64) },
      (_, line) => `var v${line} = ${JSON.stringify(`${key} ${line} `.repeat(3).slice(0, 40))};`,
    ).join('\n')
  const shared = filler(20_000, 'shared')
  const words = 'Some words of an ordinary page that a reader might read. '
  const server = http.createServer((request, response) => {
    const { url = '/' } = request
    const host = request.headers.host ?? ''
    const isScript = url.endsWith('.js')
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    response.setHeader('etag', `"${host}${url}"`)
    if (url === '/robots.txt') response.writeHead(404).end()
    else if (isScript) response.end(url.startsWith('/shared') ? shared : filler(20_000, host + url))
    else
      response.end(
        `<!doctype html><title>${host}</title>${scriptsOfPage.map((src) => `<script src="${src}"></script>`).join('')}${`<p>${words.repeat(4)}</p><img src="/i.png">`.repeat(110)}`,
      )
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
}

const urlOf = (index: number, port: number) => `http://127.1.${index >> 8}.${index & 255}:${port}/`
const marker = (pages: number) => {
  let done = 0
  return () => {
    if (++done === Math.floor(pages / 5)) process.stdout.write('mark\n')
    if (done < pages) return
    process.stdout.write(`end ${process.memoryUsage().rss}\n`)
    // Nothing ends before all that was used has been counted.
    readSync(0, Buffer.alloc(1))
  }
}

async function fetchAndStore(dir: string, port: number, pages: number): Promise<void> {
  const store = await openFileStore(dir)
  const egress = createEgress({ resolver: systemResolver(), policy: reachPolicy({ allow: ['127.0.0.0/8'] }) })
  const capturer = createHttpCapturer({ egress, blobs: store, contact: 'bench', version: '0', validators: null })
  const count = marker(pages)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < pages) {
      await store.putCapture(await capturer.capture(seedOf(urlOf(next++, port))))
      count()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  await egress.close()
}

async function wholeLine(dir: string, port: number, pages: number): Promise<void> {
  const count = marker(pages)
  await crawlOnce(
    Array.from({ length: pages }, (_, index) => urlOf(index, port)),
    { data: dir, workshop: ofLoopback, lanes: httpOnly, httpJobs: atOnce },
    count,
  )
}

async function crawlee(dir: string, port: number, pages: number): Promise<void> {
  const { Configuration, HttpCrawler, KeyValueStore, log, LogLevel } = await import('@crawlee/http')
  log.setLevel(LogLevel.ERROR)
  const config = new Configuration({ storageClientOptions: { localDataDirectory: dir }, purgeOnStart: false })
  const bodies = await KeyValueStore.open('bodies', { config })
  const left = new Map<string, number>()
  const count = marker(pages)
  const crawler = new HttpCrawler(
    {
      minConcurrency: atOnce,
      maxConcurrency: atOnce,
      useSessionPool: false,
      additionalMimeTypes: ['text/javascript'],
      async requestHandler({ request, body }) {
        const url = new URL(request.url)
        await bodies.setValue(`${url.hostname}${url.pathname}`.replaceAll('/', '!'), body, { contentType: 'application/octet-stream' })
        if (url.pathname === '/') {
          left.set(url.hostname, scriptsOfPage.length)
          const named = [...String(body).matchAll(/<script src="([^"]+)"/g)].map((match) => new URL(match[1] ?? '', url).href)
          await crawler.addRequests(named)
          return
        }
        const rest = (left.get(url.hostname) ?? 0) - 1
        left.set(url.hostname, rest)
        if (rest === 0) count()
      },
    },
    config,
  )
  await crawler.run(Array.from({ length: pages }, (_, index) => urlOf(index, port)))
}

const roles: Record<string, (dir: string, port: number, pages: number) => Promise<void>> = {
  fetch: fetchAndStore,
  whole: wholeLine,
  crawlee,
}
const names: Record<string, string> = { fetch: 'assay, fetch and store', whole: 'assay, whole line', crawlee: 'crawlee HttpCrawler' }

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [import.meta.filename, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Ticks that the database's processes have used. */
async function databaseCpuS(dir: string): Promise<number> {
  const ticks = (await serversOf(dir)).map(({ pid }) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
      return Number(fields[11]) + Number(fields[12])
    } catch {
      return 0
    }
  })
  return ticks.reduce((sum, one) => sum + one, 0) / 100
}

async function measure(role: string, port: number, pages: number): Promise<{ cpuS: number; databaseS: number; wallS: number; mb: number }> {
  const root = await mkdtemp(join(tmpdir(), 'assay-bench-http-'))
  const dir = join(root, 'data')
  const child = start('--role', role, dir, String(port), String(pages))
  const result = { cpuS: 0, databaseS: 0, wallS: 0, mb: 0 }
  let watch: ReturnType<typeof watchProcesses> | null = null
  let from = 0
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line === 'mark') {
        result.databaseS = -(await databaseCpuS(dir))
        watch = watchProcesses(child.pid ?? 0)
        from = performance.now()
      } else if (line.startsWith('end')) {
        result.wallS = (performance.now() - from) / 1000
        result.cpuS = watch?.stop().cpuSeconds ?? Number.NaN
        result.databaseS += await databaseCpuS(dir)
        // The database is a child of the process that started it.
        result.cpuS -= result.databaseS
        result.mb = Number(line.split(' ')[1]) / 1e6
        child.stdin!.end('.')
      }
    }
    if (child.exitCode === null) await once(child, 'exit')
    return result
  } finally {
    await untilStopped(dir)
    await rm(root, { recursive: true, force: true })
  }
}

const args = process.argv.slice(2)
if (args[0] === '--role') {
  const [, role = '', dir = '', port = '0', pages = '0'] = args
  if (role === 'server') await serve()
  else await roles[role]!(dir, Number(port), Number(pages))
  if (role !== 'server') process.exit(0)
} else {
  const pages = Number(args[args.indexOf('--pages') + 1] ?? 200) || 200
  const server = start('--role', 'server', randomBytes(2).toString('hex'))
  try {
    const [first] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string]
    const port = Number(first.split(' ')[1])
    const of = pages - Math.floor(pages / 5)
    for (const role of ['crawlee', 'fetch', 'whole', 'fetch', 'crawlee', 'whole']) {
      const { cpuS, databaseS, wallS, mb } = await measure(role, port, pages)
      console.log(
        `${(names[role] ?? role).padEnd(24)} ${((cpuS / of) * 1000).toFixed(1)} ms of processor a page${databaseS > 0 ? `, PostgreSQL ${((databaseS / of) * 1000).toFixed(1)}` : ''}; ${(of / wallS).toFixed(0)} pages/s; ${mb.toFixed(0)} MB at the end`,
      )
    }
  } finally {
    server.kill()
  }
}
