import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Look, type Stay, staysOf } from './stays.ts'

/** `s` seen, `.` looked and not seen, `x` missed; a look a day. */
const looks = (text: string): Look[] =>
  [...text].map((letter, at) => ({ at, state: letter === 's' ? 'seen' : letter === '.' ? 'not-seen' : 'missed' }))
const brief = ({ lookedBefore, firstSeen, lastSeen, goneBy }: Stay) => [lookedBefore, firstSeen, lastSeen, goneBy]

const cases: Record<string, { looks: string; endAfter: number; stays: (number | null)[][] }> = {
  'a start and an end between looks': { looks: '..sss..', endAfter: 1, stays: [[1, 2, 4, 5]] },
  'already there at the first look': { looks: 'sss..', endAfter: 1, stays: [[null, 0, 2, 3]] },
  'there at the last look': { looks: '..sss', endAfter: 1, stays: [[1, 2, 4, null]] },
  'a missed visit is no end': { looks: '.sxxs.', endAfter: 1, stays: [[0, 1, 4, 5]] },
  'a missed visit widens the end': { looks: '.ssxx.', endAfter: 1, stays: [[0, 1, 2, 5]] },
  'a missed visit widens the start': { looks: '.xxss.', endAfter: 1, stays: [[0, 3, 4, 5]] },
  'lost for good is not ended': { looks: '.ssxxxx', endAfter: 1, stays: [[0, 1, 2, null]] },
  'a return is a second stay': {
    looks: '.s.s.',
    endAfter: 1,
    stays: [
      [0, 1, 1, 2],
      [2, 3, 3, 4],
    ],
  },
  'one look without it is a miss where two are an end': { looks: '..s.s..', endAfter: 2, stays: [[1, 2, 4, 5]] },
  'two looks without it are an end': {
    looks: '..s..s..',
    endAfter: 2,
    stays: [
      [1, 2, 2, 3],
      [4, 5, 5, 6],
    ],
  },
  'one look before is no start where two are': { looks: '.sss..', endAfter: 2, stays: [[null, 1, 3, 4]] },
  'an end that cannot be confirmed is cut where it could be': { looks: '..ssss.', endAfter: 2, stays: [[1, 2, 5, null]] },
  'still seen: cut at the last look at which an end could be confirmed': { looks: '..ssss', endAfter: 2, stays: [[1, 2, 4, null]] },
  'begun after that: not taken up': { looks: '.....s', endAfter: 2, stays: [] },
  'never seen': { looks: '...x', endAfter: 1, stays: [] },
  'never looked': { looks: 'xxx', endAfter: 1, stays: [] },
}
for (const [name, { looks: text, endAfter, stays }] of Object.entries(cases))
  test(name, () => assert.deepEqual(staysOf(looks(text), { endAfter }).map(brief), stays))

test('returns are counted, tolerated misses too', () => {
  const stays = staysOf(looks('..s.s..sx.s..'), { endAfter: 2 })
  assert.deepEqual(
    stays.map(({ returns, visitsSeen, visitsLooked, toleratedMisses }) => [returns, visitsSeen, visitsLooked, toleratedMisses]),
    [
      [0, 2, 3, 1],
      [1, 2, 3, 1],
    ],
  )
})

test('whatever was looked at, in any order: stays do not overlap, and each begins and ends at looks that say so', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('s', '.', 'x'), maxLength: 40 }), fc.integer({ min: 1, max: 3 }), (text, endAfter) => {
      const series = looks(text)
      const stays = staysOf(series, { endAfter })
      assert.deepEqual(staysOf(series.toReversed(), { endAfter }), stays)
      let before = -1
      for (const stay of stays) {
        assert.ok(stay.firstSeen > before && stay.lastSeen >= stay.firstSeen)
        assert.equal(text[stay.firstSeen], 's')
        if (stay.goneBy !== null) assert.ok(text[stay.goneBy] === '.' && text[stay.lastSeen] === 's')
        if (stay.lookedBefore !== null) assert.equal(text[stay.lookedBefore], '.')
        before = stay.goneBy ?? Infinity
      }
    }),
  )
})
