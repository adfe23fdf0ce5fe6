import { type ArtifactKind, type RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import type { Digest } from '#model/digest.ts'
import type { BlobKind } from '#derive/deriver.ts'
import type { Derived } from '#detect/contract.ts'

/** One blob of a capture that is worth deriving, with every artifact that carries it. */
export interface PlannedBlob {
  kind: BlobKind
  digest: Digest
  size: number
  artifacts: Derived['artifacts']
  runs: boolean
}

const maxMessages = 400
const maxMessageOctets = 256 * 1024

/**
 * Which blobs to derive, and as what. Scripts and modules that ran come first; documents; scripts, documents and modules among the
 * requests where the engine's own record does not have them; what was said over HTTP and in long frames; shaders.
 */
export function planBlobs(capture: Capture): PlannedBlob[] {
  const planned = new Map<string, PlannedBlob>()
  const add = (kind: BlobKind, body: Body, artifact: Derived['artifacts'][number], runs: boolean): void => {
    if (body.status !== 'stored' && body.status !== 'truncated') return
    if (body.size === 0) return
    const key = `${kind}:${body.digest}`
    const known = planned.get(key)
    if (known === undefined) planned.set(key, { kind, digest: body.digest, size: body.size, artifacts: [artifact], runs })
    else {
      known.artifacts.push(artifact)
      known.runs ||= runs
    }
  }
  const carried = (
    kind: ArtifactKind,
    item: { id: string; targetId?: string; frameId?: string; url?: string },
  ): Derived['artifacts'][number] => ({
    id: item.id,
    kind,
    url: item.url ?? '',
    targetId: item.targetId ?? null,
    frameId: item.frameId ?? null,
  })

  const scripts = artifacts(capture, 'script').items
  const scriptUrls = new Set(scripts.map((script) => script.url))
  for (const script of scripts) add('javascript', script.body, carried('script', script), true)
  for (const wasm of artifacts(capture, 'wasm').items) add('wasm', wasm.body, carried('wasm', wasm), true)
  for (const gpu of artifacts(capture, 'gpu').items) if (gpu.source !== undefined) add('wgsl', gpu.source, carried('gpu', gpu), true)

  let messages = 0
  const message = (body: Body | undefined, artifact: Derived['artifacts'][number]): void => {
    if (body === undefined || body.status !== 'stored' || body.size > maxMessageOctets || messages >= maxMessages) return
    messages++
    add('message', body, artifact, true)
  }
  const documents = new Set<string>()
  for (const request of artifacts(capture, 'request').items) {
    const kind = kindOf(request)
    const artifact = carried('request', request)
    if (kind === 'html') documents.add(request.url)
    if (kind === 'javascript') {
      // The engine's own record of a script has what it ran, after charset-decoding.
      if (!scriptUrls.has(request.url)) add('javascript', request.body, artifact, runsAsScript(request))
    } else if (kind === 'html') add('html', request.body, artifact, request.resourceType === 'document' || request.resourceType === 'other')
    else if (kind === 'wasm') add('wasm', request.body, artifact, true)
    else if (kind === 'wgsl') add('wgsl', request.body, artifact, true)
    else if (kind === 'message') message(request.body, artifact)
    message(request.requestBody, artifact)
  }
  for (const dom of artifacts(capture, 'dom').items) if (!documents.has(dom.url)) add('html', dom.html, carried('dom', dom), true)
  for (const socket of artifacts(capture, 'websocket').items)
    for (const frame of socket.frames) message(frame.body, carried('websocket', socket))
  for (const transport of artifacts(capture, 'transport').items)
    for (const frame of transport.messages) message(frame.body, carried('transport', transport))
  return [...planned.values()]
}

function runsAsScript(request: RequestArtifact): boolean {
  return ['script', 'document', 'other', 'worker', 'sharedworker', 'serviceworker'].includes(request.resourceType)
}

/** By what asked for it, then by what it says to be, then by the name. */
function kindOf(request: RequestArtifact): BlobKind | null {
  const type = (request.response?.mimeType ?? '').toLowerCase().replace(/;.*$/, '').trim()
  const path = (URL.parse(request.url)?.pathname ?? request.url).toLowerCase()
  if (type === 'application/wasm' || path.endsWith('.wasm')) return 'wasm'
  if (path.endsWith('.wgsl')) return 'wgsl'
  if (request.resourceType === 'script' || request.resourceType === 'worker') return 'javascript'
  if (request.resourceType === 'document')
    return /script/.test(type) || (type === '' && /\.m?js$/.test(path))
      ? 'javascript'
      : /^image\/|^video\/|^audio\/|font|pdf|zip/.test(type)
        ? null
        : /json/.test(type)
          ? 'message'
          : 'html'
  if (/^(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script$/.test(type)) return 'javascript'
  if (type === 'text/html' || type === 'application/xhtml+xml')
    return request.resourceType === 'xhr' || request.resourceType === 'fetch' ? 'message' : 'html'
  if (['xhr', 'fetch', 'eventsource', 'ping', 'beacon'].includes(request.resourceType)) return 'message'
  if (request.resourceType === 'other' && /\.m?js$/.test(path)) return 'javascript'
  if (request.resourceType === 'other' && /\.html?$/.test(path)) return 'html'
  return null
}
