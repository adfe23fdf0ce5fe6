import { artifacts, type Capture } from '#model/capture.ts'
import type { HostPair, HostPairCause } from '#model/component.ts'
import { loadIndex, type LoadIndex } from '#derive/load-chain.ts'
import { hostOfUrl } from '#derive/party.ts'

const byResourceType: Readonly<Record<string, HostPairCause>> = {
  script: 'script.src',
  xhr: 'xhr',
  fetch: 'xhr',
  eventsource: 'xhr',
  image: 'img.src',
  ping: 'beacon',
  beacon: 'beacon',
  stylesheet: 'link.href',
  font: 'css.import',
  worker: 'worker',
}

/** Parent host → child host with the cause, for every host that another one brought in; counted. */
export function hostPairsOf(capture: Capture, index: LoadIndex = loadIndex(capture)): HostPair[] {
  const page = capture.manifest.finalUrl
  const pairs = new Map<string, HostPair>()
  const add = (parent: string, child: string, cause: HostPairCause): void => {
    if (parent === '' || child === '' || parent === child) return
    const key = `${parent} ${child} ${cause}`
    const pair = pairs.get(key)
    if (pair === undefined) pairs.set(key, { parent, child, cause, count: 1 })
    else pair.count++
  }
  const requests = artifacts(capture, 'request').items
  const byId = new Map(requests.map((request) => [request.id, request]))
  for (const request of requests) {
    const from = request.initiator.requestId === undefined ? undefined : byId.get(request.initiator.requestId)
    if (request.initiator.type === 'redirect' && from !== undefined) {
      add(hostOfUrl(from.url), hostOfUrl(request.url), 'redirect')
      continue
    }
    const parent = hostOfUrl(index.chain(request.id).at(-2)?.url ?? page) || hostOfUrl(page)
    add(parent, hostOfUrl(request.url), request.resourceType === 'document' ? 'iframe' : (byResourceType[request.resourceType] ?? 'other'))
  }
  for (const frame of artifacts(capture, 'frame').items) {
    if (frame.parentFrameId === undefined || requests.some((request) => request.url === frame.url)) continue
    add(hostOfUrl(index.chain(frame.id).at(-2)?.url ?? page) || hostOfUrl(page), hostOfUrl(frame.url), 'iframe')
  }
  for (const socket of artifacts(capture, 'websocket').items)
    add(hostOfUrl(index.chain(socket.id).at(-2)?.url ?? page) || hostOfUrl(page), hostOfUrl(socket.url), 'websocket')
  return [...pairs.values()].sort((a, b) => (`${a.parent} ${a.child} ${a.cause}` < `${b.parent} ${b.child} ${b.cause}` ? -1 : 1))
}
