import { inflateRawSync, inflateSync, gunzipSync } from 'node:zlib'
import { decodeMsgpack } from './msgpack.ts'

/** A value that stood inside a frame, with the layers around it. Values are JSON's, or `Uint8Array` from msgpack. */
export interface Unwrapped {
  value: unknown
  layers: string[]
}

export interface Payload {
  text?: string
  base64?: string
}

const maxOctets = 256 * 1024
const maxDepth = 4
const maxCandidates = 24

/**
 * Undoes cheap layers around a frame's payload (envelopes of socket.io and SockJS, base64, hex, URI encoding, reversal, single-byte and short
 * repeating xor, gzip, deflate, msgpack, length prefixes) and yields what has structure: JSON objects and arrays, msgpack maps, or the
 * plain text. A layer is only believed when structure emerges below it. Bounded: 256 KiB in, four layers, 24 candidates.
 */
export function unwrap(payload: Payload): Unwrapped[] {
  const found: Unwrapped[] = []
  const queue: { octets: Uint8Array; layers: string[] }[] = [{ octets: octetsOf(payload), layers: [] }]
  const seen = new Set<string>()
  for (let at = 0; at < queue.length && at < maxCandidates; at++) {
    const { octets, layers } = queue[at]!
    if (octets.length < 2 || octets.length > maxOctets) continue
    const text = utf8(octets)
    const structure = text === null ? null : structureOf(text)
    if (structure !== null) {
      found.push({ value: structure.value, layers: [...layers, ...structure.layers] })
      // An envelope may hold another encoded text as its only string: {"data":"eyJ0eXBl…"}.
      if (layers.length < maxDepth) for (const inner of innerTexts(structure.value)) push(inner, [...layers, ...structure.layers])
      continue
    }
    if (text !== null && layers.length === 0) found.push({ value: text, layers })
    else if (text !== null && printable(text) && text.length < 2_000) found.push({ value: text, layers })
    if (layers.length >= maxDepth) continue
    for (const [name, inner] of peel(octets, text)) push(inner, [...layers, name])
    const packed = decodeMsgpack(octets)
    if (packed !== undefined && hasNamedMembers(packed)) found.push({ value: packed, layers: [...layers, 'msgpack'] })
  }
  return found

  function push(octets: Uint8Array, layers: string[]): void {
    const key = `${octets.length}:${Buffer.from(octets.subarray(0, 64)).toString('latin1')}`
    if (seen.has(key)) return
    seen.add(key)
    queue.push({ octets, layers })
  }
}

export function octetsOf(payload: Payload): Uint8Array {
  if (payload.text !== undefined) return payload.text.length > maxOctets ? new Uint8Array(0) : Buffer.from(payload.text, 'utf8')
  if (payload.base64 !== undefined)
    return payload.base64.length > maxOctets * 1.4 ? new Uint8Array(0) : Buffer.from(payload.base64, 'base64')
  return new Uint8Array(0)
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function utf8(octets: Uint8Array): string | null {
  try {
    return decoder.decode(octets)
  } catch {
    return null
  }
}

function printable(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 9 || (code > 13 && code < 32) || code === 127) return false
  }
  return true
}

/** A JSON object or array, bare or behind the envelope of a socket library. Scalars are no structure. */
function structureOf(text: string): { value: unknown; layers: string[] } | null {
  const trimmed = text.trim()
  const first = trimmed.charCodeAt(0)
  // Engine.IO packet type, Socket.IO packet type, optional acknowledgement id; SockJS frames begin with a or m.
  const envelope = /^(?:[0-6]{1,2}(?:\/[\w-]*,)?\d{0,6}|[am])(?=[[{])/.exec(trimmed)
  const body = first === 0x7b || first === 0x5b ? trimmed : envelope ? trimmed.slice(envelope[0].length) : null
  if (body === null) return null
  const value = parseJson(body)
  if (value !== undefined && typeof value === 'object' && value !== null) return { value, layers: [] }
  // Several JSON texts by line, as Stratum over TCP has them.
  const lines = body.split('\n').filter((line) => line.trim() !== '')
  if (lines.length > 1 && lines.length <= 16) {
    const values = lines.map(parseJson)
    if (values.every((line) => typeof line === 'object' && line !== null)) return { value: values, layers: [] }
  }
  return null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What people say to each other: a message that quotes a login is talk about mining. */
const talk = /^(chat|text|user|username|nick|name|from|author|room|channel|content|comment|title|subject|html|message)\b|chat/i

/** Encoded strings in a small envelope, and JSON inside strings; none where the envelope is one of people talking. */
function innerTexts(value: unknown): Uint8Array[] {
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value as object)
  const names = Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && item.length < 24)
    : Object.keys(value as object)
  if (members.length > 12 || names.some((name) => talk.test(name))) return []
  const texts: Uint8Array[] = []
  for (const member of members) {
    if (typeof member === 'string' && member.length >= 16 && (/^\s*[[{]/.test(member) || /^[A-Za-z0-9+/_=-]{24,}$/.test(member)))
      texts.push(Buffer.from(member, 'utf8'))
  }
  return texts.slice(0, 4)
}

/** Every cheap decoding that could apply, with its name. */
function* peel(octets: Uint8Array, text: string | null): Generator<[string, Uint8Array]> {
  if (text !== null) {
    const compact = text.trim()
    if (/^[0-9a-fA-F]+$/.test(compact) && compact.length % 2 === 0) yield ['hex', Buffer.from(compact, 'hex')]
    if (compact.length >= 8 && /^[A-Za-z0-9+/_\s-]+={0,2}$/.test(compact)) yield ['base64', Buffer.from(compact, 'base64')]
    if (/%7b|%22|%5b/i.test(compact)) yield* uriDecoded(compact)
    const last = compact.charCodeAt(compact.length - 1)
    if (last === 0x7b || last === 0x5b || /^=*[A-Za-z0-9+/]+$/.test(compact))
      yield ['reversed', Buffer.from([...compact].reverse().join(''), 'utf8')]
  }
  if (octets[0] === 0x1f && octets[1] === 0x8b) yield* inflated('gzip', () => gunzipSync(octets, { maxOutputLength: maxOctets }))
  if ((octets[0]! & 0x0f) === 8 && ((octets[0]! << 8) | octets[1]!) % 31 === 0)
    yield* inflated('deflate', () => inflateSync(octets, { maxOutputLength: maxOctets }))
  else if (text === null) yield* inflated('deflate-raw', () => inflateRawSync(octets, { maxOutputLength: maxOctets }))
  yield* lengthPrefixed(octets)
  yield* unxored(octets)
}

function* uriDecoded(text: string): Generator<[string, Uint8Array]> {
  try {
    yield ['uri', Buffer.from(decodeURIComponent(text.replace(/^[\w.-]{1,32}=/, '').replace(/\+/g, ' ')), 'utf8')]
  } catch {
    // Not URI encoding after all.
  }
}

function* inflated(name: string, run: () => Uint8Array): Generator<[string, Uint8Array]> {
  try {
    yield [name, run()]
  } catch {
    // Not that compression after all.
  }
}

/** One to eight octets before the body, of which a length (either order of octets) covers exactly what follows it. */
function* lengthPrefixed(octets: Uint8Array): Generator<[string, Uint8Array]> {
  for (let head = 1; head <= 8 && head < octets.length - 2; head++) {
    const rest = octets.subarray(head)
    const opens = rest[0] === 0x7b || rest[0] === 0x5b
    if (opens || statesLength(octets, head)) yield [`${head} octets before`, rest]
  }
}

function statesLength(octets: Uint8Array, head: number): boolean {
  const rest = octets.length - head
  let big = 0
  let little = 0
  for (let at = 0; at < head; at++) {
    big = big * 256 + octets[at]!
    little += octets[at]! * 256 ** at
  }
  // After the length there may be one octet of message type, so the tail of the head counts as well.
  return (
    big === rest ||
    little === rest ||
    (head > 1 && octets[head - 1] === rest) ||
    (head > 2 && rest === octets[head - 2]! * 256 + octets[head - 1]!)
  )
}

/** Beginnings of messages in the dialects we know: what a repeating key would have to turn the first octets into. */
const cribs = [
  '{"type":"',
  '{"identifier":"',
  '{"method":"',
  '{"jsonrpc":"2.0"',
  '{"id":',
  '{"params":{',
  '{"command":"',
  '{"cmd":"',
  '{"result":',
  '{"action":"',
  '{"event":"',
  '{"job_id":"',
  '{"job":',
  '{"data":',
  '{"t":"',
  '{"op":"',
  '{"m":"',
].map((crib) => Buffer.from(crib, 'latin1'))
const maxKey = 12

function* unxored(octets: Uint8Array): Generator<[string, Uint8Array]> {
  if (octets.length < 8) return
  const single = octets[0]! ^ 0x7b
  if (single !== 0 && (octets[octets.length - 1]! ^ single) === 0x7d) {
    const plain = octets.map((octet) => octet ^ single)
    if (looksLikeJson(plain)) yield [`xor 0x${single.toString(16).padStart(2, '0')}`, plain]
  }
  for (const crib of cribs) {
    for (let length = 2; length <= Math.min(maxKey, crib.length); length++) {
      const plain = withKey(octets, crib, length)
      if (plain !== null) {
        yield [`xor with a key of ${length} octets`, plain]
        return
      }
    }
  }
}

function withKey(octets: Uint8Array, crib: Uint8Array, length: number): Uint8Array | null {
  if (octets.length <= crib.length) return null
  for (let at = length; at < crib.length; at++) {
    if ((octets[at]! ^ crib[at]!) !== (octets[at - length]! ^ crib[at - length]!)) return null
  }
  const plain = octets.map((octet, at) => octet ^ octets[at % length]! ^ crib[at % length]!)
  return looksLikeJson(plain) ? plain : null
}

function looksLikeJson(octets: Uint8Array): boolean {
  for (const octet of octets) if (octet < 0x09 || octet === 0x7f) return false
  const text = utf8(octets)
  return text !== null && structureOf(text) !== null
}

function hasNamedMembers(value: unknown): boolean {
  if (Array.isArray(value)) return value.length >= 2 && value.some((item) => typeof item === 'string' && item.length >= 3)
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    Object.keys(value).length >= 1 &&
    Object.keys(value).every((key) => printable(key))
  )
}
