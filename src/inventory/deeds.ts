import { artifacts, type Capture } from '#model/capture.ts'
import type { Deed, DeedKind, DeedsByArtifact } from '#model/deed.ts'
import { deedKinds } from '#model/deed.ts'
import { loadIndex, type LoadIndex } from '#derive/load-chain.ts'
import { hostOfUrl } from '#derive/party.ts'

const maxObjects = 6
/** Below this share of a core a function is what every page does. */
const notedShare = 0.02

/**
 * What each piece of code did, by the stack under which it happened: who asked for what, who opened which socket, who used the
 * processor. Of a worker's or a frame's own things, its script is named.
 */
export function deedsOf(capture: Capture, index: LoadIndex = loadIndex(capture)): DeedsByArtifact {
  const scripts = artifacts(capture, 'script').items
  const codeIds = new Set([...scripts, ...artifacts(capture, 'wasm').items].map(({ id }) => id))
  const scriptByUrl = new Map<string, string>()
  for (const script of scripts)
    if (script.url !== '' && script.source !== 'inline' && !scriptByUrl.has(script.url)) scriptByUrl.set(script.url, script.id)
  const moduleByUrl = new Map(artifacts(capture, 'wasm').items.map((wasm) => [`${wasm.targetId} ${wasm.url}`, wasm.id]))
  const workerScript = new Map<string, string>()
  for (const worker of artifacts(capture, 'worker').items) {
    const own = scripts.find((script) => script.targetId === worker.targetId && (script.source === 'worker' || script.url === worker.url))
    if (own !== undefined) workerScript.set(worker.id, own.id)
  }

  const deeds = new Map<string, Map<DeedKind, Deed>>()
  const note = (doer: string | null | undefined, kind: DeedKind, object: string, count = 1): void => {
    if (doer == null) return
    const code = codeIds.has(doer) ? doer : workerScript.get(doer)
    if (code === undefined) return
    const own = deeds.get(code) ?? new Map<DeedKind, Deed>()
    deeds.set(code, own)
    const deed = own.get(kind) ?? { kind, count: 0, objects: [] }
    own.set(kind, deed)
    deed.count = kind === 'uses-processor' ? Math.max(deed.count, count) : deed.count + count
    if (object !== '' && deed.objects.length < maxObjects && !deed.objects.includes(object)) deed.objects.push(object)
  }
  /** Whoever stands before it on the way from the page; a script that was loaded stands there twice, as itself and as its request. */
  const doerOf = (id: string): string | null => {
    const chain = index.chain(id)
    return chain.at(-2)?.artifact ?? null
  }

  for (const request of artifacts(capture, 'request').items) {
    if (request.initiator.type === 'redirect' || request.initiator.type === 'preflight') continue
    const isScript = request.resourceType === 'script'
    note(doerOf(request.id), isScript ? 'loads-script' : 'asks-for', isScript ? request.url : hostOfUrl(request.url))
  }
  for (const socket of artifacts(capture, 'websocket').items) note(doerOf(socket.id), 'opens-socket', socket.url)
  for (const transport of artifacts(capture, 'transport').items)
    note(doerOf(transport.id), 'opens-connection', `${transport.type} ${transport.url}`)
  for (const worker of artifacts(capture, 'worker').items) note(doerOf(worker.id), 'starts-worker', worker.url)
  for (const wasm of artifacts(capture, 'wasm').items) note(doerOf(wasm.id), 'compiles-module', wasm.id)
  for (const frame of artifacts(capture, 'frame').items) if (frame.initiator !== undefined) note(doerOf(frame.id), 'shows-frame', frame.url)
  for (const cpu of artifacts(capture, 'cpu').items) {
    for (const hot of cpu.hottest) {
      const share = hot.share * cpu.busy
      const code = hot.scriptId ?? (hot.wasm ? moduleByUrl.get(`${cpu.targetId} ${hot.url}`) : undefined) ?? scriptByUrl.get(hot.url)
      if (share >= notedShare) note(code, 'uses-processor', cpu.thread, Math.round(share * 100))
    }
  }
  const asker = (stack: { scriptId?: string; url: string }[] | undefined): string | undefined =>
    stack?.map((frame) => frame.scriptId ?? scriptByUrl.get(frame.url)).find((id) => id !== undefined)
  for (const permission of artifacts(capture, 'permission').items)
    note(asker(permission.initiator?.stack), 'asks-permission', permission.name)
  for (const wallet of artifacts(capture, 'wallet').items) note(asker(wallet.initiator?.stack), 'asks-wallet', wallet.method)
  for (const line of artifacts(capture, 'console').items)
    if (line.place !== undefined) note(asker([line.place]), 'logs', line.isException ? 'an exception' : '')
  return Object.fromEntries(
    [...deeds].map(([id, own]) => [id, [...own.values()].sort((a, b) => deedKinds.indexOf(a.kind) - deedKinds.indexOf(b.kind))]),
  )
}
