import { artifactKinds } from '#model/artifact.ts'
import { type Capture, captureOf } from '#model/capture.ts'
import { type Body, type Collection, complete, notCollected } from '#model/collection.ts'
import type { BlobStore } from '#model/store.ts'

export const sampleHtml =
  '<!doctype html><title>Probe — Übersicht</title><p>served<script src="/app.js"></script><script>document.title += " ran"</script>'

/** A browser's capture with everything that HTTP cannot say: socket frames, a module built in memory, a screenshot, lost and cut bodies. */
export async function sampleCapture(blobs: BlobStore, more: Record<string, Collection<unknown>> = {}): Promise<Capture> {
  const store = async (content: string | Uint8Array): Promise<Body> => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    return { status: 'stored', digest: await blobs.put(bytes), size: bytes.length }
  }
  const none: Body = { status: 'none' }
  const request = (id: string, url: string, startedAtMs: number, rest: object): unknown => ({
    id,
    targetId: 'target-1',
    frameId: 'frame-1',
    url,
    method: 'GET',
    resourceType: 'document',
    requestHeaders: [{ name: 'User-Agent', value: 'Probe/1.0' }],
    requestBody: none,
    initiator: { type: 'other' },
    startedAtMs,
    endedAtMs: startedAtMs + 12.5,
    body: none,
    ...rest,
  })
  const response = (status: number, headers: Record<string, string>, mimeType = 'text/html'): unknown => ({
    status,
    statusText: status === 200 ? 'OK' : '',
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    mimeType,
    protocol: 'h2',
    remoteAddress: '192.0.2.7',
    fromCache: false,
    fromServiceWorker: false,
  })
  const cut = await store('x'.repeat(100))
  const wasm = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  const artifacts: Record<string, Collection<unknown>> = {
    ...Object.fromEntries(artifactKinds.map((kind) => [kind, notCollected('not in the sample')])),
    request: complete([
      request('req-1', 'https://probe.example/', 0, { response: response(301, { Location: 'https://probe.example/en' }) }),
      request('req-2', 'https://probe.example/en', 3.25, {
        initiator: { type: 'redirect', requestId: 'req-1' },
        // The header of what came over the wire; the body is decoded.
        response: response(200, {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Encoding': 'br',
          'Transfer-Encoding': 'chunked',
          'Content-Length': '17',
          'Set-Cookie': 'a=1',
        }),
        body: await store(sampleHtml),
      }),
      request('req-3', 'https://probe.example/app.js', 20, {
        resourceType: 'script',
        response: response(200, { 'content-type': 'text/javascript; charset=iso-8859-1' }, 'text/javascript'),
        body: await store('// Größe\nlet a = 1\n'),
      }),
      request('req-4', 'https://probe.example/collect', 30, {
        method: 'POST',
        resourceType: 'fetch',
        requestHeaders: [{ name: 'Content-Type', value: 'application/json' }],
        requestBody: await store('{"a":[1,2]}'),
        response: response(204, {}),
      }),
      request('req-5', 'https://cdn.example/picture.png', 31, {
        resourceType: 'image',
        response: response(200, { 'content-type': 'image/png' }, 'image/png'),
        body: await store(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 254])),
      }),
      request('req-6', 'https://cdn.example/lost.js', 32, {
        resourceType: 'script',
        response: response(200, {}, 'text/javascript'),
        body: { status: 'lost', reason: 'the target was gone' },
      }),
      request('req-7', 'https://cdn.example/long.bin', 33, {
        response: response(200, {}, 'application/octet-stream'),
        body: { ...cut, status: 'truncated', totalSize: 1e9 },
      }),
      request('req-8', 'https://gone.example/x', 34, { failure: { reason: 'net::ERR_NAME_NOT_RESOLVED' } }),
      request('req-9', 'data:text/javascript,1', 35, {
        resourceType: 'script',
        body: await store('1'),
        response: response(200, {}, 'text/javascript'),
      }),
    ]),
    websocket: complete([
      {
        id: 'ws-1',
        targetId: 'target-2',
        url: 'wss://pool.example/proxy',
        initiator: {
          type: 'script',
          url: 'https://probe.example/app.js',
          stack: [{ functionName: 'go', url: 'https://probe.example/app.js', line: 1, column: 2 }],
        },
        openedAtMs: 40,
        closedAtMs: 90,
        handshake: { status: 101, requestHeaders: [], responseHeaders: [] },
        frames: [
          { atMs: 41, direction: 'sent', opcode: 1, size: 17, text: '{"method":"login"}' },
          { atMs: 42, direction: 'received', opcode: 2, size: 3, base64: 'AQID' },
          { atMs: 43, direction: 'received', opcode: 1, size: 90_000, text: 'y'.repeat(10), body: await store('y'.repeat(90_000)) },
        ],
        sentCount: 1,
        receivedCount: 2,
        framesDropped: 0,
      },
    ]),
    wasm: complete([{ id: 'wasm-1', targetId: 'target-2', url: 'wasm://wasm/0001', body: await store(wasm), parsedAtMs: 50 }]),
    dom: complete([
      {
        id: 'dom-1',
        frameId: 'frame-1',
        url: 'https://probe.example/en',
        html: await store('<html><head><title>Probe — Übersicht ran</title></head></html>'),
        title: 'Probe — Übersicht ran',
        text: 'served',
        takenAtMs: 80,
      },
    ]),
    screenshot: complete([
      {
        id: 'screenshot-1',
        body: await store(Uint8Array.from([0xff, 0xd8, 0xff, 0xe0])),
        mimeType: 'image/jpeg',
        width: 1280,
        height: 720,
        takenAtMs: 81,
      },
    ]),
    // A kind of a later version.
    hologram: complete([{ id: 'holo-1', shape: { digest: 'not a digest', deep: [{ body: await store('hologram') }] } }]),
    ...more,
  }
  return captureOf({
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: '01890a5d-ac96-774b-bcce-b302099a8057',
    seed: { url: 'https://probe.example/', tags: ['sample'], scope: 'page', rank: 3 },
    url: 'https://probe.example/',
    finalUrl: 'https://probe.example/en',
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-11-23T10:00:00.123Z',
    endedAt: '2026-11-23T10:00:08.500Z',
    clockOffsetMs: -3,
    conditions: {
      lane: 'browser',
      vantage: 'local',
      userAgent: 'Probe/1.0',
      language: 'en',
      viewport: { width: 1280, height: 720, deviceScaleFactor: 1, mobile: false },
      profile: 'standard',
      dwellMs: 8000,
      consent: 'ignore',
      proxy: null,
      extraHeaders: [],
      browser: '156.0',
      sandbox: true,
      cpuRate: 1,
      cores: 4,
      debuggerOn: false,
      concurrency: 1,
    },
    actions: [{ atMs: 10.5, type: 'scroll', detail: '0 → 400' }],
    ended: { reason: 'dwell', detail: '' },
    error: null,
    artifacts,
  })
}
