import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ArtifactKind, RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture, parseManifest } from '#model/capture.ts'
import { sha256 } from '#model/digest.ts'
import { canonicalJson } from '#model/canonical.ts'
import { seedOf } from '#model/seed.ts'
import type { VisitOptions } from './visit-options.ts'
import { missingOfProbe, probeRoutes } from './testing/probe.ts'
import { openWorld, page, type Route, textOf, type World } from './testing/world.ts'

const octets = (...values: number[]): Buffer => Buffer.from(values)
/** `var y="При";` in windows-1251, a script with a byte order mark, and octets that no text is. */
const cyrillic = Buffer.concat([Buffer.from('var y="'), octets(0xcf, 0xf0, 0xe8), Buffer.from('";')])
const marked = Buffer.from('\ufeffvar x = "ä";\n')
const noText = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7) & 255))
const large = Buffer.alloc(12 * 1024 * 1024, 'var filler = 1;\n')
const utf16 = Buffer.from('\ufeffvar z = "ö"', 'utf16le')

const submit = JSON.stringify({ type: 'submit', params: { job_id: 'a1b2c3', nonce: '0badf00d', result: '9f'.repeat(32) } })
const sent: string[] = []

const neverEnding: Route = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' }).write('x'.repeat(2_000))
}

const routes: Record<string, Route> = {
  ...probeRoutes,
  'bodies.lab/':
    page(`<script src=/marked.js></script><script src=/cyrillic.js charset=windows-1251></script><script src=/utf16.js></script><link rel=stylesheet href=/style.css>
<script>fetch('/octets.txt'); fetch('/large.js'); fetch('/json', {method: 'POST', body: 'ünique'}); fetch('/moved').then(() => fetch('https://other.lab/cors', {headers: {'x-own': '1'}})); fetch('data:text/plain;base64,3q2+7w==')
new Worker(URL.createObjectURL(new Blob(['self.blobbed = "ü"'])))</script>`),
  'bodies.lab/marked.js': { type: 'text/javascript', body: marked },
  'bodies.lab/cyrillic.js': { type: 'text/javascript', body: cyrillic },
  'bodies.lab/utf16.js': { type: 'text/javascript', body: utf16 },
  'bodies.lab/large.js': { type: 'text/javascript', body: large },
  'bodies.lab/style.css': { type: 'text/css', body: 'body { color: #123456 }' },
  'bodies.lab/octets.txt': { type: 'text/plain', body: noText },
  'bodies.lab/json': { type: 'application/json', body: '{"a":"é"}' },
  'bodies.lab/moved': { status: 302, headers: { location: '/moved-again' } },
  'bodies.lab/moved-again': { status: 307, headers: { location: '/json' } },
  'other.lab/cors': {
    type: 'text/plain',
    body: 'shared',
    headers: { 'access-control-allow-origin': 'https://bodies.lab', 'access-control-allow-headers': 'x-own' },
  },

  'code.lab/': page(`<script>/* inline */ eval('var viaEval = 1'); new Function('return 2')(); setTimeout('var viaTimeout = 3')
const s = document.createElement('script'); s.src = '/late.js'; document.head.append(s)
const t = document.createElement('script'); t.textContent = 'var appended = 4'; document.head.append(t)</script><script type=module src=/module.js></script>`),
  'code.lab/late.js': { type: 'text/javascript', body: 'var late = 5; fetch("/by-late")' },
  'code.lab/module.js': { type: 'text/javascript', body: 'import "/imported.js"' },
  'code.lab/imported.js': { type: 'text/javascript', body: 'export const imported = 6' },
  'code.lab/by-late': { type: 'text/plain', body: 'asked' },

  'pool.lab/':
    page(`<script>const s = new WebSocket('wss://pool.lab/proxy'); s.onopen = () => { s.send('{"type":"auth","params":{"site_key":"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"}}'); s.send(${JSON.stringify(submit)}) }
s.onclose = () => { const again = new WebSocket('wss://pool.lab/proxy'); again.onopen = () => again.send('reached again') }</script>`),
  'polled.lab/': page(
    `<script>fetch('/work', {method: 'POST', body: ${JSON.stringify(submit)}}).then(() => fetch('/after')).catch(() => fetch('/after'))</script>`,
  ),
  'polled.lab/work': { type: 'application/json', body: '{}' },
  'polled.lab/after': (_request, response) => {
    sent.push('polled.lab after')
    response.end()
  },
  'popup.lab/': page(`<script>document.onclick = () => { window.open('https://other.lab/popped') }</script>`),
  'other.lab/popped': page(
    `<script>new WebSocket('wss://socket.probe.lab/popped').onopen = (event) => event.target.send('from a popup')</script>`,
  ),
  'serviced.lab/': page(`<script>navigator.serviceWorker.register('/own.js')</script><iframe src="https://other.lab/registers"></iframe>`),
  'serviced.lab/own.js': { type: 'text/javascript', body: marked },
  'other.lab/registers': page(`<script>navigator.serviceWorker.register('/theirs.js')</script>`),
  'other.lab/theirs.js': { type: 'text/javascript', body: 'var theirs = 7', headers: { 'content-length': '14' } },
  'many.lab/': page(`<script>self.all = []
for (let i = 0; i < 80; i++) { all.push(new WebSocket('wss://h' + i + '.many.lab/s')); fetch('https://h' + i + '.many.lab/stream', { mode: 'no-cors' }) }</script>`),
  ...Object.fromEntries(Array.from({ length: 80 }, (_, i): [string, Route] => [`h${i}.many.lab/stream`, neverEnding])),
  'frames.lab/':
    page(`<iframe name=inner width=300 height=200 srcdoc="<p>within</p>"></iframe><iframe sandbox="allow-scripts" src="https://other.lab/plain" style="display:none"></iframe>
<script>localStorage.setItem('kept', 'here'); document.cookie = 'taste=sweet; path=/'; indexedDB.open('base'); console.warn('careful', 42); setTimeout(() => { throw new Error('thrown on purpose') })</script>`),
  'other.lab/plain': page('plain'),
  'load.lab/':
    page(`<script>const half = 'setInterval(() => { const until = performance.now() + 50; while (performance.now() < until); }, 100)'
for (const code of ['for (;;);', half, 'onmessage = () => 1']) new Worker('data:text/javascript,' + encodeURIComponent(code))</script>`),
  'header.lab/': (request, response) => {
    sent.push(`header.lab ${String(request.headers['x-secret'])}`)
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end('<!doctype html><p>a page with enough text to be read as a page</p><img src="https://other.lab/picture">')
  },
  'other.lab/picture': (request, response) => {
    sent.push(`other.lab ${String(request.headers['x-secret'])}`)
    response.writeHead(200, { 'content-type': 'image/gif' }).end()
  },
}

describe('a captured page', { concurrency: false }, () => {
  let world: World
  const heard: string[] = []
  before(async () => {
    world = await openWorld({
      routes,
      onSocket: (socket) =>
        socket.on('message', (data) => {
          heard.push(textOf(data))
          socket.send(`heard ${textOf(data)}`)
        }),
    })
  })
  after(() => world[Symbol.asyncDispose]())

  const capture = (url: string, options: VisitOptions = {}): Promise<Capture> =>
    world.capturer.capture(seedOf(url), { dwellMs: 1_500, screenshot: false, interact: false, ...options })
  const bytesOf = async (digest: string): Promise<string> =>
    Buffer.from(await world.blobs.get(digest as `sha256:${string}`)).toString('utf8')

  it('that runs code in every kind of place has every socket, frames both ways, and every module with its bytes', async () => {
    assert.deepEqual(missingOfProbe(await capture('https://probe.lab/', { dwellMs: 5_000 })), { lost: [], late: [] })
  })

  it('has the request for the own script of every service worker, and says where it knows the response only', async () => {
    const captured = await capture('https://serviced.lab/', { dwellMs: 3_000 })
    const told = (url: string): unknown => {
      const asked = requests(captured).filter((request) => request.url === url)
      return asked.map(({ targetId, method, response, body, requestHeaders, partial }) => ({
        isWorkers: artifacts(captured, 'worker').items.some((worker) => worker.targetId === targetId && worker.type === 'service'),
        method,
        status: response?.status,
        digest: body.status === 'stored' ? body.digest : body,
        hasHeaders: requestHeaders.length > 0,
        isPartial: partial !== undefined,
      }))
    }
    const common = { isWorkers: true, method: 'GET', status: 200 }
    assert.deepEqual(told('https://serviced.lab/own.js'), [{ ...common, digest: sha256(marked), hasHeaders: true, isPartial: false }])
    const theirs = sha256(Buffer.from('var theirs = 7'))
    assert.deepEqual(told('https://other.lab/theirs.js'), [{ ...common, digest: theirs, hasHeaders: false, isPartial: true }])
  })

  it('holds many connections open at a time, and none keeps another from being opened', async () => {
    const captured = await capture('https://many.lab/', { dwellMs: 8_000 })
    const opened = artifacts(captured, 'websocket').items.filter(({ handshake }) => handshake !== undefined)
    const streams = requests(captured).filter(({ url, response }) => url.endsWith('/stream') && response?.status === 200)
    assert.deepEqual([opened.length, streams.length], [80, 80])
  })

  it('has bodies by the digest of their true octets, whatever charset a browser would read', async () => {
    const captured = await capture('https://bodies.lab/')
    const stored = (path: string): unknown => {
      const body = requests(captured).findLast(({ url }) => url === `https://bodies.lab${path}`)?.body
      return body?.status === 'stored' ? body.digest : body
    }
    assert.deepEqual(
      {
        marked: stored('/marked.js'),
        cyrillic: stored('/cyrillic.js'),
        utf16: stored('/utf16.js'),
        octets: stored('/octets.txt'),
        large: stored('/large.js'),
        style: stored('/style.css'),
      },
      {
        marked: sha256(marked),
        cyrillic: sha256(cyrillic),
        utf16: sha256(utf16),
        octets: sha256(noText),
        large: sha256(large),
        style: sha256(Buffer.from('body { color: #123456 }')),
      },
    )
    const data = requests(captured).find(({ url }) => url.startsWith('data:text/plain'))
    assert.deepEqual(data?.body, { status: 'stored', digest: sha256(octets(0xde, 0xad, 0xbe, 0xef)), size: 4 })
    const blob = requests(captured).find(({ url }) => url.startsWith('blob:'))
    assert.deepEqual(blob?.body, { status: 'stored', digest: sha256(Buffer.from('self.blobbed = "ü"')), size: 19 })
    const posted = requests(captured).find(({ method }) => method === 'POST')
    assert.deepEqual(posted?.requestBody, { status: 'stored', digest: sha256(Buffer.from('ünique')), size: 7 })
  })

  it('has each hop of a redirect with the cause of the first, and a preflight that names what it is for', async () => {
    const captured = await capture('https://bodies.lab/')
    const [first, second, third] = requests(captured).filter(
      ({ url, method, initiator }) => method === 'GET' && (url.includes('/moved') || initiator.type === 'redirect'),
    )
    assert.deepEqual(
      [first, second, third].map((hop) => [hop?.url, hop?.response?.status]),
      [
        ['https://bodies.lab/moved', 302],
        ['https://bodies.lab/moved-again', 307],
        ['https://bodies.lab/json', 200],
      ],
    )
    assert.deepEqual([second?.initiator.requestId, third?.initiator.requestId], [first?.id, second?.id])
    assert.equal(third?.initiator.stack?.[0]?.url, 'https://bodies.lab/')
    const preflight = requests(captured).find(({ method }) => method === 'OPTIONS')
    const cors = requests(captured).find(({ url, method }) => url === 'https://other.lab/cors' && method === 'GET')
    assert.equal(preflight?.initiator.type, 'preflight')
    assert.equal(preflight?.initiator.requestId, cors?.id)
    assert.ok(cors?.requestHeaders.some(({ name, value }) => name.toLowerCase() === 'x-own' && value === '1'))
    assert.equal(cors?.response?.remoteAddress, '127.0.0.1')
  })

  it('has every script with its source and what made it', async () => {
    const captured = await capture('https://code.lab/')
    const scripts = artifacts(captured, 'script').items
    const found = await Promise.all(
      scripts.map(async ({ source, body, isModule }) => [source, isModule, body.status === 'stored' ? await bytesOf(body.digest) : body]),
    )
    for (const expected of [
      ['eval', false, 'var viaEval = 1'],
      ['eval', false, 'var viaTimeout = 3'],
      ['eval', false, 'var appended = 4'],
      ['external', false, 'var late = 5; fetch("/by-late")'],
      ['external', true, 'import "/imported.js"'],
      ['external', true, 'export const imported = 6'],
    ])
      assert.ok(
        found.some((each) => canonicalJson(each) === canonicalJson(expected)),
        `${canonicalJson(expected)} is not among ${canonicalJson(found)}`,
      )
    assert.ok(found.some(([source, , text]) => source === 'eval' && typeof text === 'string' && text.includes('return 2')))
    const late = scripts.find(({ url }) => url === 'https://code.lab/late.js')
    const asked = requests(captured).find(({ url }) => url === 'https://code.lab/by-late')
    assert.equal(asked?.initiator.stack?.[0]?.scriptId, late?.id)
    assert.equal(late?.initiator?.type, 'script')
    // The second visit takes what it knows from the store, and has the same.
    const again = artifacts(await capture('https://code.lab/'), 'script').items
    assert.deepEqual(again.map(({ body }) => body).sort(byJson), scripts.map(({ body }) => body).sort(byJson))
  })

  it('that submits a share to a pool has the share, and the pool is cut off', async () => {
    heard.length = 0
    const captured = await capture('https://pool.lab/')
    const [first] = artifacts(captured, 'websocket').items
    assert.match(first?.cut?.reason ?? '', /share/)
    assert.ok(first?.frames.some(({ text }) => text === submit))
    assert.ok(artifacts(captured, 'connection').items.some(({ host, outcome }) => host === 'pool.lab' && outcome === 'cut'))
    assert.equal(heard.includes('reached again'), false)
  })

  it('that submits a share in a request body has its pool cut off too', async () => {
    sent.length = 0
    const captured = await capture('https://polled.lab/')
    assert.equal(requests(captured).find(({ method }) => method === 'POST')?.requestBody.status, 'stored')
    assert.ok(
      artifacts(captured, 'connection').items.some(
        ({ host, outcome }) => host === 'polled.lab' && (outcome === 'cut' || outcome === 'refused'),
      ),
    )
    assert.deepEqual(sent, [])
  })

  it('has what runs in a popup that the visitor opened unknowing', async () => {
    const captured = await capture('https://popup.lab/', { interact: true, dwellMs: 5_000 })
    const socket = artifacts(captured, 'websocket').items.find(({ url }) => url === 'wss://socket.probe.lab/popped')
    assert.deepEqual(
      socket?.frames.map(({ text }) => text),
      ['from a popup', 'heard from a popup'],
    )
    assert.ok(requests(captured).some(({ url, targetId }) => url === 'https://other.lab/popped' && targetId !== 'target-1'))
    assert.equal(captured.manifest.finalUrl, 'https://popup.lab/')
  })

  it('has frames with their place, storage, cookies, console and documents', async () => {
    const captured = await capture('https://frames.lab/')
    const frames = artifacts(captured, 'frame').items
    const inner = frames.find(({ name }) => name === 'inner')
    assert.deepEqual(
      [inner?.source, inner?.box?.width, inner?.box?.visible, inner?.parentFrameId],
      ['srcdoc', 300, true, frames.find(({ source }) => source === 'page')?.id],
    )
    const hidden = frames.find(({ url }) => url === 'https://other.lab/plain')
    assert.deepEqual([hidden?.sandbox, hidden?.box, hidden?.source], ['allow-scripts', undefined, 'src'])
    assert.deepEqual(
      artifacts(captured, 'storage').items.map(({ origin, area, entries }) => [origin, area, entries]),
      [
        ['https://frames.lab', 'local', [{ key: 'kept', value: 'here' }]],
        ['https://frames.lab', 'indexeddb', [{ key: 'base', value: '' }]],
      ],
    )
    assert.deepEqual(
      artifacts(captured, 'cookie').items.map(({ name, value, domain }) => [name, value, domain]),
      [['taste', 'sweet', 'frames.lab']],
    )
    const console_ = artifacts(captured, 'console').items
    assert.ok(console_.some(({ level, text }) => level === 'warning' && text === 'careful 42'))
    assert.ok(console_.some(({ isException, text }) => isException && text.includes('thrown on purpose')))
    assert.ok(artifacts(captured, 'dom').items.some(({ text }) => text === 'within'))
    assert.ok(
      artifacts(captured, 'host').items.some(
        ({ host, tls, addresses }) => host === 'frames.lab' && tls?.subject === 'capture test' && addresses[0] === '127.0.0.1',
      ),
    )
  })

  it('has the load of each thread: one that never rests, one that rests half of the time, one that waits', async () => {
    const captured = await capture('https://load.lab/', { dwellMs: 4_000 })
    const workers = artifacts(captured, 'cpu').items.filter(({ thread }) => thread === 'worker')
    const [idle, half, full] = workers.map(({ busy }) => busy).sort((a, b) => a - b)
    assert.equal(workers.length, 3)
    assert.ok(full! > 0.9 && half! > 0.3 && half! < 0.75 && idle! < 0.15, `${idle} ${half} ${full}`)
    assert.ok(workers.every(({ windows, observedMs }) => windows.length >= 3 && observedMs > 2_500))
  })

  it('sends headers of the visit to the seed and to nobody else, and names them without their values', async () => {
    sent.length = 0
    const captured = await capture('https://header.lab/', { headers: [{ name: 'X-Secret', value: 'tell nobody' }] })
    assert.deepEqual(sent.toSorted(), ['header.lab tell nobody', 'other.lab undefined'])
    assert.deepEqual(captured.manifest.conditions.extraHeaders, ['X-Secret'])
  })

  it('is a manifest that reads back as itself, complete in every kind that it was asked for', async () => {
    const captured = await capture('https://frames.lab/')
    const read = parseManifest(Buffer.from(canonicalJson(captured.manifest)), 'capture')
    assert.equal(canonicalJson(read), canonicalJson(captured.manifest))
    const incomplete = Object.entries(captured.manifest.artifacts).filter(([, { status }]) => status === 'truncated' || status === 'failed')
    assert.deepEqual(incomplete, [])
    const without = await capture('https://frames.lab/', { without: ['cpu'], debuggerOn: false })
    const statuses = (['cpu', 'script', 'wasm', 'request'] satisfies ArtifactKind[]).map((kind) => artifacts(without, kind).status)
    assert.deepEqual(statuses, ['not-collected', 'not-collected', 'not-collected', 'complete'])
  })
})

const requests = (capture: Capture): RequestArtifact[] => artifacts(capture, 'request').items
const byJson = (a: unknown, b: unknown): number => canonicalJson(a).localeCompare(canonicalJson(b))
