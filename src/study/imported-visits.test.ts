import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildReport } from './study-report.ts'
import { importedStudy } from './imported-visits.ts'
import { defaultRules } from './study-file.ts'
import { parseImport } from './testing/parse-import.ts'

const rowsOf = (lines: readonly string[]) => {
  const { rows, bad } = parseImport(Buffer.from(lines.join('\n')), '2026-01-01')
  assert.deepEqual(bad, [])
  return rows
}

const looks: { name: string; lines: string[]; status: string }[] = [
  { name: 'nothing found', lines: ['visited,'], status: 'none' },
  { name: 'mining', lines: ['visited,', 'mining,found'], status: 'loaded' },
  { name: 'a service alone', lines: ['service,coinhive'], status: 'loaded' },
  { name: 'an account alone', lines: ['account,abc'], status: 'loaded' },
  { name: 'asks first, with the service that it would use', lines: ['mining,opt-in', 'service,coinhive'], status: 'opt-in' },
  { name: 'asks first on one page and not on another', lines: ['mining,opt-in', 'mining,found'], status: 'loaded' },
  { name: 'a host, which may be anything', lines: ['host,cdn.example'], status: 'none' },
]
for (const { name, lines, status } of looks)
  test(`a look of others: ${name}`, () => {
    const { visits } = importedStudy('a', rowsOf(lines.map((line) => `a,2018-01-01,site.example,${line}`)))
    assert.deepEqual(
      visits.map(({ observed }) => observed?.status),
      [status],
    )
  })

/** Weekly looks from 2018-01-01 on: one letter a week, `m` mining, `.` not, a space where nobody looked. */
function weekly(site: string, weeks: string): string[] {
  return [...weeks].flatMap((state, week) => {
    if (state === ' ') return []
    const date = new Date(Date.UTC(2018, 0, 1 + 7 * week)).toISOString().slice(0, 10)
    return [`a,${date},${site},${state === 'm' ? 'mining,found' : 'visited,'}`]
  })
}

function reportOf(lines: readonly string[], endAfter: number) {
  const { pages, visits, traces, everyMs, hasFindsOnly } = importedStudy('a', rowsOf(lines))
  return buildReport({
    ...defaultRules,
    study: 'a',
    crawl: 'a',
    source: { name: 'a', hasFindsOnly },
    asOf: null,
    madeAt: new Date(),
    pages,
    visits,
    servers: [],
    instances: [],
    traces,
    retractions: [],
    imported: [],
    everyMs,
    geoDate: null,
    endpoint: null,
    named: 0,
    isSimulated: false,
    isCensus: false,
    endAfter,
  })
}

test('prevalence and stays are made of the days on which a site was looked at', () => {
  const { report, explain } = reportOf(
    [
      ...weekly('before.example', 'mmm...'),
      ...weekly('starts.example', '.mm...'),
      ...weekly('missed.example', '.mm m.'),
      ...weekly('clean.example', '......'),
    ],
    1,
  )
  assert.deepEqual([report.population.sites, report.conditions.rounds, report.conditions.cadenceDays], [4, 6, 7])
  assert.deepEqual([report.prevalence.ever.found, report.prevalence.ever.looked], [3, 4])
  assert.deepEqual(
    report.prevalence.rounds.map(({ found, looked }) => [found, looked]),
    [
      [1, 4],
      [3, 4],
      [3, 4],
      [0, 3],
      [1, 4],
      [0, 4],
    ],
  )
  assert.deepEqual([report.longevity.cohort.stays, report.longevity.cohort.ended, report.longevity.alreadyThere.stays], [2, 2, 1])
  assert.deepEqual(
    explain('prevalence.ever.found')?.sites.map(({ site }) => site),
    ['before.example', 'missed.example', 'starts.example'],
  )
})

test('a list of finds says that its shares mean nothing', () => {
  const finds = reportOf([...weekly('one.example', 'mm'), ...weekly('two.example', 'm')], 1).report
  assert.ok(finds.source?.hasFindsOnly)
  assert.ok(finds.limits.some((limit) => /names finds alone/.test(limit)))
  const looksToo = reportOf([...weekly('one.example', 'mm'), ...weekly('two.example', '.')], 1).report
  assert.ok(!looksToo.limits.some((limit) => /names finds alone/.test(limit)))
})
