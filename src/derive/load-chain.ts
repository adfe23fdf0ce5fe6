import type { ArtifactByKind, Initiator, RequestArtifact, ScriptArtifact } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import type { Digest } from '#model/digest.ts'
import type { ChainLink } from '#model/observation.ts'

/** What loaded what on a page, for walking from an artifact to the page. Built once for a capture. */
export interface LoadIndex {
  /** From the page to the artifact, the page first. Bounded; a loop ends it. */
  chain(artifactId: string): ChainLink[]
  /** URLs of everything on that way, the artifact's own included. */
  urls(artifactId: string): string[]
  frameOf(artifactId: string): string | null
}

type Any =
  | ArtifactByKind['script']
  | ArtifactByKind['request']
  | ArtifactByKind['wasm']
  | ArtifactByKind['worker']
  | ArtifactByKind['websocket']
  | ArtifactByKind['transport']
  | ArtifactByKind['frame']
  | ArtifactByKind['gpu']
  | ArtifactByKind['cpu']
  | ArtifactByKind['dom']

const maxLinks = 24

/**
 * `makers`: scripts that make workers of blobs, as far as their text tells. A browser does not say who made a worker of its own octets:
 * where one script of a document can have, it was that one.
 */
export function loadIndex(capture: Capture, makers: ReadonlySet<string> = new Set()): LoadIndex {
  const byId = new Map<string, { kind: string; item: Any }>()
  const scriptByUrl = new Map<string, ScriptArtifact>()
  const requestByUrl = new Map<string, RequestArtifact>()
  const workerByTarget = new Map<string, ArtifactByKind['worker']>()
  for (const kind of ['frame', 'request', 'script', 'wasm', 'worker', 'websocket', 'transport', 'gpu', 'cpu', 'dom'] as const) {
    for (const item of artifacts(capture, kind).items) byId.set(item.id, { kind, item })
  }
  for (const script of artifacts(capture, 'script').items)
    if (script.url !== '' && script.source !== 'inline' && !scriptByUrl.has(script.url)) scriptByUrl.set(script.url, script)
  for (const request of artifacts(capture, 'request').items) if (!requestByUrl.has(request.url)) requestByUrl.set(request.url, request)
  for (const worker of artifacts(capture, 'worker').items) workerByTarget.set(worker.targetId, worker)
  // A module that was compiled from a buffer has no address of its own; where the same octets were fetched, that was its file.
  const requestByModule = new Map<string, RequestArtifact>()
  const modules = new Set(artifacts(capture, 'wasm').items.flatMap(({ url, body }) => (url.startsWith('wasm://') ? digestsOf(body) : [])))
  for (const request of artifacts(capture, 'request').items)
    for (const digest of digestsOf(request.body))
      if (modules.has(digest) && !requestByModule.has(digest)) requestByModule.set(digest, request)
  const page = capture.manifest.finalUrl

  /** Who asked for it: the script on top of the stack, else the document; a worker's own things were asked for by what made the worker. */
  function parentOf(id: string): { id: string | null; url: string; how: string } | null {
    const entry = byId.get(id)
    if (entry === undefined) return null
    const { kind, item } = entry
    const how = verbs[kind] ?? 'loads'
    if (kind === 'script' && (item as ScriptArtifact).source === 'external') {
      const request = requestByUrl.get((item as ScriptArtifact).url)
      const found = request === undefined ? null : byInitiator(request.initiator, id)
      if (found !== null) return { ...found, how: 'loads the script' }
    }
    if (kind === 'wasm') {
      const { url, body } = item as ArtifactByKind['wasm']
      const file = url.startsWith('wasm://') ? digestsOf(body).flatMap((digest) => requestByModule.get(digest) ?? [])[0] : undefined
      if (file !== undefined) return { id: file.id, url: file.url, how }
    }
    const initiator = 'initiator' in item ? item.initiator : undefined
    const found = initiator === undefined ? null : byInitiator(initiator, id)
    if (found !== null) return { ...found, how }
    if (kind === 'worker') {
      const maker = makerOf(item as ArtifactByKind['worker'])
      if (maker !== null) return { id: maker.id, url: maker.url, how }
    }
    const target = 'targetId' in item ? item.targetId : undefined
    const worker = target === undefined ? undefined : workerByTarget.get(target)
    if (worker !== undefined && worker.id !== id) return { id: worker.id, url: worker.url, how: kind === 'script' ? 'runs' : how }
    const frameId = 'frameId' in item ? item.frameId : undefined
    const frame = frameId === undefined ? undefined : byId.get(frameId)
    if (frame !== undefined && frame.item.id !== id && (frame.item as ArtifactByKind['frame']).parentFrameId !== undefined)
      return { id: frame.item.id, url: (frame.item as ArtifactByKind['frame']).url, how }
    if (kind === 'frame') {
      const parent = (item as ArtifactByKind['frame']).parentFrameId
      return parent === undefined
        ? null
        : {
            id: byId.has(parent) ? parent : null,
            url: (byId.get(parent)?.item as ArtifactByKind['frame'] | undefined)?.url ?? page,
            how: 'shows the frame',
          }
    }
    return { id: null, url: page, how }
  }

  function makerOf(worker: ArtifactByKind['worker']): ScriptArtifact | null {
    if (!/^(?:blob|data):/i.test(worker.url)) return null
    const able = artifacts(capture, 'script').items.filter(
      ({ id, targetId, parsedAtMs }) => makers.has(id) && targetId === worker.parentTargetId && parsedAtMs <= worker.startedAtMs,
    )
    return able.length === 1 ? able[0]! : null
  }

  function byInitiator(initiator: Initiator, own: string): { id: string | null; url: string } | null {
    for (const frame of initiator.stack ?? []) {
      const script =
        (frame.scriptId === undefined ? undefined : byId.get(frame.scriptId)?.item) ??
        (frame.url === '' ? undefined : scriptByUrl.get(frame.url))
      if (script !== undefined && script.id !== own) return { id: script.id, url: 'url' in script ? script.url : frame.url }
      if (script === undefined && frame.url !== '' && frame.url !== page) return { id: null, url: frame.url }
    }
    if (initiator.url === undefined || initiator.url === '' || initiator.url === page) return null
    const script = scriptByUrl.get(initiator.url) ?? requestByUrl.get(initiator.url)
    return script === undefined ? { id: null, url: initiator.url } : script.id === own ? null : { id: script.id, url: initiator.url }
  }

  function walk(artifactId: string): { id: string | null; url: string; how: string }[] {
    const way: { id: string | null; url: string; how: string }[] = []
    const seen = new Set<string>()
    let at: string | null = artifactId
    let how = ''
    while (at !== null && way.length < maxLinks && !seen.has(at)) {
      seen.add(at)
      const entry = byId.get(at)
      if (entry === undefined) break
      const parent = parentOf(at)
      const url = urlOf(entry.item)
      how = parent?.how ?? verbs[entry.kind] ?? 'loads'
      way.push({ id: at, url: url === '' ? page : url, how })
      if (parent === null) break
      if (parent.id === null) {
        if (parent.url !== page) way.push({ id: null, url: parent.url, how: 'loads the script' })
        break
      }
      at = parent.id
    }
    return way.toReversed()
  }

  return {
    chain(artifactId) {
      const links = walk(artifactId).map(({ id, url, how }): ChainLink => ({ url, artifact: id, how }))
      const own = links[0]
      return own?.url === page && own.how !== 'runs the script'
        ? [{ ...own, how: 'is the page' }, ...links.slice(1)]
        : [{ url: page, artifact: null, how: 'is the page' }, ...links]
    },
    urls: (artifactId) => walk(artifactId).map(({ url }) => url),
    frameOf(artifactId) {
      let at: string | null = artifactId
      for (let hops = 0; at !== null && hops < maxLinks; hops++) {
        const item: Any | undefined = byId.get(at)?.item
        if (item === undefined) return null
        if ('frameId' in item && item.frameId !== undefined) return item.frameId
        const target: string | undefined = 'targetId' in item ? item.targetId : undefined
        const worker: ArtifactByKind['worker'] | undefined = target === undefined ? undefined : workerByTarget.get(target)
        if (worker === undefined || worker.id === at) return parentOf(at)?.id ?? null
        at = parentOf(worker.id)?.id ?? null
      }
      return null
    },
  }
}

function digestsOf(body: Body): Digest[] {
  return body.status === 'stored' ? [body.digest] : []
}

const verbs: Readonly<Record<string, string>> = {
  script: 'runs the script',
  request: 'asks for',
  wasm: 'compiles the module',
  worker: 'starts the worker',
  websocket: 'opens the socket',
  transport: 'opens the connection',
  frame: 'shows the frame',
  gpu: 'runs the shader',
  cpu: 'works',
  dom: 'is the document',
}

function urlOf(item: Any): string {
  return 'url' in item && typeof item.url === 'string' ? item.url : ''
}
