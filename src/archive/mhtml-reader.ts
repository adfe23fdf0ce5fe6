import { essence, headerOf, isoDate, loss, type ArchiveItem } from './item.ts'
import type { HttpHeader } from '#model/artifact.ts'
import { AssayError } from '#model/errors.ts'
import type { ReadLimits } from './limits.ts'
import { splitMessage } from './http-message.ts'

/**
 * A page saved as MHTML (RFC 2557): one multipart/related message, a part for each resource under its `Content-Location`.
 * Throws `BAD_INPUT_FILE` where there is no boundary.
 */
export function* readMhtml(bytes: Uint8Array, name: string, limits: ReadLimits): Generator<ArchiveItem, void, undefined> {
  const message = splitMessage(withStartLine(bytes), limits.maxHeadBytes)
  const contentType = message && headerOf(message.headers, 'content-type')
  const boundary = contentType && /boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType)
  if (!message || !boundary) throw new AssayError('BAD_INPUT_FILE', `${name} is not MHTML: it has no boundary`)
  const saved = headerOf(message.headers, 'snapshot-content-location') ?? ''
  const startedAt = isoDate(headerOf(message.headers, 'date'))
  const delimiter = Buffer.from(`--${boundary[1] ?? boundary[2] ?? ''}`)
  const body = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.length)
  let at = body.indexOf(delimiter)
  let count = 0
  let closed = false
  while (at !== -1) {
    const from = at + delimiter.length
    if (body[from] === 0x2d && body[from + 1] === 0x2d) {
      closed = true
      break
    }
    const next = body.indexOf(delimiter, from)
    const part = splitMessage(withStartLine(body.subarray(afterLine(body, from), next === -1 ? body.length : next)), limits.maxHeadBytes)
    at = next
    if (!part) continue
    if (++count > limits.maxFiles) {
      yield loss(`more than ${limits.maxFiles} parts`, null, 'TOO_LARGE')
      return
    }
    const location = headerOf(part.headers, 'content-location') ?? (count === 1 ? saved : '')
    const cid = cidUrl(part.headers)
    const place = location === '' ? null : URL.parse(location, saved === '' ? undefined : saved)
    const url = place?.href ?? cid
    if (url === null) {
      yield loss('a part without a place')
      continue
    }
    const mimeType = headerOf(part.headers, 'content-type') ?? ''
    const decoded = decodePart(part.body, headerOf(part.headers, 'content-transfer-encoding') ?? '')
    const whole = next !== -1 && decoded.length <= limits.maxBodyBytes
    yield {
      type: 'exchange',
      exchange: {
        url,
        method: 'GET',
        status: 200,
        statusText: 'OK',
        headers: mimeType === '' ? [] : [{ name: 'Content-Type', value: mimeType }],
        mimeType: essence(mimeType),
        body: decoded.subarray(0, limits.maxBodyBytes),
        bodyStatus: whole
          ? { status: 'complete' }
          : {
              status: 'truncated',
              totalSize: null,
              reason: next === -1 ? 'the file ends within it' : `longer than ${limits.maxBodyBytes} octets`,
            },
        startedAt,
        requestHeaders: [],
        ...(cid === null ? {} : { contentId: cid }),
        ...(count === 1 ? { resourceType: 'document', pageId: 'page' } : { pageId: 'page' }),
      },
    }
  }
  if (count > 0) yield { type: 'page', page: { id: 'page', url: saved, title: headerOf(message.headers, 'subject') ?? '', startedAt } }
  if (!closed) yield loss('the file ends without its last boundary', null)
}

/** A part has no start line: one is put before its headers, so that they are read as any others. */
function withStartLine(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('MIME\r\n'), bytes])
}

function afterLine(bytes: Buffer, from: number): number {
  const feed = bytes.indexOf(10, from)
  return feed === -1 ? bytes.length : feed + 1
}

/** Chrome names frames by Content-ID: `<frame-1@mhtml.blink>` is referred to as `cid:frame-1@mhtml.blink`. */
function cidUrl(headers: readonly HttpHeader[]): string | null {
  const id = headerOf(headers, 'content-id')
  return id === undefined ? null : `cid:${id.replace(/^<(.*)>$/, '$1')}`
}

function decodePart(bytes: Uint8Array, encoding: string): Buffer {
  const octets = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (encoding.trim().toLowerCase() === 'base64') return Buffer.from(octets.toString('latin1'), 'base64')
  if (encoding.trim().toLowerCase() === 'quoted-printable') return quotedPrintable(octets)
  // The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
  const end = octets.at(-2) === 13 && octets.at(-1) === 10 ? 2 : octets.at(-1) === 10 ? 1 : 0
  return octets.subarray(0, octets.length - end)
}

/** RFC 2045, 6.7. */
function quotedPrintable(octets: Buffer): Buffer {
  const out = Buffer.alloc(octets.length)
  let size = 0
  const end = octets.at(-2) === 13 && octets.at(-1) === 10 ? octets.length - 2 : octets.length
  for (let at = 0; at < end; at++) {
    const octet = octets[at] ?? 0
    if (octet === 0x3d) {
      if (octets[at + 1] === 13 && octets[at + 2] === 10) {
        at += 2
        continue
      }
      if (octets[at + 1] === 10) {
        at += 1
        continue
      }
      const high = hexDigit(octets[at + 1])
      const low = hexDigit(octets[at + 2])
      if (high !== -1 && low !== -1) {
        out[size++] = high * 16 + low
        at += 2
        continue
      }
    }
    out[size++] = octet
  }
  return out.subarray(0, size)
}

function hexDigit(octet: number | undefined): number {
  const digit = Number.parseInt(String.fromCharCode(octet ?? 0), 16)
  return Number.isNaN(digit) ? -1 : digit
}
