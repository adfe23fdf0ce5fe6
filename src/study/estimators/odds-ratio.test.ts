import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { associationP, commonOddsRatio, type Stratum } from './odds-ratio.ts'

const stratum = (exposedCases: number, cases: number, exposedControls: number, controls: number): Stratum => ({
  exposedCases,
  cases,
  exposedControls,
  controls,
})
const near = (value: number | null, expected: number, tolerance = 1e-5) =>
  assert.ok(value !== null && Math.abs(value / expected - 1) < tolerance, `${value} is not ${expected}`)
/** R's `uniroot` leaves its ends with a few digits: 621.93 for the tea, where the root of 1 + 16x + 36x² + 16x³ = x⁴ ÷ 39 is 626.24. */
const end = 0.01

test("Fisher's tea and his twins, as R's fisher.test says", () => {
  const tea = commonOddsRatio([stratum(3, 4, 1, 4)])
  near(tea.p, 0.4857143)
  near(tea.estimate, 6.408309)
  near(tea.low, 0.2117329, end)
  near(tea.high, 626.2435)
  near(tea.high, 621.9337505, end)
  const twins = commonOddsRatio([stratum(2, 17, 10, 13)])
  near(twins.p, 0.0005367241)
  near(twins.estimate, 0.04693661)
  near(twins.low, 0.003325764, end)
  near(twins.high, 0.363182271, end)
})

test("large counts: Berkeley's admissions by department, as R's mantelhaen.test(correct = FALSE) says", () => {
  // Admitted of men and women in each of six departments.
  const departments: [number, number, number, number][] = [
    [512, 825, 89, 108],
    [353, 560, 17, 25],
    [120, 325, 202, 593],
    [138, 417, 131, 375],
    [53, 191, 94, 393],
    [22, 373, 24, 341],
  ]
  const found = commonOddsRatio(departments.map((each) => stratum(...each)))
  assert.equal(found.method, 'Mantel–Haenszel')
  near(found.estimate, 0.9046968)
  near(found.low, 0.7719074)
  near(found.high, 1.0603298)
})

test('what tells nothing says nothing; all exposed is without an upper end', () => {
  assert.deepEqual(commonOddsRatio([stratum(0, 0, 3, 9), stratum(2, 2, 4, 4)]).estimate, null)
  const all = commonOddsRatio([stratum(5, 5, 0, 20)])
  assert.equal(all.estimate, Infinity)
  assert.equal(all.high, Infinity)
  assert.ok((all.low ?? 0) > 1)
})

test('whatever the strata: their order does not matter, the interval holds the estimate, and p and interval agree on one side', () => {
  const any = fc.tuple(fc.nat(8), fc.nat(8), fc.nat(8), fc.nat(8)).map(([a, b, c, d]) => stratum(a, a + b, c, c + d))
  fc.assert(
    fc.property(fc.array(any, { minLength: 1, maxLength: 4 }), (strata) => {
      const found = commonOddsRatio(strata)
      const turned = commonOddsRatio(strata.toReversed())
      assert.ok(Math.abs(turned.p - found.p) < 1e-9)
      assert.ok(found.p >= 0 && found.p <= 1)
      assert.equal(associationP(strata), found.p)
      if (found.estimate === null) return
      assert.ok(found.low! <= found.estimate * (1 + 1e-9) && found.estimate <= found.high! * (1 + 1e-9))
      // The two-sided p is at most twice the smaller tail's, so an interval without 1 cannot go with a p near 1.
      if (found.low! > 1 || found.high! < 1) assert.ok(found.p <= 0.5)
    }),
  )
})
