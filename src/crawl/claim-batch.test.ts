import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClaimBatch } from './claim-batch.ts'

// places taken at a time → turns wanted then; `got` where it claims.
const cases: Record<string, { places: number; steps: readonly { at: number; taken: number; wanted: number; got?: number }[] }> = {
  'all free places at once, where none is taken': { places: 16, steps: [{ at: 0, taken: 0, wanted: 16, got: 16 }] },
  'a quarter of the places': {
    places: 16,
    steps: [
      { at: 0, taken: 15, wanted: 0 },
      { at: 10, taken: 13, wanted: 0 },
      { at: 20, taken: 12, wanted: 4, got: 4 },
      { at: 30, taken: 16, wanted: 0 },
    ],
  },
  'one place that has waited for as long as it is worth': {
    places: 125,
    steps: [
      { at: 0, taken: 124, wanted: 0 },
      { at: 99, taken: 124, wanted: 0 },
      { at: 100, taken: 123, wanted: 2, got: 2 },
      { at: 110, taken: 124, wanted: 0 },
    ],
  },
  'longer where there was little': {
    places: 125,
    steps: [
      { at: 0, taken: 100, wanted: 0 },
      { at: 100, taken: 100, wanted: 25, got: 1 },
      { at: 500, taken: 101, wanted: 0 },
      { at: 999, taken: 101, wanted: 0 },
      { at: 1000, taken: 101, wanted: 24, got: 24 },
    ],
  },
  'a lane of one place': {
    places: 1,
    steps: [
      { at: 0, taken: 1, wanted: 0 },
      { at: 1, taken: 0, wanted: 1, got: 0 },
      { at: 2, taken: 0, wanted: 1 },
    ],
  },
}
for (const [name, { places, steps }] of Object.entries(cases))
  test(name, () => {
    const batch = new ClaimBatch(places)
    for (const { at, taken, wanted, got } of steps) {
      assert.equal(batch.wanted(taken, at), wanted, `at ${at}`)
      if (got !== undefined) batch.claimed(wanted, got)
    }
  })
