import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { validate } from 'har-validator-compiled'
import { WARCParser } from 'warcio'
import { artifacts, type Capture, captureOf } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import { sha256 } from '#model/digest.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { exportHar } from './export-har.ts'
import { exportWacz } from './export-wacz.ts'
import { readExchanges } from './exchange.ts'
import { importFile } from './import.ts'
import { readLimits } from './limits.ts'
import { blobsOf } from './restore.ts'
import { sampleCapture, sampleHtml } from './testing/sample-capture.ts'
import { scratchFolder } from './testing/scratch.ts'
import { openZip } from './zip-reader.ts'
import { collect } from './expand.ts'

const scratch = await scratchFolder()
const source = memoryBlobs()
const capture = await sampleCapture(source)
const wacz = join(scratch.path, 'sample.wacz')
await exportWacz(capture, source, wacz, { software: 'assay 0.1.0' })
const har = join(scratch.path, 'sample.har')
await writeFile(har, await exportHar(capture, source, { software: 'assay 0.1.0' }))

async function assertComesBack(file: string, original: Capture): Promise<void> {
  const blobs = memoryBlobs()
  const imported = await importFile(file, blobs)
  assert.equal(imported.length, 1)
  assert.equal(imported[0]?.capture.id, original.id)
  assert.deepEqual(imported[0]?.capture.manifest, JSON.parse(JSON.stringify(original.manifest)))
  for (const digest of blobsOf(original.manifest.artifacts)) assert.equal(sha256(await blobs.get(digest)), digest)
}

test('a capture comes back from its WACZ with the same identifier and every blob', () => assertComesBack(wacz, capture))
test('a capture comes back from its HAR with the same identifier and every blob', () => assertComesBack(har, capture))

test('a capture with a response of no octets comes back too: archives do not tell that from no body', async () => {
  const blobs = memoryBlobs()
  const { manifest } = await sampleCapture(blobs)
  const first = artifacts(capture, 'request').items.find((item) => item.url.endsWith('app.js'))
  assert.ok(first)
  const beacon = {
    ...first,
    id: 'req-99',
    url: 'https://probe.example/beacon',
    body: { status: 'stored' as const, digest: await blobs.put(new Uint8Array()), size: 0 },
  }
  const { items } = artifacts(capture, 'request')
  const original = captureOf({ ...manifest, artifacts: { ...manifest.artifacts, request: complete<unknown>([...items, beacon]) } })
  const file = join(scratch.path, 'empty.wacz')
  await exportWacz(original, blobs, file, { software: 'assay 0.1.0' })
  await assertComesBack(file, original)
  await assertComesBack(await scratch.write('empty.har', await exportHar(original, blobs, { software: 'assay 0.1.0' })), original)
})

test('exporting twice writes the same requests, and an export without our own records is read as an archive', async () => {
  const plain = JSON.parse(await readFile(har, 'utf8')) as { log: { _assay?: unknown } }
  delete plain.log._assay
  const file = await scratch.write('plain.har', JSON.stringify(plain))
  const blobs = memoryBlobs()
  const [imported] = await importFile(file, blobs)
  assert.ok(imported)
  const { manifest } = imported.capture
  assert.equal(manifest.conditions.lane, 'archive')
  assert.equal(manifest.finalUrl, 'https://probe.example/en')
  assert.equal(manifest.conditions.userAgent, 'Probe/1.0')
  assert.equal(manifest.reached.httpStatus, 200)
  const sockets = artifacts(imported.capture, 'websocket')
  assert.deepEqual(
    sockets.items.map((socket) => [socket.url, socket.frames.map((frame) => [frame.direction, frame.text?.length ?? frame.base64])]),
    [
      [
        'wss://pool.example/proxy',
        [
          ['sent', 18],
          ['received', 'AQID'],
          ['received', 90_000],
        ],
      ],
    ],
  )
  // The body of the latin-1 script is the octets of the original, not the text in another charset.
  const script = artifacts(imported.capture, 'script').items.find((item) => item.url.endsWith('app.js'))
  const original = artifacts(capture, 'request').items.find((item) => item.url.endsWith('app.js'))
  assert.deepEqual(script?.body, original?.body)
})

test('the HAR is valid against the published schema', async () => {
  const value = JSON.parse(await readFile(har, 'utf8')) as unknown
  assert.equal(validate('har', value), true)
})

test('the HAR is valid with addresses as browsers leave them', async () => {
  const { items } = artifacts(capture, 'request')
  const url = 'https://[2001:db8::1]/css?family=A+Code|B&ids[]={7}#^'
  const odd = captureOf({
    ...capture.manifest,
    artifacts: { ...capture.manifest.artifacts, request: complete<unknown>(items.map((item) => ({ ...item, url }))) },
  })
  const text = await exportHar(odd, source, { software: 'assay 0.1.0' })
  assert.ok(validate('har', JSON.parse(Buffer.from(text).toString('utf8'))))
  await assertComesBack(await scratch.write('odd.har', text), odd)
})

test('the schema check itself can fail', () => {
  assert.throws(() => assert.equal(validate('har', { log: { version: '1.2', entries: [{}] } }), true))
})

test('the WACZ says what it holds: digests, pages, an index whose places are the records', async () => {
  const zip = await openZip(wacz, 'sample.wacz', readLimits())
  const member = async (name: string): Promise<Buffer> => {
    const found = zip.members.get(name)
    assert.ok(found, name)
    return Buffer.from((await collect(found.open(0), 1e9)).bytes)
  }
  const dataPackage = JSON.parse((await member('datapackage.json')).toString()) as {
    wacz_version: string
    mainPageUrl: string
    mainPageDate: string
    resources: { path: string; hash: string; bytes: number }[]
  }
  assert.equal(dataPackage.wacz_version, '1.1.1')
  assert.deepEqual(
    dataPackage.resources.map((resource) => resource.path),
    ['archive/data.warc.gz', 'indexes/index.cdx', 'pages/pages.jsonl'],
  )
  for (const resource of dataPackage.resources) {
    const bytes = await member(resource.path)
    assert.equal(bytes.length, resource.bytes)
    assert.equal(sha256(bytes), resource.hash)
  }
  const packageDigest = JSON.parse((await member('datapackage-digest.json')).toString()) as { hash: string }
  assert.equal(packageDigest.hash, sha256(await member('datapackage.json')))
  const [head, page] = (await member('pages/pages.jsonl'))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
  assert.equal(head?.format, 'json-pages-1.0')
  assert.equal(page?.url, 'https://probe.example/en')
  const warc = await member('archive/data.warc.gz')
  const lines = (await member('indexes/index.cdx')).toString().trim().split('\n')
  assert.equal(lines.length, 7)
  assert.deepEqual(lines, lines.toSorted())
  for (const line of lines) {
    const fields = JSON.parse(line.slice(line.indexOf('{'))) as { url: string; offset: number; length: number }
    const record = gunzipSync(warc.subarray(fields.offset, fields.offset + fields.length)).toString('latin1')
    assert.match(record, /^WARC\/1\.1\r\n/)
    assert.ok(record.includes(`WARC-Target-URI: ${fields.url}\r\n`))
  }
  zip.close()
  await writeFile(join(scratch.path, 'data.warc.gz'), warc)
})

test("warcio reads the WARC's records, and the document's body is plain under its renamed headers", async () => {
  const types: string[] = []
  for await (const record of WARCParser.iterRecords(createReadStream(join(scratch.path, 'data.warc.gz')))) {
    types.push(record.warcType)
    if (record.warcType !== 'response' || record.warcTargetURI !== 'https://probe.example/en') continue
    assert.equal(record.httpHeaders?.headers.get('X-Orig-Content-Encoding'), 'br')
    assert.equal(record.httpHeaders?.headers.get('Content-Encoding'), null)
    assert.equal(await record.contentText(), sampleHtml)
  }
  assert.deepEqual(Object.fromEntries(Object.entries(Object.groupBy(types, (type) => type)).map(([type, list]) => [type, list?.length])), {
    warcinfo: 1,
    response: 7,
    request: 7,
    metadata: 1,
    resource: 7,
  })
})

test('the exchanges of the WACZ can be replayed: bodies in plain octets, what was lost is said to be', async () => {
  const exchanges = await Array.fromAsync(readExchanges(wacz))
  assert.deepEqual(
    exchanges.map(({ url, method, status, bodyStatus, body }) => [url.slice(8), method, status, bodyStatus.status, body?.length ?? null]),
    [
      ['probe.example/', 'GET', 301, 'none', null],
      ['probe.example/en', 'GET', 200, 'complete', Buffer.byteLength(sampleHtml)],
      ['probe.example/app.js', 'GET', 200, 'complete', 21],
      ['probe.example/collect', 'POST', 204, 'none', null],
      ['cdn.example/picture.png', 'GET', 200, 'complete', 7],
      ['cdn.example/lost.js', 'GET', 200, 'lost', null],
      ['cdn.example/long.bin', 'GET', 200, 'truncated', 100],
    ],
  )
  assert.equal(Buffer.from(exchanges[3]?.requestBody ?? []).toString(), '{"a":[1,2]}')
})

test('a capture whose blobs were lost on the way comes back as another one that says so', async () => {
  const value = JSON.parse(await readFile(har, 'utf8')) as { log: { _assay: { blobs: unknown[] } } }
  value.log._assay.blobs = []
  const [imported] = await importFile(await scratch.write('poorer.har', JSON.stringify(value)), memoryBlobs())
  assert.ok(imported)
  assert.notEqual(imported.capture.id, capture.id)
  assert.match(imported.capture.manifest.ended.detail, /6 blobs lost in poorer\.har/)
  assert.deepEqual(artifacts(imported.capture, 'wasm').items[0]?.body, { status: 'lost', reason: 'the archive no longer holds it' })
})
