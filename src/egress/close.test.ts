import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { dnsServer } from '../../test/guard/dns-server.ts'
import { tcpOrigin } from '../../test/guard/origin.ts'
import { createEgress, reachPolicy, systemResolver } from './egress.ts'

// Alone in its file, and so in its process: it counts what is open in all of it.
test('closing leaves no socket, no listener and no timer: clients, tunnels, pooled connections, half requests, dials', async () => {
  const open = (): string[] => process.getActiveResourcesInfo().filter((each) => /TCP|UDP|Timeout|Connect/.test(each))
  const before = open()
  const origin = await tcpOrigin((socket) => socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
  const dns = await dnsServer({ 'site.test': { a: ['127.0.0.1'], aaaa: [], ttl: 60 }, 'slow.test': 'silent' })
  const egress = createEgress({ resolver: systemResolver({ servers: [dns.address] }), policy: reachPolicy({ allowPrivate: true }) })
  const lane = await egress.openLane({ visitId: 'v' })
  const target = `site.test:${origin.port}`
  const heads = [
    `GET http://${target}/ HTTP/1.1\r\nHost: ${target}\r\n\r\n`,
    `CONNECT ${target} HTTP/1.1\r\n\r\n`,
    'GET http://half',
    'CONNECT slow.test:443 HTTP/1.1\r\n\r\n',
  ]
  const clients = await Promise.all(
    heads.map(async (head) => {
      const client = net.connect(Number(new URL(lane.proxyUrl).port), '127.0.0.1').on('error', () => {})
      await once(client, 'connect')
      client.write(head)
      return client
    }),
  )
  await Promise.all([once(clients[0]!, 'data'), once(clients[1]!, 'data')])
  const direct = await lane.connect('site.test', origin.port)
  const dialing = assert.rejects(lane.connect('slow.test', 443), { code: 'INTERRUPTED' })
  const gone = [...clients, direct].map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)))

  await lane.close()
  await Promise.all([...gone, dialing])
  await assert.rejects(lane.connect('site.test', origin.port), { code: 'INTERRUPTED' })
  await assert.rejects(once(net.connect(Number(new URL(lane.proxyUrl).port), '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
  await egress.close()
  await Promise.all([origin.close(), dns.close()])
  // libuv lets go of a closed handle some turns of its loop later.
  for (let turn = 0; turn < 50 && open().length > before.length; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(open(), before)
})
