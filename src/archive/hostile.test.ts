import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { symlink, readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliCompressSync, createGzip, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { AssayError, type ErrorCode } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { exportHar } from './export-har.ts'
import { exportWacz } from './export-wacz.ts'
import { readExchanges } from './exchange.ts'
import { importFile } from './import.ts'
import type { ReadLimits } from './limits.ts'
import { sampleCapture } from './testing/sample-capture.ts'
import { scratchFolder } from './testing/scratch.ts'
import { ZipFile } from 'yazl'

const scratch = await scratchFolder()
let count = 0

type Outcome = { error: ErrorCode | null; bodies: string[]; losses: string[] }

/** What reading gives: an error's code, or each exchange as `status of its body: its text`. */
async function read(name: string, content: string | Uint8Array, limits: Partial<ReadLimits> = {}): Promise<Outcome> {
  return readPath(await scratch.write(`${count++}-${name}`, content), limits)
}

async function readPath(file: string, limits: Partial<ReadLimits> = {}): Promise<Outcome> {
  const losses: string[] = []
  const bodies: string[] = []
  try {
    for await (const { body, bodyStatus } of readExchanges(file, { limits, onLoss: (reason) => losses.push(reason) })) {
      bodies.push(
        `${bodyStatus.status}: ${Buffer.from(body ?? [])
          .toString('latin1')
          .slice(0, 20)}`,
      )
    }
    return { error: null, bodies, losses }
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    return { error: error.code, bodies, losses }
  }
}

function record(url: string, message: string | Uint8Array, length?: number): Buffer {
  const block = Buffer.from(message)
  const head = `WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:test:${url}>\r\nWARC-Target-URI: ${url}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: ${length ?? block.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), block, Buffer.from('\r\n\r\n')])
}

const ok = (body: string | Uint8Array, headers = ''): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${headers}\r\n`), Buffer.from(body)])
const a = record('http://a.example/', ok('body a'))
const b = record('http://b.example/', ok('body b'))
const c = record('http://c.example/', ok('body c'))
const all = ['complete: body a', 'complete: body b', 'complete: body c']

const har = (entries: string): string => `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[${entries}]}}`
const entry = (url: string, content: string): string =>
  `{"startedDateTime":"2026-01-02T03:04:05Z","time":1,"request":{"method":"GET","url":"${url}","headers":[]},"response":{"status":200,"headers":[],"content":${content}}}`

/** Octets that no compression makes shorter, the same in every run. */
const noise = Buffer.concat(Array.from({ length: 125 }, (_, index) => createHash('sha256').update(String(index)).digest()))

const cases: Record<string, { name: string; content: string | Uint8Array; limits?: Partial<ReadLimits>; expect: Partial<Outcome> }> = {
  'plain records': { name: 'x.warc', content: Buffer.concat([a, b, c]), expect: { error: null, bodies: all, losses: [] } },
  'a gzip member for each record': {
    name: 'x.warc.gz',
    content: Buffer.concat([a, b, c].map((part) => gzipSync(part))),
    expect: { bodies: all, losses: [] },
  },
  'a length of 10^9 in a small file keeps what is there': {
    name: 'x.warc',
    content: Buffer.concat([a, record('http://b.example/', ok('body b'), 1e9)]),
    expect: {
      error: null,
      bodies: ['complete: body a', 'truncated: body b\r\n\r\n'],
      losses: ['the archive ends within a response record'],
    },
  },
  'a length too small loses one tail, not the rest': {
    name: 'x.warc',
    content: Buffer.concat([record('http://a.example/', ok('body a\r\nand more'), ok('body a\r\n').length), b]),
    expect: {
      error: null,
      bodies: ['complete: body a\r\n', 'complete: body b'],
      losses: ['10 octets between records that belong to none'],
    },
  },
  'a negative length': {
    name: 'x.warc',
    content: Buffer.concat([record('http://a.example/', ok('body a'), -5), b]),
    expect: { error: null, bodies: ['complete: body b'] },
  },
  'a length that is a word': {
    name: 'x.warc',
    content: Buffer.concat([record('http://a.example/', ok('body a'), Number.NaN), b]),
    expect: { error: null, bodies: ['complete: body b'] },
  },
  'a header without an end': {
    name: 'x.warc',
    content: `WARC/1.1\r\n${'X: y\r\n'.repeat(100_000)}`,
    expect: { error: 'BAD_INPUT_FILE', bodies: [] },
  },
  'one line of a megabyte': { name: 'x.warc', content: `WARC/1.1\r\nX: ${'y'.repeat(1 << 20)}`, expect: { error: 'BAD_INPUT_FILE' } },
  'a damaged member in the middle: the members after it are read': {
    name: 'x.warc.gz',
    content: Buffer.concat([gzipSync(a), gzipSync(record('http://n.example/', ok(noise))).subarray(0, 900), gzipSync(b), gzipSync(c)]),
    expect: {
      error: null,
      bodies: ['complete: body a', `truncated: ${noise.subarray(0, 20).toString('latin1')}`, 'complete: body b', 'complete: body c'],
    },
  },
  'a member that ends early at the end of the file': {
    name: 'x.warc.gz',
    content: Buffer.concat([gzipSync(a), gzipSync(record('http://n.example/', ok(noise))).subarray(0, 900)]),
    expect: { error: null, losses: ['the archive ends within a response record'] },
  },
  'gzip of nothing but noise': {
    name: 'x.warc.gz',
    content: Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), noise]),
    expect: { error: 'BAD_INPUT_FILE' },
  },
  'a gzip bomb': {
    name: 'x.warc.gz',
    content: gzipSync(record('http://a.example/', ok(Buffer.alloc(30 << 20)))),
    limits: { ratioFromBytes: 1 << 20, maxBodyBytes: 1 << 16 },
    expect: { losses: [/more than 200 times its size/.source] },
  },
  'a bomb in a body is cut': {
    name: 'x.warc',
    content: record('http://a.example/', ok(gzipSync(Buffer.alloc(8 << 20)), 'Content-Encoding: gzip\r\n')),
    limits: { maxBodyBytes: 1000 },
    expect: { error: null, bodies: [`truncated: ${'\0'.repeat(20)}`] },
  },
  'brotli, zstd, chunks in chunks': {
    name: 'x.warc',
    content: Buffer.concat([
      record('http://a.example/', ok(brotliCompressSync('body a'), 'Content-Encoding: br\r\n')),
      record('http://b.example/', ok(zstdCompressSync('body b'), 'Content-Encoding: zstd\r\n')),
      record('http://c.example/', ok('4\r\nbody\r\n2;x=y\r\n c\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')),
    ]),
    expect: { bodies: all },
  },
  'headers that promise codings which the body is not in': {
    name: 'x.warc',
    content: Buffer.concat([
      record('http://a.example/', ok('body a', 'Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n')),
      record('http://b.example/', ok('body b', 'Content-Encoding: br\r\n')),
    ]),
    expect: { bodies: all.slice(0, 2) },
  },
  'broken chunks keep what came before': {
    name: 'x.warc',
    content: record('http://a.example/', ok('6\r\nbody a\r\nzz\r\nrest', 'Transfer-Encoding: chunked\r\n')),
    expect: { bodies: ['truncated: body a'] },
  },
  'a truncated gzip body': {
    name: 'x.warc',
    content: record('http://a.example/', ok(gzipSync(noise).subarray(0, 2000), 'Content-Encoding: gzip\r\n')),
    expect: { bodies: [`truncated: ${noise.subarray(0, 20).toString('latin1')}`] },
  },
  'a long gzip body that breaks off keeps what came before, and says so': {
    name: 'x.warc',
    content: record(
      'http://a.example/',
      ok(gzipSync(Buffer.concat([Buffer.alloc(12 << 20, 'long'), noise])).subarray(0, -2000), 'Content-Encoding: gzip\r\n'),
    ),
    expect: { bodies: ['truncated: longlonglonglonglong'] },
  },
  'a long gzip body is whole': {
    name: 'x.warc',
    content: record('http://a.example/', ok(gzipSync(Buffer.alloc(12 << 20, 'long')), 'Content-Encoding: gzip\r\n')),
    expect: { bodies: ['complete: longlonglonglonglong'] },
  },
  'more exchanges than are read': {
    name: 'x.warc',
    content: Buffer.concat([a, b, c]),
    limits: { maxExchanges: 2 },
    expect: { bodies: all.slice(0, 2), losses: ['more than 2 exchanges'] },
  },
  'a HAR': {
    name: 'x.har',
    content: har(
      [entry('http://a.example/', '{"text":"body a"}'), entry('http://b.example/', '{"text":"Ym9keSBi","encoding":"base64"}')].join(','),
    ),
    expect: { error: null, bodies: all.slice(0, 2), losses: [] },
  },
  'a HAR that breaks off keeps its entries': {
    name: 'x.har',
    content: har(entry('http://a.example/', '{"text":"body a"}')).slice(0, -3) + ',{"request":{"url":"http',
    expect: { error: null, bodies: ['complete: body a'], losses: ['the HAR breaks off'] },
  },
  'base64 that is none': {
    name: 'x.har',
    content: har(entry('http://a.example/', '{"text":"Ym9keSBh!!!!","encoding":"base64"}')),
    expect: { bodies: ['truncated: body a'] },
  },
  'deep nesting in an entry': {
    name: 'x.har',
    content: har(`${entry('http://a.example/', '{"text":"body a"}')},${'['.repeat(200_000)}${']'.repeat(200_000)}`),
    limits: { maxEntryValues: 1000 },
    expect: { bodies: ['complete: body a'], losses: ['an entry: more than 1000 values'] },
  },
  'deep nesting elsewhere costs nothing': {
    name: 'x.har',
    content: `{"x":${'['.repeat(300_000)}${']'.repeat(300_000)},${har(entry('http://a.example/', '{"text":"body a"}')).slice(1)}`,
    expect: { bodies: ['complete: body a'], losses: [] },
  },
  'an entry that is too long': {
    name: 'x.har',
    content: har(`${entry('http://b.example/', `{"text":"${'x'.repeat(100_000)}"}`)},${entry('http://a.example/', '{"text":"body a"}')}`),
    limits: { maxEntryBytes: 10_000 },
    expect: { bodies: ['complete: body a'], losses: ['an entry: longer than 10000 octets'] },
  },
  'entries that are no entries': {
    name: 'x.har',
    content: har(`1,"two",null,[],{"request":{"url":"no address"}},${entry('http://a.example/', '{"text":"body a"}')}`),
    expect: { error: null, bodies: ['complete: body a'] },
  },
  'a HAR in another charset': {
    name: 'x.har',
    content: Buffer.from(har(entry('http://a.example/', '{"text":"caf\u00e9"}')), 'latin1'),
    expect: { bodies: ['complete: caf\u00c3\u00a9'] },
  },
  'no log': { name: 'x.har', content: '{"entries":[]}', expect: { error: 'BAD_INPUT_FILE' } },
  'no entries': { name: 'x.har', content: '{"log":{"pages":[]}}', expect: { error: 'BAD_INPUT_FILE' } },
  'not JSON': { name: 'x.har', content: 'hello', expect: { error: 'BAD_INPUT_FILE' } },
  'JSON that is no HAR and an unknown binary': {
    name: 'x.bin',
    content: Uint8Array.from([1, 2, 0, 255, 254]),
    expect: { error: 'UNSUPPORTED' },
  },
  'an empty file': { name: 'x.warc', content: '', expect: { error: 'BAD_INPUT_FILE' } },
  'a zip that breaks off': { name: 'x.wacz', content: 'PK\x03\x04 and no more', expect: { error: 'BAD_INPUT_FILE' } },
  'MHTML without a boundary': {
    name: 'x.mhtml',
    content: 'MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\nx',
    expect: { error: 'BAD_INPUT_FILE' },
  },
}

for (const [title, { name, content, limits, expect }] of Object.entries(cases)) {
  test(title, async () => {
    const outcome = await read(name, content, limits)
    if (expect.error !== undefined) assert.equal(outcome.error, expect.error)
    if (expect.bodies) assert.deepEqual(outcome.bodies, expect.bodies)
    if (expect.losses) {
      assert.equal(outcome.losses.length, expect.losses.length, outcome.losses.join('; '))
      for (const [index, loss] of expect.losses.entries()) assert.match(outcome.losses[index] ?? '', new RegExp(loss))
    }
  })
}

test('pages beyond the limit are counted and named, also where none is listed', async () => {
  const skipped: string[] = []
  const file = await scratch.write('pages.warc', Buffer.concat([a, b, c]))
  const imported = await importFile(file, memoryBlobs(), { limits: { maxPages: 2 }, onSkip: (_, reason) => skipped.push(reason) })
  assert.equal(imported.length, 2)
  assert.ok(skipped.includes('more than 2 pages (1 more)'), skipped.join('; '))
})

async function zipOf(members: Record<string, Uint8Array>, compress = false): Promise<string> {
  const zip = new ZipFile()
  for (const [name, bytes] of Object.entries(members)) zip.addBuffer(Buffer.from(bytes), name, { compress })
  zip.end()
  const path = join(scratch.path, `${count++}.wacz`)
  const out = createWriteStream(path)
  zip.outputStream.pipe(out)
  await once(out, 'close')
  return path
}

test('a member whose name leads outside is left out, the others are read', async () => {
  const path = await zipOf({ 'archive/a.warc': a, 'xx/xx/passwd.warc': b })
  const bytes = await readFile(path)
  const evil = Buffer.from(bytes.toString('latin1').replaceAll('xx/xx/passwd', '../../passwd'), 'latin1')
  const outcome = await read('traversal.wacz', evil)
  assert.deepEqual(outcome.bodies, ['complete: body a'])
  assert.equal(outcome.losses.length, 1)
  assert.match(outcome.losses[0] ?? '', /leads outside/)
})

test('a bomb in a zip stops at its ratio', async () => {
  const path = await zipOf({ 'archive/a.warc': Buffer.concat([a, record('http://z.example/', ok(Buffer.alloc(30 << 20)))]) }, true)
  const outcome = await readPath(path, { ratioFromBytes: 1 << 20, maxBodyBytes: 1 << 16 })
  assert.equal(outcome.bodies[0], 'complete: body a')
  assert.ok(
    outcome.losses.some((loss) => /expands to more than/.test(loss)),
    outcome.losses.join('; '),
  )
})

test('links in a folder are not followed', async () => {
  const outside = await scratch.write('outside/secret.js', 'secret()')
  const page = await scratch.write('site/index.html', '<script src=secret.js></script>')
  await symlink(outside, join(scratch.path, 'site/secret.js'))
  await symlink('/', join(scratch.path, 'site/root'))
  const skipped: string[] = []
  const [imported] = await importFile(join(scratch.path, 'site'), memoryBlobs(), {
    onSkip: (file, reason) => skipped.push(`${file.slice(scratch.path.length)} ${reason}`),
  })
  assert.deepEqual(skipped, ['/site/root a symbolic link', '/site/secret.js a symbolic link'])
  assert.equal(JSON.stringify(imported?.capture.manifest).includes('"status":"lost"'), true)
  // The page alone may lie anywhere; what it names may not lead out of its folder.
  const alone = await Array.fromAsync(readExchanges(page))
  assert.equal(alone.length, 1)
})

test('a large WARC is read in bounded memory', async () => {
  const path = join(scratch.path, 'large.warc.gz')
  const gzip = createGzip({ level: 1 })
  const out = createWriteStream(path)
  gzip.pipe(out)
  for (let index = 0; index < 150; index++) {
    const part = record(`http://a.example/${index}`, ok(Buffer.alloc(1 << 20, `${index} `)))
    if (!gzip.write(part)) await once(gzip, 'drain')
  }
  gzip.end()
  await once(out, 'close')
  let exchanges = 0
  let peak = 0
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  for await (const exchange of readExchanges(path)) {
    exchanges++
    assert.equal(exchange.body?.length, 1 << 20)
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  assert.equal(exchanges, 150)
  assert.ok(peak - before < 120 << 20, `${(peak - before) >> 20} MiB`)
})

const blobs = memoryBlobs()
const capture = await sampleCapture(blobs)
const waczPath = join(scratch.path, 'valid.wacz')
await exportWacz(capture, blobs, waczPath)
const warcParts = [a, b, c].map((part) => gzipSync(part))
const valid: Record<string, Uint8Array> = {
  'm.har': await exportHar(capture, blobs),
  'm.wacz': await readFile(waczPath),
  'm.warc.gz': Buffer.concat(warcParts),
  'm.warc': Buffer.concat([a, b, c]),
  'm.arc': Buffer.concat([
    Buffer.from(
      'filedesc://x.arc 0.0.0.0 20260102030405 text/plain 12\n1 0 x\nURL x\n\nhttp://a.example/ 192.0.2.1 20260102030405 text/html ',
    ),
    Buffer.from(`${ok('body a').length}\n`),
    ok('body a'),
    Buffer.from('\n'),
  ]),
  'm.mhtml': Buffer.from(
    'MIME-Version: 1.0\r\nSnapshot-Content-Location: http://a.example/\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Location: http://a.example/\r\n\r\n<p>a=3Db=\r\n</p>\r\n--b--\r\n',
  ),
  'm.html': Buffer.from(
    '<!doctype html><title>t</title><script src="data:text/javascript,1"></script><script>new Worker("w.js")</script><iframe srcdoc="<script src=x.js>"></iframe>',
  ),
}

test('any mutation of a valid archive is read or refused with a code, never a crash or a hang', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(valid)),
      fc.array(fc.record({ at: fc.nat(1_000_000), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 12 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.option(fc.nat(1_000_000)),
      async (name, edits, end) => {
        let bytes = Buffer.from(valid[name] ?? [])
        for (const { at, cut, put } of edits) {
          const place = at % (bytes.length + 1)
          bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + cut)])
        }
        if (end !== null) bytes = bytes.subarray(0, end % (bytes.length + 1))
        const file = await scratch.write(`mutated-${name}`, bytes)
        try {
          await importFile(file, memoryBlobs(), { limits: { ratioFromBytes: 1 << 22 } })
        } catch (error) {
          if (!(error instanceof AssayError)) throw error
        }
      },
    ),
    { numRuns: 300 },
  )
})
