import { test } from 'node:test'
import assert from 'node:assert/strict'
import type net from 'node:net'
import { rawExchange } from '../../test/guard/origin.ts'
import { clientsOfUsers } from './client-check.ts'
import { createEgress, nameMapResolver, reachPolicy } from './egress.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 12 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 13 1 0000000000000000 20 4 30 10 -1
`
const client = (remotePort: number): net.Socket => ({ remoteAddress: '127.0.0.1', remotePort, localAddress: '127.0.0.1', localPort: 8080 }) as net.Socket

test("the user at the client's end decides, not the one at ours", async () => {
  assert.equal(await clientsOfUsers(new Set([1000]), async () => table).isAllowed(client(50_000)), true)
  assert.equal(await clientsOfUsers(new Set([0]), async () => table).isAllowed(client(50_000)), false)
})

test('a client that the table does not show, or a table that cannot be read, is refused', async () => {
  assert.equal(await clientsOfUsers(new Set([1000]), async () => table).isAllowed(client(50_001)), false)
  assert.equal(await clientsOfUsers(new Set([1000]), () => Promise.reject(new Error('gone'))).isAllowed(client(50_000)), false)
})

test('one reading serves all that were accepted before it began, and none that came after', async () => {
  let reads = 0
  const release: (() => void)[] = []
  const check = clientsOfUsers(new Set([1000]), async () => {
    reads++
    await new Promise<void>((resolve) => release.push(resolve))
    return table
  })
  const first = [check.isAllowed(client(50_000)), check.isAllowed(client(50_000))]
  await Promise.resolve()
  const second = [check.isAllowed(client(50_000)), check.isAllowed(client(50_000))]
  release.shift()?.()
  await Promise.all(first)
  assert.equal(reads, 2)
  release.shift()?.()
  assert.deepEqual(await Promise.all(second), [true, true])
})

test("a lane closes the connection of another user's process without an answer", { skip: process.platform !== 'linux' }, async () => {
  const names = { hosts: {}, ports: {}, allow: [], spki: null, authorityPem: null, networks: [] }
  for (const [uids, answered] of [[new Set([process.getuid?.() ?? 0]), true], [new Set([4_000_000]), false]] as const) {
    const egress = createEgress({ resolver: nameMapResolver(names), policy: reachPolicy(), clientUids: uids })
    const lane = await egress.openLane({ visitId: 'v' })
    for (const request of ['CONNECT gone.test:443 HTTP/1.1\r\n\r\n', 'GET http://gone.test/ HTTP/1.1\r\nHost: gone.test\r\nConnection: close\r\n\r\n']) {
      assert.equal((await rawExchange(lane.proxyUrl, request)).startsWith('HTTP/1.1 502'), answered)
    }
    await egress.close()
  }
})
