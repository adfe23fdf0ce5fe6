import { test } from 'node:test'
import assert from 'node:assert/strict'
import { runAttack, ways } from './attack.ts'
import { chromiumPath } from './chromium.ts'

const skip = chromiumPath === null && 'no Chromium'
const hosts = ['127.0.0.1', '0.0.0.0', 'localhost', '[::1]', '[::ffff:127.0.0.1]', 'evil4.test', 'evil6.test', 'rebind.test']

test('a page that tries everything reaches nothing closed, and nothing leaves over UDP', { skip, timeout: 120_000 }, async () => {
  const { hits, canaryConnections, datagrams, candidates, lane } = await runAttack({ guarded: true, hosts })
  assert.deepEqual({ hits, canaryConnections, datagrams, candidates }, { hits: [], canaryConnections: 0, datagrams: 0, candidates: [] })
  const refused = lane.connections().filter((record) => record.outcome === 'refused')
  for (const host of ['127.0.0.1', '0.0.0.0', 'localhost', '::1', '::ffff:7f00:1', 'evil4.test', 'evil6.test', 'rebind.test']) {
    assert.ok(
      refused.some((record) => record.host === host),
      `${host} was tried`,
    )
  }
})

test('the same page reaches everything where nothing holds it: the attack works', { skip, timeout: 120_000 }, async () => {
  const { hits, datagrams } = await runAttack({ guarded: false, hosts: ['127.0.0.1', 'evil4.test'] })
  // A preconnect makes a connection and no request.
  for (const way of Object.keys(ways).filter((each) => each !== 'preconnect'))
    assert.ok(
      hits.some((hit) => hit.startsWith(`${way} `)),
      `${way} reaches the canary`,
    )
  assert.ok(hits.includes('navigation evil4.test'))
  assert.ok(datagrams > 0, 'WebRTC reaches the STUN listener')
})
