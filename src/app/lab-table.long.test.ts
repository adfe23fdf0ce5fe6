import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Lab } from '#lab/lab.ts'
import { startLab, worldOf } from '#lab/start.ts'
import { type Figure, describe, explain, totalsLine, totalsOf, visitLab } from './testing/lab-figures.ts'

/** Every site of the lab against what is true of it. CI keeps to one seed; ASSAY_LAB_SEED or `npm run figures` takes others. */
const seed = Number(process.env['ASSAY_LAB_SEED'] ?? 20_261_126)
const truths = worldOf('all', seed).sites.map((site) => site.truth(1))
const asking = truths.filter(({ asking: how }) => how !== null && how !== 'none')

/** Sites that keep themselves for a phone, for who comes from a search engine, for who comes again. */
const keeping = truths.filter(({ met }) => met !== null)

let dir: string
let lab: Lab
const figures = new Map<string, Figure>()

before(async () => {
  console.log(`ASSAY_LAB_SEED=${seed}`)
  dir = await mkdtemp(join(tmpdir(), 'assay-table-'))
  lab = await startLab({ dir: join(dir, 'lab'), seed, sites: 'all' })
  const visited = { labDir: join(dir, 'lab'), out: join(dir, 'out'), dwellMs: 6_000 }
  const keep = (figure: Figure): void => void figures.set(`${figure.observation.conditions.consent} ${figure.truth.url}`, figure)
  await visitLab({ ...visited, policy: 'ignore', truths, jobs: 2, onFigure: keep })
  await visitLab({ ...visited, policy: 'accept', truths: asking, jobs: 2, onFigure: keep })
  await visitLab({ ...visited, policy: 'reject', truths: asking, jobs: 2, onFigure: keep })
  const keepMet = (figure: Figure): void => void figures.set(`met ${figure.truth.url}`, figure)
  await visitLab({ ...visited, policy: 'ignore', truths: keeping, met: true, jobs: 2, onFigure: keepMet })
  console.log(totalsLine(totalsOf([...figures.values()])))
})

after(async () => {
  await lab.close()
  await rm(dir, { recursive: true, force: true })
})

for (const policy of ['ignore', 'accept', 'reject'] as const) {
  for (const truth of policy === 'ignore' ? truths : asking) {
    test(`${policy}: ${describe(truth)} is ${truth.underPolicy[policy].status}`, () => {
      const figure = figures.get(`${policy} ${truth.url}`)
      assert.ok(figure)
      assert.deepEqual(figure.wrong, [], explain(figure))
    })
  }
}

for (const truth of keeping) {
  test(`with what it needs: ${describe(truth)} is ${truth.met?.underPolicy.ignore.status}`, () => {
    const figure = figures.get(`met ${truth.url}`)
    assert.ok(figure)
    assert.deepEqual(figure.wrong, [], explain(figure))
  })
}

test('no algorithm is named that is another', () => {
  const wrong = [...figures.values()].filter(({ family }) => family === 'wrong')
  // An unknown core in a dialect that was made for one algorithm is called by the dialect; a plain hash may be told by nothing at all.
  const named = wrong.filter(
    ({ truth, observation }) =>
      truth.family !== 'unknown-core' &&
      observation.findings.some(({ kind, family }) => kind === 'mining' && family !== null && family !== 'unknown-core'),
  )
  assert.deepEqual(named.map(explain), [])
})
