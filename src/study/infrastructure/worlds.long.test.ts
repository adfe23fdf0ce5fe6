import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scoreOf } from '../testing/campaign-score.ts'
import { worldWeek } from '../testing/campaign-world.ts'

// The rule was made on worlds 1 to 20 and 101 to 120.
test('twenty worlds: campaigns, the compromised third party and its day, what points to miners', (context) => {
  let [said, right, are, wrong, pointers, weak] = [0, 0, 0, 0, 0, 0]
  let [worstPrecision, worstRecall] = [1, 1]
  for (let seed = 201; seed <= 220; seed++) {
    const score = scoreOf(seed, { sites: 1000, rounds: 12 })
    const { supply: truth, weakLibrary } = score.world.truth
    said += score.said
    right += score.right
    are += score.true
    wrong += score.wrongPointers.length
    pointers += score.pointers.length
    weak += Number(score.pointers.includes(weakLibrary))
    worstPrecision = Math.min(worstPrecision, score.right / score.said)
    worstRecall = Math.min(worstRecall, score.right / score.true)
    assert.deepEqual(
      score.supply.map(({ host }) => host),
      [truth.host],
      `world ${seed}`,
    )
    const [found] = score.supply
    assert.ok(found !== undefined && found.from <= truth.at && truth.at <= found.until, `world ${seed}: the day lies in the interval`)
    assert.ok(found.until - found.from <= worldWeek, `world ${seed}: the interval is within one cadence`)
    assert.ok(found.sites.length >= 0.95 * truth.sites.length, `world ${seed}: ${found.sites.length} of ${truth.sites.length} sites`)
  }
  const percent = (value: number) => `${(value * 100).toFixed(2)} %`
  context.diagnostic(
    `pairs: precision ${percent(right / said)} (worst world ${percent(worstPrecision)}), recall ${percent(right / are)} (worst ${percent(worstRecall)})`,
  )
  context.diagnostic(`pointers: ${wrong} of ${pointers} point nowhere; the weak library was found in ${weak} of 20 worlds`)
  assert.ok(right / said >= 0.99)
  assert.ok(right / are >= 0.95)
  assert.ok(wrong / pointers <= 0.05)
})
