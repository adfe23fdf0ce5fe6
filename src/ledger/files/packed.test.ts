import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { unpack } from './packed.ts'

test('a few octets that are hundreds of megabytes are broken, and not unpacked', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(257 * 2 ** 20))
  assert.ok(bomb.length < 100_000)
  assert.equal(await unpack(bomb), 'broken')
  const ordinary = Buffer.alloc(2 ** 20, 'page ')
  assert.deepEqual(Buffer.from((await unpack(zstdCompressSync(ordinary))) as Uint8Array), ordinary)
})
