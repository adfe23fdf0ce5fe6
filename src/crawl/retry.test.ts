import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FailureClass } from '#model/failure.ts'
import { parseRetryAfter, restMs, retryWaitMs } from './retry.ts'

const minute = 60_000

describe('when a visit that observed nothing is made again', () => {
  const cases: [string, FailureClass, number | null, number | null, number, number | null][] = [
    ['a name that does not resolve, after ten minutes', 'dns', null, null, 0, 10 * minute],
    ['and after an hour', 'dns', null, null, 1, 60 * minute],
    ['and then no more', 'dns', null, null, 2, null],
    ['a server with a fault of its own', 'http-error', 502, null, 0, 5 * minute],
    ['a page that is not there stays away', 'http-error', 404, null, 0, null],
    ['too many requests: when the server says', 'blocked', 429, 3 * 60 * minute, 0, 3 * 60 * minute],
    ['but not before the plan', 'blocked', 429, 1000, 0, 60 * minute],
    ['a server that says a year is asked after a day', 'blocked', 429, 365 * 24 * 60 * minute, 0, 24 * 60 * minute],
    ['what robots.txt disallows', 'robots', null, null, 0, null],
    ['whom the operator never visits', 'never-list', null, null, 0, null],
  ]
  for (const [name, failure, httpStatus, retryAfterMs, attempts, expected] of cases)
    it(name, () => assert.equal(retryWaitMs({ failure, httpStatus, retryAfterMs, attempts }, 2), expected))
  it('never, where no retry is wanted', () =>
    assert.equal(retryWaitMs({ failure: 'dns', httpStatus: null, retryAfterMs: null, attempts: 0 }, 0), null))
})

describe('how long a site rests', () => {
  const rest = (more: Partial<Parameters<typeof restMs>[0]>) =>
    restMs({ failure: null, httpStatus: 200, siteFailures: 0, crawlDelayMs: 0, retryAfterMs: null, ...more })
  it('not longer than asked, where it answers', () => assert.equal(rest({ siteFailures: 4 }), 0))
  it('as its robots.txt says', () => assert.equal(rest({ crawlDelayMs: 9000 }), 9000))
  it('twice as long each time that it is too busy, up to an hour', () =>
    assert.deepEqual(
      [0, 1, 2, 9].map((siteFailures) => rest({ failure: 'http-error', httpStatus: 503, siteFailures })),
      [30_000, 60_000, 120_000, 3_600_000],
    ))
  it('as Retry-After says, where that is longer', () =>
    assert.equal(rest({ failure: 'blocked', httpStatus: 429, retryAfterMs: 400_000 }), 400_000))
  it('a page that is not there is no sign of a busy server', () => assert.equal(rest({ failure: 'http-error', httpStatus: 404 }), 0))
})

describe('Retry-After (RFC 9110, 10.2.3)', () => {
  const now = new Date('2026-11-26T12:00:00Z')
  const cases: [string | undefined, number | null][] = [
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 26 Nov 2026 12:10:00 GMT', 600_000],
    ['Thu, 26 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
    ['2027', 2_027_000],
    [undefined, null],
  ]
  for (const [text, expected] of cases) it(`${text} is ${expected}`, () => assert.equal(parseRetryAfter(text, now), expected))
})
