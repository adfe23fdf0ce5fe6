import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Status } from '#model/finding.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import { summarise } from './summary.ts'

const week = (round: number) => new Date(Date.UTC(2026, 0, 5 + 7 * round))
const day = (round: number) => week(round).toISOString()

function visit(
  site: string,
  round: number,
  status: Status | 'failed',
  more: {
    url?: string
    account?: string
    service?: string
    family?: string
    reached?: VisitRow['observed'] extends infer O ? (O extends { reached: infer R } ? R : never) : never
    errorCode?: string
  } = {},
): VisitRow {
  const seen = status === 'active' || status === 'loaded' || status === 'suspected' || status === 'opt-in'
  return {
    visitId: `${site}-${more.url ?? ''}-${round}`,
    crawl: 'weekly',
    round,
    url: more.url ?? `https://${site}/`,
    site,
    rank: null,
    tags: [],
    plannedAt: week(round),
    observedAt: week(round),
    captureId: status === 'failed' ? null : `sha256:${site}${round}`,
    errorCode: more.errorCode ?? (status === 'failed' ? 'BROWSER_FAILED' : null),
    lane: 'browser',
    repeat: 0,
    inclusion: null,
    inclusionReason: null,
    failure: null,
    observed:
      status === 'failed'
        ? null
        : {
            judgement: 'sha256:1',
            lane: 'browser',
            vantage: 'local',
            reached: more.reached ?? 'content',
            status,
            activity: 'none-seen',
            consent: 'unknown',
            placement: 'unknown',
            families: seen ? [more.family ?? 'cryptonight'] : [],
            services: seen ? [more.service ?? 'coinhive'] : [],
            accounts: seen ? [more.account ?? 'A'] : [],
          },
  }
}
const over = (site: string, statuses: (Status | 'failed' | null)[], more: Parameters<typeof visit>[3] = {}) =>
  statuses.flatMap((status, round) => (status === null ? [] : [visit(site, round, status, more)]))
const study = (visits: VisitRow[], rounds = 4) =>
  summarise({
    crawl: 'weekly',
    rounds,
    pages: [...new Set(visits.map(({ site }) => site))].map((site) => ({ site, url: `https://${site}/`, rank: null, tags: [] })),
    visits,
  })

test('each site in each round, and how not seen, not seen clearly, not reached and not visited are told apart', () => {
  const { sites, rounds, coverage } = study([
    ...over('a.test', ['none', 'active', 'loaded', 'none']),
    ...over('b.test', ['inconclusive', 'not-observed', 'failed', null], { reached: 'gate' }),
    ...over('c.test', ['opt-in', 'opt-in', 'opt-in', 'opt-in']),
  ])
  assert.deepEqual(
    sites.map(({ site, states }) => [site, ...states]),
    [
      ['a.test', 'clean', 'found', 'found', 'clean'],
      ['b.test', 'blind', 'not-observed', 'not-observed', 'not-visited'],
      ['c.test', 'opt-in', 'opt-in', 'opt-in', 'opt-in'],
    ],
  )
  assert.deepEqual(
    rounds.map((round) => [round.found.count, round.found.of, round.optIn.count]),
    [
      [0, 2, 1],
      [1, 2, 1],
      [1, 2, 1],
      [0, 2, 1],
    ],
  )
  assert.deepEqual(coverage, {
    observed: 8,
    blind: 1,
    notObserved: 2,
    reasons: [
      { reason: 'BROWSER_FAILED', visits: 1 },
      { reason: 'gate', visits: 1 },
    ],
  })
})

const stays: Record<
  string,
  [
    (Status | 'failed' | null)[],
    {
      first: number
      last: number
      before: number | null
      after: number | null
      seen: number
      looked: number
      notObserved: number
      gap: boolean
    },
  ]
> = {
  'comes and goes within the study': [
    ['none', 'active', 'active', 'none'],
    { first: 1, last: 2, before: 0, after: 3, seen: 2, looked: 4, notObserved: 0, gap: false },
  ],
  'was there before and stays': [
    ['active', 'active', 'loaded', 'active'],
    { first: 0, last: 3, before: null, after: null, seen: 4, looked: 4, notObserved: 0, gap: false },
  ],
  'a round that did not reach it bounds nothing': [
    ['not-observed', 'active', 'failed', 'none'],
    { first: 1, last: 1, before: null, after: 3, seen: 1, looked: 2, notObserved: 2, gap: false },
  ],
  'a blind look bounds nothing': [
    ['inconclusive', 'active', 'inconclusive', null],
    { first: 1, last: 1, before: null, after: null, seen: 1, looked: 1, notObserved: 0, gap: false },
  ],
  'goes and comes back': [
    ['active', 'none', 'active', 'none'],
    { first: 0, last: 2, before: null, after: 3, seen: 2, looked: 4, notObserved: 0, gap: true },
  ],
}
for (const [name, [statuses, expected]] of Object.entries(stays)) {
  test(`a miner that ${name}`, () => {
    const [miner] = study(over('m.test', statuses)).miners
    const date = (round: number | null) => (round === null ? null : day(round))
    assert.deepEqual(
      {
        first: miner?.firstSeen,
        last: miner?.lastSeen,
        before: miner?.lookedBefore,
        after: miner?.lookedAfter,
        seen: miner?.roundsSeen,
        looked: miner?.roundsLooked,
        notObserved: miner?.roundsNotObserved,
        gap: miner?.hadGap,
      },
      { ...expected, first: date(expected.first), last: date(expected.last), before: date(expected.before), after: date(expected.after) },
    )
  })
}

test('one page of a site that mines makes the site found, whatever the others are', () => {
  const { sites, rounds } = study(
    [
      visit('a.test', 0, 'none', { url: 'https://a.test/1' }),
      visit('a.test', 0, 'suspected', { url: 'https://a.test/2' }),
      visit('a.test', 0, 'not-observed', { url: 'https://a.test/3' }),
    ],
    1,
  )
  assert.deepEqual(
    sites.map((site) => site.states),
    [['found']],
  )
  assert.deepEqual([rounds[0]?.found.count, rounds[0]?.found.of], [1, 1])
})

test('by account, service and family, and the campaigns of shared accounts', () => {
  const summary = study(
    [
      ...over('a.test', ['active'], { account: 'X', service: 'coinhive' }),
      ...over('b.test', ['active'], { account: 'X', service: 'coinhive' }),
      ...over('c.test', ['loaded'], { account: 'Y', service: 'jsecoin', family: 'sha256' }),
      ...over('d.test', ['none']),
    ],
    1,
  )
  assert.deepEqual(
    summary.accounts.map(({ name, sites }) => [name, sites]),
    [
      ['X', 2],
      ['Y', 1],
    ],
  )
  assert.deepEqual(
    summary.services.map(({ name, sites }) => [name, sites]),
    [
      ['coinhive', 2],
      ['jsecoin', 1],
    ],
  )
  assert.deepEqual(
    summary.families.map(({ name, sites }) => [name, sites]),
    [
      ['cryptonight', 2],
      ['sha256', 1],
    ],
  )
  assert.deepEqual(
    summary.campaigns.map(({ id, sites }) => [id, sites]),
    [['X', ['a.test', 'b.test']]],
  )
})

test('a page that was never visited is of the population', () => {
  const summary = summarise({
    crawl: 'weekly',
    rounds: 1,
    pages: [{ site: 'far.test', url: 'https://far.test/', rank: 9, tags: ['top'] }],
    visits: [],
  })
  assert.deepEqual(summary.population, { sites: 1, pages: 1, visits: 0 })
  assert.deepEqual(summary.rounds[0]?.sites['not-visited'], 1)
  assert.deepEqual(summary.rounds[0]?.found, { count: 0, of: 0, estimate: null, low: null, high: null })
})

test('visits of other crawls do not count', () => {
  assert.equal(
    study(
      [
        { ...visit('a.test', 0, 'active'), crawl: null, round: null },
        { ...visit('a.test', 0, 'active'), crawl: 'other' },
      ],
      1,
    ).miners.length,
    0,
  )
})

test('plain JSON, whatever the order of the rows', () => {
  const status = fc.constantFrom<Status | 'failed'>(
    'active',
    'loaded',
    'suspected',
    'opt-in',
    'none',
    'inconclusive',
    'not-observed',
    'failed',
  )
  const row = fc
    .record({ site: fc.nat(5), round: fc.nat(3), status, account: fc.nat(3) })
    .map(({ site, round, status: is, account }) => visit(`${site}.test`, round, is, { account: `w${account}` }))
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: ({ visitId }) => visitId, maxLength: 24 }), (visits) => {
      const summary = study(visits)
      assert.deepEqual(JSON.parse(JSON.stringify(summary)), summary)
      assert.deepEqual(study(visits.toReversed()), summary)
      for (const round of summary.rounds)
        assert.equal(
          Object.values(round.sites).reduce((sum, count) => sum + count, 0),
          summary.population.sites,
        )
    }),
  )
})

test('a page with a hint is what the browser saw of it; where the browser saw nothing, the hint stands', () => {
  const http = (site: string): VisitRow => {
    const row = visit(site, 0, 'hint')
    return { ...row, visitId: `${row.visitId}-http`, lane: 'http', observed: row.observed && { ...row.observed, lane: 'http' } }
  }
  const { sites } = study(
    [
      http('clean.test'),
      visit('clean.test', 0, 'none'),
      http('found.test'),
      visit('found.test', 0, 'active'),
      http('down.test'),
      visit('down.test', 0, 'failed'),
    ],
    1,
  )
  assert.deepEqual(Object.fromEntries(sites.map(({ site, states }) => [site, states[0]])), {
    'clean.test': 'clean',
    'found.test': 'found',
    'down.test': 'found',
  })
})
