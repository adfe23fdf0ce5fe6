import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FollowUpBudget, shareUsed } from './follow-up-budget.ts'

test('a crawl in which every page asks stays within 1.2 times its short visits, at every moment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 1, max: 40, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true })), {
        minLength: 1,
        maxLength: 300,
      }),
      (pages) => {
        const budget = new FollowUpBudget(0.2)
        for (const [seconds, place] of pages) {
          budget.short(seconds)
          const cost = seconds * 3
          if (budget.draw(cost, place).isMade) budget.extra(cost)
          assert.ok(shareUsed(budget.use) <= 0.2 + 1e-9)
        }
      },
    ),
  )
})

test('a crawl in which few ask makes all that they ask for', () => {
  const budget = new FollowUpBudget(0.2)
  for (let page = 1; page <= 1_000; page++) {
    budget.short(10)
    if (page % 50 !== 0) continue
    const { probability, isMade } = budget.draw(30, 0.999)
    assert.deepEqual([probability, isMade], [1, true])
    budget.extra(30)
  }
  assert.equal(budget.use.made, 20)
})

test('the inverse of the probability gives back how many asked with a chance', () => {
  const budget = new FollowUpBudget(0.2)
  let [weighed, state] = [0, 7]
  for (let page = 0; page < 20_000; page++) {
    budget.short(10)
    // Park and Miller: a row of numbers that is the same in every run.
    state = (state * 48_271) % 2_147_483_647
    const { probability, isMade } = budget.draw(30, state / 2_147_483_647)
    if (!isMade) continue
    budget.extra(30)
    weighed += 1 / probability
  }
  const withChance = budget.use.asked - budget.use.withoutChance
  assert.ok(Math.abs(weighed - withChance) < withChance * 0.1, `${weighed} of ${withChance}`)
  assert.ok(shareUsed(budget.use) > 0.17, `used ${shareUsed(budget.use)}`)
})
