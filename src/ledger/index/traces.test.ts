import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TraceFold, type TraceRow } from './traces.ts'

const names = [
  { id: 1, kind: 'script', subject: 'sha256:a' },
  { id: 2, kind: 'account', subject: 'key' },
  { id: 3, kind: 'pair', subject: 'a.com → b.com script.src' },
  { id: 70, kind: 'host', subject: 'cdn.test' },
]
type Visit = [site: string, lane: string, round: number, ids: number[]]

const text = (row: TraceRow): string => `${row.site} ${row.lane} ${row.kind} ${row.subject}: ${row.rounds.join(' ')}`

function folded(visits: readonly Visit[]): string[] {
  const fold = new TraceFold()
  for (const [site, lane, round, ids] of visits) fold.add(site, lane, round, `{${ids.join(',')}}`)
  const shared = new Set(fold.shared())
  return fold
    .tracesOf(names.filter(({ id, kind }) => kind === 'account' || shared.has(id)))
    .map(text)
    .sort()
}

const cases: Record<string, { visits: Visit[]; told: string[] }> = {
  'what two sites have, by rounds in order, each once': {
    visits: [
      ['a.com', 'http', 5, [1, 70]],
      ['b.com', 'http', 2, [1]],
      ['a.com', 'http', 0, [1]],
      ['a.com', 'http', 5, [1]],
    ],
    told: ['a.com http script sha256:a: 0 5', 'b.com http script sha256:a: 2'],
  },
  'what one site has in two lanes': {
    visits: [
      ['a.com', 'http', 0, [70]],
      ['a.com', 'browser', 0, [70]],
    ],
    told: ['a.com browser host cdn.test: 0', 'a.com http host cdn.test: 0'],
  },
  'an account of one site, and nothing else of it': { visits: [['a.com', 'http', 3, [1, 2, 70]]], told: ['a.com http account key: 3'] },
  "a site's own pair is its own, however many others have it": {
    visits: [
      ['a.com', 'http', 0, [3]],
      ['b.com', 'http', 0, [3]],
    ],
    told: [],
  },
  'a pair of a site on two others': {
    visits: [
      ['b.com', 'http', 0, [3]],
      ['c.com', 'http', 100, [3]],
    ],
    told: ['b.com http pair a.com → b.com script.src: 0', 'c.com http pair a.com → b.com script.src: 100'],
  },
  'nothing at all': { visits: [['a.com', 'http', 0, []]], told: [] },
}
for (const [name, { visits, told }] of Object.entries(cases)) test(name, () => assert.deepEqual(folded(visits), told))

test('in any order, and of any number, what a count by hand says', () => {
  const visit = fc.tuple(
    fc.constantFrom('a.com', 'b.com', 'c.com'),
    fc.constantFrom('http', 'browser'),
    fc.nat(80),
    fc.uniqueArray(fc.constantFrom(...names.map(({ id }) => id))),
  )
  fc.assert(
    fc.property(fc.array(visit, { maxLength: 30 }), (visits) => {
      const by = new Map<string, Map<string, Set<number>>>()
      for (const [site, lane, round, ids] of visits)
        for (const { id, kind, subject } of names) {
          if (!ids.includes(id) || (kind === 'pair' && subject.startsWith(`${site} `))) continue
          const its = by.get(`${kind} ${subject}`) ?? new Map<string, Set<number>>()
          by.set(`${kind} ${subject}`, its.set(`${site} ${lane}`, (its.get(`${site} ${lane}`) ?? new Set()).add(round)))
        }
      const told = [...by].flatMap(([name, its]) =>
        its.size === 1 && !name.startsWith('account ')
          ? []
          : [...its].map(([place, rounds]) => `${place} ${name}: ${[...rounds].sort((a, b) => a - b).join(' ')}`),
      )
      assert.deepEqual(folded(visits), told.sort())
    }),
  )
})

test('many: arrays grow', () => {
  const visits = Array.from({ length: 70_000 }, (_, at): Visit => [`s${at % 7}.com`, 'http', at % 23, [1, 70]])
  assert.equal(folded(visits).length, 14)
})
