import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import type http from 'node:http'
import { tmpdir } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import { artifacts, type Capture } from '#model/capture.ts'
import type { ArtifactKind } from '#model/artifact.ts'
import type { ErrorCode } from '#model/errors.ts'
import { seedOf } from '#model/seed.ts'
import { openWorld, page, type Route, type World } from './testing/world.ts'
import { defaultLimits } from './visit-options.ts'

/** Attacks on whoever visits: each page tries to use up time, memory, processes or the capture itself. */

const dwellMs = 3_000
const loadTimeoutMs = 6_000
/** Wake, snapshot, finish and closing of a page that does all it can not to be left; a machine with other work to do included. */
const overheadMs = 45_000
const maxGrowthBytes = 1e9
/** Low enough that every flood is over them also on a slow machine. */
const limits = {
  ...defaultLimits,
  maxRequests: 100,
  maxScripts: 100,
  maxTargets: 24,
  maxSockets: 30,
  maxConsoleMessages: 10,
  maxFrames: 20,
  maxWasmModules: 30,
  maxDomBytes: 1 << 20,
}

const script = (text: string): Route => page(`<script>${text}</script>`)
const megabyte = Buffer.alloc(1 << 20, 'x')
/** 1 GiB of zeros, in members of 16 MiB that decoders read as one. */
const bombMember = gzipSync(Buffer.alloc(16 << 20), { level: 9 })

/** Octets until the reader has gone or `megabytes` are sent, no faster than he takes them. */
function stream(response: http.ServerResponse, chunk: Buffer, chunks: number, headers: Record<string, string>): void {
  response.writeHead(200, headers)
  let left = chunks
  const more = (): void => {
    while (left-- > 0) if (!response.write(chunk)) return void response.once('drain', more)
    response.end()
  }
  more()
}

function raw(text: string | Buffer): Route {
  return (request) => {
    request.socket.end(text)
  }
}

const framesDeep =
  'const deep = (of, n) => { if (n === 0) return; const inner = of.createElement("iframe"); of.body.append(inner); deep(inner.contentDocument, n - 1) }'

const routes: Record<string, Route> = {
  'calm.lab/': page('<script>window.calm = true</script>'),
  'bad.lab/loops': script('for (let i = 0; i < 8; i++) new Worker("data:text/javascript,for(;;);"); setTimeout(() => { for (;;); }, 200)'),
  'bad.lab/script50': page('<script src="/big.js"></script>'),
  'bad.lab/big.js': (_request, response) =>
    stream(response, Buffer.from('var a=[1,2,3].map(function(x){return x^13});//padding'.padEnd(1023, '.') + '\n'), 50 * 1024, {
      'content-type': 'text/javascript',
    }),
  'bad.lab/requests': script('for (let i = 0; i < 20000; i++) fetch("/r?" + i).catch(() => 0)'),
  'bad.lab/r': { type: 'text/plain', body: 'r' },
  'bad.lab/sockets': script('self.all = []; for (let i = 0; i < 2000; i++) all.push(new WebSocket("wss://bad.lab/quiet?" + i))'),
  'bad.lab/workers': script('for (let i = 0; i < 500; i++) new Worker("data:text/javascript,setInterval(()=>0,10)//" + i)'),
  'bad.lab/memory': script(
    'self.kept = []; for (let i = 0; i < 2048; i++) { const part = new Uint8Array(1 << 20); part.fill(1); kept.push(part) }',
  ),
  'bad.lab/heap': script('self.kept = []; for (;;) kept.push(new Array(100000).fill({}).map(() => ({})))'),
  'bad.lab/body': script('fetch("/gigabyte").then((r) => r.arrayBuffer()).catch(() => 0)'),
  'bad.lab/gigabyte': (_request, response) => stream(response, megabyte, 1024, { 'content-type': 'application/octet-stream' }),
  'bad.lab/bomb': (_request, response) => stream(response, bombMember, 640, { 'content-type': 'text/html', 'content-encoding': 'gzip' }),
  'bad.lab/bombs': script('fetch("/bomb").then((r) => r.text()).catch(() => 0)'),
  'bad.lab/alerts': script('for (;;) alert("again")'),
  'bad.lab/stay': script(
    'onbeforeunload = (event) => { event.preventDefault(); for (;;) event.returnValue = "stay" }; setInterval(() => { location.reload() }, 50)',
  ),
  'bad.lab/popups': page(
    '<button onclick="more()">ok</button><script>const more = () => { for (let i = 0; i < 50; i++) open("/popup?" + i, "w" + i) }; more(); setTimeout(more, 500)</script>',
  ),
  'bad.lab/popup': script('for (let i = 0; i < 10; i++) open("/popup?" + Math.random()); for (;;);'),
  'bad.lab/print': script('setTimeout(() => { for (let i = 0; i < 20; i++) window.print(); document.title = "printed" }, 100)'),
  'bad.lab/elsewhere': script(
    'setTimeout(() => { location = "file:///etc/passwd" }, 50); setTimeout(() => { location = "chrome://settings" }, 100); setTimeout(() => { location = "view-source:https://bad.lab/elsewhere" }, 150); setTimeout(() => { location = "devtools://devtools/bundled/inspector.html" }, 200)',
  ),
  'bad.lab/no-http': raw('SSH-2.0-OpenSSH_9.6\r\n'),
  'bad.lab/headers': raw(`HTTP/1.1 200 OK\r\n${'X-Much: more\r\n'.repeat(200_000)}\r\nhello`),
  'bad.lab/short': raw(
    'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n<h1>A page that is cut off before the length that it promised</h1>',
  ),
  'bad.lab/codings': raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip, br, zstd, gzip\r\n\r\nnot any of them'),
  'bad.lab/charset': { type: 'text/html; charset=x-no-such', body: Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) % 256)) },
  'bad.lab/utf16': {
    type: 'text/html; charset=utf-16',
    body: Buffer.from('\ufeff<h1>A page in two octets a letter \ud800 with half a pair in it</h1>', 'utf16le'),
  },
  'bad.lab/dom': script(
    'const all = document.createDocumentFragment(); for (let i = 0; i < 1000000; i++) all.append(document.createElement("p")); document.body.append(all)',
  ),
  'bad.lab/deep-dom': script(
    'let at = document.body; for (let i = 0; i < 100000; i++) { const inner = document.createElement("b"); at.append(inner); at = inner }',
  ),
  'bad.lab/text': script('document.body.append("word ".repeat(20000000))'),
  'bad.lab/debugger': script('new Worker("data:text/javascript,for(;;)debugger"); setTimeout(() => { for (;;) debugger }, 50)'),
  'bad.lab/console': script(
    'const huge = "y".repeat(1 << 20); setTimeout(() => { for (let i = 0; i < 200000; i++) console.log(i, huge, { deep: { i } }, document) }, 50)',
  ),
  'bad.lab/errors': script('setInterval(() => { for (let i = 0; i < 500; i++) Promise.reject(new Error("z".repeat(100000))) }, 1)'),
  'bad.lab/frames-flood': script(
    'const ws = new WebSocket("wss://bad.lab/flood"); ws.onopen = () => { const say = () => { for (let i = 0; i < 20000; i++) ws.send("{\\"method\\":\\"mining\\"}" + i); setTimeout(say, 1) }; say() }',
  ),
  'bad.lab/frame-huge': script('const ws = new WebSocket("wss://bad.lab/huge"); ws.onopen = () => ws.send("a".repeat(50000000))'),
  'bad.lab/storage': script(
    'const put = (area, n) => { try { for (let i = 0; i < n; i++) area.setItem("k" + i, "v".repeat(10000)) } catch {} }; put(localStorage, 2000); put(sessionStorage, 2000); for (let i = 0; i < 3000; i++) document.cookie = "c" + i + "=" + "v".repeat(3900); const base = indexedDB; for (let i = 0; i < 500; i++) base.open("db" + i)',
  ),
  'bad.lab/history': script(
    'setTimeout(() => { for (let i = 0; i < 200000; i++) try { history.pushState({ i }, "", "?" + i) } catch {} }, 20); setInterval(() => { for (let i = 0; i < 100; i++) location.hash = Math.random() }, 1)',
  ),
  'bad.lab/again': script('location = "/again?" + Math.random()'),
  'bad.lab/again-loaded': script('onload = () => setTimeout(() => { location = "/again-loaded?" + Math.random() }, 0)'),
  'bad.lab/refresh': {
    headers: { refresh: '0; url=/refresh' },
    body: '<h1>A page that is asked for again as soon as it has come to you</h1>',
  },
  'bad.lab/service': script(
    'const again = () => navigator.serviceWorker.register("/sw.js?" + Math.random()).then(again, again); again(); fetch("/r")',
  ),
  'bad.lab/sw.js': { type: 'text/javascript', body: 'onfetch = (e) => { for (;;); }; oninstall = () => { skipWaiting(); for (;;); }' },
  'bad.lab/nested': script(
    `${framesDeep}; deep(document, 200); for (let i = 0; i < 400; i++) { const f = document.createElement("iframe"); f.srcdoc = "<script>1</scr" + "ipt>"; document.body.append(f) }`,
  ),
  'bad.lab/mirror': page(
    '<iframe src="/mirror?a"></iframe><iframe src="/mirror?b"></iframe><script>for (let i = 0; i < 3; i++) { const f = document.createElement("iframe"); f.src = "/mirror?" + Math.random(); document.body.append(f) }</script>',
  ),
  'bad.lab/data50': script(
    'const f = document.createElement("iframe"); f.src = "data:text/html," + "x".repeat(50000000); document.body.append(f); fetch("data:text/plain," + "x".repeat(50000000)); const s = document.createElement("script"); s.src = "data:text/javascript,1//" + "x".repeat(20000000); document.body.append(s)',
  ),
  'bad.lab/evals': script('let i = 0; setInterval(() => { for (let n = 0; n < 3000; n++) (0, eval)("var a" + i++ + "=1") }, 1)'),
  'bad.lab/evals-big': script('let i = 0; setInterval(() => { (0, eval)("var a" + i++ + "=\'" + "x".repeat(5000000) + "\'") }, 1)'),
  'bad.lab/modules': script(
    'let i = 0; setInterval(() => { for (let n = 0; n < 200; n++) { const b = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 0, 6, 1, 120, ...[24, 16, 8, 0].map((s) => (i >>> s) & 255)]); i++; new WebAssembly.Module(b) } }, 1)',
  ),
  'bad.lab/blobs': script(
    'let i = 0; setInterval(() => { for (let n = 0; n < 50; n++) { const w = new Worker(URL.createObjectURL(new Blob(["setInterval(()=>0,1)//" + i++]))); setTimeout(() => w.terminate(), 1) } }, 1)',
  ),
  'bad.lab/liar': script(
    'Object.prototype.toJSON = () => { for (;;); }; JSON.stringify = () => { throw 1 }; Array.prototype.map = () => { for (;;); }; Object.defineProperty(document, "title", { get() { for (;;); } }); Object.defineProperty(Node.prototype, "textContent", { get() { for (;;); } }); Object.defineProperty(Element.prototype, "outerHTML", { get() { for (;;); } }); Object.defineProperty(Element.prototype, "innerText", { get() { for (;;); } }); Promise.prototype.then = () => { for (;;); }; document.querySelectorAll = () => { for (;;); }; String.prototype.slice = () => { for (;;); }; Object.defineProperty(self, "localStorage", { get() { for (;;); } }); self.requestAnimationFrame = () => { throw 1 }',
  ),
  'bad.lab/fullscreen': script(
    'setInterval(() => { document.documentElement.requestFullscreen().catch(() => 0); document.documentElement.requestPointerLock(); navigator.clipboard.readText().catch(() => 0); Notification.requestPermission(); navigator.geolocation.getCurrentPosition(() => 0); navigator.mediaDevices.getUserMedia({ video: true }).catch(() => 0) }, 5)',
  ),
  'bad.lab/huge-page': script(
    'document.body.style.height = "30000000px"; document.body.style.width = "30000000px"; document.body.style.background = "repeating-conic-gradient(red 0 1deg, blue 0 2deg)"; document.body.style.filter = "blur(500px)"',
  ),
}

interface Expected {
  ended?: Capture['manifest']['ended']['reason']
  error?: ErrorCode
  /** Kinds that cannot be whole, and must say so. */
  truncated?: ArtifactKind[]
  also?(capture: Capture): void
}

const is = (kind: ArtifactKind): Expected => ({ truncated: [kind] })
const notLocal = (capture: Capture): void => {
  assert.match(capture.manifest.finalUrl, /^https:\/\/bad\.lab\//)
  assert.equal(JSON.stringify(capture.manifest).includes('root:x:'), false)
}

const hasDocument = (capture: Capture): void =>
  assert.match(artifacts(capture, 'dom').items[0]?.text ?? JSON.stringify(capture.manifest.artifacts['dom']), /A page of a test/)

/** Page → how the visit ends, where only one end is right. */
const cases: Record<string, Expected> = {
  loops: { ended: 'watchdog', also: hasDocument },
  script50: {},
  requests: is('request'),
  sockets: is('websocket'),
  workers: is('request'),
  memory: {},
  heap: {},
  body: {
    also: (it_) => assert.notEqual(artifacts(it_, 'request').items.find(({ url }) => url.endsWith('/gigabyte'))?.body.status, 'stored'),
  },
  bomb: {},
  bombs: {},
  alerts: {
    also: (it_) => {
      assert.ok(artifacts(it_, 'dialog').items.length > 0)
      hasDocument(it_)
    },
  },
  stay: {},
  popups: {},
  print: {},
  elsewhere: { also: notLocal },
  'no-http': {},
  headers: { ended: 'failed' },
  short: {},
  codings: {},
  charset: {},
  utf16: { also: (it_) => assert.match(artifacts(it_, 'dom').items[0]?.text ?? '', /two octets a letter/) },
  dom: {},
  'deep-dom': {},
  text: {},
  debugger: {},
  console: { truncated: ['console'], also: hasDocument },
  errors: { truncated: ['console'], also: hasDocument },
  'frames-flood': { also: (it_) => assert.ok((artifacts(it_, 'websocket').items[0]?.frames.length ?? 0) <= limits.maxFramesPerSocket) },
  'frame-huge': { also: (it_) => assert.ok(artifacts(it_, 'websocket').items.length === 1) },
  storage: {},
  history: {},
  again: {},
  'again-loaded': {},
  refresh: {},
  service: {},
  nested: is('frame'),
  mirror: {},
  data50: {},
  evals: is('script'),
  'evals-big': {},
  modules: is('wasm'),
  blobs: {},
  liar: { also: (it_) => assert.match(artifacts(it_, 'dom').items[0]?.text ?? '', /A page of a test/) },
  fullscreen: {},
  'huge-page': {},
}

function onSocket(socket: WebSocket, url: string): void {
  socket.on('error', () => socket.terminate())
  if (url.startsWith('/huge')) socket.send(Buffer.alloc(50e6))
  if (!url.startsWith('/flood')) return
  let left = 1_000_000
  const more = (): void => {
    for (let i = 0; i < 2_000 && left > 0 && socket.readyState === socket.OPEN; i++) socket.send(`{"id":${left--},"job":"flood"}`)
    if (left > 0 && socket.readyState === socket.OPEN) setTimeout(more, socket.bufferedAmount > 4e6 ? 20 : 0)
  }
  more()
}

const only = process.env['ASSAY_HOSTILE']?.split(',')

describe('a page that attacks its visitor', { timeout: 1_200_000 }, () => {
  let world: World
  before(async () => {
    world = await openWorld({ routes, onSocket, capturer: { jobs: 1 } })
  })
  after(async () => {
    await world[Symbol.asyncDispose]()
    assert.deepEqual(leftovers(), { folders: [], processes: [] })
  })

  for (const [name, expected] of Object.entries(cases)) {
    it(name, { skip: only !== undefined && !only.includes(name) }, async (t) => {
      globalThis.gc?.()
      const before = process.memoryUsage().rss
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }, 100)
      const started = performance.now()
      try {
        const captured = await world.capturer.capture(seedOf(`https://bad.lab/${name}`), { dwellMs, loadTimeoutMs, limits })
        const took = performance.now() - started
        const { ended, error } = captured.manifest
        const cut = Object.entries(captured.manifest.artifacts).flatMap(([kind, { status, ...rest }]) =>
          status === 'complete' || status === 'not-collected'
            ? []
            : [
                `${kind} ${status} ${'dropped' in rest ? rest.dropped : ''} ${'reason' in rest ? rest.reason : 'error' in rest ? rest.error.message : ''}`.slice(
                  0,
                  120,
                ),
              ],
        )
        const size = Buffer.byteLength(JSON.stringify(captured.manifest))
        t.diagnostic(
          `${name}: ${Math.round(took)} ms, +${Math.round((peak - before) / 1e6)} MB, manifest ${Math.round(size / 1e3)} kB, ${ended.reason} (${ended.detail}) ${error?.code ?? ''} ${error?.message ?? ''} | ${cut.join(' | ')}`,
        )
        assert.ok(took < dwellMs + loadTimeoutMs + overheadMs, `it took ${Math.round(took)} ms`)
        assert.ok(peak - before < maxGrowthBytes, `${Math.round((peak - before) / 1e6)} MB more memory`)
        assert.notEqual(ended.reason === 'watchdog' || ended.reason === 'failed' || ended.reason === 'crashed' ? ended.detail : 'said', '')
        if (expected.ended) assert.equal(ended.reason, expected.ended, ended.detail)
        if (expected.error) assert.equal(error?.code, expected.error)
        for (const kind of expected.truncated ?? []) assert.notEqual(captured.manifest.artifacts[kind]?.status, 'complete', kind)
        expected.also?.(captured)
        const calmStarted = performance.now()
        const calm = await world.capturer.capture(seedOf('https://calm.lab/'), { dwellMs: 0, screenshot: false, interact: false })
        assert.deepEqual([calm.manifest.error, calm.manifest.reached.page], [null, 'content'])
        assert.ok(performance.now() - calmStarted < 30_000, 'the next visit')
      } finally {
        clearInterval(watch)
      }
    })
  }
})

const prefix = `assay-browser-${process.pid}-`

function leftovers(): { folders: string[]; processes: number[] } {
  const processes = readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      if (Number.isNaN(pid)) return false
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(prefix)
      } catch {
        return false
      }
    })
  return { folders: readdirSync(tmpdir()).filter((name) => name.startsWith(prefix)), processes }
}
