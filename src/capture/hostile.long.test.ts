import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createEgress, type Egress, nameMapResolver, reachPolicy } from '#egress/egress.ts'
import { attacks } from '#lab/hostile/all.ts'
import { attackText } from '#lab/hostile/attack.ts'
import { type Lab, serveWorld } from '#lab/lab.ts'
import { calmUrl, hostileWorld, urlOfAttack } from '#lab/worlds/hostile.ts'
import type { ArtifactKind } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { ErrorCode } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { seedOf } from '#model/seed.ts'
import { type Capturer, startCapturer } from './browser/capturer.ts'
import { findBrowser } from './browser/executable.ts'
import { killBrowserProcesses, leftovers } from './testing/browser-processes.ts'
import { defaultLimits } from './visit-options.ts'

/** Attacks on whoever visits: each page tries to use up time, memory, processes or the capture itself. */

const dwellMs = 3_000
const loadTimeoutMs = 6_000
/** Wake, snapshot, finish and closing of a page that does all it can not to be left; a machine with other work to do included. */
const overheadMs = 60_000
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

type Reason = Capture['manifest']['ended']['reason']

interface Expected {
  /** Why the visit may end; several where it depends on how fast the machine is. */
  ended: Reason | readonly Reason[]
  error?: ErrorCode
  /** Kinds that cannot be whole, and must say so. */
  truncated?: ArtifactKind[]
  also?(capture: Capture): void
}

const document = (capture: Capture): string => artifacts(capture, 'dom').items[0]?.text ?? JSON.stringify(capture.manifest.artifacts['dom'])
const hasDocument = (capture: Capture): void => assert.match(document(capture), new RegExp(attackText))
const reads = (words: RegExp) => (capture: Capture) => assert.match(document(capture), words)
const notLocal = (capture: Capture): void => {
  assert.match(capture.manifest.finalUrl, /^https:\/\/bad\.lab\//)
  assert.equal(JSON.stringify(capture.manifest).includes('root:x:'), false)
}
/** A dwell that came to its end, or a page's thread that did not answer then. */
const either: readonly Reason[] = ['dwell', 'watchdog']
/** What needs more memory than the page's process may have can end it. */
const orCrash: readonly Reason[] = [...either, 'crashed']
/** What goes on while it comes may be cut before it was a page. */
const orFail: readonly Reason[] = [...either, 'failed']

/** Attack → how its visit ends. */
const cases: Record<string, Expected> = {
  hang: { ended: 'watchdog', also: hasDocument },
  'hang-later': {
    ended: 'watchdog',
    also: (it_) => assert.ok((artifacts(it_, 'cpu').items.find(({ thread }) => thread === 'page')?.busy ?? 0) > 0.5),
  },
  'hang-again': { ended: 'watchdog', also: hasDocument },
  loops: { ended: 'watchdog', also: hasDocument },
  service: { ended: either },
  // On a busy machine the browser is cut off before it has begun more workers than are watched; then it is their scripts that are too many.
  workers: {
    ended: either,
    also: (it_) => assert.ok((['worker', 'request'] as const).some((kind) => artifacts(it_, kind).status === 'truncated')),
  },
  blobs: { ended: either },
  memory: { ended: orCrash },
  heap: { ended: orCrash },
  'crash-page': { ended: 'crashed', error: 'TARGET_CRASHED' },
  'crash-gpu': { ended: either, also: hasDocument },
  'gpu-hang': { ended: either },
  'webgpu-hang': { ended: either },
  'crash-browser': { ended: 'crashed', error: 'TARGET_CRASHED' },
  script50: { ended: either },
  requests: { ended: either, truncated: ['request'] },
  sockets: { ended: either, truncated: ['websocket'] },
  'frames-flood': {
    ended: either,
    also: (it_) => assert.ok((artifacts(it_, 'websocket').items[0]?.frames.length ?? 0) <= limits.maxFramesPerSocket),
  },
  'frame-huge': { ended: either, also: (it_) => assert.equal(artifacts(it_, 'websocket').items.length, 1) },
  body: {
    ended: either,
    also: (it_) => assert.notEqual(artifacts(it_, 'request').items.find(({ url }) => url.endsWith('/gigabyte'))?.body.status, 'stored'),
  },
  endless: { ended: 'dwell', also: reads(/never comes to its end/) },
  data50: { ended: orCrash },
  bomb: { ended: orCrash },
  bombs: { ended: orCrash },
  evals: { ended: either, truncated: ['script'] },
  'evals-big': { ended: orCrash },
  modules: { ended: either, truncated: ['wasm'] },
  storage: { ended: orCrash },
  dom: { ended: orCrash },
  'deep-dom': { ended: orCrash },
  text: { ended: orCrash },
  'huge-page': { ended: orCrash },
  nested: { ended: either, truncated: ['frame'] },
  mirror: { ended: orFail },
  history: { ended: orFail },
  again: { ended: orFail },
  'again-loaded': { ended: orFail },
  refresh: { ended: orFail },
  liar: { ended: either, also: hasDocument },
  redirects: { ended: 'failed', error: 'REDIRECT_LOOP' },
  'redirects-on': { ended: 'failed', error: 'REDIRECT_LOOP' },
  silent: { ended: 'failed', error: 'TIMEOUT' },
  drip: { ended: orFail },
  download: { ended: 'failed', error: 'NAVIGATION_FAILED' },
  downloads: { ended: either, also: hasDocument },
  tls: { ended: 'failed', error: 'TLS_FAILED' },
  reset: { ended: 'failed', error: 'CONNECT_FAILED' },
  'no-http': { ended: orFail },
  headers: { ended: 'failed' },
  short: { ended: orFail },
  chunks: { ended: orFail },
  'two-lengths': { ended: 'failed', error: 'HTTP_ERROR' },
  codings: { ended: orFail },
  charset: { ended: either },
  utf16: { ended: either, also: reads(/two octets a letter/) },
  utf7: { ended: either, also: (it_) => assert.notEqual(artifacts(it_, 'dom').items[0]?.title, 'read as utf-7') },
  alerts: {
    ended: either,
    also: (it_) => {
      assert.ok(artifacts(it_, 'dialog').items.length > 0)
      hasDocument(it_)
    },
  },
  dialogs: { ended: either, also: (it_) => assert.ok(artifacts(it_, 'dialog').items.length >= 3) },
  stay: { ended: orFail },
  unload: { ended: orFail, also: (it_) => assert.match(it_.manifest.finalUrl, /^https:\/\/bad\.lab\/unload/) },
  popups: { ended: either },
  print: { ended: either, also: hasDocument },
  'print-always': { ended: either },
  elsewhere: { ended: orFail, also: notLocal },
  local: { ended: orFail, also: notLocal },
  'redirect-local': { ended: 'failed' },
  debugger: { ended: either },
  'debugger-timer': { ended: either, also: hasDocument },
  console: { ended: either, truncated: ['console'], also: hasDocument },
  flood: { ended: either, truncated: ['console'], also: hasDocument },
  errors: { ended: either, truncated: ['console'], also: hasDocument },
  devtools: { ended: either, also: hasDocument },
  fullscreen: { ended: either },
}

const only = process.env['ASSAY_HOSTILE']?.split(',')
const crashed = { page: 'renderer', 'gpu-process': 'gpu-process', browser: 'browser' } as const

describe('the table of hostile pages', () => {
  it('has a case for each', () => assert.deepEqual(attacks.map(({ name }) => name).toSorted(), Object.keys(cases).toSorted()))
})

describe('a page that attacks its visitor', { timeout: 1_500_000 }, () => {
  let dir: string
  let lab: Lab
  let egress: Egress
  let capturer: Capturer
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'assay-hostile-'))
    lab = await serveWorld({ dir, world: hostileWorld(1, (what) => void killBrowserProcesses(crashed[what])), maxLogged: 0 })
    egress = createEgress({ resolver: nameMapResolver(lab.names), policy: reachPolicy() })
    capturer = await startCapturer({ browser: await findBrowser(), egress, blobs: memoryBlobs(), spki: lab.names.spki, jobs: 1 })
  })
  after(async () => {
    await capturer.close()
    await egress.close()
    await lab.close()
    await rm(dir, { recursive: true })
    assert.deepEqual(leftovers(), { folders: [], processes: [] })
  })

  for (const attack of attacks) {
    const expected = cases[attack.name]
    it(`${attack.kind}: ${attack.name}`, { skip: only !== undefined && !only.includes(attack.name) }, async (t) => {
      assert.ok(expected)
      globalThis.gc?.()
      const before = process.memoryUsage().rss
      let peak = before
      const watch = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage().rss)
      }, 100)
      const started = performance.now()
      try {
        const captured = await capturer.capture(seedOf(urlOfAttack(attack)), { dwellMs, loadTimeoutMs, limits })
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
          `${attack.name}: ${Math.round(took)} ms, +${Math.round((peak - before) / 1e6)} MB, manifest ${Math.round(size / 1e3)} kB, ${ended.reason} (${ended.detail}) ${error?.code ?? ''} ${error?.message ?? ''} | ${cut.join(' | ')}`,
        )
        assert.ok(took < dwellMs + loadTimeoutMs + overheadMs, `it took ${Math.round(took)} ms`)
        assert.ok(peak - before < maxGrowthBytes, `${Math.round((peak - before) / 1e6)} MB more memory`)
        const reasons: readonly Reason[] = typeof expected.ended === 'string' ? [expected.ended] : expected.ended
        assert.ok(reasons.includes(ended.reason), `${ended.reason}: ${ended.detail} ${error?.message}`)
        if (ended.reason !== 'dwell') assert.notEqual(ended.detail, '', 'it says why')
        if (expected.error) assert.equal(error?.code, expected.error, ended.detail)
        for (const kind of expected.truncated ?? []) assert.notEqual(captured.manifest.artifacts[kind]?.status, 'complete', kind)
        expected.also?.(captured)
        const calmStarted = performance.now()
        const calm = await capturer.capture(seedOf(calmUrl), { dwellMs: 0, screenshot: false, interact: false })
        assert.deepEqual([calm.manifest.error, calm.manifest.reached.page], [null, 'content'])
        assert.ok(performance.now() - calmStarted < 30_000, 'the next visit')
      } finally {
        clearInterval(watch)
      }
    })
  }
})
