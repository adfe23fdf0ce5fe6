import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Lab } from '#lab/lab.ts'
import type { SiteTruth } from '#lab/site/site.ts'
import { unknownWork } from '#lab/ordinary/unknown-work.ts'
import { startLab, worldOf } from '#lab/start.ts'
import { siteFactory } from '#lab/worlds/table.ts'
import { type Figure, explain, visitLab } from './testing/lab-figures.ts'

/** What a short visit sees, and what the answer is with the second look that it asks for. */
const cases: Record<string, { is: (truth: SiteTruth) => boolean; first: string; answer: string; change: string }> = {
  'a miner for who comes from a search engine': {
    is: (t) => t.hiding === 'by-referrer' && t.load === 'own-file',
    first: 'loaded',
    answer: 'active',
    change: 'referrer',
  },
  'a miner for phones': {
    is: (t) => t.hiding === 'mobile-only' && t.load === 'own-file',
    first: 'loaded',
    answer: 'active',
    change: 'phone',
  },
  'a miner in a service worker, from the second visit on': {
    is: (t) => t.hiding === 'second-visit' && t.load === 'own-file',
    first: 'loaded',
    answer: 'active',
    change: 'returns',
  },
}
const seed = 5
const world = worldOf('table', seed)
const truthOf = (is: (truth: SiteTruth) => boolean): SiteTruth => {
  const truth = world.sites.map((site) => site.truth(1)).find(is)
  assert.ok(truth, 'the lab has such a site')
  return truth
}
const wanted = Object.entries(cases).map(([name, one]) => ({ name, ...one, truth: truthOf(one.is) }))
/** Of no known kind. */
const unknownSite = siteFactory(seed, 'unknown-work')(() => ({ type: 'ordinary', content: unknownWork }))
const unknown = unknownSite.truth(1)
const clean = truthOf((t) => t.content === 'busy application')

let dir: string
let lab: Lab
const figures = new Map<string, Figure>()

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-look-'))
  const truths = [...wanted.map(({ truth }) => truth), clean, unknown]
  const hosts = new Set(truths.map(({ host }) => host))
  lab = await startLab({ dir: join(dir, 'lab'), seed, sites: [...world.sites.filter(({ host }) => hosts.has(host)), unknownSite] })
  const visits = {
    labDir: join(dir, 'lab'),
    out: join(dir, 'out'),
    policy: 'ignore' as const,
    truths,
    jobs: 2,
    dwellMs: 2_500,
    followUp: true,
  }
  for (const figure of await visitLab(visits)) figures.set(figure.truth.url, figure)
})

after(async () => {
  await lab.close()
  await rm(dir, { recursive: true, force: true })
})

for (const { name, truth, first, answer, change } of wanted) {
  test(`${name}: ${first} at first, ${answer} with a second look, and both are cited`, () => {
    const figure = figures.get(truth.url)
    assert.ok(figure)
    const { observation } = figure
    const visits = observation.visits ?? []
    const told = explain(figure)
    assert.deepEqual([visits[0]?.status, observation.conclusion.status], [first, answer], told)
    assert.equal(visits[0]?.rule, null)
    const decides = visits.find(({ captureId }) => captureId === observation.captureId)
    assert.ok(
      decides?.changes.some((each) => each === change),
      told,
    )
    assert.equal(new Set(visits.map(({ captureId }) => captureId)).size, visits.length)
    const cited = new Set(observation.findings.flatMap(({ evidence }) => evidence.map(({ captureId }) => captureId)))
    assert.ok(cited.has(visits[0]?.captureId ?? '') && cited.has(observation.captureId), told)
    assert.ok(
      observation.conclusion.accounts.some(({ account }) => account === truth.account),
      told,
    )
    // Alone: whoever looked for a second time had the browser to itself.
    assert.equal(observation.conditions.concurrency, 1)
  })
}

test('a busy application of an honest site gets no second look', () => {
  const figure = figures.get(clean.url)
  assert.ok(figure)
  assert.deepEqual(
    [figure.observation.conclusion.status, figure.observation.followUps, figure.observation.visits],
    ['none', [], undefined],
    explain(figure),
  )
})

test('work of no known kind stays suspected, and a second look says whether it follows the cores given', () => {
  const figure = figures.get(unknown.url)
  assert.ok(figure)
  const { visits = [], conclusion } = figure.observation
  assert.deepEqual([conclusion.status, visits.map(({ rule }) => rule)], ['suspected', [null, 'suspected']], explain(figure))
  assert.match(visits[1]?.notes.join('\n') ?? '', /its load follows the cores given/)
  assert.deepEqual(figure.wrong, [], explain(figure))
})
