import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Digest, sha256 } from '#model/digest.ts'
import { RecentBlobs } from './recent-blobs.ts'

const digest = (name: number | string): Digest => sha256(Buffer.from(String(name)))
const at = (): { time: { ms: number }; blobs: RecentBlobs } => {
  const time = { ms: 0 }
  return { time, blobs: new RecentBlobs(() => time.ms) }
}

test('a blob is there when it lasts, not before', async () => {
  const { blobs } = at()
  blobs.add(digest('a'))
  assert.equal(blobs.has(digest('a')), false)
  const { promise, resolve } = Promise.withResolvers<void>()
  const settled = blobs.settle(() => promise)
  // Another visit's settling may not speak for the folder that the first one is still syncing.
  blobs.add(digest('b'))
  await blobs.settle(async () => {})
  assert.deepEqual([blobs.has(digest('a')), blobs.has(digest('b'))], [false, true])
  resolve()
  await settled
  assert.equal(blobs.has(digest('a')), true)
})

test('what could not be settled is looked for again', async () => {
  const { blobs } = at()
  blobs.add(digest('a'))
  await assert.rejects(blobs.settle(() => Promise.reject(new Error('no space'))))
  await blobs.settle(async () => {})
  assert.equal(blobs.has(digest('a')), false)
})

test('a minute later it is touched again', async () => {
  const { time, blobs } = at()
  blobs.add(digest('a'))
  time.ms = 50_000
  await blobs.settle(async () => {})
  assert.equal(blobs.has(digest('a')), true)
  time.ms = 60_000
  assert.equal(blobs.has(digest('a')), false)
})

test('the latest few thousand are known', async () => {
  const { blobs } = at()
  for (let name = 0; name < 5_000; name++) blobs.add(digest(name))
  await blobs.settle(async () => {})
  assert.deepEqual(
    [0, 999, 1_000, 4_999].map((name) => blobs.has(digest(name))),
    [false, false, true, true],
  )
})
