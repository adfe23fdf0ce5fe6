import { afterEach, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { dnsServer, type DnsTable } from '../../test/guard/dns-server.ts'
import { httpOrigin, type Origin, tcpOrigin } from '../../test/guard/origin.ts'
import { agentsOf } from './agent.ts'
import { dialFirst, interleaved } from './dial.ts'
import { createEgress, type EgressLane, type EgressOptions, nameMapResolver, reachPolicy, systemResolver } from './egress.ts'
import { parseUpstreamProxy } from './upstream.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
const kept = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
  const opened = await opening
  closing.push(() => opened.close())
  return opened
}

async function dnsLane(
  table: DnsTable,
  policy = reachPolicy(),
  more: Partial<EgressOptions> = {},
  upstreamProxy: string | null = null,
): Promise<EgressLane> {
  const dns = await kept(dnsServer(table))
  const egress = createEgress({
    resolver: systemResolver({ servers: [dns.address], maxCacheSeconds: 0, minCacheSeconds: 0 }),
    policy,
    ...more,
  })
  closing.push(() => egress.close())
  return egress.openLane({ visitId: 'v', upstreamProxy })
}

test('a name that resolves to a private address is refused, and the log says which and why', async () => {
  const canary = await kept(tcpOrigin((socket) => socket.end('reached')))
  const lane = await dnsLane({ 'evil.test': { a: ['127.0.0.1'], aaaa: ['::1'], ttl: 60 } })
  await assert.rejects(lane.connect('evil.test', canary.port), { code: 'ADDRESS_REFUSED', message: /is loopback/ })
  assert.equal(canary.accepted(), 0)
  const [record] = lane.connections()
  assert.deepEqual([record?.outcome, record?.address, /loopback/.test(record?.reason ?? '')], ['refused', '127.0.0.1', true])
})

test('of a name with public and private addresses only the checked ones are connected to', async () => {
  const canary = await kept(tcpOrigin((socket) => socket.end('canary')))
  const open = await kept(tcpOrigin((socket) => socket.end('open'), { host: '127.0.0.2', port: canary.port }))
  const lane = await dnsLane({ 'mixed.test': { a: ['127.0.0.1', '127.0.0.2'], aaaa: [], ttl: 60 } }, reachPolicy({ allow: ['127.0.0.2'] }))
  assert.equal(await readText(await lane.connect('mixed.test', open.port)), 'open')
  assert.equal(canary.accepted(), 0)
  assert.match(lane.connections()[0]?.reason ?? '', /not used: 127.0.0.1 is loopback/)
})

test('rebinding: a name that alternates between an open and a closed address never reaches the closed one', async () => {
  const canary = await kept(tcpOrigin((socket) => socket.end('canary')))
  const open = await kept(tcpOrigin((socket) => socket.end('open'), { host: '127.0.0.2', port: canary.port }))
  // TTL 0, and every second answer is the closed address.
  const lane = await dnsLane(
    { 'rebind.test': (count) => ({ a: [count % 2 === 1 ? '127.0.0.2' : '127.0.0.1'], aaaa: [], ttl: 0 }) },
    reachPolicy({ allow: ['127.0.0.2'] }),
  )
  const outcomes: string[] = []
  for (let visit = 0; visit < 20; visit++) {
    outcomes.push(await lane.connect('rebind.test', open.port).then(readText, (error: { code: string }) => error.code))
  }
  assert.deepEqual([canary.accepted(), open.accepted()], [0, 10])
  assert.deepEqual(new Set(outcomes), new Set(['open', 'ADDRESS_REFUSED']))
})

test('a name that the operator allows is reached wherever it is; its neighbours are not', async () => {
  const origin = await kept(tcpOrigin((socket) => socket.end('intranet')))
  const lane = await dnsLane({ '*': { a: ['127.0.0.1'], aaaa: [], ttl: 60 } }, reachPolicy({ allow: ['wiki.corp.test'] }))
  assert.equal(await readText(await lane.connect('wiki.corp.test', origin.port)), 'intranet')
  await assert.rejects(lane.connect('mail.corp.test', origin.port), { code: 'ADDRESS_REFUSED' })
})

test('a name map is a closed world: addresses written in URLs that it does not name do not exist', async () => {
  const canary = await kept(tcpOrigin((socket) => socket.end('canary')))
  const names = {
    hosts: { 'site.test': ['127.0.0.1'], '127.0.0.5': ['127.0.0.1'] },
    ports: { '443': canary.port },
    allow: ['127.0.0.0/8'],
    spki: null,
    authorityPem: null,
    networks: [],
  }
  const egress = createEgress({ resolver: nameMapResolver(names), policy: reachPolicy() })
  closing.push(() => egress.close())
  const lane = await egress.openLane({ visitId: 'v' })
  assert.equal(await readText(await lane.connect('site.test', 443)), 'canary')
  assert.equal(await readText(await lane.connect('127.0.0.5', 443)), 'canary')
  await assert.rejects(lane.connect('127.0.0.1', canary.port), { code: 'ADDRESS_REFUSED' })
  await assert.rejects(lane.connect('8.8.8.8', 443), { code: 'DNS_FAILED' })
  await assert.rejects(lane.connect('localhost', canary.port), { code: 'DNS_FAILED' })
  await assert.rejects(egress.openLane({ visitId: 'w', upstreamProxy: 'http://p:1' }), { code: 'UNSUPPORTED' })
  assert.equal(canary.accepted(), 2)
})

test('cut while the connection is being made', async () => {
  const origin = await kept(tcpOrigin((socket) => socket.resume()))
  const lane = await dnsLane({ 'pool.test': { a: ['127.0.0.1'], aaaa: [], ttl: 60 } }, reachPolicy({ allowPrivate: true }))
  const connecting = lane.connect('pool.test', origin.port)
  lane.cut('pool.test', null, 'share')
  await assert.rejects(connecting, { code: 'ADDRESS_REFUSED', message: 'cut: share' })
  assert.deepEqual(
    lane.connections().map((record) => record.outcome),
    ['cut'],
  )
})

test('a visit that ends ends what is being connected', async () => {
  const lane = await dnsLane({ 'slow.test': 'silent' })
  const connecting = assert.rejects(lane.connect('slow.test', 80), { code: 'INTERRUPTED' })
  await lane.close()
  await connecting
})

test('addresses of both families take turns, IPv6 first', () => {
  assert.deepEqual(interleaved(['1.1.1.1', '2.2.2.2', '3.3.3.3', '::1', '::2']), ['::1', '1.1.1.1', '::2', '2.2.2.2', '3.3.3.3'])
})

test('an address that refuses does not delay the next one', async () => {
  const origin = await kept(tcpOrigin((socket) => socket.end('here'), { host: '127.0.0.2' }))
  const socket = await dialFirst(['127.0.0.3', '127.0.0.4', '127.0.0.2'], origin.port, {
    timeoutMs: 5_000,
    staggerMs: 60_000,
    signal: new AbortController().signal,
  })
  assert.equal(await readText(socket), 'here')
})

test('nobody answers: the last reason is told, and an ended visit is told apart', async () => {
  const { signal } = new AbortController()
  await assert.rejects(dialFirst(['127.0.0.3'], 1, { timeoutMs: 5_000, staggerMs: 1, signal }), {
    code: 'CONNECT_FAILED',
    message: /ECONNREFUSED/,
  })
  await assert.rejects(dialFirst(['127.0.0.3'], 1, { timeoutMs: 5_000, staggerMs: 1, signal: AbortSignal.abort() }), {
    code: 'INTERRUPTED',
  })
})

/** A proxy as operators have them: HTTP CONNECT, or SOCKS 5 with user and password. */
async function upstreamProxy(kind: 'http' | 'socks5', toPort: number): Promise<Origin & { seen: string[] }> {
  const seen: string[] = []
  const onward = (client: net.Socket): void => {
    const socket = net.connect(toPort, '127.0.0.1')
    socket.on('error', () => client.destroy())
    client.pipe(socket).pipe(client)
  }
  const origin = await kept(
    tcpOrigin((client) => {
      let step = 0
      const onData = (chunk: Buffer): void => {
        if (kind === 'http') {
          const head = chunk.toString('latin1')
          seen.push(
            head
              .split('\r\n')
              .filter((line) => /^(CONNECT|Proxy-Auth)/.test(line))
              .join(' | '),
          )
          client.off('data', onData)
          if (head.includes('refuse.test')) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
          client.write('HTTP/1.1 200 OK\r\nX: y\r\n\r\n')
          return onward(client)
        }
        step++
        if (step === 1) client.write(Buffer.from([5, chunk.includes(2, 2) ? 2 : 0]))
        else if (step === 2 && chunk[0] === 1) {
          seen.push(chunk.toString('latin1', 2).replace(/[^a-z]/g, ' '))
          client.write(Buffer.from([1, 0]))
        } else {
          seen.push(
            `${chunk[3]} ${chunk[3] === 3 ? chunk.toString('latin1', 5, chunk.length - 2) : chunk.toString('hex', 4, chunk.length - 2)}:${chunk.readUInt16BE(chunk.length - 2)}`,
          )
          client.off('data', onData)
          if (chunk.includes('refuse.test')) return void client.end(Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]))
          client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
          onward(client)
        }
      }
      client.on('data', onData)
    }),
  )
  return { ...origin, seen, port: origin.port, accepted: origin.accepted, close: origin.close }
}

for (const kind of ['http', 'socks5'] as const) {
  test(`upstream ${kind}: names go there unresolved, literals are checked here, the log says what is not known`, async () => {
    const origin = await kept(tcpOrigin((socket) => socket.end('through')))
    const upstream = await upstreamProxy(kind, origin.port)
    const lane = await dnsLane({}, reachPolicy(), {}, `${kind}://us%20er:pa%3Ass@127.0.0.1:${upstream.port}`)
    assert.equal(await readText(await lane.connect('far.test', 443)), 'through')
    assert.equal(await readText(await lane.connect('1.1.1.1', 443)), 'through')
    assert.equal(await readText(await lane.connect('2606:4700::1', 443)), 'through')
    for (const inside of ['127.0.0.1', '169.254.169.254', '::1', 'localhost', 'printer.local'])
      await assert.rejects(lane.connect(inside, 443), { code: 'ADDRESS_REFUSED' }, inside)
    await assert.rejects(lane.connect('refuse.test', 443), {
      code: 'CONNECT_FAILED',
      message: kind === 'http' ? /answered 403/ : /not allowed by its rules/,
    })
    const signIn = 'Proxy-Authorization: Basic dXMgZXI6cGE6c3M='
    assert.deepEqual(
      upstream.seen,
      kind === 'http'
        ? [
            `CONNECT far.test:443 HTTP/1.1 | ${signIn}`,
            `CONNECT 1.1.1.1:443 HTTP/1.1 | ${signIn}`,
            `CONNECT [2606:4700::1]:443 HTTP/1.1 | ${signIn}`,
            `CONNECT refuse.test:443 HTTP/1.1 | ${signIn}`,
          ]
        : [
            'us er pa ss',
            '3 far.test:443',
            'us er pa ss',
            '1 01010101:443',
            'us er pa ss',
            '4 26064700000000000000000000000001:443',
            'us er pa ss',
            '3 refuse.test:443',
          ],
    )
    const [far, literal] = lane.connections()
    assert.equal(far?.address, undefined)
    assert.match(far?.reason ?? '', /its address is not known/)
    assert.doesNotMatch(JSON.stringify(lane.connections()), /pa:ss|pa%3Ass/)
    assert.deepEqual([literal?.address, literal?.bytesReceived], ['1.1.1.1', 7])
  })
}

test('upstream: silence ends in a timeout, nonsense and too long an answer in a failure', async () => {
  const behaviours: [answer: string | null, code: string][] = [
    [null, 'TIMEOUT'],
    ['SSH-2.0\r\n\r\n', 'CONNECT_FAILED'],
    ['x'.repeat(40_000), 'CONNECT_FAILED'],
    ['', 'CONNECT_FAILED'],
  ]
  for (const [answer, code] of behaviours) {
    const proxy = await kept(tcpOrigin((socket) => socket.once('data', () => (answer === null ? undefined : socket.end(answer)))))
    const lane = await dnsLane(
      {},
      reachPolicy(),
      { laneLimits: { connectTimeoutMs: answer === null ? 200 : 10_000 } },
      `http://127.0.0.1:${proxy.port}`,
    )
    await assert.rejects(lane.connect('far.test', 443), { code }, String(answer).slice(0, 20))
    await lane.close()
  }
})

test('upstream: what is no proxy is an error that keeps the password to itself', () => {
  for (const bad of ['ftp://a:1', 'nothing', 'http://', 'user:secret@host:1'])
    assert.throws(() => parseUpstreamProxy(bad), { code: 'BAD_ARGUMENT' }, bad)
  assert.throws(
    () => parseUpstreamProxy('ftp://u:secret@h:1'),
    (error: Error) => !error.message.includes('secret'),
  )
  assert.deepEqual(
    ['http://h', 'http://h:80', 'http://h:3128', 'https://h', 'socks5://h', 'socks5h://[::1]:9050'].map(
      (each) => parseUpstreamProxy(each).port,
    ),
    [8080, 80, 3128, 443, 1080, 9050],
  )
})

test('agents for Node code go through the lane: same guard, same log', async () => {
  const origin = await kept(httpOrigin((request, answer) => answer.end(`hello ${request.headers.host}`)))
  const lane = await dnsLane(
    { 'site.test': { a: ['127.0.0.1'], aaaa: [], ttl: 60 }, 'evil.test': { a: ['10.0.0.1'], aaaa: [], ttl: 60 } },
    reachPolicy({ allow: ['site.test'] }),
  )
  const agents = agentsOf(lane)
  const get = async (host: string): Promise<string> => {
    const [response] = (await once(http.get({ host, port: origin.port, agent: agents.http }), 'response')) as [http.IncomingMessage]
    return readText(response)
  }
  assert.equal(await get('site.test'), `hello site.test:${origin.port}`)
  await assert.rejects(get('evil.test'), { code: 'ADDRESS_REFUSED' })
  agents.http.destroy()
  agents.https.destroy()
  assert.deepEqual(
    lane.connections().map((record) => record.outcome),
    ['connected', 'refused'],
  )
})
