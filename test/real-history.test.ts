import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { blocks } from '../scripts/history/blocks.ts'
import { listSummaries } from '../scripts/history/lists.ts'
import { filled, shareText, type Block } from '../scripts/history/page.ts'
import { parseImport } from '#study/testing/parse-import.ts'
import { mcnemar, pairedOf } from '../scripts/history/pairs.ts'
import { byRank } from '../scripts/history/prevalence.ts'
import { changesOf, historiesOf, lookedStay, servedStay, staysIn, untilService } from '../scripts/history/repositories.ts'
import { observationsCsv } from '../scripts/history/observations.ts'
import { readSources } from '../scripts/history/sources.ts'
import { dayOf, siteName, tableOf } from '../scripts/history/table.ts'
import { scansOf, weeklyStays } from '../scripts/history/weekly.ts'

const root = new URL('../', import.meta.url)
const folder = (path: string): string => new URL(`../${path}`, root).pathname
const sources = readSources({ data: folder('shared/data'), pages: folder('shared/pages'), mirrors: folder('.mirror') })
const absent = sources.absent.length > 0 && `absent: ${sources.absent.slice(0, 3).join(', ')}${sources.absent.length > 3 ? ' …' : ''}`

test('rows of a table', () => {
  assert.deepEqual(tableOf('site\tfamilies\na.example\tone;"two\nb.example\n'), [
    { site: 'a.example', families: 'one;"two' },
    { site: 'b.example', families: '' },
  ])
  assert.equal(siteName('WWW.www.example'), 'www.example')
})

test('sites of two looks are paired', () => {
  const { again, both, onlyFirst, onlySecond, p } = pairedOf(new Set(['a', 'b', 'c']), new Set(['b', 'd']))
  assert.deepEqual([both, onlyFirst, onlySecond, again.count, again.of], [1, 2, 1, 1, 3])
  assert.equal(p, 1)
})

test('McNemar, exact: as the binomial distribution has it', () => {
  for (const [one, other, p] of [
    [0, 0, 1],
    [5, 5, 1],
    [0, 5, 0.0625],
    [1, 9, 0.021484375],
    [3, 12, 0.03515625],
  ] as const)
    assert.ok(Math.abs(mcnemar(one, other) - p) < 1e-12, `${one}, ${other}: ${mcnemar(one, other)}`)
  fc.assert(
    fc.property(fc.nat(2000), fc.nat(2000), (one, other) => {
      const p = mcnemar(one, other)
      assert.ok(p >= 0 && p <= 1)
      assert.equal(p, mcnemar(other, one))
    }),
  )
})

test('a site between weekly scans', () => {
  const rows = (days: Record<string, string[]>) => Object.entries(days).flatMap(([date, sites]) => sites.map((site) => ({ date, site })))
  const scans = scansOf(
    rows({
      '2017-11-13': ['late'],
      '2017-10-17': ['first'],
      '2017-10-24': ['www.first', 'gone', 'back'],
      '2017-10-31': ['first'],
      '2017-11-06': ['back'],
    }),
  )
  assert.deepEqual([...scans.keys()], ['2017-10-17', '2017-10-24', '2017-10-31', '2017-11-06', '2017-11-13'])
  const one = weeklyStays(scans, 1)
  assert.deepEqual([one.stays.length, one.alreadyThere, one.returns], [5, 1, 1])
  assert.deepEqual(
    one.observed.find(({ cluster }) => cluster === 'gone'),
    { startGap: 7, lastSeen: 0, goneBy: 7, cluster: 'gone' },
  )
  assert.equal(one.observed.find(({ cluster }) => cluster === 'late')?.goneBy, Infinity)
  const two = weeklyStays(scans, 2)
  assert.deepEqual(two.misses, { looks: 2, missed: 1 })
  assert.equal(two.returns, 0)
})

test('by rank, of a list with ranks and of one without', () => {
  const ranked = new Map([1, 100, 101, 5000].map((rank): [string, number] => [`site${rank}`, rank]))
  assert.deepEqual(
    byRank(ranked, new Set(['site100', 'site5000', 'elsewhere'])).map(({ share: { count, of } }) => [count, of]),
    [
      [1, 2],
      [0, 1],
      [1, 1],
      [2, 4],
    ],
  )
  assert.deepEqual(
    byRank(
      new Map([
        ['a', null],
        ['b', null],
      ]),
      new Set(['b']),
    ).map(({ share: { count, of } }) => [count, of]),
    [[1, 2]],
  )
})

test('what a note tells of a site', () => {
  assert.equal(changesOf('served files; pages=3'), null)
  assert.equal(changesOf('history: unknown'), null)
  assert.deepEqual(changesOf('x; history: always miner (from the first commit)'), { changes: [], fromTheFirst: true })
  const [history] = historiesOf(
    ['clean>miner 1970-01-03', 'clean>miner 1970-01-03, miner>clean 1970-01-09'].map((told, at) => ({
      kind: 'site',
      site: 'a.example',
      repo: 'a/a',
      family: at === 0 ? 'coinhive' : 'coinhive,authedmine',
      commit: `${at}`,
      note: `history: ${told}`,
    })),
  )
  assert.equal(history?.changes.length, 2)
  assert.deepEqual(history.families, ['authedmine', 'coinhive'])
})

const told = (note: string) => changesOf(`history: ${note}`) ?? assert.fail(note)

for (const { name, note, miner, any } of [
  { name: 'put up and taken away', note: 'clean>miner 1970-01-11, miner>clean 1970-01-21', miner: [[10, 20]], any: [[10, 20]] },
  { name: 'still there', note: 'mention>miner 1970-01-11', miner: [[10, null]], any: [[10, null]] },
  {
    name: 'later asks first',
    note: 'clean>miner 1970-01-11, miner>optin 1970-01-21, optin>clean 1970-01-31',
    miner: [[10, 20]],
    any: [[10, 30]],
  },
  {
    name: 'back on the same day',
    note: 'clean>miner 1970-01-11, miner>mention 1970-01-13, mention>miner 1970-01-13',
    miner: [[10, null]],
    any: [[10, null]],
  },
  {
    name: 'back later',
    note: 'clean>miner 1970-01-11, miner>clean 1970-01-13, clean>miner 1970-01-21',
    miner: [
      [10, 12],
      [20, null],
    ],
    any: [
      [10, 12],
      [20, null],
    ],
  },
  { name: 'from the first commit', note: 'always miner (from the first commit)', miner: [[null, null]], any: [[null, null]] },
  { name: 'only asks first', note: 'clean>optin 1970-01-11, optin>clean 1970-01-12', miner: [], any: [[10, 11]] },
] as const)
  test(`a repository's stay: ${name}`, () => {
    const pairs = (states: readonly ('miner' | 'optin')[]) => staysIn(told(note), states).map(({ start, end }) => [start, end])
    assert.deepEqual(pairs(['miner']), miner)
    assert.deepEqual(pairs(['miner', 'optin']), any)
  })

test('how dates and commits bound a stay', () => {
  const stay = { start: 10, end: 20 }
  assert.deepEqual(servedStay(stay, 99, 's'), { startGap: 0, lastSeen: 9, goneBy: 11, cluster: 's' })
  assert.deepEqual(servedStay({ start: 10, end: null }, 15, 's'), { startGap: 0, lastSeen: 4, goneBy: Infinity, cluster: 's' })
  assert.equal(servedStay({ start: null, end: 20 }, 99, 's'), null)
  const commits = [2, 7, 10, 14, 20, 40]
  assert.deepEqual(lookedStay(stay, commits, 's'), { startGap: 3, lastSeen: 4, goneBy: 10, cluster: 's' })
  assert.deepEqual(lookedStay({ start: 2, end: 2 }, commits, 's'), { startGap: 0, lastSeen: 0, goneBy: 1, cluster: 's' })
  assert.deepEqual(lookedStay({ start: 10, end: null }, commits, 's'), { startGap: 3, lastSeen: 30, goneBy: Infinity, cluster: 's' })
  assert.deepEqual(
    [untilService(stay, 15), untilService(stay, 25), untilService({ start: 10, end: null }, 15), untilService(stay, null)].map(
      ({ end }) => end,
    ),
    [15, 20, 15, 20],
  )
})

test('a list: bulk removals, entries put back, hosts that live on', () => {
  const row = (host: string, from: string, to = '', initial = '0') => ({
    list: 'ours',
    host,
    entry: host,
    first_listed: from,
    removed_at: to,
    initial,
  })
  const [summary] = listSummaries(
    [
      row('www.a.example', '2018-01-01', '2018-01-05T10:00:00Z'),
      row('b.example', '2018-01-01', '2018-01-05T10:00:00Z'),
      row('c.example', '2018-01-01', '2018-01-07T10:00:00Z'),
      row('c.example', '2018-01-09'),
      row('d.example', '2018-01-01', '', '1'),
    ],
    new Map([
      ['a.example', dayOf('2018-01-06')],
      ['b.example', dayOf('2018-01-05')],
      ['c.example', dayOf('2018-02-01')],
    ]),
  )
  assert.ok(summary)
  const { intervals, initial, removed, removedAtOnce, largestRemoval, putBack, seenAfter } = summary
  assert.deepEqual(
    { intervals, initial, removed, removedAtOnce, largestRemoval, putBack },
    { intervals: 5, initial: 1, removed: 3, removedAtOnce: 2, largestRemoval: '2018-01-05T10:00:00Z', putBack: 1 },
  )
  assert.deepEqual([seenAfter.count, seenAfter.of], [1, 2])
})

test('a page is filled between its marks and nowhere else', () => {
  const page = 'before 5 %\n<!-- real-history one -->\nold\n<!-- /real-history -->\nafter\n'
  assert.equal(
    filled(page, { one: ['new $1'] }, ['one']),
    page.replace('old', () => 'new $1'),
  )
  assert.equal(filled(page, {}, ['one']), page)
  assert.throws(() => filled(page, {}, ['one', 'two']), /no place for two/)
  assert.throws(() => filled(`${page}<!-- real-history three -->\n<!-- /real-history -->`, {}, ['one']), /three/)
  assert.equal(shareText({ count: 1, of: 2000, estimate: 0.0005, low: 0, high: 0.0028 }), '1 of 2,000: 0.050 % [0, 0.28]')
})

test('docs/real-history.md has the figures that the data give', { skip: absent }, () => {
  const made: Record<string, Block> = {}
  for (const [name, block] of Object.entries(blocks)) made[name] = block(sources) ?? assert.fail(`nothing for ${name}`)
  const page = readFileSync(new URL('docs/real-history.md', root), 'utf8')
  assert.equal(page, filled(page, made, Object.keys(blocks)), 'npm run real-history -- --write')
})

test('observations of others are lines that a study imports', () => {
  const row = (date: string, site: string, families: string, accounts = '') => ({ source: 'weekly', date, site, families, accounts })
  const rows = [
    row('2017-11-06', 'www.a.example', 'coinhive-authedmine'),
    row('2017-11-13', 'b.example', 'coinhive;generic', 'one,"two;three'),
  ]
  const none = { screener: null, minesweeper: null, published: null, endpoints: null }
  const csv = observationsCsv({ weekly: rows, ...none, listIntervals: [], features: [], ranks: new Map(), repositories: [], absent: [] })
  const { rows: read, bad } = parseImport(Buffer.from(csv), '2026-01-01')
  assert.deepEqual(bad, [])
  assert.deepEqual(
    read.map(({ date, site, subjectKind, subject }) => [date, site, subjectKind, subject].join(' ').trim()),
    [
      '2017-11-06 a.example mining opt-in',
      '2017-11-06 a.example service coinhive-authedmine',
      '2017-11-13 b.example mining found',
      '2017-11-13 b.example service coinhive',
      '2017-11-13 b.example account one,"two',
      '2017-11-13 b.example account three',
      '2017-11-06 b.example visited',
      '2017-11-13 a.example visited',
    ],
  )
})

test('all real observations are such lines', { skip: absent }, () => {
  const { rows, bad } = parseImport(Buffer.from(observationsCsv(sources)), '2026-01-01')
  assert.deepEqual(bad, [])
  assert.ok(rows.length > 5000, `${rows.length}`)
})

test('docs/real-history.md has shares in its tables only', () => {
  const page = readFileSync(new URL('docs/real-history.md', root), 'utf8')
  const prose = page.replaceAll(/<!-- real-history \S+ -->\n[^]*?<!-- \/real-history -->/g, '')
  assert.deepEqual(
    [...prose.matchAll(/\S+ %|\d+ of \d+/g)].map(([share]) => share).filter((share) => share !== '[95 %'),
    [],
  )
})
