import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import { after, before, describe, it } from 'node:test'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { createEgress, type Egress, nameMapResolver, reachPolicy, type Resolver } from '#egress/egress.ts'
import type { ConnectionArtifact, RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture, parseManifest } from '#model/capture.ts'
import { canonicalJson } from '#model/canonical.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { NameMap } from '#model/names.ts'
import { parseNeverList } from '#model/never-list.ts'
import { seedOf } from '#model/seed.ts'
import type { StoredValidators, ValidatorStore } from '#model/validators.ts'
import { createHttpCapturer, type HttpCapturer } from './http-capturer.ts'
import type { HttpLimits } from './http-visit.ts'

/** A few sites on one loopback port, told apart by name; what was asked of them, in order. */
type Route = (request: http.IncomingMessage, response: http.ServerResponse) => void
const routes = new Map<string, Route>()
const asked: { url: string; headers: http.IncomingHttpHeaders }[] = []
let server: http.Server
let names: NameMap

before(async () => {
  server = http.createServer((request, response) => {
    const url = `${request.headers.host?.replace(/:\d+$/, '')}${request.url}`
    asked.push({ url, headers: request.headers })
    const route = routes.get(url)
    if (route) route(request, response)
    else response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const hosts = Object.fromEntries(
    ['page.test', 'cdn.test', 'ad.test', 'never.test', 'inner.test', 'www.page.test'].map((name) => [name, ['127.0.0.1']]),
  )
  names = {
    hosts: { ...hosts, 'private.test': ['10.0.0.1'] },
    ports: { '80': port },
    allow: ['127.0.0.0/8'],
    spki: null,
    authorityPem: null,
    networks: [],
  }
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const html =
  (body: string): Route =>
  (_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end(`<!doctype html><title>A page</title><body><p>${'An ordinary page with some words to read. '.repeat(20)}</p>${body}`)
const script =
  (text: string, headers: Record<string, string> = {}): Route =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'text/javascript', ...headers }).end(text)

function memoryValidators(): ValidatorStore & { entries: Map<string, StoredValidators> } {
  const entries = new Map<string, StoredValidators>()
  return { entries, get: async (page) => entries.get(page) ?? {}, put: async (page, value) => void entries.set(page, value) }
}

async function withCapturer<T>(
  work: (capturer: HttpCapturer, egress: Egress, blobs: ReturnType<typeof memoryBlobs>) => Promise<T>,
  o: { resolver?: Resolver; never?: string; limits?: Partial<HttpLimits>; validators?: ValidatorStore; authorityPem?: string } = {},
): Promise<T> {
  const blobs = memoryBlobs()
  const egress = createEgress({
    resolver: o.resolver ?? nameMapResolver(names),
    policy: reachPolicy(o.never === undefined ? {} : { never: parseNeverList(o.never, 'never') }),
  })
  try {
    const capturer = createHttpCapturer({
      egress,
      blobs,
      contact: 'https://me.test/robot',
      version: '1.2',
      validators: o.validators ?? null,
      ...(o.limits === undefined ? {} : { limits: o.limits }),
      ...(o.authorityPem === undefined ? {} : { authorityPem: o.authorityPem }),
    })
    return await work(capturer, egress, blobs)
  } finally {
    await egress.close()
  }
}

const capture = (url: string, o: Parameters<typeof withCapturer>[1] = {}): Promise<Capture> =>
  withCapturer((capturer) => capturer.capture(seedOf(url)), o)
const requestsOf = (one: Capture): RequestArtifact[] => artifacts(one, 'request').items
const connectionsOf = (one: Capture): ConnectionArtifact[] => artifacts(one, 'connection').items

describe('a visit without JavaScript', () => {
  it('fetches the page, the scripts, frames and modules that it names, and nothing else; nothing is run', async () => {
    routes.set(
      'page.test/',
      html(
        '<script src="http://cdn.test/lib.js"></script><img src="/logo.png"><link rel=stylesheet href=/s.css><iframe src="http://ad.test/frame"></iframe><script>document.write("<script src=/written.js><\\/script>")</script>',
      ),
    )
    routes.set('cdn.test/lib.js', script('const w = new Worker("/worker.js"); WebAssembly.instantiateStreaming(fetch("/core.wasm"))'))
    routes.set('page.test/worker.js', script('onmessage = () => {}'))
    routes.set('page.test/core.wasm', (_, response) =>
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(Buffer.from([0, 97, 115, 109, 1, 0, 0, 0])),
    )
    routes.set('ad.test/frame', html('<script src="/ad.js"></script>'))
    routes.set('ad.test/ad.js', script('1'))
    asked.length = 0
    const one = await capture('http://page.test/')
    const urls = asked.map(({ url }) => url)
    assert.deepEqual(
      ['page.test/', 'cdn.test/lib.js', 'ad.test/frame', 'ad.test/ad.js', 'page.test/worker.js', 'page.test/core.wasm'].filter(
        (url) => !urls.includes(url),
      ),
      [],
    )
    assert.ok(!urls.includes('page.test/logo.png') && !urls.includes('page.test/s.css'), urls.join(' '))
    const { manifest } = one
    assert.deepEqual(
      [manifest.conditions.lane, manifest.reached.page, manifest.reached.httpStatus, manifest.error],
      ['http', 'content', 200, null],
    )
    assert.equal(artifacts(one, 'websocket').status, 'not-collected')
    assert.equal(artifacts(one, 'cpu').status, 'not-collected')
    assert.equal(artifacts(one, 'wasm').items.length, 1)
    assert.equal(artifacts(one, 'frame').items.length, 2)
    assert.ok(connectionsOf(one).every(({ outcome, address }) => outcome === 'connected' && address === '127.0.0.1'))
    parseManifest(Buffer.from(canonicalJson(manifest)), 'the manifest')
  })
  it('says who asks, and from which page', async () => {
    routes.set('page.test/', html('<script src="http://cdn.test/lib.js"></script>'))
    asked.length = 0
    await capture('http://page.test/#part')
    assert.match(asked[0]?.headers['user-agent'] ?? '', /Assay\/1\.2; \+https:\/\/me\.test\/robot\)$/)
    assert.equal(asked[0]?.headers.referer, undefined)
    assert.equal(asked.find(({ url }) => url === 'cdn.test/lib.js')?.headers.referer, 'http://page.test/')
  })
  it('bodies are counted after their codings', async () => {
    const text = 'x'.repeat(5000)
    for (const [name, encode] of [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['zstd', zstdCompressSync],
    ] as const)
      routes.set(`page.test/${name}.js`, (_, response) =>
        response.writeHead(200, { 'content-type': 'text/javascript', 'content-encoding': name }).end(encode(text)),
      )
    routes.set('page.test/', html('<script src=gzip.js></script><script src=br.js></script><script src=zstd.js></script>'))
    const scripts = artifacts(await capture('http://page.test/'), 'script').items
    assert.deepEqual(
      scripts.map(({ body }) => (body.status === 'stored' ? body.size : body.status)),
      [5000, 5000, 5000],
    )
    assert.equal(new Set(scripts.map(({ body }) => (body.status === 'stored' ? body.digest : ''))).size, 1)
  })
  it('redirects are followed, each hop is kept, and a loop ends', async () => {
    routes.set('page.test/', (_, response) => response.writeHead(301, { location: 'http://www.page.test/home' }).end())
    routes.set('www.page.test/home', html(''))
    const one = await capture('http://page.test/')
    assert.deepEqual(
      [one.manifest.url, one.manifest.finalUrl, one.manifest.reached.page],
      ['http://page.test/', 'http://www.page.test/home', 'content'],
    )
    assert.deepEqual(
      requestsOf(one).map(({ response }) => response?.status),
      [301, 200],
    )
    routes.set('page.test/loop', (request, response) => response.writeHead(302, { location: `/loop?${Math.random()}` }).end())
    const loop = (request: http.IncomingMessage, response: http.ServerResponse) =>
      void response.writeHead(302, { location: `/again` }).end(request.url)
    routes.set('page.test/again', loop)
    assert.equal((await capture('http://page.test/again')).manifest.error?.code, 'REDIRECT_LOOP')
  })
})

describe('what a server does wrong stands in the capture', () => {
  const faults: Record<string, [string, Route, string, string]> = {
    'an error of its own': [
      '/500',
      (_, response) => response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Server error</h1>'),
      'HTTP_ERROR',
      'error',
    ],
    'it resets the connection': ['/reset', (request) => request.socket.resetAndDestroy(), 'CONNECT_FAILED', 'error'],
    'it never answers': ['/never', () => {}, 'TIMEOUT', 'error'],
    'it speaks no HTTP': ['/ssh', (request) => void request.socket.end('SSH-2.0-x\r\n'), 'HTTP_ERROR', 'error'],
  }
  for (const [name, [path, route, code, reached]] of Object.entries(faults))
    it(name, async () => {
      routes.set(`page.test${path}`, route)
      const { manifest } = await capture(`http://page.test${path}`, { limits: { requestTimeoutMs: 700 } })
      assert.deepEqual([manifest.error?.code, manifest.reached.page], [code, reached], JSON.stringify(manifest.error))
    })
  it('a name that does not exist', async () => assert.equal((await capture('http://nowhere.test/')).manifest.error?.code, 'DNS_FAILED'))
  it('a certificate of nobody is TLS_FAILED, one of an authority that is trusted is not', async () => {
    x509.cryptoProvider.set(webcrypto)
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=page.test',
      keys,
      signingAlgorithm: algorithm,
      notAfter: new Date(Date.now() + 3_600_000),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'page.test' }])],
    })
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
    const secure = https.createServer(
      { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`, cert: certificate.toString('pem') },
      (request, response) => html('')(request, response),
    )
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    const resolver = nameMapResolver({ ...names, ports: { '443': (secure.address() as net.AddressInfo).port } })
    assert.equal((await capture('https://page.test/', { resolver })).manifest.error?.code, 'TLS_FAILED')
    assert.equal((await capture('https://page.test/', { resolver, authorityPem: certificate.toString('pem') })).manifest.error, null)
    secure.closeAllConnections()
    secure.close()
  })
  it('a host is asked for two things at a time over two connections, however many the page names', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `of-${index}.js`)
    routes.set('page.test/', html(names.map((name) => `<script src="${name}"></script>`).join('')))
    // Each waits for a second one beside it.
    const open: (() => void)[] = []
    let most = 0
    for (const name of names)
      routes.set(`page.test/${name}`, (_, response) => {
        open.push(() => response.writeHead(200, { 'content-type': 'text/javascript' }).end(name))
        most = Math.max(most, open.length)
        if (open.length >= 2) for (const answer of open.splice(0)) answer()
      })
    const one = await capture('http://page.test/')
    assert.deepEqual(
      artifacts(one, 'script')
        .items.map(({ url, body }) => `${url} ${body.status}`)
        .sort(),
      names.map((name) => `http://page.test/${name} stored`).sort(),
    )
    assert.equal(most, 2)
    assert.equal(connectionsOf(one).length, 2)
  })
  it('what breaks off or never ends is kept as far as it came, and the others are kept whole', async () => {
    const begun = (response: http.ServerResponse) => response.writeHead(200, { 'content-type': 'text/javascript', 'content-length': '99' })
    routes.set('page.test/', html(['broken', 'slow', 'silent', 'ok'].map((name) => `<script src=${name}.js></script>`).join('')))
    routes.set('page.test/broken.js', (_, response) => begun(response).write('var a', () => response.destroy()))
    routes.set('page.test/slow.js', (_, response) => void begun(response).write('var b'))
    routes.set('page.test/silent.js', () => {})
    routes.set('page.test/ok.js', script('1'))
    const one = await capture('http://page.test/', { limits: { requestTimeoutMs: 400 } })
    assert.deepEqual(
      requestsOf(one)
        .slice(1)
        .map(({ url, body, failure }) => `${url} ${body.status} ${'size' in body ? body.size : (failure?.reason ?? '').split(':')[0]}`)
        .sort(),
      ['broken.js truncated 5', 'ok.js stored 1', 'silent.js lost TIMEOUT', 'slow.js truncated 5'].map(
        (line) => `http://page.test/${line}`,
      ),
    )
  })
  it('a visit that is interrupted ends at once, before it begins as within an answer', async () => {
    const stop = new AbortController()
    routes.set('page.test/', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).write('<p>', () => stop.abort())
    })
    for (let time = 0; time < 2; time++)
      await assert.rejects(
        withCapturer((capturer) => capturer.capture(seedOf('http://page.test/'), {}, stop.signal)),
        { code: 'INTERRUPTED' },
      )
  })
  it('a bomb is cut at the limit, and the visit goes on', async () => {
    const bomb = gzipSync(Buffer.alloc(64 << 20))
    routes.set('page.test/', html('<script src=bomb.js></script><script src=ok.js></script>'))
    routes.set('page.test/bomb.js', (_, response) =>
      response.writeHead(200, { 'content-type': 'text/javascript', 'content-encoding': 'gzip' }).end(bomb),
    )
    routes.set('page.test/ok.js', script('1'))
    const before = process.memoryUsage().rss
    const bodies = artifacts(await capture('http://page.test/', { limits: { maxBodyBytes: 1 << 20 } }), 'script').items.map(
      ({ body }) => body,
    )
    assert.deepEqual(bodies.map(({ status }) => status).sort(), ['stored', 'truncated'])
    assert.ok(process.memoryUsage().rss - before < 128e6)
  })
  it('an endless body and endless scripts end', async () => {
    const stream: Route = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/javascript' })
      const more = () => !response.destroyed && response.write('x'.repeat(65_536), () => setImmediate(more))
      more()
    }
    routes.set(
      'page.test/',
      html(`<script src=endless.js></script>${Array.from({ length: 400 }, (_, index) => `<script src="n${index}.js"></script>`).join('')}`),
    )
    routes.set('page.test/endless.js', stream)
    asked.length = 0
    const one = await capture('http://page.test/', { limits: { maxRequests: 30, maxBodyBytes: 1 << 18 } })
    assert.ok(asked.length <= 30, `${asked.length}`)
    const requests = artifacts(one, 'request')
    assert.equal(requests.status, 'truncated')
    assert.match(requests.status === 'truncated' ? requests.reason : '', /more than 30 requests/)
  })
})

describe('the guard holds in this lane', () => {
  const closed = [
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://10.1.2.3/',
    'http://169.254.169.254/latest/meta-data',
    'http://192.168.1.1/',
    'http://0.0.0.0/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://100.64.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://224.0.0.1/',
  ]
  /** As on the open web: names resolve to themselves, addresses in URLs are addresses. */
  const open = (resolve: (name: string) => string[]): Resolver => ({
    isClosed: false,
    portOf: (port) => names.ports[String(port)] ?? port,
    resolve: async (name) => ({ addresses: resolve(name), opened: [] }),
    close: () => {},
  })
  for (const url of closed)
    it(`${url} is refused`, async () => {
      const one = await capture(url, { resolver: open(() => []) })
      assert.equal(one.manifest.error?.code, 'ADDRESS_REFUSED')
      assert.deepEqual(
        connectionsOf(one).map(({ outcome }) => outcome),
        ['refused'],
      )
    })
  it('also behind a redirect, and as a script', async () => {
    for (const target of ['http://10.0.0.1/', 'http://private.test/', 'http://[::1]:8080/x']) {
      routes.set('page.test/', (_, response) => response.writeHead(302, { location: target }).end())
      assert.ok(['ADDRESS_REFUSED', 'DNS_FAILED'].includes((await capture('http://page.test/')).manifest.error?.code ?? ''), target)
      routes.set('page.test/', html(`<script src="${target}"></script>`))
      const one = await capture('http://page.test/')
      assert.equal(one.manifest.error, null)
      assert.ok(!connectionsOf(one).some(({ host, outcome }) => outcome === 'connected' && host !== 'page.test'), target)
    }
  })
  it('also when the DNS changes under it: every connection is checked', async () => {
    let answers = 0
    const policy = reachPolicy({ allow: ['127.0.0.2/32'] })
    const blobs = memoryBlobs()
    const second = http.createServer((request, response) =>
      html('<script src="/a.js"></script>')(request, response.setHeader('connection', 'close')),
    )
    second.listen(0, '127.0.0.2')
    await once(second, 'listening')
    const { port } = second.address() as net.AddressInfo
    // The first answer is open, every later one is this machine's own.
    const resolver: Resolver = {
      isClosed: false,
      portOf: () => port,
      resolve: async () => ({ addresses: [answers++ === 0 ? '127.0.0.2' : '127.0.0.1'], opened: [] }),
      close: () => {},
    }
    const egress = createEgress({ resolver, policy })
    const one = await createHttpCapturer({ egress, blobs, contact: 'x', version: '1', validators: null }).capture(
      seedOf('http://rebind.test/'),
    )
    await egress.close()
    second.closeAllConnections()
    second.close()
    assert.equal(one.manifest.error, null)
    assert.ok(answers > 1)
    assert.deepEqual(
      connectionsOf(one).map(({ outcome }) => outcome),
      ['connected', 'refused'],
    )
  })
  it('whom the operator never visits is not connected to, as a page, behind a redirect or as a script', async () => {
    routes.set('never.test/', html(''))
    routes.set('never.test/s.js', script('1'))
    routes.set('page.test/', html('<script src="http://never.test/s.js"></script>'))
    routes.set('page.test/go', (_, response) => response.writeHead(302, { location: 'http://never.test/' }).end())
    asked.length = 0
    for (const url of ['http://never.test/', 'http://page.test/', 'http://page.test/go']) await capture(url, { never: 'never.test' })
    assert.deepEqual(
      asked.map(({ url }) => url).filter((url) => url.startsWith('never')),
      [],
    )
  })
})

describe('conditional requests (RFC 9110, 13)', () => {
  it('what did not change is not sent again, and stands in the capture with the same digest', async () => {
    const validators = memoryValidators()
    let sent = 0
    const unchanged: Route = (request, response) => {
      if (request.headers['if-none-match'] === '"v1"') return void response.writeHead(304, { etag: '"v1"' }).end()
      sent++
      script('const a = 1', { etag: '"v1"' })(request, response)
    }
    routes.set('page.test/', html('<script src=lib.js></script>'))
    routes.set('page.test/lib.js', unchanged)
    await withCapturer(
      async (capturer, _, blobs) => {
        const [first, second] = [await capturer.capture(seedOf('http://page.test/')), await capturer.capture(seedOf('http://page.test/'))]
        assert.equal(sent, 1)
        const scriptOf = (one: Capture) => artifacts(one, 'script').items[0]?.body
        assert.deepEqual(scriptOf(second), scriptOf(first))
        assert.equal(requestsOf(second).find(({ url }) => url.endsWith('lib.js'))?.response?.status, 200)
        // Octets that are gone are asked for whole.
        const gone = { ...blobs, has: async () => false }
        const egress = createEgress({ resolver: nameMapResolver(names), policy: reachPolicy() })
        await createHttpCapturer({ egress, blobs: gone, contact: 'x', version: '1.2', validators }).capture(seedOf('http://page.test/'), {
          userAgent: capturer.userAgent,
        })
        await egress.close()
        assert.equal(sent, 2)
      },
      { validators },
    )
  })
  it('another visitor is asked for anew: the key is the page under its conditions', async () => {
    const validators = memoryValidators()
    routes.set('page.test/', html('<script src=lib.js></script>'))
    await withCapturer(
      async (capturer) => {
        await capturer.capture(seedOf('http://page.test/'), { language: 'de' })
        asked.length = 0
        await capturer.capture(seedOf('http://page.test/'), { language: 'fr' })
        assert.ok(asked.every(({ headers }) => headers['if-none-match'] === undefined))
        assert.equal(asked[0]?.headers['accept-language'], 'fr')
      },
      { validators },
    )
  })
})

describe('robots.txt and other texts', () => {
  const text = (url: string, o = { maxBytes: 1000, maxRedirects: 5 }) =>
    withCapturer((capturer) => capturer.fetchText(url, o, new AbortController().signal))
  it('are cut at their limit', async () => {
    routes.set('page.test/robots.txt', (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(5000)))
    assert.equal((await text('http://page.test/robots.txt')).text.length, 1000)
  })
  it('are followed through five redirects, not six', async () => {
    for (let at = 1; at <= 6; at++)
      routes.set(`page.test/r${at}`, (_, response) => response.writeHead(302, { location: `/r${at - 1}` }).end())
    routes.set('page.test/r0', (_, response) => response.end('rules'))
    assert.deepEqual([(await text('http://page.test/r5')).text, (await text('http://page.test/r6')).status], ['rules', 302])
  })
  it('the way there throws its own code', () => assert.rejects(text('http://private.test/robots.txt'), { code: 'ADDRESS_REFUSED' }))
})
