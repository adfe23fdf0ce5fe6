import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { createGzip, gzipSync } from 'node:zlib'
import { ZipFile } from 'yazl'
import { artifacts } from '#model/capture.ts'
import { AssayError, type ErrorCode } from '#model/errors.ts'
import { importFile } from './import.ts'
import { spilledBlobs } from './spilled-blobs.ts'
import { scratchFolder } from './testing/scratch.ts'

const scratch = await scratchFolder()
const GB = 1_000_000_000

function head(url: string, length: number): string {
  return `WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:test:${url}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${length}\r\n\r\n`
}
const answer = (headers = ''): string => `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${headers}\r\n`
function record(url: string, body: string | Uint8Array, headers = ''): Buffer {
  const block = Buffer.concat([Buffer.from(answer(headers)), Buffer.from(body)])
  return Buffer.concat([Buffer.from(head(url, block.length)), block, Buffer.from('\r\n\r\n')])
}
const first = record('http://first.example/', '<title>first</title>')
const last = record('http://last.example/', '<title>last</title>')

/** Compressed octets of `before`, `zeros` zero octets and `after`, without ever holding them. */
async function gzipOf(before: string, zeros: number, after: string, path: string): Promise<void> {
  const gzip = createGzip({ level: 1 })
  const out = createWriteStream(path, { flags: 'a' })
  gzip.pipe(out)
  gzip.write(before)
  const piece = Buffer.alloc(1_000_000)
  for (let left = zeros; left > 0; left -= piece.length) if (!gzip.write(piece.subarray(0, left))) await once(gzip, 'drain')
  gzip.end(after)
  await once(out, 'close')
}

interface Outcome {
  error: ErrorCode | null
  pages: string[]
  skipped: string[]
  peakMb: number
  cpuMs: number
}

async function read(path: string): Promise<Outcome> {
  await using blobs = spilledBlobs()
  const skipped: string[] = []
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50)
  const before = process.cpuUsage()
  let pages: string[] = []
  let error: ErrorCode | null = null
  try {
    const imported = await importFile(path, blobs, { onSkip: (_, reason) => skipped.push(reason) })
    pages = imported.map(({ capture }) => `${capture.manifest.url} ${artifacts(capture, 'request').items[0]?.body.status}`)
  } catch (cause) {
    if (!(cause instanceof AssayError)) throw cause
    error = cause.code
  } finally {
    clearInterval(watch)
  }
  const { user, system } = process.cpuUsage(before)
  return {
    error,
    pages,
    skipped,
    peakMb: Math.round(Math.max(peak, process.memoryUsage().rss) / 1e6),
    cpuMs: Math.round((user + system) / 1000),
  }
}

function bounded({ peakMb, cpuMs }: Outcome): void {
  // Gigabytes unpacked would be there; garbage that the collector has not come to may be.
  assert.ok(peakMb < 800, `${peakMb} MB`)
  assert.ok(cpuMs < 30_000, `${cpuMs} ms of processor time`)
}

const firstAndLast = ['http://first.example/ stored', 'http://last.example/ stored']

test('a WARC member that expands to 1 GB: what stands before and after it is read', { timeout: 120_000 }, async () => {
  const path = await scratch.write('one.warc.gz', gzipSync(first))
  await gzipOf(head('http://bomb.example/', GB), GB, '\r\n\r\n', path)
  await appendFile(path, gzipSync(last))
  const outcome = await read(path)
  bounded(outcome)
  assert.equal(outcome.error, null)
  assert.deepEqual(outcome.pages, firstAndLast)
  assert.ok(
    outcome.skipped.some((reason) => /more than 200 times its size/.test(reason)),
    outcome.skipped.join('; '),
  )
})

test('thirty bombs in a row share one budget', { timeout: 120_000 }, async () => {
  const bomb = join(scratch.path, 'bomb.gz')
  await gzipOf(head('http://bomb.example/', 300_000_000), 300_000_000, '\r\n\r\n', bomb)
  const bytes = await readFile(bomb)
  const path = await scratch.write('many.warc.gz', Buffer.concat([gzipSync(first), ...Array.from({ length: 30 }, () => bytes)]))
  const outcome = await read(path)
  bounded(outcome)
  assert.deepEqual(outcome.pages, firstAndLast.slice(0, 1))
  assert.ok(
    outcome.skipped.some((reason) => /expands to more than \d+ octets/.test(reason)),
    outcome.skipped.join('; '),
  )
})

test('bodies that expand to gigabytes together: each is cut, then all are', { timeout: 120_000 }, async () => {
  const body = gzipSync(Buffer.alloc(100_000_000))
  const records = Array.from({ length: 40 }, (_, index) => record(`http://b${index}.example/`, body, 'Content-Encoding: gzip\r\n'))
  const outcome = await read(await scratch.write('bodies.warc', Buffer.concat([first, ...records, last])))
  bounded(outcome)
  assert.equal(outcome.error, null)
  assert.equal(outcome.pages.length, 42)
  assert.equal(outcome.pages.at(-1), firstAndLast[1])
  assert.ok(outcome.pages.slice(1, -1).every((page) => page.endsWith(' truncated')))
})

test('a HAR that expands to 1 GB after its first entry', { timeout: 120_000 }, async () => {
  const entry = (url: string, text: string): string =>
    `{"startedDateTime":"2026-01-02T03:04:05Z","time":1,"request":{"method":"GET","url":"${url}","headers":[]},"response":{"status":200,"headers":[],"content":{"mimeType":"text/html","text":"${text}`
  const path = join(scratch.path, 'one.har.gz')
  const start = `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[${entry('http://first.example/', '<p>"}}},')}${entry('http://bomb.example/', '')}`
  await gzipOf(start, GB, '"}}}]}}', path)
  const outcome = await read(path)
  bounded(outcome)
  assert.deepEqual(outcome.pages, firstAndLast.slice(0, 1))
  assert.ok(
    outcome.skipped.some((reason) => /more than 200 times its size/.test(reason)),
    outcome.skipped.join('; '),
  )
})

async function zipOf(name: string, members: Record<string, Uint8Array>, zeros = 0): Promise<string> {
  const zip = new ZipFile()
  for (const [member, bytes] of Object.entries(members)) zip.addBuffer(Buffer.from(bytes), member, { compress: true })
  const path = join(scratch.path, name)
  if (zeros > 0) {
    const raw = join(scratch.path, `${name}.raw`)
    await writeFile(raw, head('http://bomb.example/', zeros))
    for (let left = zeros; left > 0; left -= 50_000_000) await appendFile(raw, Buffer.alloc(Math.min(left, 50_000_000)))
    zip.addFile(raw, 'archive/bomb.warc', { compress: true })
    zip.addBuffer(last, 'archive/last.warc', { compress: true })
  }
  zip.end()
  const out = createWriteStream(path)
  zip.outputStream.pipe(out)
  await once(out, 'close')
  return path
}

test('a member of a WACZ that expands to 600 MB: the members after it are read', { timeout: 120_000 }, async () => {
  const outcome = await read(await zipOf('bomb.wacz', { 'archive/first.warc': first }, 600_000_000))
  bounded(outcome)
  assert.equal(outcome.error, null)
  assert.deepEqual(outcome.pages, firstAndLast)
})

/** Central directory of a zip: 42 octets from the signature on there is the name; sizes stand at 20 and 24 (APPNOTE 6.3.10, 4.3.12). */
async function lie(path: string, member: string, field: 20 | 24 | 42, value: number): Promise<string> {
  const bytes = await readFile(path)
  const at = bytes.lastIndexOf(Buffer.from(member)) - 46
  assert.equal(bytes.readUInt32LE(at), 0x02014b50)
  bytes.writeUInt32LE(value, at + field)
  return scratch.write(`lie-${field}-${value}.wacz`, bytes)
}

const lies: Record<string, { field: 20 | 24 | 42; value: number }> = {
  'says 10 octets': { field: 24, value: 10 },
  'says 4 GB': { field: 24, value: 0xfffffffe },
  'says to be 3 GB compressed': { field: 20, value: 3 * 1024 ** 3 },
  'says to lie behind the end': { field: 42, value: 0x7fffffff },
}
for (const [title, { field, value }] of Object.entries(lies)) {
  test(`a zip whose header lies: a member ${title}, the others are read`, async () => {
    const path = await zipOf(`honest-${field}-${value}.wacz`, {
      'archive/first.warc': first,
      'archive/liar.warc': record('http://liar.example/', Buffer.alloc(300_000, 'x')),
      'archive/last.warc': last,
    })
    const outcome = await read(await lie(path, 'archive/liar.warc', field, value))
    bounded(outcome)
    assert.equal(outcome.error, null)
    assert.ok(outcome.pages.includes(firstAndLast[0] ?? '') && outcome.pages.includes(firstAndLast[1] ?? ''), outcome.pages.join('; '))
    assert.ok(outcome.skipped.length > 0)
  })
}
