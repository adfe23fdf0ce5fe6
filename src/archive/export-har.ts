import type { HttpHeader, Initiator, RequestArtifact, SocketFrame, WebSocketArtifact } from '#model/artifact.ts'
import { canonicalJson } from '#model/canonical.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { BlobStore } from '#model/store.ts'
import { bodyBytes, isoAt, requestsOf } from './bodies.ts'
import type { ExportOptions } from './export-wacz.ts'
import { blobsOf } from './restore.ts'

/**
 * A capture → HAR 1.2 (UTF-8 JSON) with the fields that Chrome's own export has. `log._assay` holds the manifest and the octets that no
 * entry holds, so that importing gives back the capture. The whole of it stands in memory: a HAR is one JSON value.
 */
export async function exportHar(capture: Capture, blobs: BlobStore, options: ExportOptions = {}): Promise<Uint8Array> {
  const { manifest } = capture
  const held = new Set<string>()
  const entries: unknown[] = []
  for (const request of requestsOf(capture)) {
    if (!/^https?:|^wss?:/.test(request.url)) continue
    const body = await bodyBytes(request.body, blobs)
    // Only base64 gives back the octets; text goes through a charset.
    if (body !== null && request.response && (request.body.status === 'stored' || request.body.status === 'truncated'))
      held.add(request.body.digest)
    entries.push(entryOf(capture, request, body, await bodyBytes(request.requestBody, blobs)))
  }
  for (const socket of artifacts(capture, 'websocket').items) entries.push(await socketEntry(capture, socket, blobs))
  const rest: { digest: string; base64: string }[] = []
  for (const digest of blobsOf(manifest.artifacts)) {
    if (held.has(digest) || !(await blobs.has(digest))) continue
    rest.push({ digest, base64: Buffer.from(await blobs.get(digest)).toString('base64') })
  }
  const [name = 'assay', version = '0'] = (options.software ?? 'assay 0').split(/[ /]/)
  const head = {
    version: '1.2',
    creator: { name, version },
    ...(manifest.conditions.browser === null ? {} : { browser: { name: 'Chromium', version: manifest.conditions.browser } }),
    pages: [
      { startedDateTime: manifest.startedAt, id: 'page_1', title: manifest.finalUrl, pageTimings: { onContentLoad: -1, onLoad: -1 } },
    ],
    entries,
  }
  const text = JSON.stringify({ log: head })
  // The manifest as it is hashed, not as a serializer orders it.
  const assay = `"_assay":{"blobs":${JSON.stringify(rest)},"captureId":${JSON.stringify(capture.id)},"manifest":${canonicalJson(manifest)}}`
  return Buffer.from(`${text.slice(0, -2)},${assay}}}`)
}

function entryOf(capture: Capture, request: RequestArtifact, body: Uint8Array | null, requestBody: Uint8Array | null): unknown {
  const time = request.endedAtMs === undefined ? 0 : Math.max(0, request.endedAtMs - request.startedAtMs)
  const { response } = request
  const url = URL.parse(request.url)
  const contentType = request.requestHeaders.find((header) => header.name.toLowerCase() === 'content-type')?.value ?? ''
  return {
    pageref: 'page_1',
    startedDateTime: isoAt(capture, request.startedAtMs),
    time,
    request: {
      method: request.method,
      url: rfc3986(request.url),
      httpVersion: response?.protocol || 'HTTP/1.1',
      cookies: [],
      headers: request.requestHeaders.map(plainHeader),
      queryString: url ? [...url.searchParams].map(([name, value]) => ({ name, value })) : [],
      ...(requestBody === null ? {} : { postData: postDataOf(requestBody, contentType) }),
      headersSize: -1,
      bodySize: requestBody?.length ?? 0,
    },
    response: {
      status: response?.status ?? 0,
      statusText: response?.statusText ?? '',
      httpVersion: response?.protocol || 'HTTP/1.1',
      cookies: [],
      headers: (response?.headers ?? []).map(plainHeader),
      content: contentOf(request, body),
      redirectURL: response?.headers.find((header) => header.name.toLowerCase() === 'location')?.value ?? '',
      headersSize: -1,
      // The size on the wire is not known: the browser hands out decoded bodies.
      bodySize: -1,
      ...(request.failure === undefined ? {} : { _error: request.failure.reason }),
    },
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, send: 0, wait: 0, receive: time, ssl: -1 },
    ...(response?.remoteAddress ? { serverIPAddress: response.remoteAddress } : {}),
    _resourceType: request.resourceType,
    _initiator: initiatorOf(request.initiator),
  }
}

function contentOf(request: RequestArtifact, body: Uint8Array | null): unknown {
  const mimeType = request.response?.mimeType ?? 'x-unknown'
  if (body === null) {
    const comment = request.body.status === 'lost' ? { comment: request.body.reason } : {}
    return { size: request.body.status === 'none' ? 0 : -1, mimeType, ...comment }
  }
  const charset = request.response?.headers
    .find((header) => header.name.toLowerCase() === 'content-type')
    ?.value.match(/charset\s*=\s*"?([\w-]+)/i)?.[1]
  // A reader would encode the text again in the charset that the header names.
  const text = charset === undefined || /^utf-?8$/i.test(charset) ? textOf(body) : null
  const content = text === null ? { text: Buffer.from(body).toString('base64'), encoding: 'base64' } : { text }
  return { size: body.length, mimeType, ...content, ...(request.body.status === 'truncated' ? { comment: 'cut by the capture' } : {}) }
}

/** Text where it gives back the very octets; a byte order mark or wrong UTF-8 would not. */
function textOf(body: Uint8Array): string | null {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  const text = bytes.toString('utf8')
  return !bytes.includes(0) && Buffer.from(text, 'utf8').equals(bytes) ? text : null
}

/** HAR has no word for octets that are no text; `encoding` stands beside it as in `content`. */
function postDataOf(body: Uint8Array, mimeType: string): unknown {
  const text = textOf(body)
  return text === null ? { mimeType, text: Buffer.from(body).toString('base64'), encoding: 'base64' } : { mimeType, text }
}

async function socketEntry(capture: Capture, socket: WebSocketArtifact, blobs: BlobStore): Promise<unknown> {
  const messages = []
  for (const frame of socket.frames) messages.push(await messageOf(capture, frame, blobs))
  const time = socket.closedAtMs === undefined ? 0 : Math.max(0, socket.closedAtMs - socket.openedAtMs)
  return {
    pageref: 'page_1',
    startedDateTime: isoAt(capture, socket.openedAtMs),
    time,
    request: {
      method: 'GET',
      url: rfc3986(socket.url),
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: (socket.handshake?.requestHeaders ?? []).map(plainHeader),
      queryString: [],
      headersSize: -1,
      bodySize: 0,
    },
    response: {
      status: socket.handshake?.status ?? 0,
      statusText: socket.handshake?.status === 101 ? 'Switching Protocols' : '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: (socket.handshake?.responseHeaders ?? []).map(plainHeader),
      content: { size: 0, mimeType: 'x-unknown' },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
      ...(socket.error === undefined ? {} : { _error: socket.error }),
    },
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, send: 0, wait: 0, receive: time, ssl: -1 },
    _resourceType: 'websocket',
    _initiator: initiatorOf(socket.initiator),
    _webSocketMessages: messages,
  }
}

/** Browsers leave characters in a query or path that the schema's `uri` does not know (`|`, brackets …). */
function rfc3986(url: string): string {
  const [, origin = '', rest = url] = /^(\w+:\/\/[^/?#]*)(.*)$/s.exec(url) ?? []
  return origin + rest.replace(/[|^`{}\\<>"[\]]/g, encodeURIComponent)
}

async function messageOf(capture: Capture, frame: SocketFrame, blobs: BlobStore): Promise<unknown> {
  const whole = frame.body === undefined ? null : await bodyBytes(frame.body, blobs)
  const binary = frame.opcode === 2
  const data =
    whole === null ? (binary ? (frame.base64 ?? '') : (frame.text ?? '')) : Buffer.from(whole).toString(binary ? 'base64' : 'utf8')
  return {
    type: frame.direction === 'sent' ? 'send' : 'receive',
    time: (Date.parse(capture.manifest.startedAt) + frame.atMs) / 1000,
    opcode: frame.opcode,
    data,
  }
}

function plainHeader(header: HttpHeader): HttpHeader {
  return { name: header.name, value: header.value }
}

/** As Chrome's export has it: CDP's own shape. */
function initiatorOf(initiator: Initiator): unknown {
  const callFrames = (initiator.stack ?? []).map((frame) => ({
    functionName: frame.functionName,
    scriptId: frame.scriptId ?? '',
    url: frame.url,
    lineNumber: frame.line,
    columnNumber: frame.column,
  }))
  return {
    type: initiator.type,
    ...(initiator.url === undefined ? {} : { url: initiator.url }),
    ...(initiator.line === undefined ? {} : { lineNumber: initiator.line }),
    ...(initiator.column === undefined ? {} : { columnNumber: initiator.column }),
    ...(callFrames.length === 0 ? {} : { stack: { callFrames } }),
  }
}
