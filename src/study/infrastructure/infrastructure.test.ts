import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Figures } from '../figures.ts'
import type { SiteRounds } from '../site-rounds.ts'
import { scoreOf } from '../testing/campaign-score.ts'
import { drawCampaignWorld, worldStart, worldWeek } from '../testing/campaign-world.ts'
import { campaignGraph, campaignsByRule, type Edge } from './campaign-graph.ts'
import { componentsOf } from './components.ts'
import { glueRule, type Verdict, verdictsOf } from './glue.ts'
import { infrastructureOf } from './infrastructure.ts'
import { movesOf } from './moves.ts'
import { pointersOf } from './pointers.ts'
import { supplyCases } from './supply-chain.ts'
import { type Trace, tracesOf } from './traces.ts'

/** `M` found, `o` asks first, `.` none, `-` not observed; a letter a round. */
function siteOf(site: string, text: string): SiteRounds {
  const states = { M: 'found', o: 'opt-in', '.': 'clean', '-': 'not-observed' } as const
  return {
    site,
    rank: 1,
    tags: [],
    states: [...text].map((letter) => states[letter as keyof typeof states]),
    at: [...text].map((_, round) => worldStart + round * worldWeek),
    visits: [],
  }
}
const trace = (site: string, name: string, ...rounds: number[]): Trace => {
  const at = name.indexOf(' ')
  return { site, kind: name.slice(0, at), subject: name.slice(at + 1), rounds }
}
const many = (count: number, text: string, from = 0) => Array.from({ length: count }, (_, at) => siteOf(`n${from + at}.com`, text))
const verdictOf = (rows: Trace[], sites: SiteRounds[], key: string): Verdict | undefined => verdictsOf(tracesOf(rows, sites)).get(key)

const miners = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => siteOf(`${name}.com`, 'MM'))
const others = many(300, '..')
const onMiners = (name: string, ...which: string[]) => which.map((site) => trace(`${site}.com`, name, 0, 1))
const glue: Record<string, { rows: Trace[]; verdict: Verdict; key: string }> = {
  'an account always joins, also of sites that have nothing else': {
    rows: onMiners('account w', 'a', 'b'),
    key: 'account w',
    verdict: 'joins',
  },
  'a loader of four sites joins': { rows: onMiners('script s', 'a', 'b', 'c', 'd'), key: 'script s', verdict: 'joins' },
  'a network never does': { rows: onMiners('network AS1', 'a', 'b', 'c', 'd'), key: 'network AS1', verdict: 'never' },
  'a library that others have is common': {
    rows: [...onMiners('script s', 'a', 'b', 'c', 'd'), ...others.slice(0, 4).map(({ site }) => trace(site, 'script s', 0))],
    key: 'script s',
    verdict: 'common',
  },
  'a shared hoster is there without the miner': {
    rows: [...onMiners('address h', 'a', 'b'), ...others.slice(0, 2).map(({ site }) => trace(site, 'address h', 0, 1))],
    key: 'address h',
    verdict: 'not with the miner',
  },
  'a tracker that comes with the miner joins': {
    rows: onMiners('tracker histats 4012345', 'a', 'b'),
    key: 'tracker histats 4012345',
    verdict: 'joins',
  },
  'the tracker of an owner, who is broken into on some of his sites, is there without the miner': {
    rows: [
      ...onMiners('tracker google-analytics UA-47', 'a', 'b'),
      ...others.slice(0, 2).map(({ site }) => trace(site, 'tracker google-analytics UA-47', 0, 1)),
    ],
    key: 'tracker google-analytics UA-47',
    verdict: 'not with the miner',
  },
  'code that is alike on sites of three payees is a service': {
    rows: [
      ...onMiners('similarity s1:0', 'a', 'b', 'c', 'd', 'e', 'f'),
      ...onMiners('account x', 'a', 'b'),
      ...onMiners('account y', 'c', 'd'),
      ...onMiners('account z', 'e', 'f'),
      ...onMiners('service s', 'a', 'b', 'c', 'd', 'e', 'f'),
    ],
    key: 'similarity s1:0',
    verdict: 'service',
  },
  'code that is alike where each copy has other octets joins': {
    rows: [...onMiners('similarity s1:1', 'a', 'b', 'c'), ...['a', 'b', 'c'].flatMap((name) => onMiners(`script ${name}`, name))],
    key: 'similarity s1:1',
    verdict: 'joins',
  },
  'code of three payees is a service': {
    rows: [
      ...onMiners('script s', 'a', 'b', 'c', 'd', 'e', 'f'),
      ...onMiners('account x', 'a', 'b'),
      ...onMiners('account y', 'c', 'd'),
      ...onMiners('account z', 'e', 'f'),
      ...onMiners('service s', 'a', 'b', 'c', 'd', 'e', 'f'),
    ],
    key: 'script s',
    verdict: 'service',
  },
  'a version that is on some sites of two payees is a service': {
    rows: [...onMiners('script s', 'a', 'd', 'b', 'e'), ...onMiners('account x', 'a', 'b', 'c'), ...onMiners('account y', 'd', 'e', 'f')],
    key: 'script s',
    verdict: 'service',
  },
  'code of all sites of two payees joins them': {
    rows: [...onMiners('script s', 'a', 'b', 'c', 'd'), ...onMiners('account x', 'a', 'b'), ...onMiners('account y', 'c', 'd')],
    key: 'script s',
    verdict: 'joins',
  },
  'one site ties nothing': { rows: onMiners('script s', 'a'), key: 'script s', verdict: 'one site' },
}
for (const [name, { rows, key, verdict }] of Object.entries(glue))
  test(name, () => assert.equal(verdictOf(rows, [...miners, ...others], key), verdict))

test('sites that share nothing but a tracker, which came with their miners, are one campaign', () => {
  const sites = [...miners, ...others]
  const traces = tracesOf(
    [...onMiners('tracker histats 4012345', 'a', 'b'), ...onMiners('account w', 'c', 'd'), ...onMiners('tracker histats 77', 'e')],
    sites,
  )
  assert.deepEqual(
    campaignsByRule(traces, verdictsOf(traces), sites).map(({ id, sites: its }) => [id, its]),
    [
      ['account w', ['c.com', 'd.com']],
      ['tracker histats 4012345', ['a.com', 'b.com']],
    ],
  )
})

test('two sites may share a rare theme by chance where many themes are asked', () => {
  const sites = [...miners, ...many(30, '..')]
  const rows = [
    ...onMiners('script theme', 'a', 'b'),
    ...Array.from({ length: 300 }, (_, at) =>
      [0, 1].map((n) => trace(n === 0 ? 'a.com' : `n${at % 30}.com`, `script t${at}`, 0, 1)),
    ).flat(),
  ]
  assert.equal(verdictOf(rows, sites, 'script theme'), 'by chance')
})

const edge = fc.record({
  site: fc.nat(20).map((n) => `${n}.com`),
  subject: fc.nat(20).map((n) => `account w${n}`),
  rounds: fc.uniqueArray(fc.nat(5), { minLength: 1 }).map((rounds) => rounds.sort((a, b) => a - b)),
})
/** One row a site and subject, as the ledger gives them. */
const edges = fc.uniqueArray(edge, { maxLength: 50, selector: ({ site, subject }) => `${site} ${subject}` })
const all = new Map(Array.from({ length: 30 }, (_, n) => [`${n}.com`, siteOf(`${n}.com`, 'MMMMMM')]))

test('the order of the rows does not matter; no site is in two campaigns; who shares a subject is in one', () => {
  fc.assert(
    fc.property(edges, (its) => {
      const found = campaignGraph(its, all)
      assert.deepEqual(campaignGraph(its.toReversed(), all), found)
      const campaignOf = new Map(found.flatMap(({ id, sites }) => sites.map((site) => [site, id])))
      assert.equal(
        campaignOf.size,
        found.reduce((sum, { sites }) => sum + sites.length, 0),
      )
      for (const a of its)
        for (const b of its) if (a.subject === b.subject && a.site !== b.site) assert.equal(campaignOf.get(a.site), campaignOf.get(b.site))
    }),
  )
})

test('a further site never splits a campaign, and what is called by its oldest member keeps that name while nothing older joins', () => {
  fc.assert(
    fc.property(edges, fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 5 }), (its, accounts) => {
      const before = campaignGraph(its, all)
      const more: Edge[] = accounts.map((n) => ({ site: '29.com', subject: `account w${n}`, rounds: [5] }))
      const after = campaignGraph([...its, ...more], all)
      for (const { sites } of before) {
        const whole = after.find((campaign) => campaign.sites.includes(sites[0]!))
        assert.ok(sites.every((site) => whole?.sites.includes(site)))
      }
      // The newcomer is of the last round: of each campaign it joins, the name of the oldest stays.
      for (const { id, sites } of after.filter(({ sites: its }) => !its.includes('29.com')))
        assert.deepEqual(before.find((campaign) => campaign.id === id)?.sites, sites)
    }),
  )
})

test('growth, ends, merges and splits are told by round', () => {
  const sites = new Map(
    [siteOf('a.com', 'MMMM'), siteOf('b.com', 'MMMM'), siteOf('c.com', '.MMM'), siteOf('d.com', '.MM.')].map((s) => [s.site, s]),
  )
  const tie = (site: string, subject: string, ...rounds: number[]): Edge => ({ site, subject, rounds })
  const [campaign, ...rest] = campaignGraph(
    [
      tie('a.com', 'account x', 0, 1, 2, 3),
      tie('b.com', 'account x', 0, 1, 2, 3),
      tie('c.com', 'account y', 1, 2, 3),
      tie('d.com', 'account y', 1, 2),
      tie('d.com', 'account x', 2),
    ],
    sites,
  )
  assert.equal(rest.length, 0)
  assert.equal(campaign?.id, 'account x')
  assert.deepEqual(campaign.merged, [{ round: 2, id: 'account y' }])
  assert.deepEqual(
    campaign.rounds.map(({ active, arrived, left, parts }) => [active, arrived, left, parts]),
    [
      [2, 2, 0, 1],
      [4, 2, 0, 2],
      [4, 0, 0, 1],
      [3, 0, 1, 2],
    ],
  )
  assert.deepEqual(campaign.splits, [
    { round: 1, parts: 2 },
    { round: 3, parts: 2 },
  ])
})

test('a third party whose code changed as its sites began to mine, with the day; a miner of sites without one is none', () => {
  const sites = [...['p', 'q', 'r', 's'].map((name) => siteOf(`${name}.com`, '..MM')), siteOf('t.com', '...M'), ...many(20, '....')]
  const rows = [
    ...['p', 'q', 'r', 's'].flatMap((name) => [
      trace(`${name}.com`, 'host tags.test', 0, 1, 2, 3),
      trace(`${name}.com`, 'host cdn.test', 0, 1, 2, 3),
      trace(`${name}.com`, 'script old', 0, 1),
      trace(`${name}.com`, 'script new', 2, 3),
      { site: `${name}.com`, kind: 'pair', subject: 'tags.test → coin.test script', rounds: [2, 3] },
    ]),
    ...sites.slice(5).map(({ site }) => trace(site, 'host cdn.test', 0, 1, 2, 3)),
  ]
  const [found, ...rest] = supplyCases(tracesOf(rows, sites), sites)
  assert.equal(rest.length, 0)
  assert.deepEqual(
    { ...found, from: ((found?.from ?? 0) - worldStart) / worldWeek, until: ((found?.until ?? 0) - worldStart) / worldWeek },
    {
      host: 'tags.test',
      round: 2,
      from: 1,
      until: 2,
      digests: ['new'],
      before: ['old'],
      leadsTo: ['coin.test'],
      sites: ['p.com', 'q.com', 'r.com', 's.com'],
      loading: 4,
    },
  )
  assert.deepEqual(
    supplyCases(
      tracesOf(
        rows.filter(({ subject }) => subject !== 'tags.test'),
        sites,
      ),
      sites,
    ),
    [],
  )
})

test('a new version that is clean is no beginning, though its sites mine later by the next', () => {
  const names = ['p', 'q', 'r', 's'].map((name) => `${name}.com`)
  const sites = [...names.map((site) => siteOf(site, '...M')), ...many(20, '....')]
  const rows = names.flatMap((site) => [
    trace(site, 'host tags.test', 0, 1, 2, 3),
    trace(site, 'script first', 0, 1),
    trace(site, 'script clean', 2),
    trace(site, 'script carrying', 3),
  ])
  assert.deepEqual(
    supplyCases(tracesOf(rows, sites), sites).map(({ host, round, digests }) => [host, round, digests]),
    [['tags.test', 3, ['carrying']]],
  )
})

test('where sites went on after a shutdown; two services side by side are no move', () => {
  const sites = [siteOf('a.com', 'MMMM'), siteOf('b.com', 'MMMM'), siteOf('c.com', 'MMMM')]
  const rows = [
    ...['a.com', 'b.com'].flatMap((site) => [trace(site, 'service old', 0, 1), trace(site, 'service new', 2, 3)]),
    trace('c.com', 'service old', 0, 1),
    trace('c.com', 'service other', 0, 1, 2, 3),
    trace('c.com', 'service new', 2, 3),
  ]
  const traces = tracesOf(rows, sites)
  assert.deepEqual(movesOf(traces, verdictsOf(traces)), [{ kind: 'service', from: 'old', to: 'new', sites: ['a.com', 'b.com'], round: 2 }])
})

test("what points to miners is asked against controls of the same rank and ending; the miner's own is apart", () => {
  const sites = [
    ...Array.from({ length: 20 }, (_, n) => siteOf(`m${n}.com`, '.M')),
    ...many(200, '..'),
    ...Array.from({ length: 50 }, (_, n) => siteOf(`x${n}.fm`, '..')),
  ]
  const rows = [
    ...Array.from({ length: 12 }, (_, n) => trace(`m${n}.com`, 'script weak', 0, 1)),
    ...Array.from({ length: 10 }, (_, n) => trace(`n${n}.com`, 'script weak', 0, 1)),
    ...Array.from({ length: 20 }, (_, n) => trace(`m${n}.com`, 'host coin.test', 1)),
    // A third party of another ending only tells nothing.
    ...Array.from({ length: 50 }, (_, n) => trace(`x${n}.fm`, 'host fm.test', 0, 1)),
  ]
  const found = pointersOf(tracesOf(rows, sites), (site) => site)
  assert.deepEqual([found.matched, found.found, found.controls, found.tested], [20, 20, 200, 2])
  assert.deepEqual(
    found.rows.map(({ subject, foundSites, otherSites, method }) => [subject, foundSites.length, otherSites, method]),
    [['weak', 12, 10, 'exact']],
  )
  // 12 × 190 ÷ (8 × 10) = 28.5; the conditional estimate lies a little nearer to 1.
  assert.ok((found.rows[0]?.estimate ?? 0) > 22 && (found.rows[0]?.estimate ?? 0) < 28.5)
  assert.deepEqual(
    found.own.map(({ subject }) => subject),
    ['coin.test'],
  )
})

test('a service whose customers also ask first is still the miner’s own', () => {
  const asking = Array.from({ length: 10 }, (_, n) => siteOf(`q${n}.com`, 'oo'))
  const sites = [...miners, ...asking, ...many(100, '..')]
  const rows = [...miners, ...asking].map(({ site }) => trace(site, 'host coin.test', 0, 1))
  const found = pointersOf(tracesOf(rows, sites), (site) => site)
  assert.deepEqual([found.tested, found.own.map(({ subject, foundSites }) => [subject, foundSites.length])], [0, [['coin.test', 6]]])
})

test('a world: campaigns, the third party and its day; sites found are not named', () => {
  const score = scoreOf(7, { sites: 400, rounds: 10 })
  assert.ok(score.right / score.said >= 0.99, `${score.right} of ${score.said}`)
  const truth = score.world.truth.supply
  assert.deepEqual(
    score.supply.map(({ host, from, until }) => [host, from <= truth.at && truth.at <= until]),
    [[truth.host, true]],
  )
})

test('the same rows in any order give the same sections, and every row leads to a figure', () => {
  const world = drawCampaignWorld(3, { sites: 250, rounds: 8 })
  const figures = new Figures()
  const sections = infrastructureOf(world.traces, world.sites, (site) => site, figures)
  assert.deepEqual(
    infrastructureOf(world.traces.toReversed(), world.sites.toReversed(), (site) => site, new Figures()),
    sections,
  )
  const { campaigns, supply, moves } = sections.infrastructure
  const rows = [...sections.pointers.rows, ...campaigns.rows, ...supply, ...moves.rows]
  assert.ok(rows.length > 5)
  assert.equal(new Set(rows.map(({ figure }) => figure)).size, rows.length)
  for (const row of campaigns.rows) assert.equal(figures.find(row.figure)?.sites.length, row.sites)
  const found = world.sites.filter(({ states }) => states.includes('found')).map(({ site }) => site)
  const { campaignSites, ...printed } = sections
  assert.deepEqual(
    campaignSites.slice(0, campaigns.rows.length).map((sites) => sites.length),
    campaigns.rows.map((row) => row.sites),
  )
  const text = JSON.stringify({ printed, figures: figures.list() })
  for (const site of found) assert.ok(!text.includes(`"${site}`), site)
})

test('the report has rows of the largest campaigns; all are known', () => {
  const sites = Array.from({ length: 120 }, (_, at) => siteOf(`s${at}.com`, 'MM'))
  const rows = sites.map(({ site }, at) => trace(site, `account key-${Math.floor(at / 2)}`, 0, 1))
  const { infrastructure, campaignSites } = infrastructureOf(rows, sites, (site) => site, new Figures())
  assert.deepEqual([infrastructure.campaigns.all, infrastructure.campaigns.rows.length, campaignSites.length], [60, 50, 60])
  assert.deepEqual(campaignSites.flat().sort(), sites.map(({ site }) => site).sort())
})

for (const subject of ['host static.victim.com', 'tracker matomo stats.victim.com 3'])
  test(`a host that is a site found is hidden: ${subject}`, () => {
    const sites = [siteOf('victim.com', 'MM'), siteOf('a.com', 'MM'), siteOf('b.com', 'MM')]
    const sections = infrastructureOf([trace('a.com', subject, 0, 1), trace('b.com', subject, 0, 1)], sites, (site) => site, new Figures())
    assert.equal(sections.infrastructure.shared.length, 1)
    assert.ok(!JSON.stringify(sections).includes('victim.com'))
  })

test('components of a large graph are those of a walk', () => {
  const [sites, subjects] = [Int32Array.from([0, 1, 1, 2, 4]), Int32Array.from([0, 0, 1, 1, 2])]
  const { ofSite, ofSubject } = componentsOf(sites, subjects, { sites: 5, subjects: 4 })
  assert.deepEqual(
    [[...ofSite], [...ofSubject]],
    [
      [0, 0, 0, -1, 2],
      [0, 0, 2, 3],
    ],
  )
})

test('the rule is in the report as it was used', () => {
  const { infrastructure } = infrastructureOf([], [], (site) => site, new Figures())
  assert.deepEqual(infrastructure.rule, glueRule)
  assert.equal(infrastructure.campaigns.all, 0)
})
