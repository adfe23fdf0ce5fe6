import type { HttpHeader, Initiator, SocketFrame, StackFrame } from '#model/artifact.ts'
import { canonicalJson } from '#model/canonical.ts'
import { AssayError } from '#model/errors.ts'
import { type ByteSource, gunzip } from './expand.ts'
import { type ArchivedBodyStatus, type ArchivedExchange, type ArchiveItem, essence, headerOf, isoDate, loss } from './item.ts'
import { type JsonMember, JsonMembers, parseMember } from './json-members.ts'
import type { ReadLimits } from './limits.ts'

type Json = Record<string, unknown>

const entries = 'log.entries.*'
const places = [entries, 'log.pages.*', 'log.creator', 'log.browser', 'log._assay.manifest', 'log._assay.blobs.*']

/**
 * A HAR (HTTP Archive 1.2, http://www.softwareishard.com/blog/har-12-spec/), one entry at a time.
 * Throws `BAD_INPUT_FILE` where it is no HAR: not JSON, no log, no list of entries.
 */
export async function* readHar(source: ByteSource, gzip: boolean, limits: ReadLimits): AsyncGenerator<ArchiveItem, void, undefined> {
  const members = new JsonMembers(places, limits)
  let failure: unknown = null
  let bom = true
  try {
    for await (const chunk of gzip ? gunzip(source, 0, limits) : source.open(0)) {
      const start: Uint8Array = bom && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk
      bom = false
      for (const member of members.push(start)) yield itemOf(member)
      if (members.broken !== null) break
    }
  } catch (error) {
    if (members.seen.size === 0 || !(error instanceof Error)) throw error
    failure = error
  }
  if (!members.seen.has('log')) throw new AssayError('BAD_INPUT_FILE', `${source.name} is not a HAR: it has no log`)
  if (!members.seen.has('log.entries')) throw new AssayError('BAD_INPUT_FILE', `${source.name} is not a HAR: its log has no entries`)
  if (failure !== null)
    yield loss(
      failure instanceof AssayError ? failure.message : 'damaged gzip data',
      null,
      failure instanceof AssayError && failure.code === 'TOO_LARGE' ? 'TOO_LARGE' : 'BAD_INPUT_FILE',
    )
  else if (!members.whole) yield loss(members.broken ?? 'the HAR breaks off', null)
}

function itemOf(member: JsonMember): ArchiveItem {
  const what = member.path === entries ? 'an entry' : member.path
  if ('dropped' in member) return loss(`${what}: ${member.dropped}`, 1, 'TOO_LARGE')
  try {
    const value = parseMember(member.bytes, what)
    if (!isObject(value)) return loss(`${what} is not an object`)
    if (member.path === 'log.pages.*') return { type: 'page', page: pageOf(value) }
    if (member.path === 'log.creator' || member.path === 'log.browser') {
      const name = `${textOf(value.name)} ${textOf(value.version)}`.trim().slice(0, 200)
      return { type: 'software', name, role: member.path === 'log.browser' ? 'browser' : 'archiver' }
    }
    // A HAR's JSON may have been written again by another tool; the digest is of the canonical form.
    if (member.path === 'log._assay.manifest') return { type: 'manifest', bytes: Buffer.from(canonicalJson(value)) }
    if (member.path === 'log._assay.blobs.*') return { type: 'blob', bytes: Buffer.from(textOf(value.base64), 'base64') }
    return { type: 'exchange', exchange: exchangeOf(value) }
  } catch (error) {
    if (error instanceof AssayError) return loss(error.message)
    throw error
  }
}

function pageOf(page: Json): { id: string; url: string; title: string; startedAt: string } {
  const title = textOf(page.title)
  // Chrome and most writers put the address into the title; browsertime has `_url`.
  return {
    id: textOf(page.id),
    url: URL.canParse(textOf(page._url)) ? textOf(page._url) : /^https?:\/\//.test(title) ? title : '',
    title: title.slice(0, 1000),
    startedAt: isoDate(page.startedDateTime),
  }
}

function exchangeOf(entry: Json): ArchivedExchange {
  const request = objectOf(entry.request)
  const response = objectOf(entry.response)
  const url = URL.parse(textOf(request.url))
  if (!url) throw new AssayError('BAD_INPUT_FILE', `an entry whose address is "${textOf(request.url).slice(0, 100)}"`)
  const status = numberOf(response.status)
  const headers = headersOf(response.headers)
  const content = objectOf(response.content)
  const startedAt = isoDate(entry.startedDateTime)
  const mimeType = essence(textOf(content.mimeType) || headerOf(headers, 'content-type') || '')
  const exchange: ArchivedExchange = {
    url: url.href,
    method: /^[A-Za-z]{1,40}$/.test(textOf(request.method)) ? textOf(request.method).toUpperCase() : 'GET',
    status: status > 0 && status < 1000 ? Math.trunc(status) : 0,
    statusText: textOf(response.statusText),
    headers,
    mimeType,
    ...bodyOf(
      content,
      response,
      /charset/i.test(textOf(content.mimeType)) ? textOf(content.mimeType) : (headerOf(headers, 'content-type') ?? ''),
    ),
    startedAt,
    requestHeaders: headersOf(request.headers),
  }
  const time = numberOf(entry.time)
  if (startedAt !== '' && time > 0 && time < 86_400_000) exchange.endedAt = isoDate(Date.parse(startedAt) + time)
  const pageId = textOf(entry.pageref)
  if (pageId !== '') exchange.pageId = pageId
  const resourceType = textOf(entry._resourceType).toLowerCase()
  if (/^[a-z-]{1,30}$/.test(resourceType)) exchange.resourceType = resourceType
  const protocol = textOf(response.httpVersion).toLowerCase()
  if (protocol !== '') exchange.protocol = protocol.slice(0, 20)
  const address = textOf(entry.serverIPAddress).replace(/^\[(.*)\]$/, '$1')
  if (address !== '') exchange.remoteAddress = address.slice(0, 45)
  const postData = objectOf(request.postData)
  if (typeof postData.text === 'string' && postData.text !== '') {
    exchange.requestBody = Buffer.from(postData.text, textOf(postData.encoding) === 'base64' ? 'base64' : 'utf8')
  }
  const initiator = initiatorOf(entry)
  if (initiator) exchange.initiator = initiator
  if (Array.isArray(entry._webSocketMessages))
    exchange.frames = entry._webSocketMessages.flatMap((message) => (isObject(message) ? [frameOf(message)] : []))
  return exchange
}

function bodyOf(content: Json, response: Json, contentType: string): { body: Uint8Array | null; bodyStatus: ArchivedBodyStatus } {
  const status = numberOf(response.status)
  if (status <= 0) return { body: null, bodyStatus: { status: 'lost', reason: textOf(response._error) || 'the HAR holds no response' } }
  if (typeof content.text !== 'string' || content.text === '') {
    // Writers that keep no bodies write sizes of 0 as well, so a size alone does not say that there was none.
    const without =
      status < 200 || status === 204 || (status >= 300 && status < 400) || headerOf(headersOf(response.headers), 'content-length') === '0'
    const kept = typeof content.text === 'string' && content.size === 0 && response.bodySize === 0
    return {
      body: null,
      bodyStatus: without || kept ? { status: 'none' } : { status: 'lost', reason: 'the HAR was saved without this body' },
    }
  }
  if (textOf(content.encoding).toLowerCase() !== 'base64') return textBody(content.text, numberOf(content.size), contentType)
  const wrong = content.text.search(/[^A-Za-z0-9+/=\s]/)
  const body = Buffer.from(wrong === -1 ? content.text : content.text.slice(0, wrong), 'base64')
  return {
    body,
    bodyStatus: wrong === -1 ? { status: 'complete' } : { status: 'truncated', totalSize: null, reason: 'its base64 is broken' },
  }
}

/**
 * Firebug cuts texts at 1 KiB, Firefox at a limit that its user sets; `content.size` is that of the whole (HAR 1.2, content). Line ends and a
 * byte order mark may be gone from a whole text; what else is missing was cut off, and could be the miner.
 */
function textBody(text: string, size: number, contentType: string): { body: Uint8Array; bodyStatus: ArchivedBodyStatus } {
  const cut = text.replace(/\.\.\. ?\[truncated[^\][]{0,80}\]$/, '')
  const whole = encodeText(text, contentType)
  const missing = size - whole.length - (text.match(/\n/g)?.length ?? 0) - 3
  if (missing <= Math.max(16, size / 100) || /utf-?16/i.test(contentType)) return { body: whole, bodyStatus: { status: 'complete' } }
  return {
    body: encodeText(cut, contentType),
    bodyStatus: { status: 'truncated', totalSize: size, reason: 'the HAR was saved with the beginning of this body only' },
  }
}

/** A HAR holds text after charset-decoding. Where the charset is a single-octet one that loses nothing, the octets are had back. */
function encodeText(text: string, contentType: string): Uint8Array {
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase() ?? 'utf-8'
  const single = /^(?:iso-?8859-?1|latin-?1|windows-1252|cp1252|us-ascii)$/.test(charset)
  return Buffer.from(text, single && !/[^\u0000-\u007f\u00a0-\u00ff]/.test(text) ? 'latin1' : 'utf8')
}

function frameOf(message: Json): SocketFrame {
  const data = textOf(message.data)
  const opcode = numberOf(message.opcode)
  const binary = opcode === 2
  return {
    atMs: numberOf(message.time) * 1000,
    direction: message.type === 'send' || message.type === 'request' ? 'sent' : 'received',
    opcode: opcode > 0 && opcode < 16 ? opcode : 1,
    size: Buffer.byteLength(data, binary ? 'base64' : 'utf8'),
    ...(binary ? { base64: data } : { text: data }),
  }
}

const initiatorTypes: Record<string, Initiator['type']> = {
  parser: 'parser',
  script: 'script',
  preload: 'preload',
  preflight: 'preflight',
  redirect: 'redirect',
}

/** Chrome writes an object as CDP has it, chrome-har and WebPageTest an address with line and column beside it. */
function initiatorOf(entry: Json): Initiator | null {
  const plain = textOf(entry._initiator)
  if (plain !== '') {
    const type = initiatorTypes[textOf(entry._initiator_type).toLowerCase()] ?? 'other'
    return placed({ type, url: plain }, Number(entry._initiator_line) - 1, Number(entry._initiator_column) - 1)
  }
  if (!isObject(entry._initiator)) return null
  const given = entry._initiator
  const initiator = placed(
    { type: initiatorTypes[textOf(given.type).toLowerCase()] ?? 'other' },
    numberOf(given.lineNumber, -1),
    numberOf(given.columnNumber, -1),
  )
  const stack: StackFrame[] = []
  let trace: unknown = given.stack
  for (let depth = 0; depth < 8 && isObject(trace); depth++, trace = trace.parent) {
    for (const frame of Array.isArray(trace.callFrames) ? trace.callFrames.slice(0, 50) : []) {
      if (isObject(frame))
        stack.push({
          functionName: textOf(frame.functionName),
          url: textOf(frame.url),
          line: numberOf(frame.lineNumber),
          column: numberOf(frame.columnNumber),
        })
    }
  }
  const url = textOf(given.url) || stack.find((frame) => frame.url !== '')?.url
  if (url) initiator.url = url
  if (stack.length > 0) initiator.stack = stack
  return initiator
}

function placed(initiator: Initiator, line: number, column: number): Initiator {
  if (line >= 0) initiator.line = line
  if (column >= 0) initiator.column = column
  return initiator
}

function headersOf(list: unknown): HttpHeader[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((header) =>
    isObject(header) && textOf(header.name) !== '' ? [{ name: textOf(header.name), value: textOf(header.value) }] : [],
  )
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

function numberOf(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}
