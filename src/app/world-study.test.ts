import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ServedWorld, serveLargeWorld } from '#lab/world/serve.ts'
import { csvFigures } from '#report/study-csv.ts'
import { htmlStudy } from '#report/study-html.ts'
import type { BuiltReport } from '#study/study-report.ts'
import { untilStopped } from '../ledger/testing/data-folder.ts'
import { studyReport } from './study-report.ts'
import { readStudy, simulatedTimeOf } from './study-run.ts'
import { runWorldStudy } from './testing/world-run.ts'
import { scoreOfWorld, type WorldScore } from './testing/world-score.ts'

const size = { sites: 50, weeks: 5, seed: 1, mining: 0.5 }
let root: string
let world: ServedWorld
let built: BuiltReport
let score: WorldScore
const counts = { first: 0, all: new Map<string, number>() }

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-world-'))
  const [lab, data] = [join(root, 'lab'), join(root, 'data')]
  world = await serveLargeWorld({ ...size, dir: lab })
  // Stopped in the middle of the third round, and gone on with as a new call does: its clock stands at the first day again.
  const stop = new AbortController()
  const onVisit = ({ site }: { site: string }, round: number): void => {
    const key = `${site} ${round}`
    counts.all.set(key, (counts.all.get(key) ?? 0) + 1)
    if (counts.all.size === 120) stop.abort()
  }
  const first = await runWorldStudy(lab, data, { signal: stop.signal, events: { onVisit } })
  counts.first = first.visits
  assert.equal(first.ended, 'interrupted')
  await runWorldStudy(lab, data, { events: { onVisit } })
  built = await studyReport({ data, database: null, crawl: null, asOf: null })
  score = scoreOfWorld(built, world.truth)
})
after(async () => {
  await world?.close()
  await untilStopped(join(root, 'data'))
  await rm(root, { recursive: true, force: true })
})

test('every site has one visit a round, on the days of the lab, over an interruption', () => {
  const { report } = built
  assert.deepEqual([report.population.sites, report.conditions.rounds, report.conditions.cadenceDays], [size.sites, size.weeks, 7])
  assert.equal(report.population.visits, size.sites * size.weeks)
  assert.deepEqual(report.coverage.rounds.map(({ day }) => day).slice(0, 3), ['2018-02-05', '2018-02-12', '2018-02-19'])
  assert.ok(counts.first >= 120 && [...counts.all.values()].every((count) => count === 1))
  assert.equal(report.endpoint?.firstVisit, report.endpoint?.writtenAt)
})

test('nothing is found where no miner stood, and what a signature knows is found wherever it was served', () => {
  assert.deepEqual(score.falseSites, [])
  assert.ok(score.looks > 30)
  assert.equal(score.seen, score.looks)
})

test('the intervals of prevalence hold what is true of the sites looked at', () => {
  assert.equal(score.rounds.all, size.weeks)
  assert.ok(score.rounds.right >= size.weeks - 1, `${score.rounds.right} of ${score.rounds.all}`)
})

test('the band of the median holds the median of the stays whose start was to be seen', () => {
  const { truth, low, high, stays } = score.median
  assert.ok(stays >= 5 && truth !== null)
  assert.ok((low ?? 0) <= truth && truth <= (high ?? Infinity), JSON.stringify(score.median))
})

test('the compromised third party is named, with its day in one cadence, and no other', () => {
  assert.deepEqual(score.compromise, { host: world.truth.compromise?.host, isFound: true, days: 7, others: 0 })
})

test('campaigns are the operators', () => {
  const { said, right, true: pairs, found } = score.campaigns
  assert.ok(pairs > 20)
  assert.equal(right, said)
  assert.ok(found / pairs >= 0.9, `${found} of ${pairs}`)
})

test('who measures a site, and what code is alike, is among what sites share', () => {
  const verdicts = (kind: string) =>
    built.report.infrastructure.shared
      .filter((row) => row.kind === kind)
      .map(({ subject, verdict }) => `${subject.replace(/[ :].*/, '')} ${verdict}`)
  assert.ok(verdicts('similarity').includes('s1 service'), verdicts('similarity').join())
  assert.ok(verdicts('tracker').length > 0)
  // An operator's counter may tie sites; what measures their owners may not.
  for (const each of verdicts('tracker')) assert.notEqual(each, 'google-analytics joins')
})

test('what a study may read holds nothing of the truth', async () => {
  const study = await readStudy(join(root, 'lab/study.yaml'))
  assert.deepEqual(Object.keys(study.study).sort(), [
    'census',
    'correction',
    'dwell',
    'endAfter',
    'endpoint',
    'every',
    'for',
    'list',
    'name',
    'profile',
    'replicates',
    'seed',
    'time',
  ])
  for (const seed of study.list.seeds) assert.ok(seed.tags.every((tag) => ['government', 'education', 'spoof', 'brand'].includes(tag)))
  const accounts = world.truth.sites.flatMap(({ stays }) => stays.map(({ account }) => account))
  assert.ok(accounts.length > 0)
  for (const name of ['names.json', 'sites.csv', 'study.yaml']) {
    const text = await readFile(join(root, 'lab', name), 'utf8')
    assert.deepEqual(
      accounts.filter((account) => text.includes(account)),
      [],
      name,
    )
  }
})

test('each form of the report has its figures', () => {
  const page = htmlStudy(built.report)
  for (const { id } of built.report.figures) assert.ok(page.includes(id), id)
  assert.equal(csvFigures(built.report).trim().split('\r\n').length, built.report.figures.length + 1)
})

const refused: Record<string, { lab: boolean; for: string }> = {
  'simulated time without a lab': { lab: false, for: '5w' },
  'a study that outlasts its lab': { lab: true, for: '9w' },
}
for (const [name, row] of Object.entries(refused))
  test(`refused: ${name}`, async () => {
    const { study } = await readStudy(join(root, 'lab/study.yaml'))
    await assert.rejects(simulatedTimeOf({ ...study, for: row.for }, row.lab ? join(root, 'lab') : null), { code: 'BAD_ARGUMENT' })
  })
