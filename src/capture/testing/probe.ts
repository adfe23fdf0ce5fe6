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

/** Places whose socket lacks a frame of either direction, and whose module lacks its bytes. */
export function missingOfProbe(capture: Capture): { sockets: string[]; modules: string[] } {
  const sockets = artifacts(capture, 'websocket').items
  const digests = new Set(artifacts(capture, 'wasm').items.map(({ body }) => (body.status === 'stored' ? body.digest : null)))
  const texts = (place: string, direction: 'sent' | 'received'): (string | undefined)[] =>
    sockets.filter(({ url }) => url === `wss://socket.probe.lab/${place}`).flatMap(({ frames }) => frames.filter((frame) => frame.direction === direction).map(({ text }) => text))
  return {
    sockets: probePlaces.filter((place) => !texts(place, 'sent').includes(`hello from ${place}`) || !texts(place, 'received').includes(`heard hello from ${place}`)),
    modules: probePlaces.filter((place) => !digests.has(sha256(namedModule(place)))),
  }
}
