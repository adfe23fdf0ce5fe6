import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionArtifact } from '#model/artifact.ts'
import { sampleCapture } from '../ledger/testing/samples.ts'
import { serversOf } from './servers.ts'

const connection = (over: Partial<ConnectionArtifact>): ConnectionArtifact => ({
  id: 'conn-1',
  host: 'shop.test',
  port: 443,
  outcome: 'connected',
  address: '192.0.2.1',
  openedAtMs: 0,
  bytesSent: 1,
  bytesReceived: 1,
  ...over,
})

test('hosts by address, each once, with network, country and certificate; what was refused or failed is no server', () => {
  const capture = sampleCapture({
    artifacts: {
      connection: {
        status: 'complete',
        items: [
          connection({ asn: 64500, organisation: 'Example', country: 'DE' }),
          connection({ id: 'conn-2' }),
          connection({ id: 'conn-3', host: 'pool.test', address: '2001:db8::1', outcome: 'cut' }),
          connection({ id: 'conn-4', host: 'gone.test', outcome: 'failed' }),
          connection({ id: 'conn-5', host: 'inner.test', address: '10.0.0.1', outcome: 'refused' }),
        ],
      },
      host: {
        status: 'complete',
        items: [
          {
            id: 'host-1',
            host: 'shop.test',
            port: 443,
            addresses: [],
            tls: { protocol: '', cipher: '', issuer: '', subject: '', san: [], validFrom: '', validTo: '', fingerprint: 'ab' },
          },
        ],
      },
    },
  })
  assert.deepEqual(serversOf(capture), [
    { host: 'pool.test', address: '2001:db8::1', asn: null, organisation: null, country: null, certificate: null, isPage: false },
    { host: 'shop.test', address: '192.0.2.1', asn: 64500, organisation: 'Example', country: 'DE', certificate: 'ab', isPage: true },
  ])
})
