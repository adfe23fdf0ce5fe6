import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { RequestArtifact, WebSocketArtifact } from '#model/artifact.ts'
import { conditionsOf } from './conditions.ts'
import { redactHeaders } from './seed-headers.ts'
import { planOf } from './visit-options.ts'

const launched = { product: 'Chrome/156.0.1.2', sandbox: true }

describe('secrets of a visit', () => {
  for (const proxy of ['http://jo:hunter2@proxy.example:3128', 'socks5://jo:hunter2@proxy.example:3128']) {
    it(`do not stand in the conditions: ${proxy}`, () => {
      const conditions = conditionsOf(planOf({ proxy, headers: [{ name: 'X-Token', value: 'hunter2' }] }), launched, {
        userAgent: 'x',
        concurrency: 1,
      })
      assert.doesNotMatch(JSON.stringify(conditions), /hunter2|\bjo\b/)
      assert.match(conditions.proxy ?? '', /:\/\/proxy\.example:3128$/)
      assert.deepEqual(conditions.extraHeaders, ['X-Token'])
    })
  }

  it('do not stand in the headers of requests and handshakes, whatever their case', () => {
    const headers = () => [
      { name: 'x-TOKEN', value: 'hunter2' },
      { name: 'Accept', value: '*/*' },
    ]
    const request = { requestHeaders: headers() } as RequestArtifact
    const socket = { handshake: { status: 101, requestHeaders: headers(), responseHeaders: [] } } as unknown as WebSocketArtifact
    redactHeaders(['X-Token'], [request], [socket])
    for (const kept of [request.requestHeaders, socket.handshake?.requestHeaders]) {
      assert.deepEqual(kept, [
        { name: 'x-TOKEN', value: '[redacted]' },
        { name: 'Accept', value: '*/*' },
      ])
    }
  })
})
