import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { explanationSchema, studyReportSchema } from '#model/study-report.ts'
import { studyImportSchema, studyPlanSchema, studyRetractionSchema } from '#model/study-outputs.ts'
import type { StudyRetraction } from '#model/study-texts.ts'
import { parseStudyFile } from '#study/study-file.ts'
import { csvFigures, csvOf } from '#report/study-csv.ts'
import { htmlStudy } from '#report/study-html.ts'
import { explanationText, planText, retractionsText } from '#report/study-text.ts'
import { untilStopped } from '../ledger/testing/data-folder.ts'
import { exportFigures, exportStudy, importObservations, listRetractions, queryStudy } from './study-data.ts'
import { planCrawl } from './crawl-policy.ts'
import { studyReport } from './study-report.ts'
import { planOf, readStudy, visitSeconds, writeDown } from './study-run.ts'
import { keepStudyWorld, studyWorld } from './testing/study-world.ts'

let root: string
let data: string
const place = () => ({ data, database: null })
const small = { ...studyWorld, sites: 30, rounds: 6 }
const asked = { timeoutMs: 60_000, maxRows: 1000 }

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-study-'))
  data = join(root, 'data')
  await keepStudyWorld(data, small, 4)
})
after(async () => {
  await untilStopped(data)
  await rm(root, { recursive: true, force: true })
})

const now = () => studyReport({ ...place(), crawl: null, asOf: null })

test('a study goes from the ledger to a report, and a figure back to captures', async () => {
  const built = await now()
  const { report } = built
  assert.deepEqual([report.population.sites, report.conditions.rounds, report.conditions.cadenceDays], [30, 6, 7])
  assert.ok(report.prevalence.ever.found > 0)
  const explanation = built.explain('prevalence.ever.found')
  assert.equal(explanation?.sites.length, report.prevalence.ever.found)
  assert.match(explanationText(explanation), /sha256:[0-9a-f]{64}/)
  assert.equal(explanationSchema.safeParse(explanation).error, undefined)
})

test('HTML is one file: no script, nothing loaded; every figure of the JSON is in HTML and CSV', async () => {
  const { report } = await now()
  const page = htmlStudy(report)
  assert.ok(!/<script|\bon[a-z]+=|<link|<img|src=/i.test(page))
  for (const { id } of report.figures) assert.ok(page.includes(id), id)
  assert.equal(csvFigures(report).trim().split('\r\n').length, report.figures.length + 1)
  for (const words of ['Population and conditions', 'Coverage and blindness', 'Judged by', 'What this cannot show'])
    assert.ok(page.includes(words), words)
})

test('what sites share comes from the ledger: accounts tie sites, and the figure of a campaign leads to them', async () => {
  const built = await now()
  const { campaigns, shared } = built.report.infrastructure
  assert.ok(campaigns.all > 0)
  const [largest] = campaigns.rows
  assert.match(largest?.id ?? '', /^account /)
  assert.equal(built.explain(largest?.figure ?? '')?.sites.length, largest?.sites)
  assert.ok(shared.some(({ kind, verdict }) => kind === 'account' && verdict === 'joins'))
  assert.ok(htmlStudy(built.report).includes('Campaigns'))
})

test('names of the list are text in the report, whatever they are', async () => {
  const { report } = await now()
  const hostile = '<script>alert(1)</script>'
  report.prevalence.by[0]!.rows[0]!.group = hostile
  report.limits.push(hostile)
  assert.ok(!htmlStudy(report).includes('<script>'))
  assert.equal(csvOf([['=1+1', 'a,"b"']]), `'=1+1,"a,""b"""\r\n`)
})

test('views are Parquet, once until there is something new; figures beside them', async () => {
  const folder = join(root, 'parquet')
  const first = await exportStudy(place(), folder)
  assert.ok((first.rows?.['observations'] ?? 0) >= 180 && first.rows?.['sites'] === 30)
  assert.equal((await exportStudy(place(), folder)).rows, null)
  await exportFigures((await now()).report, folder)
  assert.equal((await readFile(join(folder, 'figures.parquet'))).subarray(0, 4).toString(), 'PAR1')
})

test('a question is answered from the views', async () => {
  const { columns, rows, isCut } = await queryStudy(place(), 'select count(*) as n, count(distinct site) as sites from observations', asked)
  assert.deepEqual([columns.map(({ name }) => name), rows, isCut], [['n', 'sites'], [[180, 30]], false])
  const cut = await queryStudy(place(), 'select * from sites order by site', { ...asked, maxRows: 5 })
  assert.deepEqual([cut.rows.length, cut.isCut], [5, true])
  const found = await queryStudy(place(), `select count(*) from sightings where kind = 'mining' and subject = 'found'`, asked)
  assert.equal(found.rows[0]?.[0], (await now()).report.prevalence.ever.found)
})

const refused: Record<string, { sql: string; code: string }> = {
  'a change': { sql: 'create table x (a int)', code: 'BAD_ARGUMENT' },
  'another file': { sql: `select * from read_text('/etc/hostname')`, code: 'BAD_ARGUMENT' },
  'writing a file': { sql: `copy sites to '/tmp/never.csv'`, code: 'BAD_ARGUMENT' },
  'other settings': { sql: 'set memory_limit = 0', code: 'BAD_ARGUMENT' },
  'two statements': { sql: 'select 1; select 2', code: 'BAD_ARGUMENT' },
  'no SQL': { sql: 'who mines?', code: 'BAD_ARGUMENT' },
  'a question without end': {
    sql: 'select count(*) from range(100000000) a, range(1000000) b where a.range % 7 = b.range % 11',
    code: 'TIMEOUT',
  },
}
for (const [name, { sql, code }] of Object.entries(refused))
  test(`a question that is refused: ${name}`, async () => {
    await assert.rejects(queryStudy(place(), sql, { timeoutMs: code === 'TIMEOUT' ? 300 : 60_000, maxRows: 10 }), { code })
  })

test("others' observations: good lines are kept, bad ones named, nothing twice", async () => {
  const file = join(root, 'others.csv')
  await writeFile(
    file,
    'source,date,site,subject_kind,subject\nlist,2018-01-02,a.example,service,coinhive\nlist,2018-13-02,a.example,service,coinhive\nlist,2018-01-02,b.example,visited,\n',
  )
  const report = await importObservations(place(), file)
  assert.deepEqual([report.added, report.known, report.badLines, report.bad.map(({ line }) => line)], [2, 0, 1, [3]])
  assert.equal(studyImportSchema.safeParse({ schema: 'assay.study-import', schemaVersion: 1, ...report }).error, undefined)
  assert.deepEqual((await importObservations(place(), file)).added, 0)
  const { report: study } = await now()
  assert.deepEqual(study.imported, [{ source: 'list', sites: 2, rows: 2, from: '2018-01-02', to: '2018-01-02', found: 1 }])
  const { rows } = await queryStudy(place(), 'select date, site from imported order by site', asked)
  assert.deepEqual(rows, [
    ['2018-01-02', 'a.example'],
    ['2018-01-02', 'b.example'],
  ])
  await assert.rejects(studyReport({ ...place(), crawl: null, asOf: null, endAfter: 3 }), { code: 'BAD_ARGUMENT', message: /study file/ })
  await writeFile(file, `list,2018-01-02,a.example,service,coinhive\n${'list,2018-13-02,a.example,service,coinhive\n'.repeat(1200)}`)
  const many = await importObservations(place(), file)
  assert.deepEqual([many.known, many.badLines, many.bad.length, many.bad.at(-1)?.line], [1, 1200, 1000, 1001])
  await writeFile(file, 'not,what\nit says\n')
  await assert.rejects(importObservations(place(), file), { code: 'BAD_INPUT_FILE' })
  await assert.rejects(importObservations(place(), join(root, 'none.csv')), { code: 'NOT_FOUND' })
})

test('a retraction says what was said, when, by which judgement; and its JSON fits', () => {
  const row: StudyRetraction = {
    captureId: 'sha256:1',
    site: 'shop.example',
    url: 'https://shop.example/',
    observedAt: new Date('2026-01-05T10:00:00Z'),
    kind: 'withdrawn',
    before: { status: 'active', judgement: 'sha256:old', at: new Date('2026-01-05T11:00:00Z'), subjects: ['service coinhive'] },
    now: { status: 'none', judgement: 'sha256:new', at: new Date('2026-02-05T11:00:00Z'), subjects: [] },
  }
  assert.match(
    retractionsText([row]),
    /shop.example {2}was called mining[\s\S]*2026-01-05 {2}active \(service coinhive\)[\s\S]*2026-02-05 {2}none/,
  )
  const line: unknown = JSON.parse(JSON.stringify({ schema: 'assay.study-retraction', schemaVersion: 1, ...row }))
  assert.equal(studyRetractionSchema.safeParse(line).error, undefined)
})

test('nothing was said otherwise yet, and a report of a day before all is of nothing', async () => {
  assert.deepEqual(await listRetractions(place()), [])
  assert.match(retractionsText([]), /^Nothing/)
  const before = await studyReport({ ...place(), crawl: 'world', asOf: new Date('2025-01-01') })
  assert.equal(before.report.prevalence.ever.looked, 0)
  assert.equal(before.report.asOf, '2025-01-01T00:00:00.000Z')
})

test('what is written down before the first visit stands in the report; a change is seen', async () => {
  const study = parseStudyFile(
    'name: world\nlist: list.txt\nevery: 7d\nfor: 6w\nendpoint: the share of sites ever found\nendAfter: 1\n',
    'study.yaml',
  )
  assert.equal(await writeDown(place(), study), 'first')
  assert.equal(await writeDown(place(), study), 'same')
  assert.equal(await writeDown(place(), { ...study, endAfter: 2 }), 'changed')
  const { report } = await now()
  assert.deepEqual(
    [report.endpoint?.statement, report.endpoint?.versions, report.longevity.endAfter],
    ['the share of sites ever found', 2, 2],
  )
  // The world was visited before anybody wrote it down.
  assert.ok(report.limits.some((limit) => /written down after/.test(limit)))
})

test('a plan says what a study costs and can show, from the file and the list alone', async () => {
  await writeFile(join(root, 'list.txt'), Array.from({ length: 500 }, (_, at) => `site-${at}.example`).join('\n'))
  await writeFile(join(root, 'study.yaml'), 'name: pilot\nlist: list.txt\nevery: 7d\nfor: 8w\nendpoint: the share of sites ever found\n')
  const read = await readStudy(join(root, 'study.yaml'))
  const cost = planCrawl({
    pages: 500,
    sites: 500,
    mostPagesOfASite: 1,
    lanes: { lane: 'both', sample: 0.1, hintBudget: null, repeat: 0.1, repeatWithinMs: 1, key: 'k' },
    rounds: 8,
    everyMs: 604_800_000,
    hintShare: 0.02,
    detection: 0.9,
    browserJobs: 2,
    httpJobs: 8,
    delayMs: 0,
    dailyBudget: null,
    http: { cpuS: 0.05, wallS: 2, bytes: 1e6 },
    browser: { cpuS: 3, wallS: visitSeconds(read.study), bytes: 2e6 },
  })
  const planned = planOf(read, 2, cost)
  assert.deepEqual(
    [planned.population.sites, planned.rounds, planned.plan.shortestStayDays, planned.plan.longestFollowedDays],
    [500, 8, 7, 28],
  )
  // 500 over http; 10 hints, a tenth of the 490 others and a tenth of these 59 again in the browser.
  assert.deepEqual(
    cost.lanes.map(({ lane, visits }) => [lane, visits]),
    [
      ['http', 500],
      ['browser', 65],
    ],
  )
  assert.equal(planned.cost.whole?.visits, 8 * 565)
  assert.ok(Math.abs(planned.plan.smallestSeen - 0.00597) < 1e-4)
  assert.match(planText(planned, 'costs'), /500 sites[\s\S]*costs\nWhat it will be able to show/)
  assert.equal(studyPlanSchema.safeParse(planned).error, undefined)
})

for (const [name, text, reason] of [
  ['is no YAML', 'name: [', /is not YAML/],
  ['has no endpoint', 'name: a\nlist: b\n', /endpoint/],
  ['has a word that there is not', 'name: a\nlist: b\nendpoint: a question of mine\ncolour: red\n', /colour/],
  ['lasts without a cadence', 'name: a\nlist: b\nendpoint: a question of mine\nfor: 3w\n', /every/],
] as const)
  test(`a study file that ${name} is refused`, () =>
    assert.throws(() => parseStudyFile(text, 'study.yaml'), { code: 'BAD_INPUT_FILE', message: reason }))

test('where nothing was crawled, a report is made of the source that was imported; of several, of the one that is named', async () => {
  const other = { data: join(root, 'imports-only'), database: null }
  const [one, two] = [join(root, 'one.csv'), join(root, 'two.csv')]
  await writeFile(one, 'one,2018-01-01,a.example,mining,found\none,2018-01-08,a.example,visited,\none,2018-01-08,b.example,visited,\n')
  await writeFile(two, 'two,2018-01-01,c.example,service,coinhive\n')
  try {
    await importObservations(other, one)
    const { report } = await studyReport({ ...other, crawl: null, asOf: null })
    assert.deepEqual([report.source?.name, report.prevalence.ever.found, report.prevalence.ever.looked], ['one', 1, 2])
    assert.equal(studyReportSchema.safeParse(report).error, undefined)
    assert.match(htmlStudy(report), /<h1>Observations of one<\/h1>/)
    await importObservations(other, two)
    const refused = [
      { request: {}, code: 'BAD_ARGUMENT' },
      { request: { source: 'three' }, code: 'NOT_FOUND' },
      { request: { source: 'two', crawl: 'pilot' }, code: 'BAD_ARGUMENT' },
      { request: { source: 'two', asOf: new Date() }, code: 'BAD_ARGUMENT' },
      { request: { endAfter: 3 }, code: 'BAD_ARGUMENT' },
    ]
    for (const { request, code } of refused) await assert.rejects(studyReport({ ...other, crawl: null, asOf: null, ...request }), { code })
    const named = await studyReport({ ...other, crawl: null, asOf: null, source: 'two' })
    assert.equal(named.report.prevalence.ever.found, 1)
    assert.deepEqual(named.report.imported, [
      { source: 'one', sites: 2, rows: 3, from: '2018-01-01', to: '2018-01-08', found: 1 },
      { source: 'two', sites: 1, rows: 1, from: '2018-01-01', to: '2018-01-01', found: 1 },
    ])
    const patient = await studyReport({ ...other, crawl: null, asOf: null, source: 'one', endAfter: 3 })
    assert.equal(patient.report.longevity.endAfter, 3)
  } finally {
    await untilStopped(other.data)
  }
})
