import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EndedTurn, type LanePolicy, nextTurnOf, placeOf } from './lanes.ts'

const both: LanePolicy = { lane: 'both', sample: 0.1, hintBudget: null, repeat: 0.1, repeatWithinMs: 48 * 3_600_000, key: 'study-1' }
const at = new Date('2026-01-05T00:00:00Z')
const turn = (more: Partial<EndedTurn> = {}): EndedTurn => ({
  url: 'https://a.test/',
  round: 0,
  lane: 'http',
  repeat: 0,
  status: 'no-hint',
  at,
  ...more,
})
const pages = Array.from({ length: 20_000 }, (_, index) => `https://site-${index}.test/`)

describe('what is drawn', () => {
  it('depends on the key, the page and the round alone', () => {
    assert.equal(placeOf('k', 'sample', 'https://a.test/', 3), placeOf('k', 'sample', 'https://a.test/', 3))
    assert.equal(
      new Set(
        [
          ['k', 'sample', 0],
          ['k', 'sample', 1],
          ['k', 'repeat', 0],
          ['l', 'sample', 0],
        ].map(([key, purpose, round]) => placeOf(String(key), String(purpose), 'https://a.test/', Number(round))),
      ).size,
      4,
    )
  })
  it('is spread evenly: each tenth of the range holds a tenth of the pages', () => {
    const tenths = Array.from({ length: 10 }, () => 0)
    for (const url of pages) tenths[Math.floor(placeOf('k', 'sample', url, 0) * 10)]!++
    for (const count of tenths) assert.ok(Math.abs(count - 2000) < 5 * Math.sqrt(2000 * 0.9), tenths.join(' '))
  })
  it('takes the share that it says, other pages in another round', () => {
    const drawn = (round: number) => pages.filter((url) => nextTurnOf(both, turn({ url, round })) !== null)
    const [first, second] = [drawn(0), drawn(1)]
    assert.ok(Math.abs(first.length - 2000) < 5 * Math.sqrt(1800), `${first.length}`)
    const again = new Set(first)
    const common = second.filter((url) => again.has(url)).length
    assert.ok(common > 100 && common < 320, `${common} of about 200`)
  })
})

describe('what comes after a visit', () => {
  const always = { ...both, sample: 1, repeat: 1 }
  const never = { ...both, sample: 0, repeat: 0 }
  const cases: Record<string, [LanePolicy, Partial<EndedTurn>, unknown]> = {
    'a hint goes to the browser for certain': [
      never,
      { status: 'hint' },
      { lane: 'browser', repeat: 0, at: at.toISOString(), inclusion: { probability: 1, reason: 'hint' }, drawn: null },
    ],
    'a sampled page says with which probability': [
      { ...always, sample: 1 },
      {},
      { lane: 'browser', repeat: 0, at: at.toISOString(), inclusion: { probability: 1, reason: 'sample' }, drawn: null },
    ],
    'a page that could not be observed may be sampled too': [
      always,
      { status: 'not-observed' },
      { lane: 'browser', repeat: 0, at: at.toISOString(), inclusion: { probability: 1, reason: 'sample' }, drawn: null },
    ],
    'nothing is sampled': [never, {}, null],
    'the http lane alone leads nowhere, hint or not': [{ ...always, lane: 'http' }, { status: 'hint' }, null],
    'a repeat is not repeated': [always, { lane: 'browser', repeat: 1, status: 'active' }, null],
  }
  for (const [name, [policy, more, expected]] of Object.entries(cases))
    it(name, () => assert.deepEqual(nextTurnOf(policy, turn(more)), expected))
  it('with a budget, hints wait for the draw and take no part in the sample', () => {
    const next = nextTurnOf({ ...always, hintBudget: 5 }, turn({ status: 'hint' }))
    assert.deepEqual([next?.at, next?.inclusion], [null, null])
    assert.ok(typeof next?.drawn === 'number' && next.drawn >= 0 && next.drawn < 1)
  })
  it('a repeat comes within its time, and not at once', () => {
    for (const url of pages.slice(0, 500)) {
      const next = nextTurnOf(always, turn({ url, lane: 'browser', status: 'none' }))
      const after = Date.parse(next?.at ?? '') - at.getTime()
      assert.ok(after >= 0.1 * always.repeatWithinMs && after <= 0.9 * always.repeatWithinMs)
    }
  })
})
