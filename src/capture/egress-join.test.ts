import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectionRecord } from '#egress/egress.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { joinRequests } from './egress-join.ts'

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
