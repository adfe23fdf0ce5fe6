import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longerStayMs } from './stay.ts'

const cases: { name: string; events: number[]; nowMs: number; ms: number }[] = [
  { name: 'nothing happened', events: [], nowMs: 9_000, ms: 0 },
  { name: 'all was done in the first half', events: [1_400, 3_700], nowMs: 9_000, ms: 0 },
  { name: 'a click came late', events: [1_400, 8_000], nowMs: 9_000, ms: 3_000 },
  { name: 'a worker opened at the very end', events: [8_990], nowMs: 9_000, ms: 3_990 },
  { name: 'workers open without end', events: [16_990], nowMs: 17_000, ms: 0 },
  { name: 'the longest stay counts from the start', events: [15_000], nowMs: 15_100, ms: 1_900 },
  { name: 'the dwell itself is never cut', events: [], nowMs: 8_000, ms: 1_000 },
]
for (const { name, events, nowMs, ms } of cases) {
  test(`${name}: ${ms} ms longer`, () => assert.equal(longerStayMs(8_000, { startMs: 1_000, nowMs, events }), ms))
}
