import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sha256 } from '#model/digest.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Status } from '#model/finding.ts'
import { gcReportSchema, purgeReportSchema } from '#model/retention.ts'
import { type FileStore, openFileStore } from '../file-store.ts'
import { packedFile } from '../files/packed.ts'
import { sampleCapture, sampleObservation } from '../testing/samples.ts'
import { collectGarbage, type GcOptions } from './gc.ts'
import { purge, type PurgeSubject } from './purge.ts'
import { whileRemoving } from './removal-lock.ts'

/** A page, weekly, and what was believed of it. */
const weeks: { status: Status; service?: string }[] = [
  { status: 'none' },
  { status: 'none' },
  { status: 'none' },
  { status: 'active', service: 'one' },
  { status: 'active', service: 'two' },
  { status: 'none' },
  { status: 'none' },
  { status: 'inconclusive' },
  { status: 'inconclusive' },
  { status: 'none' },
  { status: 'none' },
  { status: 'none' },
]
const week = 7 * 86_400_000
const start = Date.parse('2026-01-05T10:00:00.000Z')
const now = new Date('2026-11-01T00:00:00.000Z')
const byText = (a: string, b: string): number => (a < b ? -1 : 1)
const hasCode = (code: string) => (error: unknown) => error instanceof AssayError && error.code === code

const manifestOf = ({ dir }: FileStore, id: Digest): string => {
  const plain = join(dir, 'captures', id.slice(7, 9), `${id.slice(7)}.json`)
  return packedFile(plain) ?? plain
}

let root: string
let template: string
let ids: Digest[]
let counter = 0
const shared = Buffer.from('a library that every page loads\n'.repeat(40))
const own = (at: number): Buffer => Buffer.from(`the page as it was in week ${at}\n`.repeat(30))
const judgementParts = Buffer.from('{"signatures":{},"derivers":"1"}')

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-removal-'))
  template = join(root, 'template')
  const store = await openFileStore(template)
  const library = await store.put(shared)
  const judgement = await store.put(judgementParts)
  ids = []
  for (const [at, { status, service }] of weeks.entries()) {
    const when = new Date(start + at * week).toISOString()
    const capture = sampleCapture({ startedAt: when, endedAt: when }, [library, await store.put(own(at))])
    await store.putCapture(capture)
    await store.appendObservation(sampleObservation(capture, status, { service: service ?? null }, { judgement }))
    ids.push(capture.id)
  }
  await store.put(Buffer.from('octets that no capture names'))
  await age(template)
})
after(() => rm(root, { recursive: true, force: true }))

async function blobFiles(dir: string): Promise<string[]> {
  const files = await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true })
  return files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name))
}
async function age(dir: string): Promise<void> {
  for (const file of await blobFiles(dir)) await utimes(file, new Date(0), new Date(0))
}
async function copy(): Promise<FileStore> {
  const dir = join(root, `data-${counter++}`)
  await cp(template, dir, { recursive: true, preserveTimestamps: true })
  return openFileStore(dir)
}
const gcWith = (store: FileStore, over: Partial<GcOptions> = {}) =>
  collectGarbage(store, {
    keep: ['first', 'last', 'changed', 'suspicious'],
    before: now,
    now,
    graceMs: 86_400_000,
    dryRun: false,
    inUse: [],
    ...over,
  })
const whole = async (store: FileStore) => (await Array.fromAsync(store.listCaptures())).map((id) => ids.indexOf(id))

describe('which captures of a page stay whole', () => {
  const cases: Record<string, { over: Partial<GcOptions>; stay: number[] }> = {
    all: { over: { keep: 'all' }, stay: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
    'first, last, changed, suspicious': { over: {}, stay: [0, 2, 3, 4, 5, 6, 7, 8, 9, 11] },
    first: { over: { keep: ['first'] }, stay: [0] },
    last: { over: { keep: ['last'] }, stay: [11] },
    'changed: both sides of a change, the operator of a miner too': { over: { keep: ['changed'] }, stay: [2, 3, 4, 5, 6, 7, 8, 9] },
    'suspicious: found, and what could not be ruled out': { over: { keep: ['suspicious'] }, stay: [3, 4, 7, 8] },
    'younger than the age': { over: { keep: ['first'], before: new Date(start + 10 * week) }, stay: [0, 10, 11] },
    'nothing is old enough': { over: { before: new Date(start) }, stay: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
  }
  for (const [name, { over, stay }] of Object.entries(cases))
    test(name, async () => {
      const store = await copy()
      const asked = await gcWith(store, { ...over, dryRun: true })
      assert.deepEqual(await whole(store), weeks.keys().toArray(), 'a dry run does nothing')
      const report = gcReportSchema.parse(await gcWith(store, over))
      assert.deepEqual(await whole(store), stay)
      assert.equal(report.captures.thinned, weeks.length - stay.length)
      assert.deepEqual({ ...report, dryRun: true }, asked, 'a dry run says what is done')
      assert.equal(
        report.captures.thinned + Object.values(report.captures.kept).reduce((sum: number, each) => sum + Number(each), 0),
        weeks.length,
      )
      const verified = await store.verify()
      assert.deepEqual(verified.faults, [])
      assert.deepEqual(
        [verified.captures, verified.thinned, verified.observations],
        [stay.length, weeks.length - stay.length, weeks.length],
      )
      assert.equal((await gcWith(store, over)).captures.thinned, 0, 'the same again does nothing')
    })

  test('one that was never judged stays, and one in which the evidence of a kept answer lies', async () => {
    const store = await copy()
    const unjudged = sampleCapture({ url: 'https://unjudged.test/' })
    const second = sampleCapture({ url: 'https://second.test/', startedAt: '2026-01-07T00:00:00.000Z' })
    const between = sampleCapture({ url: 'https://second.test/', startedAt: '2026-01-06T00:00:00.000Z' })
    const after = sampleCapture({ url: 'https://second.test/', startedAt: '2026-01-08T00:00:00.000Z' })
    for (const each of [unjudged, second, between, after]) await store.putCapture(each)
    for (const each of [second, between]) await store.appendObservation(sampleObservation(each))
    const observation = sampleObservation(after, 'active')
    observation.findings[0]!.evidence[0]!.captureId = second.id
    await store.appendObservation(observation)
    const report = await gcWith(store, { keep: ['last'] })
    assert.equal(report.captures.kept.evidence, 1)
    assert.equal(report.captures.kept.unjudged, 1)
    const left = new Set(await Array.fromAsync(store.listCaptures()))
    assert.deepEqual(
      [unjudged, second, between, after].map(({ id }) => left.has(id)),
      [true, true, false, true],
    )
  })
})

describe('a thinned capture', () => {
  test('says what it was, its answers stay, its octets go, those that others name stay', async () => {
    const store = await copy()
    const report = await gcWith(store)
    await assert.rejects(
      store.getCapture(ids[1]!),
      (error) => hasCode('NOT_FOUND')(error) && /thinned on 2026-11-01: https:\/\/shop\.test\//.test((error as Error).message),
    )
    const tombstone = await store.getTombstone(ids[1]!)
    assert.deepEqual(
      [tombstone?.reason, tombstone?.was?.status, tombstone?.was?.observedAt],
      ['thinned', 'none', new Date(start + week).toISOString()],
    )
    assert.equal((await Array.fromAsync(store.observationsOf(ids[1]!))).length, 1)
    assert.equal(await store.has(sha256(own(1))), false)
    for (const bytes of [shared, judgementParts, own(0)]) assert.equal(await store.has(sha256(bytes)), true)
    // Weeks 1 and 10, and the octets that nobody names.
    assert.deepEqual([report.blobs.removed, report.blobs.waiting], [3, 0])
  })

  test('comes back whole from an archive', async () => {
    const store = await copy()
    const capture = await store.getCapture(ids[1]!)
    await gcWith(store)
    for (const bytes of [shared, own(1)]) await store.put(bytes)
    await store.putCapture(capture)
    assert.deepEqual(await store.getCapture(ids[1]!), capture)
    assert.equal(await store.getTombstone(ids[1]!), null)
    assert.deepEqual((await store.verify()).faults, [])
  })

  test('ended after the tombstone: the capture is whole until the next gc', async () => {
    const store = await copy()
    const file = manifestOf(store, ids[1]!)
    const kept = await readFile(file)
    await gcWith(store, { inUse: [sha256(own(1))] })
    await writeFile(file, kept)
    assert.ok((await whole(store)).includes(1))
    assert.deepEqual((await store.verify()).faults, [])
    assert.equal((await gcWith(store)).captures.thinned, 1)
  })
})

describe('blobs', () => {
  const cases: Record<
    string,
    { before?: (store: FileStore) => Promise<unknown>; over?: Partial<GcOptions>; isThere: boolean; waits: number }
  > = {
    'that nothing names go': { isThere: false, waits: 0 },
    'that the index names stay': { over: { inUse: [sha256(Buffer.from('octets that no capture names'))] }, isThere: true, waits: 0 },
    'that a visit in progress has stored again wait': {
      before: (store) => store.put(Buffer.from('octets that no capture names')),
      isThere: true,
      waits: 1,
    },
    'that a visit in progress has asked for wait': {
      before: (store) => store.has(sha256(Buffer.from('octets that no capture names'))),
      isThere: true,
      waits: 1,
    },
    'do not wait where nobody else is there': {
      before: (store) => store.put(Buffer.from('octets that no capture names')),
      over: { graceMs: 0 },
      isThere: false,
      waits: 0,
    },
  }
  for (const [name, { before: prepare, over, isThere, waits }] of Object.entries(cases))
    test(name, async () => {
      const store = await copy()
      await prepare?.(store)
      const report = await gcWith(store, { keep: 'all', ...over })
      assert.equal(report.blobs.waiting, waits)
      const files = await blobFiles(store.dir)
      assert.equal(
        files.some((file) => file.includes(sha256(Buffer.from('octets that no capture names')).slice(7))),
        isThere,
      )
      assert.deepEqual(
        (await readdir(join(store.dir, 'tmp'))).filter((file) => file.startsWith('gone-')),
        [],
      )
    })

  test('none goes while a manifest cannot be read', async () => {
    const store = await copy()
    await writeFile(manifestOf(store, ids[3]!), '{')
    const before = await blobFiles(store.dir)
    await assert.rejects(gcWith(store), hasCode('STORE_CORRUPT'))
    assert.deepEqual(await blobFiles(store.dir), before)
  })

  test('one removal at a time', async () => {
    const store = await copy()
    await whileRemoving(store.dir, () => assert.rejects(gcWith(store), hasCode('STORE_BUSY')))
  })

  test('beside a process that writes: every capture that was acknowledged is whole', async () => {
    const store = await copy()
    const writer = await openFileStore(store.dir)
    const written: Digest[] = []
    const writing = (async () => {
      for (let at = 0; at < 60; at++) {
        // Octets that lie there unnamed and old.
        const bodies = [
          await writer.put(Buffer.from('octets that no capture names')),
          await writer.put(own(1)),
          await writer.put(own(1000 + at)),
        ]
        const capture = sampleCapture({ url: `https://new-${at}.test/`, startedAt: now.toISOString() }, bodies)
        await writer.putCapture(capture)
        written.push(capture.id)
      }
    })()
    const end = writing.then(() => true as const)
    while ((await Promise.race([end, gcWith(store)])) !== true);
    await writing
    assert.equal(written.length, 60)
    assert.deepEqual((await store.verify()).faults, [])
  })

  test('an interrupted gc says so and leaves a sound folder', async () => {
    const store = await copy()
    const stop = new AbortController()
    const report = await gcWith(store, { signal: stop.signal, onProgress: (text) => text === 'thinning: 1' && stop.abort() })
    assert.equal(report.interrupted, true)
    assert.equal(report.captures.thinned, 1)
    assert.deepEqual((await store.verify()).faults, [])
    assert.equal((await gcWith(store)).captures.thinnedEarlier, 1)
  })
})

describe('a purge', () => {
  const purgeFrom = (store: FileStore, subject: PurgeSubject, dryRun = false) =>
    purge(store, { subject, reason: 'asked for by mail', now, graceMs: 0, dryRun, inUse: async () => [], removeFromIndex: async () => 0 })

  async function withOthers(): Promise<{ store: FileStore; names: Record<string, Digest> }> {
    const store = await copy()
    const names: Record<string, Digest> = {}
    const library = await store.put(shared)
    for (const url of ['https://person.test/me', 'https://person.test/other', 'https://www.person.test/', 'https://notperson.test/']) {
      const capture = sampleCapture({ url }, [library, await store.put(Buffer.from(`private words of ${url}\n`.repeat(30)))])
      await store.putCapture(capture)
      await store.appendObservation(sampleObservation(capture))
      await store.putMemo(`text of ${url}`, url)
      await store.putVisit({
        schema: 'assay.visit',
        schemaVersion: 1,
        visitId: capture.manifest.visitId,
        crawl: 'weekly',
        round: 0,
        seed: capture.manifest.seed,
        site: 'person.test',
        plannedAt: null,
        captureId: capture.id,
        judgement: null,
        observedAt: capture.manifest.startedAt,
        error: null,
      })
      names[url] = capture.id
    }
    return { store, names }
  }

  const cases: Record<string, { subject: (names: Record<string, Digest>) => PurgeSubject; gone: string[] }> = {
    'of a page': { subject: () => ({ url: 'https://person.test/me#top' }), gone: ['https://person.test/me'] },
    'of a host and all below it': {
      subject: () => ({ host: 'person.test' }),
      gone: ['https://person.test/me', 'https://person.test/other', 'https://www.person.test/'],
    },
    'of a capture': { subject: (names) => ({ captures: [names['https://www.person.test/']!] }), gone: ['https://www.person.test/'] },
    'of what is not there': { subject: () => ({ host: 'nobody.test' }), gone: [] },
  }
  for (const [name, { subject, gone }] of Object.entries(cases))
    test(name, async () => {
      const { store, names } = await withOthers()
      const asked = await purgeFrom(store, subject(names), true)
      assert.equal((await Array.fromAsync(store.listCaptures())).length, weeks.length + 4, 'a dry run does nothing')
      const report = purgeReportSchema.parse(await purgeFrom(store, subject(names)))
      assert.deepEqual(report.captures.toSorted(byText), gone.map((url) => names[url]!).toSorted(byText))
      assert.deepEqual([report.visits, report.observations, report.blobs.removed], [gone.length, gone.length, gone.length])
      assert.deepEqual({ ...report, purgeId: null, dryRun: true }, asked)
      assert.deepEqual((await store.verify()).faults, [])
      assert.equal((await store.verify()).purged, gone.length)
      assert.deepEqual((await Array.fromAsync(store.listObservations())).length, weeks.length + 4 - gone.length)
      const others = Object.keys(names).filter((url) => !gone.includes(url))
      for (const url of others) assert.equal((await store.getCapture(names[url]!)).manifest.url, url)
      // Not a word of it is left in any file, and the record has none.
      if (gone.length > 0) {
        const files = (await readdir(store.dir, { recursive: true, withFileTypes: true })).filter((file) => file.isFile())
        for (const file of files) {
          const octets = await readFile(join(file.parentPath, file.name))
          const text = (file.name.endsWith('.zst') ? zstdDecompressSync(octets) : octets).toString('latin1')
          for (const url of gone) assert.ok(!text.includes(`"${url}"`), `${file.name} names ${url}`)
        }
        for (const url of gone) assert.equal(await store.has(sha256(Buffer.from(`private words of ${url}\n`.repeat(30)))), false)
        assert.match(await readFile(join(store.dir, 'purges', `${report.purgeId}.json`), 'utf8'), /asked for by mail/)
      }
    })

  test('takes thinned captures too, by what their tombstones say', async () => {
    const store = await copy()
    await gcWith(store)
    const report = await purgeFrom(store, { url: 'https://shop.test/' })
    assert.equal(report.captures.length, weeks.length)
    assert.deepEqual(await Array.fromAsync(store.listObservations()), [])
    assert.deepEqual((await store.verify()).faults, [])
    await assert.rejects(store.getCapture(ids[1]!), /purged on request/)
  })

  test('gives up a capture that is damaged, and what gc could not do for it is done then', async () => {
    const store = await copy()
    await writeFile(manifestOf(store, ids[3]!), '{')
    await purgeFrom(store, { captures: [ids[3]!] })
    assert.equal((await gcWith(store)).captures.all, weeks.length - 1)
    assert.deepEqual((await store.verify()).faults, [])
  })

  test('a capture that was never there is told', async () => {
    await assert.rejects(purgeFrom(await copy(), { captures: [sha256(Buffer.from('none'))] }), hasCode('NOT_FOUND'))
  })
})
