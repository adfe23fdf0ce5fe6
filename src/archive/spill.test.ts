import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { sha256 } from '#model/digest.ts'
import { readCaptures } from './import.ts'
import { Spill } from './spill.ts'
import { spilledBlobs } from './spilled-blobs.ts'
import { scratchFolder } from './testing/scratch.ts'

const scratch = await scratchFolder()
process.env['TMPDIR'] = scratch.path

/** Files that this process holds open below the folder for temporary files, by what the kernel calls them. */
async function openFiles(): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  const targets = await Promise.all(descriptors.map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')))
  return targets.filter((target) => target.startsWith(scratch.path))
}

test('what is above the room in memory lies in a file without a name, and all of it is read back', async () => {
  const pieces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(index * 100, index))
  await using spill = new Spill(10_000)
  const places = await Promise.all(pieces.map((piece) => spill.append(piece)))
  for (const [index, place] of places.entries()) assert.deepEqual(Buffer.from(await spill.read(place)), pieces[index])
  assert.ok(spill.spilledBytes > 100_000)
  assert.deepEqual(await readdir(scratch.path), [])
  const held = await openFiles()
  assert.equal(held.length, 1)
  assert.match(held[0] ?? '', /\(deleted\)$/)
})

test('its file is closed when it is let go, and it can be used again', async () => {
  const spill = new Spill(0)
  await spill.append(Buffer.from('one'))
  await spill.clear()
  assert.deepEqual(await openFiles(), [])
  assert.equal(Buffer.from(await spill.read(await spill.append(Buffer.from('two')))).toString(), 'two')
  await spill.clear()
  assert.deepEqual(await openFiles(), [])
})

test('blobs: by digest, the same twice is once, gone after clear', async () => {
  await using blobs = spilledBlobs(4)
  const [one, again, two] = [
    await blobs.put(Buffer.from('one')),
    await blobs.put(Buffer.from('one')),
    await blobs.put(Buffer.from('twenty')),
  ]
  assert.equal(one, sha256(Buffer.from('one')))
  assert.equal(again, one)
  assert.equal(Buffer.from(await blobs.get(two)).toString(), 'twenty')
  await blobs.clear()
  assert.equal(await blobs.has(one), false)
  await assert.rejects(blobs.get(one), (error: unknown) => error instanceof AssayError && error.code === 'NOT_FOUND')
})

test('a WARC of 300 MB becomes captures, one at a time and in bounded memory', { timeout: 60_000 }, async () => {
  const path = join(scratch.path, 'large.warc')
  const out = createWriteStream(path)
  const body = Buffer.alloc(1_000_000, 'bread ')
  for (let page = 0; page < 300; page++) {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: ${page % 10 === 0 ? 'text/html' : 'image/png'}\r\n\r\n${page} `
    const record = `WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://a.example/${page}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\nContent-Length: ${head.length + body.length}\r\n\r\n${head}`
    out.write(record)
    out.write(body)
    if (!out.write('\r\n\r\n')) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
  await using blobs = spilledBlobs()
  const before = process.memoryUsage().rss
  const read: number[] = []
  let [pages, peak] = [0, 0]
  for await (const { capture } of readCaptures(path, blobs, { onRead: (octets) => read.push(octets) })) {
    pages++
    assert.equal(capture.manifest.reached.page, 'content')
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  assert.equal(pages, 30)
  assert.ok(read.length > 100 && read.every((octets, at) => octets >= (read[at - 1] ?? 0)), 'progress is told')
  assert.ok(peak - before < 150e6, `${Math.round((peak - before) / 1e6)} MB`)
})

test('reading ends when it is told to', async () => {
  const path = await scratch.write('site/a.html', '<p>bread')
  const stop = AbortSignal.abort()
  await assert.rejects(Array.fromAsync(readCaptures(path, spilledBlobs(), { signal: stop })), { code: 'INTERRUPTED' })
})
