import type {
  FrameArtifact,
  HostArtifact,
  Initiator,
  RequestArtifact,
  ScriptArtifact,
  WasmArtifact,
  WebSocketArtifact,
} from '#model/artifact.ts'
import { artifactKinds } from '#model/artifact.ts'
import { type Capture, type CaptureManifest, captureOf, captureSchemaVersion, type PageReached } from '#model/capture.ts'
import { type Collection, complete, notCollected } from '#model/collection.ts'
import type { ErrorRecord } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import { portOf } from '#model/port.ts'
import { conditionsOf, importedVisitId } from './import-conditions.ts'
import { headerOf } from './item.ts'
import type { PageGroup } from './page-groups.ts'
import type { DocumentText, Followed, Named, PageReferences } from './page-references.ts'
import type { StoredArchive } from './stored-archive.ts'
import type { StoredExchange } from './stored-exchange.ts'

/** What is known of a document, for whoever classes the page that was reached. */
export interface DocumentView {
  url: string
  finalUrl: string
  httpStatus: number | null
  title?: string
  text?: string
  html?: string
  headers?: Record<string, string>
  hosts?: string[]
  frames?: string[]
}

export type ClassifyPage = (view: DocumentView) => { page: PageReached; reasons: string[] }

export interface PageSource {
  /** `HAR`, `WARC` … as the capture's `ended` names it. */
  format: string
  archive: Pick<StoredArchive, 'software' | 'losses'>
  /** Whether the archive is a log of all that was asked for: then a script that is only named was not loaded. */
  isLog: boolean
  /** When nothing in the archive tells the time. ISO 8601. */
  otherwiseAt: string
  /** Of a visit of our own; what an archive holds gets one of its content. */
  visitId?: string
  classify: ClassifyPage | null
}

const page = 'target-1'
const pageFrame = 'frame-1'

/** One page of an archive → a capture of lane `archive`, with what the archive cannot hold said to be not collected. */
export async function pageCapture(...of: Parameters<typeof pageManifest>): Promise<Capture> {
  return captureOf(await pageManifest(...of))
}

/** The same without its digest, for whoever knows more of it than an archive tells. */
export async function pageManifest(
  group: PageGroup,
  { named, unread }: Followed,
  source: PageSource,
  references: PageReferences,
  blobs: BlobStore,
): Promise<CaptureManifest> {
  const byUrl = new Map(named.map((one) => [one.url, one]))
  const members = orderedMembers(group, named)
  const startedAt = group.page?.startedAt || group.first.exchange.startedAt || group.main.exchange.startedAt || source.otherwiseAt
  const startMs = Date.parse(startedAt)
  const atMs = (iso: string): number => (iso === '' ? 0 : Math.max(0, Date.parse(iso) - startMs))

  const frames = await framesOf(group, named, references)
  const frameOf = (url: string): string => frames.find((frame) => frame.artifact.url === url)?.artifact.id ?? pageFrame
  const requests: RequestArtifact[] = []
  const scripts: ScriptArtifact[] = []
  const wasm: WasmArtifact[] = []
  const sockets: WebSocketArtifact[] = []
  let previous: { location: string; id: string } | null = null
  for (const stored of members) {
    const { exchange } = stored
    const one = byUrl.get(exchange.url)
    const initiator: Initiator =
      previous?.location === exchange.url ? { type: 'redirect', requestId: previous.id } : (exchange.initiator ?? initiatorOf(one))
    const frameId = frameOf(one?.how === 'parser' && one.type !== 'document' ? one.by : exchange.url)
    if (/^wss?:/.test(exchange.url)) {
      sockets.push(socketArtifact(stored, `ws-${sockets.length + 1}`, initiator, startMs, frameId))
      continue
    }
    const id = `req-${requests.length + 1}`
    requests.push(requestArtifact(stored, id, initiator, frameId, atMs))
    const location = exchange.status >= 300 && exchange.status < 400 ? headerOf(exchange.headers, 'location') : undefined
    previous = location === undefined ? null : { location: URL.parse(location, exchange.url)?.href ?? '', id }
    const hasBody = stored.body.status === 'stored' || stored.body.status === 'truncated' || stored.body.status === 'lost'
    const common = {
      targetId: page,
      frameId,
      url: exchange.url,
      body: stored.body,
      initiator,
      parsedAtMs: atMs(exchange.endedAt ?? exchange.startedAt),
    }
    if (stored.is === 'wasm') wasm.push({ id: `wasm-${wasm.length + 1}`, ...common })
    else if ((stored.is === 'script' || one?.type === 'script') && hasBody && exchange.status < 400 && stored.is !== 'html') {
      const destination = headerOf(exchange.requestHeaders, 'sec-fetch-dest') ?? ''
      scripts.push({
        id: `script-${scripts.length + 1}`,
        ...common,
        source: /worker/.test(destination) ? 'worker' : 'external',
        isModule: one?.isModule ?? false,
        startLine: 0,
        startColumn: 0,
      })
    }
  }
  if (!source.isLog) {
    for (const one of named) {
      if (one.stored !== null || (one.type !== 'script' && one.type !== 'document')) continue
      const lost = { status: 'lost', reason: 'the page names it and the archive does not hold it' } as const
      const initiator = initiatorOf(one)
      const frameId = frameOf(one.by)
      requests.push({
        id: `req-${requests.length + 1}`,
        targetId: page,
        frameId,
        url: one.url,
        method: 'GET',
        resourceType: one.type,
        requestHeaders: [],
        requestBody: { status: 'none' },
        initiator,
        startedAtMs: 0,
        body: lost,
        failure: { reason: lost.reason },
      })
      if (one.type === 'script') {
        scripts.push({
          id: `script-${scripts.length + 1}`,
          targetId: page,
          frameId,
          url: one.url,
          source: 'external',
          isModule: one.isModule,
          startLine: 0,
          startColumn: 0,
          body: lost,
          initiator,
          parsedAtMs: 0,
        })
      }
    }
  }

  const mainText = await references.text(group.main)
  const dom: { id: string; frameId: string; text: DocumentText; url: string }[] = []
  for (const frame of frames) {
    const text = frame.stored === null ? null : await references.text(frame.stored)
    if (text) dom.push({ id: `dom-${dom.length + 1}`, frameId: frame.artifact.id, text, url: frame.artifact.url })
  }
  const losses = [...source.archive.losses, ...unread.map(unreadLoss)]
  const collected: Record<string, Collection<unknown>> = Object.fromEntries(
    artifactKinds.map((kind) => [kind, notCollected(`a ${source.format} does not hold it`)]),
  )
  collected.request = withLosses(requests, losses)
  collected.script = withLosses(scripts, losses)
  collected.frame = complete(frames.map((frame) => frame.artifact))
  collected.dom = await domCollection(dom, group, blobs)
  if (wasm.length > 0)
    collected.wasm = {
      status: 'truncated',
      items: wasm,
      dropped: 0,
      reason: `a ${source.format} holds modules that came as responses, none that were built in memory`,
    }
  if (sockets.length > 0) collected.websocket = socketCollection(sockets)
  else if (source.format === 'HAR' && /^(?:webinspector|chrome|playwright)/i.test(source.archive.software.archiver))
    collected.websocket = complete([])
  const hosts = hostArtifacts(members)
  if (hosts.length > 0) collected.host = complete(hosts)

  const status = group.main.exchange.status === 0 ? null : group.main.exchange.status
  const finalUrl = group.main.exchange.url
  const view: DocumentView = {
    url: group.first.exchange.url,
    finalUrl,
    httpStatus: status,
    headers: Object.fromEntries(group.main.exchange.headers.map((header) => [header.name.toLowerCase(), header.value])),
    hosts: [...new Set(members.flatMap((stored) => URL.parse(stored.exchange.url)?.hostname ?? []))],
    frames: frames.slice(1).map((frame) => frame.artifact.url),
    ...mainText,
  }
  const ended = Math.max(startMs, ...members.map((stored) => Date.parse(stored.exchange.endedAt || stored.exchange.startedAt || startedAt)))
  return {
    schema: 'assay.capture',
    schemaVersion: captureSchemaVersion,
    visitId: source.visitId ?? importedVisitId([group.first.exchange.url, finalUrl, startedAt, requests]),
    seed: { url: group.first.exchange.url, tags: [], scope: 'page' },
    url: group.first.exchange.url,
    finalUrl,
    reached: { httpStatus: status, ...reachedOf(view, source.classify) },
    startedAt,
    endedAt: group.page?.endedAt || new Date(ended).toISOString(),
    clockOffsetMs: null,
    conditions: conditionsOf('archive', members, source.archive.software.browser, Math.max(0, ended - startMs)),
    actions: [],
    ended: { reason: 'imported', detail: endedDetail(source) },
    error: errorOf(group, losses),
    artifacts: collected,
  }
}

function orderedMembers(group: PageGroup, named: readonly Named[]): StoredExchange[] {
  const all = new Set(group.members)
  for (const one of named) if (one.stored !== null) all.add(one.stored)
  // By time; where an archive has none, or one for all, in its own order with the page first.
  const place = new Map([group.first, ...all].map((stored, index) => [stored, index]))
  return [...place.keys()].sort((a, b) => compare(a.exchange.startedAt, b.exchange.startedAt) || (place.get(a) ?? 0) - (place.get(b) ?? 0))
}

function compare(a: string, b: string): number {
  if (a === '' || b === '') return 0
  return a < b ? -1 : a > b ? 1 : 0
}

function initiatorOf(one: Named | undefined): Initiator {
  if (!one) return { type: 'other' }
  return one.how === 'parser' ? { type: 'parser', url: one.by, line: one.line } : { type: 'script', url: one.by }
}

function requestArtifact(
  stored: StoredExchange,
  id: string,
  initiator: Initiator,
  frameId: string,
  atMs: (iso: string) => number,
): RequestArtifact {
  const { exchange } = stored
  return {
    id,
    targetId: page,
    frameId,
    url: exchange.url,
    method: exchange.method,
    resourceType: stored.resourceType,
    requestHeaders: exchange.requestHeaders,
    requestBody: stored.requestBody,
    initiator,
    startedAtMs: atMs(exchange.startedAt),
    ...(exchange.endedAt ? { endedAtMs: atMs(exchange.endedAt) } : {}),
    ...(exchange.status === 0
      ? { failure: { reason: stored.body.status === 'lost' ? stored.body.reason : 'no response' } }
      : {
          response: {
            status: exchange.status,
            statusText: exchange.statusText,
            headers: exchange.headers,
            mimeType: exchange.mimeType ?? '',
            protocol: exchange.protocol ?? '',
            remoteAddress: exchange.remoteAddress ?? null,
            fromCache: false,
            fromServiceWorker: false,
          },
        }),
    body: stored.body,
  }
}

function socketArtifact(stored: StoredExchange, id: string, initiator: Initiator, startMs: number, frameId: string): WebSocketArtifact {
  const { exchange } = stored
  const frames = (exchange.frames ?? []).map((frame) => ({ ...frame, atMs: Math.max(0, frame.atMs - startMs) }))
  return {
    id,
    targetId: page,
    frameId,
    url: exchange.url,
    initiator,
    openedAtMs: exchange.startedAt === '' ? 0 : Math.max(0, Date.parse(exchange.startedAt) - startMs),
    ...(exchange.status === 0
      ? {}
      : { handshake: { status: exchange.status, requestHeaders: exchange.requestHeaders, responseHeaders: exchange.headers } }),
    frames,
    sentCount: frames.filter((frame) => frame.direction === 'sent').length,
    receivedCount: frames.filter((frame) => frame.direction === 'received').length,
    framesDropped: 0,
    ...(exchange.frames === undefined ? { error: 'the archive holds no messages of it' } : {}),
  }
}

function socketCollection(sockets: WebSocketArtifact[]): Collection<WebSocketArtifact> {
  const silent = sockets.filter((socket) => socket.error !== undefined).length
  return silent === 0
    ? complete(sockets)
    : { status: 'truncated', items: sockets, dropped: 0, reason: `the archive holds no messages of ${silent} of ${sockets.length} sockets` }
}

interface PageFrame {
  artifact: FrameArtifact
  stored: StoredExchange | null
}

async function framesOf(group: PageGroup, named: readonly Named[], references: PageReferences): Promise<PageFrame[]> {
  const url = group.main.exchange.url
  const frames: PageFrame[] = [
    { artifact: { id: pageFrame, targetId: page, url, source: 'page', origin: originOf(url) }, stored: group.main },
  ]
  for (const one of named) {
    if (one.type !== 'document') continue
    const parent = frames.find((frame) => frame.artifact.url === one.by)?.artifact.id ?? pageFrame
    const source = one.url.startsWith('data:') ? 'data' : 'src'
    frames.push({
      artifact: {
        id: `frame-${frames.length + 1}`,
        targetId: page,
        parentFrameId: parent,
        url: one.url,
        source,
        origin: originOf(one.url),
        initiator: initiatorOf(one),
      },
      stored: one.stored?.is === 'html' ? one.stored : null,
    })
  }
  const main = await references.text(group.main)
  return main === null && frames[0] ? [{ ...frames[0], stored: null }, ...frames.slice(1)] : frames
}

function originOf(url: string): string {
  return URL.parse(url)?.origin ?? 'null'
}

async function domCollection(
  dom: { id: string; frameId: string; text: DocumentText; url: string }[],
  group: PageGroup,
  blobs: BlobStore,
): Promise<Collection<unknown>> {
  const items: unknown[] = []
  for (const { id, frameId, text, url } of dom) {
    const html = Buffer.from(text.html, 'utf8')
    const body = { status: 'stored', digest: text.digest ?? (await blobs.put(html)), size: html.length }
    items.push({ id, frameId, url, html: body, title: text.title, text: text.text, takenAtMs: 0 })
  }
  const { body } = group.main
  if (body.status === 'stored') return complete(items)
  const reason = body.status === 'lost' ? body.reason : body.status === 'truncated' ? 'the document is cut' : 'the page has no document'
  return { status: 'truncated', items, dropped: body.status === 'truncated' ? 0 : 1, reason }
}

function withLosses<T>(items: T[], losses: PageSource['archive']['losses']): Collection<T> {
  if (losses.length === 0) return complete(items)
  const dropped = losses.reduce((sum, loss) => sum + (loss.count ?? 1), 0)
  const reasons = losses
    .slice(0, 3)
    .map((loss) => loss.reason)
    .join('; ')
  return { status: 'truncated', items, dropped, reason: losses.length > 3 ? `${reasons}; and ${losses.length - 3} more` : reasons }
}

/** What names scripts and was not read: they are not among the page's, and one could be the miner. */
function unreadLoss({ url, reason }: Followed['unread'][number]): PageSource['archive']['losses'][number] {
  return { reason: `what ${url.slice(0, 200)} names was not read: ${reason}`, count: 1, code: 'TOO_LARGE' }
}

function hostArtifacts(members: readonly StoredExchange[]): HostArtifact[] {
  const hosts = new Map<string, HostArtifact>()
  for (const { exchange } of members) {
    const url = URL.parse(exchange.url)
    if (!url || exchange.remoteAddress === undefined || url.hostname === '') continue
    const port = portOf(url)
    const key = `${url.hostname}:${port}`
    const host = hosts.get(key) ?? { id: `host-${hosts.size + 1}`, host: url.hostname, port, addresses: [] }
    if (!host.addresses.includes(exchange.remoteAddress)) host.addresses.push(exchange.remoteAddress)
    hosts.set(key, host)
  }
  return [...hosts.values()]
}

function reachedOf(view: DocumentView, classify: ClassifyPage | null): { page: PageReached; reasons: string[] } {
  if (view.httpStatus === null) return { page: 'error', reasons: ['the archive holds no response to the page'] }
  if (classify) return classify(view)
  return view.httpStatus >= 400 ? { page: 'error', reasons: [`the server answered ${view.httpStatus}`] } : { page: 'content', reasons: [] }
}

/** Damage of unknown extent (a file that ends early) is an error of the whole, beside what could be read of it. */
function errorOf(group: PageGroup, losses: PageSource['archive']['losses']): ErrorRecord | null {
  const damage = losses.find((loss) => loss.count === null)
  if (damage) return { code: damage.code, message: damage.reason }
  const { exchange, body } = group.main
  return exchange.status === 0
    ? { code: 'NAVIGATION_FAILED', message: body.status === 'lost' ? body.reason : 'the archive holds no response to the page' }
    : null
}

function endedDetail(source: PageSource): string {
  const { archiver, browser } = source.archive.software
  return [`from a ${source.format}`, archiver === '' ? '' : `written by ${archiver}`, browser === null ? '' : `of ${browser}`]
    .filter((part) => part !== '')
    .join(' ')
}
