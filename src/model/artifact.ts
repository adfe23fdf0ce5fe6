import type { Body } from './collection.ts'

/**
 * Artifacts: each one thing in a capture. Times are milliseconds since the capture's `startedAt`.
 * `targetId` and `frameId` are the capture's own (`target-2`, `frame-5`), never the browser's.
 * Identifiers are unique within a capture: a prefix by kind and a running number (`req-12`, `script-3`, `ws-1`).
 */
export interface ArtifactBase {
  id: string
}

/** A place in code that asked for something. Line and column count from 0, as CDP gives them. */
export interface StackFrame {
  functionName: string
  url: string
  line: number
  column: number
  /** The script artifact, where it was collected. */
  scriptId?: string
}

export interface Initiator {
  type: 'parser' | 'script' | 'preload' | 'preflight' | 'redirect' | 'worker' | 'other'
  /** Document or script that asked, for `parser` with the line. */
  url?: string
  line?: number
  column?: number
  /** Innermost first, asynchronous parents appended. Empty where the engine gave none. */
  stack?: StackFrame[]
  /** The request that it was redirected from, or whose preflight it is. */
  requestId?: string
}

export interface HttpHeader {
  name: string
  value: string
}

export interface RequestArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  url: string
  method: string
  /** CDP's Network.ResourceType, lower case: document, stylesheet, image, media, font, script, xhr, fetch, eventsource, manifest, ping, other … */
  resourceType: string
  requestHeaders: HttpHeader[]
  requestBody: Body
  initiator: Initiator
  startedAtMs: number
  endedAtMs?: number
  response?: {
    status: number
    statusText: string
    headers: HttpHeader[]
    mimeType: string
    protocol: string
    /** As egress connected it; null where nothing was connected (cache, data:, blob:). */
    remoteAddress: string | null
    fromCache: boolean
    fromServiceWorker: boolean
  }
  body: Body
  failure?: { reason: string; blocked?: string }
  /** Set where the browser told of the response only: what is not known of the request. */
  partial?: string
}

export interface ScriptArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  /** The URL that the engine gives it: may be empty (eval), the document's (inline), blob:, data:. */
  url: string
  source: 'external' | 'inline' | 'eval' | 'worker' | 'event-handler' | 'unknown'
  isModule: boolean
  /** Where an inline block begins in its document. */
  startLine: number
  startColumn: number
  /** Source text as UTF-8. For an external script the request's body has the true octets. */
  body: Body
  /** Code that made it exist (eval, appended element, worker constructor). */
  initiator?: Initiator
  parsedAtMs: number
}

export interface WasmArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  /** Fetch URL for a streamed module, `wasm://wasm/<hash>` for one built from a buffer. */
  url: string
  body: Body
  initiator?: Initiator
  parsedAtMs: number
}

export interface WorkerArtifact extends ArtifactBase {
  /** The worker's own target. */
  targetId: string
  type: 'dedicated' | 'shared' | 'service' | 'worklet'
  url: string
  /** Target that made it, where known. */
  parentTargetId?: string
  initiator?: Initiator
  startedAtMs: number
  endedAtMs?: number
  /** Service workers only. */
  registration?: { scope: string; status: string }
}

export interface SocketFrame {
  atMs: number
  direction: 'sent' | 'received'
  opcode: number
  /** Octets of the payload before any cut. */
  size: number
  /** Text payload, or base64 of a binary one, cut at the collector's limit; the whole is in `body` where it was longer. */
  text?: string
  base64?: string
  body?: Body
}

export interface WebSocketArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  url: string
  initiator: Initiator
  openedAtMs: number
  closedAtMs?: number
  handshake?: { status: number; requestHeaders: HttpHeader[]; responseHeaders: HttpHeader[] }
  frames: SocketFrame[]
  sentCount: number
  receivedCount: number
  /** Frames that were counted and not kept. */
  framesDropped: number
  error?: string
  /** Set when capture cut the connection: a pool is never served. */
  cut?: { atMs: number; reason: string }
}

/** Other ways to talk than requests and WebSockets. An attempt that could not leave (UDP) is recorded as such. */
export interface TransportArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  type: 'webrtc' | 'webtransport' | 'eventsource' | 'beacon' | 'fetch-stream'
  url: string
  initiator?: Initiator
  openedAtMs: number
  status: 'open' | 'attempted' | 'failed' | 'closed'
  messages: SocketFrame[]
  messagesDropped: number
  /** For WebRTC: the ICE servers asked for. */
  servers?: string[]
}

export interface FrameArtifact extends ArtifactBase {
  targetId: string
  parentFrameId?: string
  url: string
  name?: string
  /** How it came to be: `src`, `srcdoc`, `data:` or `blob:` document, the page itself. */
  source: 'page' | 'src' | 'srcdoc' | 'data' | 'blob' | 'about'
  sandbox?: string
  origin: string
  /** CSS pixels; absent where the frame was gone or not laid out. */
  box?: { x: number; y: number; width: number; height: number; visible: boolean }
  initiator?: Initiator
  /** Set where an ad system owns it, with how we know (the browser's own ad tagging, a list). */
  ad?: string
}

export interface DomArtifact extends ArtifactBase {
  frameId: string
  url: string
  /** Serialized document as UTF-8. */
  html: Body
  title: string
  /** What a visitor reads, cut at the collector's limit. */
  text: string
  takenAtMs: number
}

export interface StorageArtifact extends ArtifactBase {
  origin: string
  area: 'local' | 'session' | 'indexeddb' | 'cache'
  /** For `indexeddb` and `cache`: names of databases and caches, values empty. */
  entries: { key: string; value: string }[]
}

export interface CookieArtifact extends ArtifactBase {
  name: string
  value: string
  domain: string
  path: string
  /** Milliseconds since the epoch, -1 for a session cookie. */
  expires: number
  httpOnly: boolean
  secure: boolean
  sameSite?: string
}

export interface ConsoleArtifact extends ArtifactBase {
  targetId: string
  atMs: number
  level: string
  text: string
  /** Where it was written, or thrown. */
  place?: StackFrame
  isException: boolean
}

/** Load of one thread (a CDP target) over time, from a sampling profiler. */
export interface CpuArtifact extends ArtifactBase {
  targetId: string
  thread: 'page' | 'frame' | 'worker' | 'shared-worker' | 'service-worker'
  url: string
  samplingIntervalUs: number
  observedMs: number
  /** Share of one core, 0 to 1, over consecutive windows. */
  windows: { fromMs: number; toMs: number; busy: number }[]
  /** Share over the whole time. */
  busy: number
  /** Costliest functions first: share of this thread's samples. `wasm` where the code is WebAssembly. */
  hottest: { functionName: string; url: string; line: number; share: number; wasm: boolean; scriptId?: string }[]
}

export interface GpuArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  type: 'shader' | 'pipeline' | 'dispatch' | 'process-time'
  /** WGSL source of a shader. */
  source?: Body
  label?: string
  atMs: number
  /** Number of dispatches, or milliseconds of GPU process time. */
  amount?: number
}

export interface PermissionArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  /** notifications, push, geolocation, clipboard-write, clipboard-read, camera … */
  name: string
  detail?: string
  atMs: number
  initiator?: Initiator
}

/** A global that the page replaced (fetch, XMLHttpRequest, WebSocket, ethereum …). */
export interface PatchArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  name: string
  detail?: string
}

/** A question put to the visitor: a JavaScript dialog, or an overlay of the page with buttons. */
export interface DialogArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  type: 'alert' | 'confirm' | 'prompt' | 'beforeunload' | 'overlay' | 'button'
  text: string
  /** Captions of what can be chosen. */
  choices: string[]
  /** What it is about, by the pure view that both capture and judgement use. */
  about: 'mining' | 'cookies' | 'unknown'
  openedAtMs: number
  answer: { choice: 'accepted' | 'rejected' | 'ignored' | 'dismissed'; atMs?: number; caption?: string }
}

export interface ScreenshotArtifact extends ArtifactBase {
  body: Body
  mimeType: string
  width: number
  height: number
  takenAtMs: number
}

/** A host that was spoken to, and how it showed itself. */
export interface HostArtifact extends ArtifactBase {
  host: string
  port: number
  addresses: string[]
  tls?: {
    protocol: string
    cipher: string
    issuer: string
    subject: string
    san: string[]
    /** ISO 8601. */
    validFrom: string
    validTo: string
    fingerprint?: string
  }
}

/** One connection that egress was asked for: what came of it, from where to where. */
export interface ConnectionArtifact extends ArtifactBase {
  host: string
  port: number
  outcome: 'connected' | 'refused' | 'failed' | 'cut'
  /** The address connected to, or the one refused. */
  address?: string
  /** Why refused, failed or cut. */
  reason?: string
  asn?: number
  organisation?: string
  /** ISO 3166-1 alpha-2, of the address's registration. */
  country?: string
  openedAtMs: number
  closedAtMs?: number
  bytesSent: number
  bytesReceived: number
}

/** What was asked of the inert wallet provider (EIP-1193, EIP-6963). It never signs. */
export interface WalletArtifact extends ArtifactBase {
  targetId: string
  frameId?: string
  method: string
  params: string
  atMs: number
  initiator?: Initiator
}

export interface ArtifactByKind {
  request: RequestArtifact
  script: ScriptArtifact
  wasm: WasmArtifact
  worker: WorkerArtifact
  websocket: WebSocketArtifact
  transport: TransportArtifact
  frame: FrameArtifact
  dom: DomArtifact
  storage: StorageArtifact
  cookie: CookieArtifact
  console: ConsoleArtifact
  cpu: CpuArtifact
  gpu: GpuArtifact
  permission: PermissionArtifact
  patch: PatchArtifact
  dialog: DialogArtifact
  screenshot: ScreenshotArtifact
  host: HostArtifact
  connection: ConnectionArtifact
  wallet: WalletArtifact
}

export type ArtifactKind = keyof ArtifactByKind

/** Prefix of the identifiers of each kind. */
export const idPrefix: Record<ArtifactKind, string> = {
  request: 'req',
  script: 'script',
  wasm: 'wasm',
  worker: 'worker',
  websocket: 'ws',
  transport: 'transport',
  frame: 'frame',
  dom: 'dom',
  storage: 'storage',
  cookie: 'cookie',
  console: 'console',
  cpu: 'cpu',
  gpu: 'gpu',
  permission: 'permission',
  patch: 'patch',
  dialog: 'dialog',
  screenshot: 'screenshot',
  host: 'host',
  connection: 'conn',
  wallet: 'wallet',
}

export const artifactKinds = Object.keys(idPrefix) as ArtifactKind[]
