import { afterEach, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { httpOrigin, type Origin, rawExchange, tcpOrigin } from '../../test/guard/origin.ts'
import { createEgress, type Egress, type EgressLane, type EgressOptions, nameMapResolver, reachPolicy } from './egress.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function laneTo(
  hosts: Record<string, string[]> = { 'site.test': ['127.0.0.1'] },
  more: Partial<EgressOptions> = {},
): Promise<{ lane: EgressLane; egress: Egress }> {
  const egress = createEgress({
    resolver: nameMapResolver({ hosts, ports: {}, allow: ['127.0.0.0/8'], spki: null, authorityPem: null, networks: [] }),
    policy: reachPolicy(),
    ...more,
  })
  closing.push(() => egress.close())
  return { egress, lane: await egress.openLane({ visitId: 'v' }) }
}

async function served(onRequest: http.RequestListener): Promise<Origin> {
  const origin = await httpOrigin(onRequest)
  closing.push(() => origin.close())
  return origin
}

async function tcp(onSocket: (socket: net.Socket) => void): Promise<Origin> {
  const origin = await tcpOrigin(onSocket)
  closing.push(() => origin.close())
  return origin
}

async function ask(
  lane: EgressLane,
  path: string,
  o: http.RequestOptions = {},
  body?: string | Buffer,
): Promise<{ response: http.IncomingMessage; text: string }> {
  const request = http.request({ host: '127.0.0.1', port: Number(new URL(lane.proxyUrl).port), path, agent: false, ...o })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return { response, text: await readText(response) }
}

async function tunnel(lane: EgressLane, target: string, first = ''): Promise<{ socket: net.Socket; status: string }> {
  const socket = net.connect({ port: Number(new URL(lane.proxyUrl).port), host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${first}`)
  let head = ''
  while (!head.includes('\r\n\r\n')) {
    const chunk = socket.read() as Buffer | null
    if (chunk) head += chunk.toString('latin1')
    else if (socket.readableEnded || socket.destroyed) break
    else await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')])
  }
  const end = head.indexOf('\r\n\r\n') + 4
  if (head.length > end) socket.unshift(Buffer.from(head.slice(end), 'latin1'))
  return { socket, status: head.slice(0, end) }
}

test('a request goes to its origin as the browser sent it, without what concerns the connection', async () => {
  let seen: { url: string | undefined; headers: string[] } | undefined
  const origin = await served((request, answer) => {
    seen = { url: request.url, headers: request.rawHeaders }
    answer.writeHead(200, 'Fine', [
      'Set-Cookie',
      'a=1',
      'Set-Cookie',
      'b=2',
      'X-Assay-Refused',
      'forged',
      'Keep-Alive',
      'x',
      'Content-Length',
      '2',
    ])
    answer.end('ok')
  })
  const { lane } = await laneTo()
  const { response, text } = await ask(lane, `http://site.test:${origin.port}/a//../b?x=%41|`, {
    headers: { 'Proxy-Connection': 'keep-alive', 'Proxy-Authorization': 'Basic x', 'User-Agent': 'u', Host: 'other.test' },
  })
  assert.deepEqual(seen, {
    url: '/a//../b?x=%41|',
    headers: ['Host', `site.test:${origin.port}`, 'User-Agent', 'u', 'Connection', 'keep-alive'],
  })
  assert.equal(text, 'ok')
  assert.deepEqual(
    [response.statusCode, response.statusMessage, response.headers['set-cookie'], response.headers['x-assay-refused']],
    [200, 'Fine', ['a=1', 'b=2'], undefined],
  )
})

test('connections are logged once each, with octets and time', async () => {
  const origin = await served((_request, answer) => answer.end('x'.repeat(1000)))
  const { lane } = await laneTo()
  await ask(lane, `http://site.test:${origin.port}/`)
  await ask(lane, `http://site.test:${origin.port}/2`)
  const records = lane.connections()
  assert.equal(records.length, 1, 'the second request reuses the connection')
  const [record] = records
  assert.deepEqual([record?.host, record?.port, record?.address, record?.outcome], ['site.test', origin.port, '127.0.0.1', 'connected'])
  assert.ok(record && record.bytesReceived > 2000 && record.bytesSent > 50 && record.closedAt === undefined)
  await lane.close()
  assert.ok((lane.connections()[0]?.closedAt ?? 0) >= record.openedAt)
})

const bodies: Record<string, { method: string; headers: Record<string, string>; body: string }> = {
  'a body of known length': { method: 'POST', headers: { 'content-length': '5' }, body: 'hello' },
  'a chunked body': { method: 'PUT', headers: { 'transfer-encoding': 'chunked' }, body: 'hello' },
  'an empty body': { method: 'POST', headers: { 'content-length': '0' }, body: '' },
  'a large body': { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'x'.repeat(3_000_000) },
}
for (const [name, { method, headers, body }] of Object.entries(bodies)) {
  test(`${name} arrives`, async () => {
    const origin = await served(async (request, answer) => {
      answer.end(`${request.method} ${(await readText(request)) === body}`)
    })
    const { lane } = await laneTo()
    assert.equal((await ask(lane, `http://site.test:${origin.port}/`, { method, headers }, body)).text, `${method} true`)
  })
}

const answers: Record<string, { octets: string; method?: string; status: number; text: string; header?: [string, string] }> = {
  'HEAD keeps the length of what it does not have': {
    method: 'HEAD',
    octets: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
    status: 200,
    text: '',
    header: ['content-length', '9'],
  },
  '304 has no body': { octets: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', status: 304, text: '', header: ['etag', '"a"'] },
  '204 has no body': { octets: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, text: '' },
  'until the connection closes': { octets: 'HTTP/1.0 200 OK\r\n\r\nhello', status: 200, text: 'hello' },
  'early hints come before the answer': {
    octets: 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    status: 200,
    text: 'ok',
  },
  'chunked wins over a length, and the length is not passed on': {
    octets: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    status: 200,
    text: 'ok',
    header: ['content-length', 'undefined'],
  },
  'gzip stays as it is': {
    octets: 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc',
    status: 200,
    text: 'abc',
    header: ['content-encoding', 'gzip'],
  },
  'switched protocols unasked': {
    octets: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    status: 502,
    text: 'site.test switched protocols unasked\n',
  },
  'no HTTP': { octets: 'SSH-2.0-OpenSSH_9.2\r\n', status: 502, text: 'site.test: HPE_INVALID_CONSTANT\n' },
  nothing: { octets: '', status: 502, text: 'site.test: ECONNRESET\n' },
}
for (const [name, { octets, method, status, text, header }] of Object.entries(answers)) {
  test(`an origin's answer: ${name}`, async () => {
    const origin = await tcp((socket) => socket.once('data', () => socket.end(octets)))
    const { lane } = await laneTo()
    const got = await ask(lane, `http://site.test:${origin.port}/`, { method: method ?? 'GET' })
    assert.deepEqual([got.response.statusCode, got.text], [status, text])
    if (header) assert.equal(String(got.response.headers[header[0]]), header[1])
  })
}

test('half an answer looks like half an answer', async () => {
  const origin = await tcp((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this')))
  const { lane } = await laneTo()
  await assert.rejects(ask(lane, `http://site.test:${origin.port}/`), { code: 'ECONNRESET' })
})

const hostile: Record<string, { octets: string; status: RegExp }> = {
  'CONNECT without a port': { octets: 'CONNECT site.test HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT to a URL': { octets: 'CONNECT http://site.test:80/ HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT with a user': { octets: 'CONNECT a@site.test:80 HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT with NUL': { octets: 'CONNECT site\0.test:80 HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT with a space': { octets: 'CONNECT site.test :80 HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT to port 99999': { octets: 'CONNECT site.test:99999 HTTP/1.1\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'CONNECT to the mail port': {
    octets: 'CONNECT site.test:25 HTTP/1.1\r\n\r\n',
    status: /^HTTP\/1.1 403[^]*x-assay-refused: port 25 is a bad port/,
  },
  'CONNECT to loopback in octal': {
    octets: 'CONNECT 0177.0.0.1:80 HTTP/1.1\r\n\r\n',
    status: /^HTTP\/1.1 403[^]*x-assay-refused: 127.0.0.1 is loopback/,
  },
  'CONNECT to a name that does not exist': {
    octets: 'CONNECT gone.test:80 HTTP/1.1\r\n\r\n',
    status: /^HTTP\/1.1 502[^]*x-assay-refused: NXDOMAIN/,
  },
  'origin form': { octets: 'GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'no Host': { octets: 'GET http://site.test/ HTTP/1.1\r\nConnection: close\r\n\r\n', status: /^HTTP\/1.1 400/ },
  ftp: { octets: 'GET ftp://site.test/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'NUL in a target': { octets: 'GET http://site.test/\0 HTTP/1.1\r\nHost: a\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'NUL in a header': { octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'length and chunks together': {
    octets: 'POST http://site.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    status: /^HTTP\/1.1 400/,
  },
  'two lengths': {
    octets: 'POST http://site.test/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    status: /^HTTP\/1.1 400/,
  },
  'chunked, but not at the end': {
    octets: 'POST http://site.test/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    status: /^HTTP\/1.1 400/,
  },
  'a folded header': { octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'space before the colon': {
    octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde',
    status: /^HTTP\/1.1 400/,
  },
  'bare line feed in a header': { octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n', status: /^HTTP\/1.1 400/ },
  'a head of 70 KB': { octets: `GET http://site.test/ HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, status: /^HTTP\/1.1 431/ },
  'a target of 70 KB': { octets: `GET http://site.test/${'a'.repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, status: /^HTTP\/1.1 431/ },
  'TLS to the proxy itself': { octets: '\x16\x03\x01\x02\x00\x01', status: /^HTTP\/1.1 400/ },
  'an upgrade': {
    octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    status: /^HTTP\/1.1 501/,
  },
  'a head that never ends': { octets: 'GET http://site.test/ HTTP/1.1\r\nHost: a\r\nX: ', status: /^HTTP\/1.1 408/ },
}
for (const [name, { octets, status }] of Object.entries(hostile)) {
  test(`hostile: ${name} reaches nobody`, async () => {
    const { lane } = await laneTo(undefined, { proxyLimits: { headTimeoutMs: 300 } })
    assert.match(await rawExchange(lane.proxyUrl, Buffer.from(octets, 'latin1')), status)
    assert.deepEqual(
      lane.connections().filter((record) => record.outcome === 'connected'),
      [],
    )
  })
}

test('a reason cannot break out of its header', async () => {
  const { lane } = await laneTo()
  const answer = await rawExchange(
    lane.proxyUrl,
    Buffer.from('GET http://x%0d%0aSet-Cookie:a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  )
  assert.doesNotMatch(answer, /^set-cookie/im)
})

test('a pipelined second request is answered on its own', async () => {
  const origin = await served((request, answer) => answer.end(`at ${request.url}`))
  const { lane } = await laneTo()
  const one = (path: string, end: string): string => `GET http://site.test:${origin.port}${path} HTTP/1.1\r\nHost: a\r\n${end}\r\n`
  const both = await rawExchange(lane.proxyUrl, `${one('/1', '')}${one('/2', 'Connection: close\r\n')}`)
  assert.match(both, /at \/1[^]*HTTP\/1.1 200[^]*at \/2/)
})

test('a tunnel carries what came with CONNECT, both directions, and ends one at a time', async () => {
  const origin = await tcp((socket) => {
    let got = ''
    socket.on('data', (chunk) => (got += chunk)).on('end', () => socket.end(`got ${got}`))
  })
  const { lane } = await laneTo()
  const { socket, status } = await tunnel(lane, `site.test:${origin.port}`, 'early ')
  assert.match(status, /^HTTP\/1.1 200 /)
  socket.end('late')
  assert.equal(await readText(socket), 'got early late')
})

test('a tunnel of which one end has ended and the other is silent is given up', async () => {
  const origin = await tcp((socket) => socket.resume())
  const { lane } = await laneTo(undefined, { proxyLimits: { halfClosedMs: 50 } })
  const { socket } = await tunnel(lane, `site.test:${origin.port}`)
  socket.resume().end()
  await once(socket, 'close')
})

test('a slow reader holds the sender back', async () => {
  const chunk = Buffer.alloc(1 << 16)
  let sent = 0
  const origin = await tcp((socket) => {
    const pump = (): void => {
      while (sent < 200_000_000 && socket.writable) {
        sent += chunk.length
        if (!socket.write(chunk)) return void socket.once('drain', pump)
      }
    }
    pump()
  })
  const { lane } = await laneTo()
  const { socket } = await tunnel(lane, `site.test:${origin.port}`)
  socket.pause()
  // Nobody reads: the sender must come to rest long before it is through.
  let last = -1
  while (last !== sent) {
    last = sent
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.ok(sent < 30_000_000, `${sent} octets were taken in`)
  socket.destroy()
})

test('cut closes what is open to a host, and refuses it from then on; other hosts go on', async () => {
  const origin = await tcp((socket) => socket.on('data', (chunk) => socket.write(chunk)))
  const { lane } = await laneTo({ 'pool.test': ['127.0.0.1'], 'site.test': ['127.0.0.1'] })
  const pool = await tunnel(lane, `pool.test:${origin.port}`)
  const site = await tunnel(lane, `site.test:${origin.port}`)
  lane.cut('POOL.test', null, 'a share was submitted')
  pool.socket.resume()
  await once(pool.socket, 'end')
  assert.match((await tunnel(lane, `pool.test:${origin.port}`)).status, /^HTTP\/1.1 403[^]*x-assay-refused: cut: a share was submitted/)
  site.socket.write('still here')
  assert.equal(String((await once(site.socket, 'data'))[0]), 'still here')
  assert.deepEqual(
    lane.connections().map(({ host, outcome, reason }) => [host, outcome, reason]),
    [
      ['pool.test', 'cut', 'a share was submitted'],
      ['site.test', 'connected', undefined],
      ['pool.test', 'refused', 'cut: a share was submitted'],
    ],
  )
})

test('cut at one port leaves the others', async () => {
  const origin = await served((_request, answer) => answer.end('ok'))
  const { lane } = await laneTo()
  lane.cut('site.test', origin.port + 1, 'x')
  assert.equal((await ask(lane, `http://site.test:${origin.port}/`)).text, 'ok')
})

test("no lane reaches a lane's proxy, also where loopback is open", async () => {
  const { egress, lane } = await laneTo({ 'self.test': ['127.0.0.1'] })
  const other = await egress.openLane({ visitId: 'w' })
  for (const { proxyUrl } of [lane, other]) {
    assert.match((await ask(lane, `http://self.test:${new URL(proxyUrl).port}/`)).text, /this program's own/)
  }
})

test("a port of a lane's proxy on another loopback address is somebody else's", async () => {
  const { lane } = await laneTo({ 'self.test': ['127.18.0.1'] })
  const { port } = new URL(lane.proxyUrl)
  const server = http.createServer((_request, answer) => answer.end('theirs')).listen(Number(port), '127.18.0.1')
  await once(server, 'listening')
  try {
    assert.equal((await ask(lane, `http://self.test:${port}/`)).text, 'theirs')
  } finally {
    server.close()
  }
})

test('connections above the limit are refused, records above theirs are counted', async () => {
  const origin = await tcp((socket) => socket.resume())
  const { lane } = await laneTo(undefined, { laneLimits: { maxConnections: 2, maxRecords: 3 } })
  const statuses: string[] = []
  for (let count = 0; count < 5; count++) statuses.push((await tunnel(lane, `site.test:${origin.port}`)).status.slice(9, 12))
  assert.deepEqual(statuses, ['200', '200', '403', '403', '403'])
  assert.deepEqual([lane.connections().length, lane.connectionsDropped()], [3, 2])
})

test('a second address is tried when the first does not answer', async () => {
  const origin = await tcpOrigin((socket) => socket.end('second'), { host: '127.0.0.2' })
  closing.push(() => origin.close())
  const { lane } = await laneTo({ 'two.test': ['127.0.0.3', '127.0.0.2'] })
  const socket = await lane.connect('two.test', origin.port)
  assert.equal(await readText(socket), 'second')
  assert.equal(lane.connections()[0]?.address, '127.0.0.2')
})

test('many requests at once to an origin that closes after each are all answered', async () => {
  const origin = await served((_request, answer) => answer.writeHead(200, { connection: 'close', 'content-length': 2 }).end('ok'))
  const { lane } = await laneTo()
  const texts = await Promise.all(
    Array.from({ length: 200 }, (_, at) => ask(lane, `http://site.test:${origin.port}/${at}`).then(({ text }) => text)),
  )
  assert.deepEqual(new Set(texts), new Set(['ok']))
  assert.equal(lane.connections().length, 200)
})
