import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Status } from '#model/finding.ts'
import { openDatabase } from './database/database.ts'
import { exportViews } from './index/study-questions.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { temporaryData } from './testing/data-folder.ts'
import { sampleCapture, sampleObservation } from './testing/samples.ts'

let data: Awaited<ReturnType<typeof temporaryData>>
let ledger: Ledger

before(async () => {
  data = await temporaryData('study')
  ledger = await openLedger(data.place)
})
after(async () => {
  await ledger.close()
  await data.remove()
})

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}T10:00:00.000Z`

/** A visit on a day, and what is said of it by one version of the judgement or by several. */
async function visited(
  site: string,
  at: number,
  said: { status: Status; service?: string; judgement?: string; on?: number }[],
  over: Parameters<typeof sampleObservation>[3] = {},
) {
  const url = `https://${site}/`
  const capture = sampleCapture({ url, startedAt: day(at), endedAt: day(at) })
  await ledger.files.putCapture(capture)
  for (const { status, service, judgement, on } of said)
    await ledger.record(
      sampleObservation(capture, status, service === undefined ? {} : { service, account: `${service}-1` }, {
        site,
        recordedAt: day(on ?? at),
        ...(judgement === undefined ? {} : { judgement }),
        ...over,
      }),
    )
  return capture.id
}

test('every kind of subject that an observation holds is a sighting', async () => {
  await visited('kinds.test', 1, [{ status: 'active', service: 'coinhive' }], {
    components: [
      {
        slot: 'a',
        artifact: 'script-1',
        url: '',
        host: 'cdn.test',
        registrableDomain: 'cdn.test',
        party: 'third',
        entity: null,
        digest: 'sha256:s',
        size: 1,
        chain: [],
      },
      {
        slot: 'kinds.test/ > miner.wasm #0',
        artifact: 'ws-1',
        url: '',
        host: 'kinds.test',
        registrableDomain: null,
        party: 'first',
        entity: null,
        digest: null,
        size: 1,
        chain: [],
      },
      {
        slot: 'b',
        artifact: 'wasm-1',
        url: '',
        host: 'kinds.test',
        registrableDomain: null,
        party: 'first',
        entity: null,
        digest: 'sha256:w',
        size: 1,
        chain: [],
      },
    ],
    hostPairs: [{ parent: 'kinds.test', child: 'cdn.test', cause: 'script.src', count: 1 }],
    servers: [
      { host: 'kinds.test', address: '192.0.2.1', asn: 64500, organisation: 'Example', country: 'DE', certificate: 'ab:cd', isPage: true },
    ],
  })
  const sightings = (await ledger.listSightings()).filter(({ site }) => site === 'kinds.test')
  assert.deepEqual(
    sightings.map(({ kind, subject }) => `${kind} ${subject}`),
    [
      'account coinhive-1',
      'address 192.0.2.1',
      'certificate ab:cd',
      'host cdn.test',
      'mining found',
      'network AS64500',
      'pair kinds.test → cdn.test script.src',
      'script sha256:s',
      'service coinhive',
      'wasm sha256:w',
    ],
  )
  const server = (await ledger.study.servers({})).find(({ site }) => site === 'kinds.test')
  assert.deepEqual([server?.address, server?.country], ['192.0.2.1', 'DE'])
  const instance = (await ledger.study.instances({})).find(({ site }) => site === 'kinds.test')
  assert.equal(instance?.slot, 'kinds.test/ > miner.wasm #0')
})

test('the fold is brought up when something was observed, and is the same when it is dropped and made again', async () => {
  await visited('folded.test', 1, [{ status: 'none' }])
  await visited('folded.test', 2, [{ status: 'active', service: 'x' }])
  const one = (await ledger.listSightings({ kind: 'service' })).find(({ site }) => site === 'folded.test')
  assert.deepEqual([one?.visitsSeen, one?.visitsLooked, one?.lookedBefore?.toISOString(), one?.lookedAfter], [1, 2, day(1), null])
  await visited('folded.test', 3, [{ status: 'none' }])
  const two = (await ledger.listSightings({ kind: 'service' })).find(({ site }) => site === 'folded.test')
  assert.deepEqual([two?.visitsLooked, two?.lookedAfter?.toISOString()], [3, day(3)])
  const report = await ledger.reindex()
  assert.equal(report.after, report.before)
})

test('what later proved wrong is listed: withdrawn, found late, named otherwise', async () => {
  const withdrawn = await visited('wrong.test', 4, [
    { status: 'active', service: 'falsely' },
    { status: 'none', judgement: 'sha256:judgement-2', on: 10 },
  ])
  const late = await visited('late.test', 4, [
    { status: 'none' },
    { status: 'loaded', service: 'new', judgement: 'sha256:judgement-2', on: 10 },
  ])
  const renamed = await visited('renamed.test', 4, [
    { status: 'active', service: 'old' },
    { status: 'active', service: 'new', judgement: 'sha256:judgement-2', on: 10 },
  ])
  await visited('same.test', 4, [
    { status: 'active', service: 'same' },
    { status: 'active', service: 'same', judgement: 'sha256:judgement-2', on: 10 },
  ])
  const rows = await ledger.study.retractions()
  assert.deepEqual(
    rows.map(({ captureId, kind, before, now }) => [captureId, kind, before.status, now.status]),
    [
      [late, 'late', 'none', 'loaded'],
      [renamed, 'renamed', 'active', 'active'],
      [withdrawn, 'withdrawn', 'active', 'none'],
    ],
  )
  assert.deepEqual(rows[1]?.before.subjects, ['account old-1', 'service old'])
  // The old belief stays readable.
  const before = await ledger.listVisits({ crawl: null, asOf: new Date(day(5)) })
  assert.equal(before.find(({ site }) => site === 'wrong.test')?.observed?.status, 'active')
})

test("others' observations are kept as files, once, and the index is made from them again", async () => {
  const rows = [
    { source: 'list', date: '2018-01-02', site: 'a.test', subjectKind: 'service', subject: 'coinhive' },
    { source: 'list', date: '2018-01-02', site: 'b.test', subjectKind: 'visited', subject: '' },
  ]
  assert.deepEqual(await ledger.study.addImported(rows), { added: 2, known: [] })
  assert.deepEqual(await ledger.study.addImported(rows), { added: 0, known: [0, 1] })
  assert.deepEqual(await ledger.study.addImported([...rows, { ...rows[0]!, date: '2018-01-03' }]), { added: 1, known: [0, 1] })
  const report = await ledger.reindex()
  assert.equal(report.after, report.before)
  await ledger.study.addImported([{ ...rows[0]!, source: 'another' }])
  assert.equal((await ledger.study.imported({ source: 'list' })).length, 3)
  assert.deepEqual(await ledger.study.sources(), [
    { source: 'another', sites: 1, rows: 1, from: '2018-01-02', to: '2018-01-02', found: 1 },
    { source: 'list', sites: 2, rows: 3, from: '2018-01-02', to: '2018-01-03', found: 1 },
  ])
  const [file] = await Array.fromAsync(ledger.files.shelf.list('imports/'))
  await ledger.files.shelf.write(`imports/${'f'.repeat(64)}.jsonl`, Buffer.from('not what its name says\n'), 'now')
  await assert.rejects(ledger.reindex(), { code: 'STORE_CORRUPT' })
  assert.match(file ?? '', /^imports\/[0-9a-f]{64}\.jsonl$/)
})

test('every documented view can be read out', async () => {
  for (const view of exportViews) {
    let rows = 0
    for await (const batch of ledger.study.rowsOf(view)) rows += batch.length
    assert.ok(rows > 0, view)
  }
})

test('what was written down of a study stays, version by version', async () => {
  const version = { name: 'pilot', digest: 'sha256:1', definition: { endpoint: 'sites found' } }
  await ledger.study.writeStudy({ ...version, writtenAt: new Date(day(1)) })
  await ledger.study.writeStudy({ ...version, digest: 'sha256:2', writtenAt: new Date(day(2)) })
  assert.deepEqual(
    (await ledger.study.studyVersions('pilot')).map(({ digest }) => digest),
    ['sha256:1', 'sha256:2'],
  )
})

test('a purge forgets names that nothing holds any more, and no others', async () => {
  const gone = await visited('purged.test', 5, [{ status: 'active', service: 'only-there' }])
  await visited('stays.test', 5, [{ status: 'active', service: 'elsewhere-too' }])
  await ledger.removeFromIndex({ captures: [gone], visits: [], isSubject: () => false })
  const database = await openDatabase(data.server())
  try {
    const names = await database.query<{ subject: string }>(
      `select subject from assay.subject_names where subject in ('only-there', 'only-there-1', 'elsewhere-too', 'found') order by subject`,
    )
    assert.deepEqual(
      names.map(({ subject }) => subject),
      ['elsewhere-too', 'found'],
    )
  } finally {
    await database.close()
  }
  assert.ok((await ledger.listSightings({ kind: 'service' })).every(({ subject }) => subject !== 'only-there'))
})
