import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RequestArtifact } from '#model/artifact.ts'
import { ExtraInfo } from './request-extra-info.ts'
import { dataUrlBytes } from './request-bodies.ts'

const hop = (id: string): RequestArtifact => ({
  id,
  targetId: 'target-1',
  url: `https://a.lab/${id}`,
  method: 'GET',
  resourceType: 'document',
  requestHeaders: [],
  requestBody: { status: 'none' },
  initiator: { type: 'other' },
  startedAtMs: 0,
  response: {
    status: 0,
    statusText: '',
    headers: [],
    mimeType: '',
    protocol: '',
    remoteAddress: null,
    fromCache: false,
    fromServiceWorker: false,
  },
  body: { status: 'none' },
})
const named = (value: string): { name: string; value: string }[] => [{ name: 'n', value }]

describe('headers as they went over the wire', () => {
  const cases: Record<string, { has: (boolean | undefined)[]; wire: string[]; expected: (string | undefined)[] }> = {
    'go to their hops in order': { has: [true, true], wire: ['a', 'b'], expected: ['a', 'b'] },
    'skip a hop that came from a cache': { has: [true, false, true], wire: ['a', 'b'], expected: ['a', undefined, 'b'] },
    'go to who is left when it was never said whose they are': { has: [undefined], wire: ['a'], expected: ['a'] },
  }
  for (const [name, { has, wire, expected }] of Object.entries(cases)) {
    for (const order of ['after', 'before'] as const) {
      it(`${name}, when they come ${order} the event`, () => {
        const extra = new ExtraInfo()
        const hops = has.map((_, i) => hop(String(i)))
        const tell = (): void =>
          wire.forEach((value) => {
            extra.sent(named(value), hops)
            extra.received({ headers: named(value), status: 200 }, hops)
          })
        if (order === 'before') tell()
        has.forEach((each, i) => each !== undefined && extra.hasResponse(i, each))
        if (order === 'after') tell()
        extra.apply(hops, true)
        assert.deepEqual(
          hops.map(({ response }) => response?.headers[0]?.value),
          expected,
        )
      })
    }
  }
})

describe('a data: URL', () => {
  const cases: Record<string, [url: string, octets: string | null]> = {
    'of text': ['data:,hello%20w%c3%b6rld', Buffer.from('hello wörld').toString('hex')],
    'of base64 with a charset': ['data:text/plain;charset=utf-8;base64,3q2+7w==', 'deadbeef'],
    'of base64 with escapes': ['data:;base64,3q2%2B7w%3D%3D', 'deadbeef'],
    'with a fragment': ['data:,a#b', Buffer.from('a').toString('hex')],
    'with broken escapes': ['data:,100%', Buffer.from('100%').toString('hex')],
    'that is none': ['https://a.lab/', null],
  }
  for (const [name, [url, octets]] of Object.entries(cases))
    it(name, () => assert.equal(dataUrlBytes(url)?.toString('hex') ?? null, octets))
})
