import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Activity, Consent, FindingKind, Placement, Status } from '#model/finding.ts'
import type { ConsentPolicy, PageReached } from '#model/capture.ts'
import type { ErrorCode } from '#model/errors.ts'
import type { Endpoint } from '../pool/endpoint.ts'

/** What a host of the lab answers with. Bodies are made when they are asked for. */
export interface Resource {
  status?: number
  /** Content-Type. */
  type: string
  headers?: Record<string, string | string[]>
  body(): string | Uint8Array
  /** The body goes out in so many pieces with a pause between them. */
  pieces?: { count: number; pauseMs: number }
  /** `gzip` and `br` are used where the client takes them; `none` never. */
  encoding?: 'auto' | 'none'
}

export interface LabRequest {
  method: string
  host: string
  path: string
  query: URLSearchParams
  headers: Record<string, string | string[] | undefined>
  body: Uint8Array
}

export type Responder = Resource | ((request: LabRequest) => Resource)

/** Answers by itself, or does not: for what is no proper answer. */
export type Handler = (message: IncomingMessage, response: ServerResponse) => void

/** The other end of a WebSocket that is no pool. Both may send text or octets. */
export interface Peer {
  send(message: string | Uint8Array): void
  onMessage(listener: (message: string | Uint8Array) => void): void
  /** Called at an interval until the socket closes. */
  every(ms: number, tick: () => void): void
}

/** Everything that one site's content needs, on all hosts that take part. Keys are host + path. */
export interface SitePlan {
  resources: Map<string, Responder>
  endpoints: Endpoint[]
  sockets: Map<string, (peer: Peer) => void>
  handlers: Map<string, Handler>
}

/** Why a site cannot be reached. */
export type Fault = 'unresolved' | 'bad-certificate' | 'connection-reset' | 'connection-refused' | 'server-error'

export interface Expected {
  reached: PageReached
  status: Status
  activity: Activity | null
  consent: Consent | null
  placement: Placement | null
  /** Kind that a finding must have; null where there must be none that says more than `context`. */
  kind: FindingKind | null
  exit: 0 | 1 | 2 | 3
  error: ErrorCode | null
}

/** What is true of a site in one week, as `docs/`'s table of answers calls it. */
export interface SiteTruth {
  week: number
  host: string
  url: string
  /** What it is, in the lab's words: `miner`, or the name of a page that does not mine. */
  content: string
  /** Under `--consent ignore`, from a desktop browser that looks like a visitor's. */
  expected: Expected
  underPolicy: Record<ConsentPolicy, Expected>
  account: string | null
  family: string | null
  /** Vendors have signatures; the lab's miners have none. */
  service: null
  dialect: string | null
  encoding: string | null
  transport: string | null
  load: string | null
  thread: string | null
  module: string | null
  hiding: string | null
  asking: string | null
  pool: string | null
  poolMode: string | null
  tags: string[]
  /** What an ordinary visit lacks, and what is true of one that has it; null where nothing is kept from an ordinary visit. */
  met: { needs: Needs; underPolicy: Record<ConsentPolicy, Expected> } | null
}

/** Under which conditions a site shows what an ordinary visit does not see. */
export interface Needs {
  /** The visitor comes from this address. */
  referrer?: string
  /** The visitor has a phone. */
  mobile?: true
  /** The visitor comes a second time. */
  returns?: true
  /** The visitor has a wallet. */
  wallet?: true
}

export interface LabSite {
  /** Eight hex digits, unique in a lab. Stands in every path on a shared host. */
  key: string
  host: string
  url: string
  rank?: number
  truth(week: number): SiteTruth
  /** `null` where the fault stands in the way. */
  plan(week: number): SitePlan | null
  fault(week: number): Fault | null
  /** Every other host that its plan may name, over all weeks. */
  otherHosts(weeks: number): string[]
}

export function emptyPlan(): SitePlan {
  return { resources: new Map(), endpoints: [], sockets: new Map(), handlers: new Map() }
}

export const html = (body: () => string, more: Partial<Resource> = {}): Resource => ({ type: 'text/html; charset=utf-8', body, ...more })
export const script = (body: () => string, more: Partial<Resource> = {}): Resource => ({
  type: 'application/javascript; charset=utf-8',
  headers: { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=3600' },
  body,
  ...more,
})
export const wasm = (body: () => Uint8Array): Resource => ({
  type: 'application/wasm',
  headers: { 'access-control-allow-origin': '*' },
  body,
})

export function expected(more: Partial<Expected> = {}): Expected {
  return {
    reached: 'content',
    status: 'none',
    activity: 'none-seen',
    consent: 'unknown',
    placement: 'unknown',
    kind: null,
    exit: 0,
    error: null,
    ...more,
  }
}

const errorOf = {
  unresolved: 'DNS_FAILED',
  'bad-certificate': 'TLS_FAILED',
  'connection-reset': 'CONNECT_FAILED',
  'connection-refused': 'CONNECT_FAILED',
  'server-error': 'HTTP_ERROR',
} as const satisfies Record<Fault, string>

/** What is true of a page that a fault keeps from its visitor. */
export const unreached = (fault: Fault): Expected =>
  expected({
    reached: 'error',
    status: 'not-observed',
    activity: null,
    consent: null,
    placement: null,
    exit: 3,
    error: errorOf[fault],
  })

/** The truth of a site that holds no miner: the same under each policy. */
export function truthWithoutMiner(
  o: Pick<SiteTruth, 'week' | 'host' | 'content' | 'expected' | 'tags'> & Partial<Pick<SiteTruth, 'url' | 'met'>>,
): SiteTruth {
  return {
    week: o.week,
    host: o.host,
    url: o.url ?? `https://${o.host}/`,
    content: o.content,
    expected: o.expected,
    underPolicy: { ignore: o.expected, accept: o.expected, reject: o.expected },
    account: null,
    family: null,
    service: null,
    dialect: null,
    encoding: null,
    transport: null,
    load: null,
    thread: null,
    module: null,
    hiding: null,
    asking: null,
    pool: null,
    poolMode: null,
    tags: o.tags,
    met: o.met ?? null,
  }
}

export function lazy<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => (made ??= { value: make() }).value
}
