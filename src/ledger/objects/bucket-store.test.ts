import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { type FileStore, openFileStore } from '../file-store.ts'
import { writeImport } from '../imports.ts'
import { moveFiles } from '../move-files.ts'
import { collectGarbage } from '../removal/gc.ts'
import { purge } from '../removal/purge.ts'
import { type Fault, startObjectStore, type TestStore } from '../testing/object-store.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import { openBucket } from './bucket.ts'
import { parseBucketAddress } from './bucket-address.ts'
import { bucketShelf } from './bucket-shelf.ts'

let objects: TestStore
let root: string
let count = 0
before(async () => {
  objects = await startObjectStore()
  Object.assign(process.env, objects.keys)
  root = await mkdtemp(join(tmpdir(), 'assay-bucket-'))
})
after(async () => {
  await objects.close()
  await rm(root, { recursive: true, force: true })
})
beforeEach(() => {
  objects.faultOf = () => null
  objects.asked.length = 0
})

/** One of the machines that keep their files below a prefix. */
const machine = (prefix: string, patienceMs = 20_000): Promise<FileStore> =>
  openFileStore(join(root, `machine-${count++}`), { store: objects.address(prefix), patienceMs })

async function keep(store: FileStore, url: string, bodies: Uint8Array[], status: 'none' | 'active' = 'none') {
  const capture = sampleCapture({ url, keyId: await store.keyId() }, await Promise.all(bodies.map((body) => store.put(body))))
  await store.putCapture(capture)
  await store.appendObservation(sampleObservation(capture, status))
  return capture
}

test('a store that does not answer, or is none, is not the folder’s: the right one may be named afterwards', async () => {
  const dir = join(root, `machine-${count++}`)
  const wrong: [string, string][] = [
    ['s3://bucket/p?endpoint=http://127.0.0.1:9', 'STORE_UNREACHABLE'],
    ['s3://user:secret@bucket/p', 'BAD_ARGUMENT'],
    ['s3://bucket/%zz', 'BAD_ARGUMENT'],
    ['s3://', 'BAD_ARGUMENT'],
  ]
  for (const [store, code] of wrong) {
    await assert.rejects(openFileStore(dir, { store }), { code }, store)
    assert.equal(existsSync(join(dir, 'format.json')), false, store)
  }
  assert.equal((await openFileStore(dir, { store: objects.address('right') })).store, objects.address('right'))
})

test('a listing of more objects than one answer holds has each once, in the order of their names', { timeout: 120_000 }, async () => {
  const bucket = await openBucket(parseBucketAddress(objects.address('many')))
  const names = Array.from({ length: 1_203 }, (_, at) => `visits/${String(at).padStart(5, '0')}`)
  const left = names.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const name of left) await bucket.put(name, Buffer.from(name))
    }),
  )
  assert.deepEqual(
    (await Array.fromAsync(bucket.list('visits/'))).map(({ name }) => name),
    names,
  )
  assert.equal(objects.asked.filter((asked) => asked.startsWith('GET ?list') || asked.includes('list-type=2')).length, 2)
})

test('a store of an earlier version becomes one of this version, which that one refuses; a later one is refused', async () => {
  const bucket = await openBucket(parseBucketAddress(objects.address('versions')))
  const first = await machine('versions')
  const format = async () => JSON.parse(Buffer.from((await bucket.get('format.json'))!).toString()) as { version: number; id: string }
  const { version, id } = await format()
  await bucket.put('format.json', Buffer.from(JSON.stringify({ format: 'assay.data', version: 1, id })))
  assert.equal(await (await machine('versions')).identity(), await first.identity())
  assert.deepEqual(await format(), { format: 'assay.data', version, id })
  assert.equal(version, 2)
  await bucket.put('format.json', Buffer.from(JSON.stringify({ format: 'assay.data', version: 99, id })))
  await assert.rejects(machine('versions'), { code: 'UNSUPPORTED' })
})

test('two machines that share nothing but the bucket see the same record, each signs for itself', async () => {
  const [a, b] = [await machine('shared'), await machine('shared')]
  assert.equal(await a.identity(), await b.identity())
  assert.notEqual(await a.keyId(), await b.keyId())
  const [text, noise] = [Buffer.from('miner();\n'.repeat(4000)), randomBytes(3000)]
  const first = await keep(a, 'https://a.test/', [text, noise])
  const second = await keep(b, 'https://b.test/', [text])
  for (const store of [a, b]) {
    assert.deepEqual((await Array.fromAsync(store.listCaptures())).sort(), [first.id, second.id].sort())
    assert.deepEqual((await store.getCapture(first.id)).manifest, first.manifest)
    assert.equal((await store.getAttestation(second.id))?.keyId, await b.keyId())
    assert.equal((await Array.fromAsync(store.listObservations())).length, 2)
    assert.equal((await Array.fromAsync(store.observationsOf(first.id))).length, 1)
    const report = await store.verify()
    assert.deepEqual([report.faults, report.blobs, report.captures, report.observations], [[], 2, 2, 2])
  }
  const [textId, noiseId] = [await b.put(text), await b.put(noise)]
  assert.deepEqual([Buffer.from(await b.get(textId)), Buffer.from(await b.get(noiseId))], [text, noise])
  assert.ok(existsSync(objects.fileOf('shared', `blobs/${textId.slice(7, 9)}/${textId.slice(7)}.zst`)), 'text is compressed')
  assert.ok(existsSync(objects.fileOf('shared', `blobs/${noiseId.slice(7, 9)}/${noiseId.slice(7)}`)), 'noise is not')
  assert.ok(!existsSync(join(a.dir, 'captures')), 'nothing of the record lies in the folder')
})

test('the same octets are stored once, and a process that saw them asks no more', async () => {
  const [a, b] = [await machine('once'), await machine('once')]
  const octets = randomBytes(2000)
  await a.put(octets)
  const puts = () => objects.asked.filter((each) => /^PUT .*blobs/.test(each)).length
  assert.equal(puts(), 1)
  await b.put(octets)
  assert.equal(puts(), 1)
  const asked = objects.asked.length
  await b.put(octets)
  assert.ok(await a.has(await b.put(octets)))
  assert.equal(objects.asked.length, asked)
})

test('the folder remembers its store; another one, or captures of its own, are refused', async () => {
  const a = await machine('remembered')
  await keep(a, 'https://a.test/', [Buffer.from('x')])
  const again = await openFileStore(a.dir)
  assert.equal((await again.verify()).captures, 1)
  await assert.rejects(openFileStore(a.dir, { store: objects.address('another') }), {
    code: 'BAD_ARGUMENT',
    message: /keeps its files in s3:/,
  })
  const own = await openFileStore(join(root, 'own'))
  await keep(own, 'https://a.test/', [Buffer.from('x')])
  await assert.rejects(openFileStore(own.dir, { store: objects.address('remembered') }), {
    code: 'BAD_ARGUMENT',
    hint: /assay migrate --from/,
  })
})

describe('while the store is', () => {
  const cases: Record<string, Fault> = {
    'too busy (503 SlowDown)': 'slow-down',
    'broken (500)': 'error',
    'cutting connections': 'cut',
    'cutting what it is sent in half': 'half-asked',
    'cutting its answers in half': 'half-answered',
    'shortening its answers': 'shortened',
    'doing it and not saying so': 'unheard',
  }
  for (const [name, fault] of Object.entries(cases))
    test(`${name} for two requests of three, all is kept once and whole`, { timeout: 60_000 }, async () => {
      const prefix = `bad-${fault}`
      const store = await machine(prefix)
      let number = 0
      objects.faultOf = () => (number++ % 3 === 2 ? null : fault)
      const bodies = [Buffer.from('text\n'.repeat(2000)), randomBytes(4000)]
      const capture = await keep(store, 'https://a.test/', bodies)
      for (const body of bodies) assert.deepEqual(Buffer.from(await store.get(await store.put(body))), body)
      assert.deepEqual(await Array.fromAsync(store.listCaptures()), [capture.id])
      objects.faultOf = () => null
      const report = await (await machine(prefix)).verify()
      assert.deepEqual([report.faults, report.unlisted, report.blobs, report.captures, report.observations], [[], [], 2, 1, 1])
    })
})

test('a store that never answers is STORE_UNREACHABLE after a while, and what to do is said', async () => {
  const store = await machine('gone', 100)
  for (const [fault, words] of [
    ['slow-down', /answered 503/],
    ['cut', /did not answer/],
  ] as const) {
    objects.faultOf = () => fault
    await assert.rejects(store.put(randomBytes(100)), (error) => {
      assert.ok(error instanceof AssayError)
      assert.equal(error.code, 'STORE_UNREACHABLE')
      assert.match(error.message, words)
      assert.match(error.hint ?? '', /the same command goes on/)
      return true
    })
  }
  objects.faultOf = () => null
  await store.put(randomBytes(100))
  objects.faultOf = (method, path) => (method === 'GET' && path.includes('blobs/') ? 'error' : null)
  await assert.rejects(store.verify(), { code: 'STORE_UNREACHABLE' }, 'what cannot be asked is not called damaged')
  objects.faultOf = () => 'silence'
  const bucket = await openBucket(parseBucketAddress(objects.address('gone')), { patienceMs: 1, answerMs: 50 })
  await assert.rejects(bucket.get('blobs/x'), { code: 'STORE_UNREACHABLE' })
})

test('a store that refuses, and a bucket that is not there, end it at once', async () => {
  const store = await machine('refused')
  objects.faultOf = () => 'denied'
  await assert.rejects(store.put(randomBytes(10)), { code: 'STORE_DENIED', hint: /Check the keys/ })
  objects.faultOf = () => null
  await assert.rejects(openFileStore(join(root, 'no-bucket'), { store: objects.address('x').replace('assay-test', 'no-such-bucket') }), {
    code: 'BAD_ARGUMENT',
    message: /no bucket s3:\/\/no-such-bucket at http/,
  })
  assert.equal(objects.asked.filter((each) => each.includes('no-such-bucket')).length, 1)
})

test('damage in the store is found', async () => {
  const store = await machine('damaged')
  const [text, noise] = [Buffer.from('text\n'.repeat(2000)), randomBytes(4000)]
  const capture = await keep(store, 'https://a.test/', [text, noise])
  const path = (body: Uint8Array, suffix: string) =>
    store.put(body).then((id) => objects.fileOf('damaged', `blobs/${id.slice(7, 9)}/${id.slice(7)}${suffix}`))
  await writeFile(await path(text, '.zst'), 'no zstd')
  await rm(await path(noise, ''))
  const row = { source: 'list', date: '2018-02-01', site: 'shop.example', subjectKind: 'service', subject: 'coinhive' }
  const [whole, torn] = [await writeImport(store.shelf, [row]), await writeImport(store.shelf, [{ ...row, source: 'another' }])]
  assert.notEqual(whole, torn)
  await writeFile(objects.fileOf('damaged', `imports/${torn}`), '{"source":"ano')
  const report = await (await machine('damaged')).verify()
  assert.deepEqual(
    new Set(report.faults.map(({ kind, name, fault }) => `${kind} ${name} ${fault}`)),
    new Set([`blob ${await store.put(text)} corrupt`, `blob ${await store.put(noise)} missing`, `import ${torn} corrupt`]),
  )
  assert.equal(report.imports, 2)
  await assert.rejects(store.get(await store.put(text)), { code: 'STORE_CORRUPT' })
  await assert.rejects(store.getCapture(`sha256:${'0'.repeat(64)}`), { code: 'NOT_FOUND' })
  assert.equal((await store.getCapture(capture.id)).id, capture.id)
})

const gcOptions = (over: Partial<Parameters<typeof collectGarbage>[1]> = {}): Parameters<typeof collectGarbage>[1] => ({
  keep: ['suspicious'],
  before: new Date('2030-01-01T00:00:00.000Z'),
  now: new Date('2026-02-01T00:00:00.000Z'),
  graceMs: 0,
  dryRun: false,
  inUse: [],
  ...over,
})

test('gc thins by policy and sweeps, a purge takes all, and verify finds the rest sound', async () => {
  const store = await machine('gc')
  const shared = Buffer.from('shared\n'.repeat(500))
  const clean = await keep(store, 'https://clean.test/', [shared, randomBytes(1000)])
  const miner = await keep(store, 'https://miner.test/', [shared, randomBytes(1000)], 'active')
  const report = await collectGarbage(store, gcOptions())
  assert.deepEqual([report.captures.thinned, report.captures.kept.suspicious, report.blobs.all, report.blobs.removed], [1, 1, 3, 1])
  assert.equal((await store.getTombstone(clean.id))?.reason, 'thinned')
  await assert.rejects(store.getCapture(clean.id), { code: 'NOT_FOUND' })
  assert.equal((await store.getCapture(miner.id)).id, miner.id)
  assert.deepEqual((await store.verify()).faults, [])

  const subject = { host: 'miner.test' }
  const inUse = async () => []
  await purge(store, { subject, reason: 'a letter', now: new Date(), graceMs: 0, dryRun: false, inUse, removeFromIndex: async () => 0 })
  const other = await machine('gc')
  assert.deepEqual(await Array.fromAsync(other.listCaptures()), [])
  const after = await other.verify()
  assert.deepEqual([after.faults, after.blobs, after.purged, after.thinned], [[], 0, 1, 1])
})

test('what somebody names at the moment in which it is removed is still there, and the next gc puts it back', async () => {
  const store = await machine('race')
  const bucket = await openBucket(parseBucketAddress(objects.address('race')))
  const body = Buffer.from('raced\n'.repeat(300))
  const id = await store.put(body)
  const path = `blobs/${id.slice(7, 9)}/${id.slice(7)}`
  const later = bucketShelf(bucket, () => Date.now() + 2 * 86_400_000)
  assert.equal(await bucketShelf(bucket).removeOlder(path, { graceMs: 86_400_000, dryRun: false }), null, 'too young')
  assert.ok(await later.removeOlder(path, { graceMs: 86_400_000, dryRun: false }))
  const capture = sampleCapture({ url: 'https://raced.test/' }, [id])
  await store.putCapture(capture)
  const other = await machine('race')
  assert.deepEqual(Buffer.from(await other.get(id)), body)
  assert.equal(await other.has(id), false, 'whoever stores it writes it anew')
  await collectGarbage(other, gcOptions({ keep: 'all', graceMs: 86_400_000 }))
  assert.deepEqual((await (await machine('race')).verify()).faults, [])
  assert.deepEqual(await Array.fromAsync(bucket.list('gone/')), [])

  // And what nobody names is let go of for good when it has lain there.
  const nobodys = await store.put(randomBytes(600))
  await later.removeOlder(`blobs/${nobodys.slice(7, 9)}/${nobodys.slice(7)}`, { graceMs: 86_400_000, dryRun: false })
  await bucketShelf(bucket).emptyTrash(() => false, 86_400_000)
  assert.equal((await Array.fromAsync(bucket.list('gone/'))).length, 1)
  await later.emptyTrash(() => false, 86_400_000)
  assert.deepEqual(await Array.fromAsync(bucket.list('gone/')), [])
})

test('a blob that is old and asked for is young again', async () => {
  const store = await machine('touch')
  const bucket = await openBucket(parseBucketAddress(objects.address('touch')))
  const id = await store.put(randomBytes(600))
  const path = `blobs/${id.slice(7, 9)}/${id.slice(7)}`
  objects.asked.length = 0
  assert.ok(await bucketShelf(bucket).touch(path))
  assert.ok(!objects.asked.some((each) => each.startsWith('PUT')), 'a young one is left')
  assert.ok(await bucketShelf(bucket, () => Date.now() + 7 * 3_600_000).touch(path))
  assert.ok(
    objects.asked.some((each) => each.startsWith('PUT')),
    'an old one is copied onto itself',
  )
  assert.equal((await store.get(id)).length, 600)
})

describe('a folder whose files move to a store', () => {
  let folder: FileStore
  let number = 0
  const kept: string[] = []
  beforeEach(async () => {
    folder = await openFileStore(join(root, `moves-${number++}`))
    kept.length = 0
    const shared = Buffer.from('shared\n'.repeat(500))
    for (const site of ['a', 'b', 'c']) kept.push((await keep(folder, `https://${site}.test/`, [shared, randomBytes(900)], 'active')).id)
    await keep(folder, 'https://thin.test/', [shared])
    await collectGarbage(folder, gcOptions())
  })

  test('is the same record there, and stays itself for its crawls', async () => {
    const [before, identity] = [await folder.verify(), await folder.identity()]
    const moved = await moveFiles(folder.dir, objects.address('moved'))
    assert.deepEqual(
      [moved.files['captures'], moved.files['blobs']],
      [
        { all: 3, copied: 3 },
        { all: 4, copied: 4 },
      ],
    )
    const there = await openFileStore(folder.dir)
    assert.equal(there.store, objects.address('moved'))
    assert.equal(await there.identity(), identity)
    assert.deepEqual(await there.verify(), before)
    for (const part of ['blobs', 'captures', 'observations']) await rm(join(folder.dir, part), { recursive: true })
    assert.deepEqual(await (await machine('moved')).verify(), before, 'what lay in the folder is not needed')
    assert.deepEqual(new Set(await Array.fromAsync((await openFileStore(folder.dir)).listCaptures())), new Set(kept))
  })

  test('ended in between, keeps them where they were, and the same again goes on', async () => {
    let puts = 0
    objects.faultOf = (method) => (method === 'PUT' && puts++ > 6 ? 'denied' : null)
    await assert.rejects(moveFiles(folder.dir, objects.address('resumed')), { code: 'STORE_DENIED' })
    assert.equal((await openFileStore(folder.dir)).store, null)
    objects.faultOf = () => null
    const { files } = await moveFiles(folder.dir, objects.address('resumed'))
    assert.ok((files['blobs']?.copied ?? 4) < 4, 'those that were there are not copied again')
    assert.deepEqual((await (await machine('resumed')).verify()).faults, [])
    assert.deepEqual((await moveFiles(folder.dir, objects.address('resumed'))).files['captures'], { all: 3, copied: 0 })
  })

  test('stays where it is while a file of it is damaged', async () => {
    const [blob = ''] = await Array.fromAsync(folder.shelf.list('blobs/'))
    await rm(join(folder.dir, `${blob}.zst`), { force: true })
    await writeFile(join(folder.dir, blob), 'something else')
    await assert.rejects(moveFiles(folder.dir, objects.address('damaged-move')), { code: 'STORE_CORRUPT', hint: /assay verify/ })
    assert.equal((await openFileStore(folder.dir)).store, null)
  })
})

describe('an address', () => {
  const good: Record<string, object> = {
    's3://bucket': { bucket: 'bucket', prefix: '', endpoint: null, region: null, pathStyle: false },
    's3://bucket/': { prefix: '' },
    's3://my.bucket-1/a/b/': { bucket: 'my.bucket-1', prefix: 'a/b/' },
    's3://bucket/x?region=eu-central-1': { region: 'eu-central-1', pathStyle: false },
    's3://bucket/x?endpoint=https://s3.example:9000/': { endpoint: 'https://s3.example:9000', pathStyle: true },
    's3://bucket/x?endpoint=https://s3.example&path-style=false': { pathStyle: false },
  }
  for (const [text, expected] of Object.entries(good))
    test(text, () => {
      assert.deepEqual({ ...parseBucketAddress(text), ...expected }, parseBucketAddress(text))
    })
  const bad: Record<string, RegExp> = {
    'https://bucket/x': /is given as s3/,
    's3://key:secret@bucket/x': /without its keys/,
    's3://B/x': /has a bucket of/,
    's3://bucket/../x?endpoint=ftp://s3': /has an endpoint/,
    's3://bucket/x?secret=1': /knows no "secret"/,
    's3://bucket/x?endpoint=https://key:secret@s3.example': /has an endpoint/,
    's3://bucket/x?path-style=yes': /path-style/,
  }
  for (const [text, message] of Object.entries(bad))
    test(`${text} is refused`, () => {
      assert.throws(() => parseBucketAddress(text), { code: 'BAD_ARGUMENT', message })
    })
})
