import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionRecord } from '#egress/egress.ts'
import type { RequestArtifact, WasmArtifact } from '#model/artifact.ts'
import { sha256 } from '#model/digest.ts'
import { joinModuleBodies, joinRequests } from './egress-join.ts'

const record = (more: Partial<ConnectionRecord>): ConnectionRecord => ({
  host: 'shop.example',
  port: 443,
  outcome: 'connected',
  address: '192.0.2.7',
  openedAt: 0,
  bytesSent: 0,
  bytesReceived: 0,
  ...more,
})
const request = (url: string, more: Partial<RequestArtifact>): RequestArtifact => ({
  id: 'req-1',
  targetId: 'target-1',
  url,
  method: 'GET',
  resourceType: 'document',
  requestHeaders: [],
  requestBody: { status: 'none' },
  initiator: { type: 'other' },
  startedAtMs: 0,
  body: { status: 'lost', reason: 'kept by nobody' },
  ...more,
})
const answered = (url: string): RequestArtifact =>
  request(url, {
    response: {
      status: 403,
      statusText: '',
      mimeType: 'text/html',
      protocol: 'h2',
      remoteAddress: null,
      fromCache: false,
      fromServiceWorker: false,
      headers: [
        { name: 'X-Assay-Code', value: 'ADDRESS_REFUSED' },
        { name: 'X-Assay-Refused', value: 'is private' },
      ],
    },
  })

describe('what egress says of a request', () => {
  it('comes by its own answer over plain http', () => {
    const plain = answered('http://shop.example/')
    joinRequests([plain], [])
    assert.equal(plain.response, undefined)
    assert.deepEqual(plain.failure, { reason: 'ADDRESS_REFUSED: is private', blocked: 'egress' })
  })
  it('cannot be forged by a site over https, to hide its answer', () => {
    const forged = answered('https://shop.example/')
    joinRequests([forged], [record({})])
    assert.equal(forged.failure, undefined)
    assert.equal(forged.response?.remoteAddress, '192.0.2.7')
  })
  it('comes by its log where a tunnel was refused', () => {
    const refused = request('https://intranet.example/', { failure: { reason: 'net::ERR_TUNNEL_CONNECTION_FAILED' } })
    joinRequests([refused], [record({ host: 'intranet.example', outcome: 'refused', address: '10.0.0.1', reason: '10.0.0.1 is private' })])
    assert.deepEqual(refused.failure, { reason: 'ADDRESS_REFUSED: 10.0.0.1 is private', blocked: 'egress' })
  })
})

describe('joinModuleBodies', () => {
  const url = 'https://shop.example/core.wasm'
  const lost: WasmArtifact = {
    id: 'wasm-1',
    targetId: 'target-2',
    url,
    body: { status: 'lost', reason: 'the target was gone' },
    parsedAtMs: 1,
  }
  const stored = (text: string) => ({ status: 'stored' as const, digest: sha256(Buffer.from(text)), size: text.length })
  const cases: [string, Partial<WasmArtifact>, RequestArtifact[], boolean][] = [
    ['a module that was streamed has the octets of its answer', {}, [request(url, { body: stored('a') })], true],
    ['also where it was asked for again and again', {}, [request(url, { body: stored('a') }), request(url, { body: stored('a') })], true],
    ['not where the answers differ', {}, [request(url, { body: stored('a') }), request(url, { body: stored('b') })], false],
    ['not where one of the answers is not known', {}, [request(url, { body: stored('a') }), request(url, {})], false],
    ['not where it was fetched from nowhere', {}, [request(`${url}?other`, { body: stored('a') })], false],
    ['not where it came from a buffer', { url: 'wasm://wasm/1f2e' }, [request('wasm://wasm/1f2e', { body: stored('a') })], false],
  ]
  for (const [name, more, requests, isFound] of cases)
    it(name, () => {
      const module = { ...lost, ...more }
      joinModuleBodies([module], requests)
      assert.deepEqual(module.body, isFound ? stored('a') : lost.body)
    })
})
