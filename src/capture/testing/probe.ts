import { artifacts, type Capture } from '#model/capture.ts'
import { sha256 } from '#model/digest.ts'
import { namedModule, page, type Route } from './world.ts'

/** Every kind of place that a page can run code in. Each opens a socket of its own and builds a module of its own. */
export const probePlaces = [
  'page',
  'cross-site-frame',
  'cross-site-frame-worker',
  'data-frame',
  'srcdoc-frame',
  'worker',
  'blob-worker',
  'data-worker',
  'nested-worker',
  'shared-worker',
  'service-worker',
] as const

/** Says hello over a socket and builds a module. Half of the places stream it, half build it from a buffer. */
function speak(place: string): string {
  const bytes = JSON.stringify([...namedModule(place)])
  return `(() => {
const socket = new WebSocket('wss://socket.probe.lab/${place}')
socket.onopen = () => socket.send('hello from ${place}')
const bytes = new Uint8Array(${bytes})
WebAssembly.instantiate(bytes)
})()`
}

const script = (body: string): Route => ({ type: 'text/javascript', body })
const inline = (code: string): string => `<script>${code}</script>`
const attribute = (markup: string): string => markup.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** A page at https://probe.lab/ and what it needs. */
export const probeRoutes: Record<string, Route> = {
  'probe.lab/': page(`
${inline(speak('page'))}
<iframe src="https://other.lab/frame.html"></iframe>
<iframe src="data:text/html,${encodeURIComponent(inline(speak('data-frame')))}"></iframe>
<iframe srcdoc="${attribute(inline(speak('srcdoc-frame')))}"></iframe>
${inline(`
new Worker('/worker.js')
new Worker(URL.createObjectURL(new Blob([${JSON.stringify(speak('blob-worker'))}], {type: 'text/javascript'})))
new Worker('data:text/javascript,' + encodeURIComponent(${JSON.stringify(speak('data-worker'))}))
new SharedWorker('/shared.js')
navigator.serviceWorker.register('/service.js')
`)}`),
  'probe.lab/worker.js': script(`${speak('worker')}; new Worker('/nested.js')`),
  'probe.lab/nested.js': script(speak('nested-worker')),
  'probe.lab/shared.js': script(speak('shared-worker')),
  'probe.lab/service.js': script(speak('service-worker')),
  'other.lab/frame.html': page(`${inline(speak('cross-site-frame'))}${inline(`new Worker('/worker.js')`)}`),
  'other.lab/worker.js': script(speak('cross-site-frame-worker')),
  'socket.probe.lab/': page(''),
}

/**
 * What a capture of the probe page lacks. `lost`: it happened, and the capture does not have it. `late`: a busy machine had not come that far
 * when the visit ended (its code had not run, or its socket had no answer yet), which no capture can have.
 */
export function missingOfProbe(capture: Capture): { lost: string[]; late: string[] } {
  const endedMs = Date.parse(capture.manifest.endedAt) - Date.parse(capture.manifest.startedAt)
  const digests = new Set(artifacts(capture, 'wasm').items.map(({ body }) => (body.status === 'stored' ? body.digest : null)))
  const lost: string[] = []
  const late: string[] = []
  for (const place of probePlaces) {
    const socket = artifacts(capture, 'websocket').items.find(({ url }) => url === `wss://socket.probe.lab/${place}`)
    const hasModule = digests.has(sha256(namedModule(place)))
    const said = (direction: 'sent' | 'received'): (string | undefined)[] => (socket?.frames ?? []).filter((frame) => frame.direction === direction).map(({ text }) => text)
    const hasFrames = said('sent').includes(`hello from ${place}`) && said('received').includes(`heard hello from ${place}`)
    // Each place opens its socket and then builds its module, so either shows that its code has run.
    const sinceMs = socket ? endedMs - (socket.frames[0]?.atMs ?? socket.openedAtMs) : 0
    const isWaiting = socket !== undefined && !hasFrames && (socket.handshake?.status !== 101 || sinceMs < 2_000)
    if (!hasModule) (socket && sinceMs > 2_000 ? lost : late).push(`${place}: module`)
    if (!hasFrames) (isWaiting || (!socket && !hasModule) ? late : lost).push(`${place}: socket`)
  }
  return { lost, late }
}
