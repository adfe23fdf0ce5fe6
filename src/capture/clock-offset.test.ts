import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { RequestArtifact } from '#model/artifact.ts'
import { clockOffsetOf } from './clock-offset.ts'

const start = Date.parse('2026-11-23T10:00:00.000Z')

/** A request sent at `sentMs` of this machine's clock, answered at once by a server whose clock is `aheadMs` behind it. */
function answered(
  host: string,
  sentMs: number,
  tookMs: number,
  aheadMs: number,
  more: { headers?: Record<string, string>; scheme?: string; cached?: boolean } = {},
): RequestArtifact {
  const stampedAt = start + sentMs + tookMs / 2 - aheadMs
  const headers = { Date: new Date(Math.floor(stampedAt / 1000) * 1000).toUTCString(), ...more.headers }
  return {
    id: `req-${sentMs}`,
    targetId: 'target-1',
    url: `${more.scheme ?? 'https'}://${host}/${sentMs}`,
    method: 'GET',
    resourceType: 'image',
    requestHeaders: [],
    requestBody: { status: 'none' },
    initiator: { type: 'other' },
    startedAtMs: sentMs,
    endedAtMs: sentMs + tookMs,
    response: {
      status: 200,
      statusText: 'OK',
      headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
      mimeType: 'image/png',
      protocol: 'h2',
      remoteAddress: null,
      fromCache: more.cached === true,
      fromServiceWorker: false,
    },
    body: { status: 'none' },
  }
}

const many = (host: string, aheadMs: number): RequestArtifact[] =>
  Array.from({ length: 20 }, (_, i) => answered(host, i * 330, 40, aheadMs))

describe('how far this clock is ahead of the servers', () => {
  const cases: Record<string, { requests: RequestArtifact[]; ms: number | null; within?: number; reason?: RegExp }> = {
    right: { requests: many('a.test', 0), ms: 0, within: 150 },
    'ahead by a minute': { requests: many('a.test', 60_000), ms: 60_000, within: 150 },
    'behind by two hours': { requests: many('a.test', -7_200_000), ms: -7_200_000, within: 150 },
    'one answer: within its second': { requests: [answered('a.test', 100, 40, 5_000)], ms: 5_000, within: 540 },
    'one server of three is wrong': {
      requests: [...many('a.test', 0), ...many('b.test', 90_000), ...many('c.test', 0)],
      ms: 0,
      within: 150,
    },
    'two servers that do not agree': { requests: [...many('a.test', 0), ...many('b.test', 90_000)], ms: null, reason: /do not agree/ },
    'no HTTPS': { requests: [answered('a.test', 1, 2, 0, { scheme: 'http' })], ms: null, reason: /no answer over HTTPS/ },
    'out of the browser’s cache': { requests: [answered('a.test', 1, 2, 0, { cached: true })], ms: null, reason: /no answer/ },
    'out of a cache on the way': { requests: [answered('a.test', 1, 2, 9e6, { headers: { Age: '9000' } })], ms: null, reason: /no answer/ },
    'a Date that is none': { requests: [answered('a.test', 1, 2, 0, { headers: { Date: 'yesterday' } })], ms: null, reason: /no answer/ },
    'no requests': { requests: [], ms: null, reason: /no answer/ },
  }
  for (const [name, { requests, ms, within = 0, reason }] of Object.entries(cases))
    test(name, () => {
      const { offsetMs, clock } = clockOffsetOf(requests, start)
      if (ms === null) {
        assert.equal(offsetMs, null)
        assert.match(clock.reason ?? '', reason ?? /^$/)
      } else {
        assert.ok(offsetMs !== null && Math.abs(offsetMs - ms) <= within, `${offsetMs}`)
        assert.equal(clock.reason, null)
        assert.ok(clock.uncertaintyMs! <= within + 1, `${clock.uncertaintyMs}`)
      }
    })

  test('the true offset is within the stated uncertainty', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e7, max: 1e7 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9_000 }), fc.integer({ min: 2, max: 3_000 })), { minLength: 1, maxLength: 10 }),
        (aheadMs, times) => {
          const { offsetMs, clock } = clockOffsetOf(
            times.map(([sentMs, tookMs]) => answered('a.test', sentMs, tookMs, aheadMs)),
            start,
          )
          assert.ok(Math.abs(offsetMs! - aheadMs) <= clock.uncertaintyMs! + 1, `${offsetMs} ± ${clock.uncertaintyMs}, true ${aheadMs}`)
        },
      ),
    )
  })
})
