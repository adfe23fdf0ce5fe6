import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Lab } from '#lab/lab.ts'
import type { SiteTruth } from '#lab/site/site.ts'
import type { ConsentPolicy } from '#model/capture.ts'
import { startLab, worldOf } from '#lab/start.ts'
import { type Figure, describe, explain, visitLab } from './testing/lab-figures.ts'

/** The whole line on a few sites of the lab; `lab-table.long.test.ts` has all of them. */
const seed = 5
const cases: { name: string; is: (truth: SiteTruth) => boolean; policy: ConsentPolicy }[] = [
  {
    name: 'a miner in the page itself',
    is: (t) => t.load === 'inline' && t.dialect === 'coinhive' && t.poolMode === 'answers',
    policy: 'ignore',
  },
  { name: 'a miner from a third party', is: (t) => t.load === 'fourth-party', policy: 'ignore' },
  { name: 'a miner in an advertisement', is: (t) => t.load === 'ad-frame', policy: 'ignore' },
  { name: 'a miner that asks and gets no answer', is: (t) => t.asking === 'asks-first' && t.load === 'own-file', policy: 'ignore' },
  { name: 'a miner that asks and may', is: (t) => t.asking === 'asks-first' && t.load === 'own-file', policy: 'accept' },
  { name: 'a miner that asks and hears no', is: (t) => t.asking === 'asks-first' && t.load === 'own-file', policy: 'reject' },
  { name: 'a gate that stays closed', is: (t) => t.content === 'gate that stays closed', policy: 'ignore' },
  { name: 'a proof of work that pays nobody', is: (t) => t.content === 'proof-of-work captcha', policy: 'ignore' },
  { name: 'a wallet', is: (t) => t.content === 'wallet', policy: 'ignore' },
  { name: 'a name that does not resolve', is: (t) => t.content === 'unresolved', policy: 'ignore' },
]
const world = worldOf('table', seed)
const truthOf = (is: (truth: SiteTruth) => boolean): SiteTruth => {
  const site = world.sites.find((candidate) => is(candidate.truth(1)))
  assert.ok(site, 'the lab has such a site')
  return site.truth(1)
}
const wanted = cases.map((one) => ({ ...one, truth: truthOf(one.is) }))

let dir: string
let lab: Lab
const figures = new Map<string, Figure>()

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-scan-'))
  const hosts = new Set(wanted.map(({ truth }) => truth.host))
  lab = await startLab({ dir: join(dir, 'lab'), seed, sites: world.sites.filter(({ host }) => hosts.has(host)) })
  for (const policy of ['ignore', 'accept', 'reject'] as const) {
    const truths = wanted.filter((one) => one.policy === policy).map(({ truth }) => truth)
    const answers = await visitLab({ labDir: join(dir, 'lab'), out: join(dir, 'out'), policy, truths, jobs: 2, dwellMs: 4_000 })
    for (const figure of answers) figures.set(`${policy} ${figure.truth.url}`, figure)
  }
})

after(async () => {
  await lab.close()
  await rm(dir, { recursive: true, force: true })
})

for (const { name, truth, policy } of wanted) {
  test(`${name} is ${truth.underPolicy[policy].status}: ${describe(truth)}`, () => {
    const figure = figures.get(`${policy} ${truth.url}`)
    assert.ok(figure)
    assert.deepEqual(figure.wrong, [], explain(figure))
    assert.equal(figure.observation.conditions.consent, policy)
  })
}

test('every finding cites an artifact that its capture has', () => {
  for (const { observation } of figures.values()) {
    for (const { evidence } of observation.findings) {
      assert.ok(evidence.length > 0)
      for (const { captureId, artifact } of evidence) {
        assert.equal(captureId, observation.captureId)
        assert.match(artifact, /^[a-z]+-\d+$/)
      }
    }
  }
})
