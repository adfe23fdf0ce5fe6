import assert from 'node:assert/strict'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { sha256 } from '#model/digest.ts'
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
