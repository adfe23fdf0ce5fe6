import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { scheduleOf } from './schedule.ts'

const day = 86_400_000
const cases: Record<string, [string | null, string | null, { everyMs: number | null; rounds: number }]> = {
  'every week for 23 weeks is 23 rounds': ['7d', '23w', { everyMs: 7 * day, rounds: 23 }],
  'every night for a week': ['1d', '1w', { everyMs: day, rounds: 7 }],
  'a span that ends within a round': ['2d', '7d', { everyMs: 2 * day, rounds: 4 }],
  'a span shorter than a round is one': ['1w', '1d', { everyMs: 7 * day, rounds: 1 }],
  once: [null, null, { everyMs: null, rounds: 1 }],
  'without an end': ['12h', null, { everyMs: day / 2, rounds: 1_000_000 }],
}
for (const [name, [every, span, schedule]] of Object.entries(cases)) test(name, () => assert.deepEqual(scheduleOf(every, span), schedule))

for (const [every, span] of [
  ['7', null],
  ['0d', null],
  ['-1d', null],
  ['7 days', null],
  [null, '23w'],
  ['1d', 'long'],
] as const) {
  test(`refused: --every ${every} --for ${span}`, () =>
    assert.throws(
      () => scheduleOf(every, span),
      (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT',
    ))
}
