import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { randomBytes, randomUUIDv7 } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { canonicalJson } from '#model/canonical.ts'
import { openFileStore } from './file-store.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'
import type { VisitRecord } from './visit-record.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-store-'))
})
after(() => rm(root, { recursive: true, force: true }))
let counter = 0
const newDir = () => join(root, `data-${counter++}`)
const hasCode = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(items)
const visitOf = (capture: ReturnType<typeof sampleCapture>): VisitRecord => ({
  schema: 'assay.visit',
  schemaVersion: 1,
  visitId: capture.manifest.visitId,
  crawl: 'weekly',
  round: 0,
  seed: capture.manifest.seed,
  site: 'shop.test',
  plannedAt: '2026-01-05T00:00:00.000Z',
  captureId: capture.id,
  observedAt: capture.manifest.startedAt,
  error: null,
  judgement: 'sha256:judgement-1',
})

test('any octets come back as they were, under their own digest', async () => {
  const store = await openFileStore(newDir())
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 3000 }),
        fc.string({ maxLength: 50 }).map((text) => new TextEncoder().encode(text.repeat(200))),
      ),
      async (bytes) => {
        const digest = await store.put(bytes)
        assert.equal(digest, sha256(bytes))
        assert.deepEqual(Buffer.from(await store.get(digest)), Buffer.from(bytes))
        assert.equal(await store.has(digest), true)
      },
    ),
    { numRuns: 60 },
  )
  assert.deepEqual((await store.verify()).faults, [])
})

test('text is stored compressed, noise as it is, and the same twice is once', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const text = Buffer.from('var miner = new Miner();\n'.repeat(20_000))
  const noise = randomBytes(300_000)
  const [a, b] = await Promise.all([store.put(text), store.put(text), store.put(noise)])
  assert.equal(a, b)
  const files = (await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  assert.equal(files.length, 2)
  const sizes = Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.name.endsWith('.zst'), (await stat(join(file.parentPath, file.name))).size])),
  )
  assert.ok(sizes['true'] < text.length / 50)
  assert.equal(sizes['false'], noise.length)
  assert.deepEqual(await readdir(join(dir, 'tmp')), [])
})

test('a manifest lies on disk in its canonical octets, compressed or plain, and captures are listed in the order of writing, once', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const captures = []
  for (let index = 0; index < 20; index++) {
    const capture = sampleCapture({ url: `https://site-${index}.test/` })
    captures.push(capture)
    await store.putCapture(capture)
  }
  await store.putCapture(captures[3]!)
  assert.deepEqual(
    await collect(store.listCaptures()),
    captures.map((capture) => capture.id),
  )
  const hex = captures[0]!.id.slice(7)
  const file = join(dir, 'captures', hex.slice(0, 2), `${hex}.json`)
  const octets = Buffer.from(canonicalJson(captures[0]!.manifest))
  assert.deepEqual(zstdDecompressSync(await readFile(`${file}.zst`)), octets)
  // As earlier versions wrote it.
  await writeFile(file, octets)
  await rm(`${file}.zst`)
  assert.deepEqual(await store.getCapture(captures[0]!.id), captures[0])
  assert.deepEqual(await store.getCapture(captures[7]!.id), captures[7])
})

test('observations are kept per capture and judgement, visits per identifier, and neither twice', async () => {
  const store = await openFileStore(newDir())
  const capture = sampleCapture()
  const imported = sampleCapture({ visitId: '../../etc/passwd' })
  await store.putCapture(capture)
  await store.putCapture(imported)
  const first = sampleObservation(capture, 'active', { account: 'A' })
  const second = { ...first, judgement: 'sha256:judgement-2', recordedAt: '2026-02-01T00:00:00.000Z' }
  for (const observation of [first, second, first]) await store.appendObservation(observation)
  assert.deepEqual(await collect(store.listObservations()), [first, second])
  assert.deepEqual(await store.getObservation(capture.id, second.judgement), second)
  for (const visit of [visitOf(capture), visitOf(capture), visitOf(imported)]) await store.putVisit(visit)
  assert.deepEqual(await collect(store.listVisits()), [visitOf(capture), visitOf(imported)])
  assert.deepEqual(await store.getVisit(imported.manifest.visitId), visitOf(imported))
  assert.equal(await store.getVisit(randomUUIDv7()), null)
  const report = await store.verify()
  assert.deepEqual([report.captures, report.observations, report.visits, report.faults], [2, 2, 2, []])
})

test('a memo comes back; a damaged one is none', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const value = { features: [1, 2, { deep: 'ü' }] }
  await store.putMemo('wasm@1:sha256:aa', value)
  assert.deepEqual(await store.getMemo('wasm@1:sha256:aa'), value)
  assert.equal(await store.getMemo('wasm@2:sha256:aa'), undefined)
  const file = (await readdir(join(dir, 'memo'), { recursive: true, withFileTypes: true })).find((entry) => entry.isFile())!
  await truncate(join(file.parentPath, file.name), 80)
  assert.equal(await store.getMemo('wasm@1:sha256:aa'), undefined)
})

test('a digest that is a path is refused', async () => {
  const store = await openFileStore(newDir())
  await assert.rejects(store.get('sha256:../../../../etc/passwd'), hasCode('BAD_ARGUMENT'))
  await assert.rejects(store.get(sha256(Buffer.from('nowhere'))), hasCode('NOT_FOUND'))
})

test('verify names every blob, capture and observation that is missing or corrupt', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const missing = await store.put(Buffer.from('gone'))
  const rotten = await store.put(Buffer.from('fine text\n'.repeat(1000)))
  const kept = sampleCapture({}, [missing, rotten])
  const torn = sampleCapture({ url: 'https://torn.test/' })
  const lost = sampleCapture({ url: 'https://lost.test/' })
  for (const capture of [kept, torn, lost]) {
    await store.putCapture(capture)
    await store.appendObservation(sampleObservation(capture))
  }
  await store.putVisit(visitOf(kept))
  const place = (kind: string, hex: string, suffix: string) => join(dir, kind, hex.slice(0, 2), hex + suffix)
  await rm(place('blobs', missing.slice(7), ''))
  await truncate(place('blobs', rotten.slice(7), '.zst'), 20)
  await truncate(place('captures', torn.id.slice(7), '.json.zst'), 20)
  await rm(place('captures', lost.id.slice(7), '.json.zst'))
  const observationFile = (await readdir(join(dir, 'observations', kept.id.slice(7, 9)))).find((name) => name.startsWith(kept.id.slice(7)))!
  await writeFile(join(dir, 'observations', kept.id.slice(7, 9), observationFile), 'not zstd')
  const { faults } = await store.verify()
  const short = faults.map(({ kind, name, fault }) => `${kind} ${name.slice(0, 15)} ${fault}`).sort()
  assert.deepEqual(
    short,
    [
      `blob ${missing.slice(0, 15)} missing`,
      `blob ${rotten.slice(0, 15)} corrupt`,
      `capture ${torn.id.slice(0, 15)} corrupt`,
      `capture ${lost.id.slice(0, 15)} missing`,
      `observation ${kept.id.slice(7, 22)} corrupt`,
    ].sort(),
  )
  await assert.rejects(store.get(rotten), hasCode('STORE_CORRUPT'))
  await assert.rejects(store.getCapture(torn.id), hasCode('STORE_CORRUPT'))
})

test('a blob that a power cut left empty is written again', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const digest = await store.put(Buffer.from('short'))
  await truncate(join(dir, 'blobs', digest.slice(7, 9), digest.slice(7)), 0)
  await store.put(Buffer.from('short'))
  assert.equal(Buffer.from(await store.get(digest)).toString(), 'short')
})

test('a line of the order file that was cut short spoils only itself', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const [a, b, c] = [
    sampleCapture({ url: 'https://a.test/' }),
    sampleCapture({ url: 'https://b.test/' }),
    sampleCapture({ url: 'https://c.test/' }),
  ]
  await store.putCapture(a)
  await appendFile(join(dir, 'captures', 'log'), b.id.slice(7, 40))
  assert.deepEqual(await collect(store.listCaptures()), [a.id])
  await store.putCapture(c)
  await store.putCapture(b)
  assert.deepEqual(await collect(store.listCaptures()), [a.id, c.id, b.id])
  // The file is whole and its line is missing: the process died in between.
  await writeFile(join(dir, 'captures', 'log'), `${a.id.slice(7)}\n`)
  assert.deepEqual((await store.verify()).unlisted.map((fault) => fault.name).sort(), [b.id, c.id].sort())
  const restarted = await openFileStore(dir)
  await restarted.putCapture(c)
  assert.deepEqual(await collect(restarted.listCaptures()), [a.id, c.id])
})

test('a data folder of a later version, or of something else, is refused and left alone', async () => {
  for (const [content, code] of [
    ['{"format":"assay.data","version":99}', 'UNSUPPORTED'],
    ['{"name":"my-app"}', 'STORE_CORRUPT'],
    ['hello', 'STORE_CORRUPT'],
  ] as const) {
    const dir = newDir()
    await openFileStore(dir)
    await writeFile(join(dir, 'format.json'), content)
    await assert.rejects(openFileStore(dir), hasCode(code))
    assert.equal(await readFile(join(dir, 'format.json'), 'utf8'), content)
  }
})

test('a capture whose digest is not its own is refused', async () => {
  const store = await openFileStore(newDir())
  const capture = sampleCapture()
  await assert.rejects(
    store.putCapture({ id: sampleCapture().id, manifest: { ...capture.manifest, url: 'https://other.test/' } }),
    hasCode('STORE_CORRUPT'),
  )
})

const writer = join(import.meta.dirname, 'testing', 'writer.ts')

test(
  'killed in the middle of writing, several processes at once: what was acknowledged is there, nothing half-written counts',
  { timeout: 240_000 },
  async () => {
    const dir = newDir()
    const acknowledged = new Set<string>()
    for (let round = 0; round < 4; round++) {
      const children = [0, 1].map(() => spawn(process.execPath, [writer, dir], { stdio: ['ignore', 'pipe', 'inherit'] }))
      await Promise.all(
        children.map(async (child, index) => {
          let rest = ''
          let lines = 0
          const exited = once(child, 'exit')
          child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
            const parts = (rest + chunk).split('\n')
            rest = parts.pop()!
            for (const line of parts) {
              acknowledged.add(line)
              if (++lines === 12 + 7 * round + index) child.kill('SIGKILL')
            }
          })
          await exited
        }),
      )
    }
    const store = await openFileStore(dir)
    const listed = new Set<string>(await collect(store.listCaptures()))
    assert.ok(acknowledged.size > 100)
    for (const id of acknowledged) assert.ok(listed.has(id), `${id} was acknowledged`)
    const observed = new Set((await collect(store.listObservations())).map((observation) => observation.captureId))
    for (const id of acknowledged) assert.ok(observed.has(id as `sha256:${string}`))
    assert.deepEqual((await store.verify()).faults, [])
  },
)

test('a copy of a data folder is a data folder', async () => {
  const dir = newDir()
  const store = await openFileStore(dir)
  const capture = sampleCapture({}, [await store.put(Buffer.from('body'))])
  await store.putCapture(capture)
  await cp(dir, `${dir}-copy`, { recursive: true })
  const copy = await openFileStore(`${dir}-copy`)
  assert.deepEqual(await copy.getCapture(capture.id), capture)
  assert.deepEqual((await copy.verify()).faults, [])
})
