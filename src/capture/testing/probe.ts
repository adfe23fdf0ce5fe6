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

/** Says hello over a socket and builds a module, and tells the console what came of it. */
function speak(place: string): string {
  const bytes = JSON.stringify([...namedModule(place)])
  return `(() => {
const socket = new WebSocket('wss://socket.probe.lab/${place}')
socket.onopen = () => { socket.send('hello from ${place}'); console.log('sent ${place}') }
socket.onmessage = () => console.log('heard ${place}')
const bytes = new Uint8Array(${bytes})
WebAssembly.instantiate(bytes).then(() => console.log('built ${place}'))
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
 * What a capture of the probe page lacks. `lost`: the page's console says that it happened, and the capture does not have it.
 * `late`: it had not happened when the visit ended, because the machine was busy; no capture can have it.
 */
export function missingOfProbe(capture: Capture): { lost: string[]; late: string[] } {
  const digests = new Set(artifacts(capture, 'wasm').items.map(({ body }) => (body.status === 'stored' ? body.digest : null)))
  const told = new Set(artifacts(capture, 'console').items.map(({ text }) => text))
  const lost: string[] = []
  const late: string[] = []
  for (const place of probePlaces) {
    const frames = artifacts(capture, 'websocket')
      .items.filter(({ url }) => url === `wss://socket.probe.lab/${place}`)
      .flatMap((socket) => socket.frames)
    const has = {
      sent: frames.some(({ direction, text }) => direction === 'sent' && text === `hello from ${place}`),
      heard: frames.some(({ direction, text }) => direction === 'received' && text === `heard hello from ${place}`),
      built: digests.has(sha256(namedModule(place))),
    }
    for (const what of ['sent', 'heard', 'built'] as const)
      if (!has[what]) (told.has(`${what} ${place}`) ? lost : late).push(`${what} ${place}`)
  }
  return { lost, late }
}
