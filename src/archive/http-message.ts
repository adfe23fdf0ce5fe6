import {
  brotliDecompressSync,
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { HttpHeader } from '#model/artifact.ts'
import type { ByteReader } from './byte-reader.ts'
import { collect, type ExpansionBudget, pump } from './expand.ts'
import { type ArchivedBodyStatus, headerOf } from './item.ts'
import type { ReadLimits } from './limits.ts'

export interface HttpHead {
  startLine: string
  headers: HttpHeader[]
}

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Header octets are UTF-8 where they can be (WARC headers are), else Latin-1 as HTTP has always meant them. */
export function headerText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return latin1.decode(bytes)
  }
}

/**
 * Start line and headers up to the empty line, of HTTP and of WARC records alike; `room` octets at most.
 * Null where there is nothing; `ended` is false where no empty line came.
 */
export async function readHead(reader: ByteReader, room: number): Promise<{ head: HttpHead; ended: boolean } | null> {
  const until = reader.offset + room
  const lines: string[] = []
  for (;;) {
    const line = reader.offset < until ? await reader.line(until - reader.offset) : null
    const text = line === null ? null : headerText(line).replace(/\r?\n$/, '')
    if (text !== null && text !== '') {
      lines.push(text)
      continue
    }
    const [startLine, ...rest] = lines
    return startLine === undefined ? null : { head: { startLine, headers: parseHeaderLines(rest) }, ended: text === '' }
  }
}

/** Folded lines are joined; a line without a name is left out. */
export function parseHeaderLines(lines: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = []
  for (const line of lines) {
    const last = headers.at(-1)
    if (/^[ \t]/.test(line) && last) {
      last.value = `${last.value} ${line.trim()}`.trim()
      continue
    }
    const colon = line.indexOf(':')
    // HTTP/2 pseudo-headers (`:status`) begin with a colon and say nothing that the start line does not.
    if (colon > 0) headers.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() })
  }
  return headers
}

/** `HTTP/1.1 200 OK`; null where it is no status line. */
export function parseStatusLine(line: string): { protocol: string; status: number; statusText: string } | null {
  const match = /^(HTTP\/\d(?:\.\d)?)\s+(\d{3})(?:\s+(.*))?$/i.exec(line.trim())
  if (!match) return null
  return { protocol: (match[1] ?? '').toLowerCase(), status: Number(match[2]), statusText: match[3] ?? '' }
}

export function parseRequestLine(line: string): { method: string; target: string } | null {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40})\s+(\S+)(?:\s+HTTP\/\S+)?\s*$/.exec(line)
  return match ? { method: match[1] ?? '', target: match[2] ?? '' } : null
}

export interface DecodedBody {
  body: Uint8Array | null
  bodyStatus: ArchivedBodyStatus
}

/**
 * Octets of a message's payload as the archive has them → after transfer- and content-decoding. Archives lie: many hold the
 * decoded body beside the header of the encoded one, so what is not in a coding is taken as it stands.
 */
export async function decodePayload(
  payload: Uint8Array,
  headers: readonly HttpHeader[],
  limits: ReadLimits,
  budget: ExpansionBudget,
): Promise<DecodedBody> {
  let bytes = payload
  let damage: string | null = null
  const transfer = codings(headerOf(headers, 'transfer-encoding'))
  if (transfer.includes('chunked')) {
    const result = dechunk(bytes)
    if (result) {
      bytes = result.bytes
      if (!result.whole) damage = 'its chunked coding is broken'
    }
  }
  const applied = [...codings(headerOf(headers, 'content-encoding')), ...transfer.filter((coding) => coding !== 'chunked')]
  for (const coding of applied.reverse().slice(0, 4)) {
    const limit = Math.min(limits.maxBodyBytes, budget.leftBytes)
    if (limit === 0) return truncated(new Uint8Array(0), 'the bodies of this archive expand to more than may be read')
    const result = await decodeCoding(bytes, coding, limit)
    if (result.bytes === null) continue
    bytes = result.bytes
    budget.take(bytes.length, 'a body')
    if (result.cut) return truncated(bytes, `longer than ${limit} octets after ${coding} decoding`)
    if (!result.whole) damage = `its ${coding} coding is broken`
  }
  return damage === null ? { body: bytes, bodyStatus: { status: 'complete' } } : truncated(bytes, damage)
}

function truncated(body: Uint8Array, reason: string, totalSize: number | null = null): DecodedBody {
  return { body, bodyStatus: { status: 'truncated', totalSize, reason } }
}

function codings(value: string | undefined): string[] {
  if (value === undefined) return []
  return value
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
}

/** RFC 9112, 7.1. Null where the octets are not in chunks at all. `whole` is false where they break off or go wrong on the way. */
export function dechunk(bytes: Uint8Array): { bytes: Uint8Array; whole: boolean } | null {
  const pieces: Uint8Array[] = []
  let at = 0
  for (;;) {
    const feed = bytes.indexOf(10, at)
    const line = feed === -1 || feed - at > 1024 ? null : latin1.decode(bytes.subarray(at, feed))
    const size = line === null ? null : /^([0-9a-f]{1,8})\s*(?:;.*)?\r?$/i.exec(line)
    if (!size) return pieces.length === 0 ? null : { bytes: Buffer.concat(pieces), whole: false }
    const count = Number.parseInt(size[1] ?? '0', 16)
    const from = feed + 1
    if (count === 0) return { bytes: Buffer.concat(pieces), whole: true }
    const end = from + count
    if (end > bytes.length) {
      // A first chunk that reaches past the end is more likely no chunk: a text that begins with a hexadecimal line.
      if (pieces.length === 0 && count > bytes.length * 2) return null
      pieces.push(bytes.subarray(from))
      return { bytes: Buffer.concat(pieces), whole: false }
    }
    const separator = bytes[end] === 13 && bytes[end + 1] === 10 ? 2 : bytes[end] === 10 ? 1 : 0
    if (separator === 0) {
      if (pieces.length === 0 && end < bytes.length) return null
      pieces.push(bytes.subarray(from, end))
      return { bytes: Buffer.concat(pieces), whole: false }
    }
    pieces.push(bytes.subarray(from, end))
    at = end + separator
  }
}

type Coding = 'gzip' | 'deflate' | 'br' | 'zstd'
const codingNames: Record<string, Coding> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'br', zstd: 'zstd' }

/** What is longer is decoded piece by piece: at once, its pieces and the whole would be there together. */
const maxAtOnceBytes = 8 * 1024 * 1024

/** `bytes` null: not in that coding, or a coding that nobody knows; then the octets stand as they are. */
async function decodeCoding(
  bytes: Uint8Array,
  name: string,
  limit: number,
): Promise<{ bytes: Uint8Array | null; whole: boolean; cut: boolean }> {
  const coding = codingNames[name]
  const left = { bytes: null, whole: true, cut: false }
  if (coding === undefined || bytes.length === 0) return left
  if (coding === 'gzip' && !(bytes[0] === 0x1f && bytes[1] === 0x8b)) return left
  if (coding === 'zstd' && !(bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd)) return left
  // RFC 1950: a zlib header is a multiple of 31 with method 8. Some servers send raw deflate instead.
  const zlib = coding === 'deflate' && ((bytes[0] ?? 0) & 15) === 8 && (((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)) % 31 === 0
  let broken = false
  const options = { maxOutputLength: Math.min(limit, maxAtOnceBytes) }
  try {
    const whole =
      coding === 'gzip'
        ? gunzipSync(bytes, options)
        : coding === 'br'
          ? brotliDecompressSync(bytes, options)
          : coding === 'zstd'
            ? zstdDecompressSync(bytes, options)
            : zlib
              ? inflateSync(bytes, options)
              : inflateRawSync(bytes, options)
    return { bytes: whole, whole: true, cut: false }
  } catch (error) {
    // Broken or too long: what can be had of it comes from the stream below.
    broken = (error as { code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE'
  }
  // Neither brotli nor raw deflate has a mark at its beginning: a text is more likely the decoded body under the old header.
  if ((coding === 'br' || (coding === 'deflate' && !zlib)) && looksLikeText(bytes)) return left
  // What is only long must say so where it breaks off; of what is broken, all that can be had is had.
  const zlibEnd = broken ? { finishFlush: constants.Z_SYNC_FLUSH } : {}
  const decoder =
    coding === 'gzip'
      ? createGunzip(zlibEnd)
      : coding === 'br'
        ? createBrotliDecompress(broken ? { finishFlush: constants.BROTLI_OPERATION_FLUSH } : {})
        : coding === 'zstd'
          ? createZstdDecompress(broken ? { finishFlush: constants.ZSTD_e_flush } : {})
          : zlib
            ? createInflate(zlibEnd)
            : createInflateRaw(zlibEnd)
  const out = await collect(pump(pieces(bytes), decoder), limit)
  if (out.bytes.length === 0) return left
  return { bytes: out.bytes, whole: out.complete && !broken, cut: !out.complete && out.failure === null }
}

function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 512).every((octet) => octet >= 0x20 || octet === 9 || octet === 10 || octet === 12 || octet === 13)
}

/** In pieces, so that a decoder hands out what it has before it meets the damage. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384)
}

export interface SplitMessage extends HttpHead {
  body: Uint8Array
}

/** Octets that hold a whole HTTP message → head and payload, still in its codings. Null where there is no head. */
export function splitMessage(block: Uint8Array, maxHeadBytes: number): SplitMessage | null {
  const text = Buffer.from(block.buffer, block.byteOffset, Math.min(block.length, maxHeadBytes))
  const strict = text.indexOf('\r\n\r\n')
  const bare = text.indexOf('\n\n')
  const isBare = bare !== -1 && (strict === -1 || bare < strict)
  const end = isBare ? bare : strict
  const [startLine = '', ...rest] = headerText(text.subarray(0, end === -1 ? text.length : end)).split(/\r?\n/)
  if (startLine.trim() === '') return null
  return { startLine, headers: parseHeaderLines(rest), body: end === -1 ? new Uint8Array(0) : block.subarray(end + (isBare ? 2 : 4)) }
}
