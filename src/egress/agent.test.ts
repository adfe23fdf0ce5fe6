import { test } from 'node:test'
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import type http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import { text as readText } from 'node:stream/consumers'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { agentsOf } from './agent.ts'
import { createEgress, nameMapResolver, reachPolicy } from './egress.ts'

async function certificateFor(name: string): Promise<{ key: string; cert: string }> {
  x509.cryptoProvider.set(webcrypto)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`, cert: certificate.toString('pem') }
}

test('https goes through the lane: certificates are checked against the name, octets are counted, guard and cut hold', async () => {
  const identity = await certificateFor('site.test')
  const server = https.createServer(identity, (request, answer) => answer.end(`${request.headers.host} ${'x'.repeat(5_000)}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const hosts = { 'site.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'], 'evil.test': ['10.0.0.1'] }
  const egress = createEgress({
    resolver: nameMapResolver({ hosts, ports: {}, allow: ['127.0.0.0/8'], spki: null, authorityPem: null, networks: [] }),
    policy: reachPolicy(),
  })
  const lane = await egress.openLane({ visitId: 'v' })
  const agents = agentsOf(lane, { tlsOptions: { ca: identity.cert } })
  const get = async (host: string): Promise<string> => {
    const [response] = (await once(https.get({ host, port, agent: agents.https }), 'response')) as [http.IncomingMessage]
    return readText(response)
  }
  try {
    assert.match(await get('site.test'), /^site\.test:\d+ x{5000}$/)
    await get('site.test')
    const [record, ...more] = lane.connections()
    assert.equal(more.length, 0, 'the connection is reused')
    assert.ok(record && record.bytesReceived > 10_000 && record.bytesSent > 200, JSON.stringify(record))
    await assert.rejects(get('other.test'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    await assert.rejects(get('evil.test'), { code: 'ADDRESS_REFUSED' })
    lane.cut('site.test', null, 'share')
    await assert.rejects(get('site.test'))
    assert.equal(lane.connections()[0]?.outcome, 'cut')
  } finally {
    agents.http.destroy()
    agents.https.destroy()
    await egress.close()
    server.closeAllConnections()
    server.close()
  }
})
