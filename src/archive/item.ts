import type { HttpHeader, Initiator, SocketFrame } from '#model/artifact.ts'

/** What is known of a body. `reason` is a sentence that goes into the capture. */
export type ArchivedBodyStatus =
  | { status: 'complete' }
  /** `totalSize` in octets where the archive or the whole decoding tells it. */
  | { status: 'truncated'; totalSize: number | null; reason: string }
  | { status: 'none' }
  | { status: 'lost'; reason: string }

/** One request and what came back, as an archive has it. */
export interface ArchivedExchange {
  url: string
  method: string
  /** 0 where the archive holds no response. */
  status: number
  statusText: string
  headers: HttpHeader[]
  /** Octets after transfer- and content-decoding, before charset-decoding; null where `bodyStatus` is `none` or `lost`. */
  body: Uint8Array | null
  bodyStatus: ArchivedBodyStatus
  /** ISO 8601, UTC; empty where the archive does not say. */
  startedAt: string
  endedAt?: string
  /** The archive's own name of the page that it belongs to. */
  pageId?: string
  /** CDP's resource type in lower case, where the archive says it. */
  resourceType?: string
  mimeType?: string
  protocol?: string
  remoteAddress?: string
  requestHeaders: HttpHeader[]
  requestBody?: Uint8Array
  initiator?: Initiator
  /** `cid:` address by which other parts of an MHTML file refer to it. */
  contentId?: string
  /** WebSocket messages (HAR's `_webSocketMessages`); `atMs` is milliseconds since the epoch. */
  frames?: SocketFrame[]
  /** A WARC `revisit`: the body stands in an earlier record with that payload digest or address. */
  revisit?: { payloadDigest: string; url: string }
  /** As the WARC record has it. */
  payloadDigest?: string
}

export interface ArchivedPage {
  id: string
  url: string
  title: string
  startedAt: string
  endedAt?: string
}

/** What reading an archive yields, in the order of the file. */
export type ArchiveItem =
  | { type: 'exchange'; exchange: ArchivedExchange }
  | { type: 'page'; page: ArchivedPage }
  /** Who wrote the archive: a name for people, not parsed further. */
  | { type: 'software'; name: string; role: 'archiver' | 'browser' }
  /** A capture of ours, embedded: canonical manifest, and octets by digest. */
  | { type: 'manifest'; bytes: Uint8Array }
  | { type: 'blob'; bytes: Uint8Array }
  /** Something could not be read. `count` null where the number cannot be known (a file that ends early). */
  | { type: 'loss'; count: number | null; reason: string; code: 'BAD_INPUT_FILE' | 'TOO_LARGE' }

export function loss(reason: string, count: number | null = 1, code: 'BAD_INPUT_FILE' | 'TOO_LARGE' = 'BAD_INPUT_FILE'): ArchiveItem {
  return { type: 'loss', count, reason, code }
}

export function headerOf(headers: readonly HttpHeader[], name: string): string | undefined {
  const wanted = name.toLowerCase()
  return headers.find((header) => header.name.toLowerCase() === wanted)?.value
}

/** `Text/HTML; charset=x` → `text/html`. */
export function essence(mimeType: string): string {
  return mimeType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** A date as archives write it → ISO 8601 in UTC with milliseconds; empty where it is none. */
export function isoDate(text: unknown): string {
  if (typeof text !== 'string' && typeof text !== 'number') return ''
  const ms = typeof text === 'number' ? text : Date.parse(text)
  // Beyond four-digit years the ISO form changes, and no archive is that old or young.
  return Number.isFinite(ms) && ms >= 0 && ms < 253_402_300_800_000 ? new Date(ms).toISOString() : ''
}
