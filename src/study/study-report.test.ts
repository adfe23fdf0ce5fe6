import assert from 'node:assert/strict'
import { test } from 'node:test'
import { studyReportSchema } from '#model/study-report.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { InstanceRow, ServerRow } from '#ledger/index/study-questions.ts'
import { buildReport, type ReportInput } from './study-report.ts'

const start = Date.UTC(2026, 0, 5)
const week = 7 * 86_400_000

interface Lane {
  lane?: 'http' | 'browser'
  inclusion?: number
  repeat?: number
}

/** `M` found, `o` asks first, `.` none, `?` blind, `-` not observed; a letter a week. */
function visitsOf(site: string, text: string, { lane = 'browser', inclusion, repeat = 0 }: Lane = {}, account?: string): VisitRow[] {
  const status = { M: 'active', o: 'opt-in', '.': 'none', '?': 'inconclusive', '-': 'not-observed', h: 'hint', n: 'no-hint' } as const
  return [...text].flatMap((letter, round): VisitRow[] => {
    const said = status[letter as keyof typeof status]
    if (said === undefined) return []
    return [
      {
        visitId: `${site} ${round} ${lane} ${repeat}`,
        crawl: 'pilot',
        round,
        url: `https://${site}/`,
        site,
        rank: null,
        tags: [],
        plannedAt: null,
        observedAt: new Date(start + round * week + repeat * 3_600_000),
        captureId: `sha256:${site}-${round}-${lane}-${repeat}`,
        errorCode: null,
        lane,
        repeat,
        inclusion: inclusion ?? null,
        inclusionReason: inclusion === undefined ? null : 'sample',
        failure: said === 'not-observed' ? 'timeout' : null,
        observed: {
          judgement: 'sha256:j',
          lane,
          vantage: 'local',
          reached: 'content',
          status: said,
          activity: 'hashing',
          consent: 'not-asked',
          placement: 'page',
          families: letter === 'M' ? ['cryptonight'] : [],
          services: letter === 'M' ? ['coinhive'] : [],
          accounts: letter === 'M' && account !== undefined ? [account] : [],
        },
      },
    ]
  })
}

const input = (visits: VisitRow[], over: Partial<ReportInput> = {}): ReportInput => ({
  study: 'pilot',
  crawl: 'pilot',
  asOf: null,
  madeAt: new Date(start + 60 * week),
  pages: [...new Set(visits.map(({ site }) => site))].map((site, at) => ({
    site,
    url: `https://${site}/`,
    rank: at + 1,
    tags: at % 2 === 0 ? ['even'] : [],
  })),
  visits,
  servers: [],
  instances: [],
  traces: [],
  retractions: [],
  imported: [],
  everyMs: week,
  geoDate: '2026-06-17',
  source: null,
  isSimulated: false,
  endpoint: null,
  isCensus: true,
  endAfter: 1,
  correction: 'holm',
  replicates: 50,
  seed: 1,
  named: 0,
  ...over,
})

const five = [
  ...visitsOf('a.com', '.MM..', {}, 'wallet'),
  ...visitsOf('b.com', 'MMM..', {}, 'wallet'),
  ...visitsOf('c.net', '..-MM'),
  ...visitsOf('d.net', '.....'),
  ...visitsOf('e.org', '--?--'),
]

test('prevalence ever and by round counts what was looked at; bounds say what the rest could change', () => {
  const { report } = buildReport(input(five))
  const { ever } = report.prevalence
  assert.deepEqual([ever.found, ever.looked, ever.notLooked, ever.estimate], [3, 4, 1, 0.75])
  assert.deepEqual(ever.bounds, { low: 0.6, high: 0.8 })
  assert.deepEqual(
    report.prevalence.rounds.map(({ found, looked }) => [found, looked]),
    [
      [1, 4],
      [2, 4],
      [2, 3],
      [1, 4],
      [1, 4],
    ],
  )
  assert.deepEqual(report.coverage.reasons, [{ reason: 'timeout', visits: 5 }])
})

test('two sites that one account pays for are one cluster', () => {
  const { report } = buildReport(input(five))
  assert.ok(report.prevalence.ever.designEffect > 1)
  assert.equal(report.longevity.alreadyThere.clusters, 1)
})

test('stays whose start was seen are apart from those already there; a missed visit is no end', () => {
  const { report } = buildReport(input(five))
  const { cohort, alreadyThere, shortestDays } = report.longevity
  assert.deepEqual([cohort.stays, cohort.ended, alreadyThere.stays, alreadyThere.ended, shortestDays], [2, 1, 1, 1, 7])
  assert.ok(cohort.convergence.converged)
})

test('every figure leads to its sites and from there to captures', () => {
  const built = buildReport(input(five))
  assert.equal(new Set(built.report.figures.map(({ id }) => id)).size, built.report.figures.length)
  for (const { id, sites } of built.report.figures) {
    const explanation = built.explain(id)
    assert.equal(explanation?.sites.length, sites, id)
    for (const { visits } of explanation?.sites ?? []) assert.ok(visits.every(({ captureId }) => captureId !== null))
  }
  assert.deepEqual(
    built.explain('prevalence.ever.found')?.sites.map(({ site }) => site),
    ['a.com', 'b.com', 'c.net'],
  )
  assert.equal(built.explain('no.such.figure'), null)
})

test('more visits than a call takes arguments are counted all the same', () => {
  const many = Array.from({ length: 7000 }, (_, number) =>
    visitsOf(`s${number}.com`, number % 50 === 0 ? '..MMMM..MMMM......MM....' : '.'.repeat(24)),
  ).flat()
  const { report } = buildReport(input(many, { endAfter: 2 }))
  assert.deepEqual([report.population.visits, report.conditions.rounds, report.prevalence.ever.found], [168_000, 24, 140])
})

test('groups: a site counts in its rank, ending, country and each of its tags', () => {
  const server = (site: string, country: string | null, organisation = 'Hosting'): ServerRow => ({
    site,
    address: `192.0.2.${site.length}`,
    asn: 64500,
    organisation,
    country,
  })
  const { report } = buildReport(
    input(five, { servers: [server('a.com', 'DE'), server('b.com', 'US', 'CLOUDFLARENET'), server('c.net', null)] }),
  )
  const rows = (dimension: string) =>
    Object.fromEntries(
      (report.prevalence.by.find((each) => each.dimension === dimension)?.rows ?? []).map(({ group, found, looked }) => [
        group,
        `${found}/${looked}`,
      ]),
    )
  assert.deepEqual(rows('ending'), { '.com': '2/2', '.net': '1/2', '.org': '0/0' })
  assert.deepEqual(rows('country'), { DE: '1/1', 'CDN or anycast': '1/1', unknown: '1/1', 'not known': '0/1' })
  assert.deepEqual(rows('stratum'), { even: '2/2', none: '1/2' })
  assert.deepEqual(rows('rank'), { '1–100': '3/4' })
  assert.deepEqual([report.prevalence.servers.addresses, report.prevalence.servers.networks], [1, 1])
})

test('instances: pages × components, with the site that has most', () => {
  const instance = (site: string, url: string, slot: string | null): InstanceRow => ({ site, lane: 'browser', url, slot })
  const { report } = buildReport(
    input(five, {
      instances: [
        instance('a.com', 'https://a.com/', 'x'),
        instance('a.com', 'https://a.com/', 'y'),
        instance('a.com', 'https://a.com/2', 'x'),
        instance('b.com', 'https://b.com/', null),
        instance('d.net', 'https://d.net/', 'never found there'),
      ],
    }),
  )
  assert.deepEqual(report.prevalence.instances, { instances: 4, pages: 3, sites: 2, largestSite: { instances: 3, share: 0.75 } })
})

test('the lane without JavaScript is put right by the sample that a browser visited', () => {
  // 20 sites over http, 2 hints of which 1 mines; of the 18 others 9 were drawn with probability one half, and 1 mines.
  const visits = Array.from({ length: 20 }, (_, at) => {
    const site = `s${at}.com`
    const isHint = at < 2
    const http = visitsOf(site, isHint ? 'h' : 'n', { lane: 'http' })
    if (isHint) return [...http, ...visitsOf(site, at === 0 ? 'M' : '.', { inclusion: 1 })]
    return at < 11 ? [...http, ...visitsOf(site, at === 2 ? 'M' : '.', { inclusion: 0.5 })] : http
  }).flat()
  const { report } = buildReport(input(visits))
  const [row] = report.prevalence.corrected
  // (2 hints − 1 that does not mine + 1 ÷ ½) ÷ 20.
  assert.deepEqual([row?.hints, row?.httpLooked, row?.sample, row?.estimate], [2, 20, 11, 0.15])
  assert.equal(report.conditions.mainLane, 'http')
})

test('misses come from pages that were visited twice in a round', () => {
  const visits = Array.from({ length: 30 }, (_, at) => [
    ...visitsOf(`s${at}.com`, at < 20 ? 'M' : '.'),
    ...visitsOf(`s${at}.com`, at < 16 ? 'M' : '.', { repeat: 1 }),
  ]).flat()
  const { report } = buildReport(input(visits))
  // 4 seen once, 16 twice: 2·16 ÷ (4 + 2·16).
  assert.ok(Math.abs((report.longevity.misses.repeated.detection ?? 0) - 32 / 36) < 1e-6)
  assert.equal(report.longevity.misses.repeated.twice, 30)
})

test('the same rows in any order give the same report', () => {
  const { pages } = input(five)
  const { report } = buildReport(input(five, { pages }))
  assert.deepEqual(buildReport(input(five.toReversed(), { pages: pages.toReversed() })).report, report)
})

test('a report fits its schema, also of nothing', () => {
  assert.equal(studyReportSchema.safeParse(buildReport(input(five)).report).error, undefined)
  assert.equal(studyReportSchema.safeParse(buildReport(input([], { everyMs: null })).report).error, undefined)
})

test('what it cannot show is said: no second visit, a question written down late, sites never looked at', () => {
  const { report } = buildReport(
    input(five, { endpoint: { statement: 'the share ever found', writtenAt: '2027-01-01T00:00:00.000Z', firstVisit: null, versions: 2 } }),
  )
  for (const sentence of [
    /misses were not measured/,
    /written down after the first visit/,
    /1 of the sites was never looked at/,
    /shorter than 7 days/,
  ])
    assert.ok(
      report.limits.some((limit) => sentence.test(limit)),
      String(sentence),
    )
})
