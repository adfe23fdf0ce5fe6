import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wilson } from './wilson.ts'

/** Newcombe (1998), table I, method 3: four decimals. */
const published: [number, number, number, number][] = [
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0.0, 0.1611],
  [1, 29, 0.0061, 0.1718],
]
for (const [count, of, low, high] of published) {
  test(`${count} of ${of} is from ${low} to ${high}, as published`, () => {
    const share = wilson(count, of)
    assert.equal(Number(share.low?.toFixed(4)), low)
    assert.equal(Number(share.high?.toFixed(4)), high)
  })
}

test('nothing of nothing has no share', () => assert.deepEqual(wilson(0, 0), { count: 0, of: 0, estimate: null, low: null, high: null }))
test('more than all is refused', () => assert.throws(() => wilson(3, 2), RangeError))
test('what is no count is refused', () => assert.throws(() => wilson(0.5, 2), RangeError))

test('the interval holds the estimate, lies in 0 to 1, and is the mirror of that of the others', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(5000), (a, b) => {
      const [count, of] = [Math.min(a, b), Math.max(a, b, 1)]
      const share = wilson(count, of)
      const others = wilson(of - count, of)
      assert.ok(share.low! >= 0 && share.low! <= share.estimate! && share.estimate! <= share.high! && share.high! <= 1)
      assert.ok(Math.abs(share.low! - (1 - others.high!)) < 1e-12)
    }),
  )
})

test('near nominal: over many samples of a known share, 95 % of the intervals hold it', () => {
  // Exact coverage by the binomial distribution; Wilson's mean coverage lies within a point of 95 % at this size.
  const of = 100
  let sum = 0
  let shares = 0
  for (let share = 0.02; share < 0.99; share += 0.0097) {
    let probability = (1 - share) ** of
    let covered = 0
    for (let count = 0; count <= of; count++) {
      const { low, high } = wilson(count, of)
      if (low! <= share && share <= high!) covered += probability
      probability *= ((of - count) / (count + 1)) * (share / (1 - share))
    }
    sum += covered
    shares++
  }
  const mean = sum / shares
  assert.ok(mean > 0.94 && mean < 0.96, String(mean))
})
