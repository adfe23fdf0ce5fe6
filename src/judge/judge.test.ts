import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captureOf, type CaptureManifest } from '#model/capture.ts'
import { complete } from '#model/collection.ts'
import { SimulatedClock } from '#model/clock.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { MemoStore } from '#model/store.ts'
import { emptyContext } from '#derive/deriver.ts'
import { componentsOf, urlTemplate } from '#inventory/components.ts'
import { hostPairsOf } from '#inventory/host-pairs.ts'
import { createDerivePool } from './derive-pool.ts'
import { loadDetectors } from './detectors.ts'
import { createJudge } from './judge.ts'
import { pageManifest } from './testing/page-manifest.ts'

const limits = { children: 2, heapMb: 256, timeMs: 20_000, timeMsPerMb: 1_000 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function memos(): MemoStore & { kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>()
  return { kept, getMemo: async (key) => kept.get(key), putMemo: async (key, value) => void kept.set(key, structuredClone(value)) }
}

const manifest = (artifacts: CaptureManifest['artifacts']): CaptureManifest => pageManifest(artifacts, { rank: 7 })
const script = async (blobs: ReturnType<typeof memoryBlobs>, id: string, url: string, text: string, initiator?: object) => ({
  id,
  targetId: 'target-1',
  url,
  source: 'external',
  isModule: false,
  startLine: 0,
  startColumn: 0,
  body: { status: 'stored', digest: await blobs.put(bytes(text)), size: bytes(text).length },
  parsedAtMs: 1,
  ...(initiator === undefined ? {} : { initiator }),
})

test('the registry is read from the folder, each detector with an id of its own', async () => {
  const ids = (await loadDetectors()).map(({ meta }) => meta.id)
  assert.ok(ids.includes('pool-traffic') && ids.includes('known-service'), ids.join(', '))
})

test('a blob that never ends is one failed derivation, and the pool goes on', async () => {
  const pool = createDerivePool(emptyContext, { children: 1, heapMb: 256, timeMs: 8_000, timeMsPerMb: 0 })
  try {
    // Catastrophic backtracking in the emulator's regular expressions is the host's own, beyond any count of steps.
    const evil = `eval(atob("AA")); "${'a'.repeat(40)}!".replace(/^(a|a|aa)+$/, "")`
    const derivation = await pool.derive('javascript', bytes(evil))
    assert.equal(derivation.result.status === 'failed' ? derivation.result.error.code : 'derived', 'DERIVATION_FAILED')
    assert.equal((await pool.derive('javascript', bytes('var nonce = 1; new Worker("a.js")'))).result.status, 'derived')
  } finally {
    await pool.close()
  }
})

test('blobs of one page share their time, and what is left over is said to be unread', async () => {
  const pool = createDerivePool(emptyContext, { children: 1, heapMb: 256, timeMs: 20_000, timeMsPerMb: 0 })
  try {
    const allowance = { leftMs: 1 }
    const [first, second] = await Promise.all(['var a = 1', 'var b = 2'].map((text) => pool.derive('javascript', bytes(text), allowance)))
    assert.equal(first?.result.status, 'derived')
    assert.ok(allowance.leftMs <= 0)
    assert.deepEqual(second?.result, {
      status: 'failed',
      error: { code: 'DERIVATION_FAILED', message: 'the blobs of this page took too long together' },
    })
    assert.equal((await pool.derive('javascript', bytes('var c = 3'))).result.status, 'derived')
  } finally {
    await pool.close()
  }
})

test('one bad blob leaves the rest of the page judged', async () => {
  const blobs = memoryBlobs()
  const judge = createJudge({ blobs, signatures: [], limits })
  try {
    const good =
      'var m = 1; socket = new WebSocket("wss://x.example/"); socket.send(JSON.stringify({ method: "login", params: { login: w, pass: "x", agent: "a" } })); socket.send(JSON.stringify({ method: "submit", params: { id: 1, job_id: j, nonce: n, result: r } }))'
    const observation = await judge.judge(
      captureOf(
        manifest({
          script: complete([
            await script(blobs, 'script-1', 'https://shop.example/bad.js', `cryptonight(${'['.repeat(100_000)}`),
            await script(blobs, 'script-2', 'https://shop.example/good.js', good),
          ]) as never,
        }),
      ),
    )
    assert.equal(observation.conclusion.status, 'loaded')
    assert.deepEqual(
      observation.findings.map(({ evidence }) => evidence[0]?.artifact),
      ['script-2'],
    )
  } finally {
    await judge.close()
  }
})

test('judging twice gives the same observation, the second time from what was kept', async () => {
  const blobs = memoryBlobs()
  const memo = memos()
  const clock = new SimulatedClock(new Date('2026-05-01T00:00:00Z'))
  const capture = captureOf(
    manifest({
      script: complete([
        await script(blobs, 'script-1', 'https://cdn.example/a.js', 'var nonce = 1; new Worker("a.js"); hashrate()'),
      ]) as never,
    }),
  )
  const judge = createJudge({ blobs, memo, signatures: [], clock, limits })
  const first = await judge.judge(capture)
  await judge.close()
  assert.equal(memo.kept.size, 1)
  const again = createJudge({
    blobs: { ...blobs, get: () => Promise.reject(new Error('not to be read')) },
    memo,
    signatures: [],
    clock,
    limits,
  })
  assert.deepEqual(await again.judge(capture), first)
  await again.close()
  assert.equal(first.recordedAt, '2026-05-01T00:00:00.000Z')
  assert.match(first.judgement, /^sha256:[0-9a-f]{64}$/)
  assert.equal(first.rank, 7)
})

test('components have a slot that survives a new build, and say who loaded them', async () => {
  const blobs = memoryBlobs()
  const loaded = {
    type: 'script',
    stack: [{ functionName: '', url: 'https://tags.example/gtm.js', line: 0, column: 0, scriptId: 'script-1' }],
  }
  const capture = captureOf(
    manifest({
      script: complete([
        await script(blobs, 'script-1', 'https://tags.example/gtm.js', 'a'),
        await script(blobs, 'script-2', 'https://cdn.other.example/lib.3f9ac01b.js?v=12', 'b', loaded),
      ]) as never,
    }),
  )
  const [, second] = componentsOf(capture).components
  assert.deepEqual(
    [second?.party, second?.registrableDomain, second?.slot],
    ['third', 'other.example', 'tags.example/gtm.js > cdn.other.example/lib.*.js #0'],
  )
  assert.deepEqual(second?.chain, ['https://shop.example/', 'https://tags.example/gtm.js'])
  assert.deepEqual(hostPairsOf(capture), [])
})

test('what changes from build to build is no part of a slot', () => {
  assert.equal(
    urlTemplate('https://a.example/v1.2.3/app.0f3c9a7b11.js?x=1#y'),
    urlTemplate('https://a.example/v1.3.0/app.77aa01bc2d.js?x=2'),
  )
  assert.notEqual(urlTemplate('https://a.example/app.js'), urlTemplate('https://a.example/other.js'))
  assert.equal(urlTemplate('data:text/javascript,1'), 'data:')
})
