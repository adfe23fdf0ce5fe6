import type { Encoding } from './endpoint.ts'

/** What a dialect speaks in: a JSON value, a line of text, or octets. */
export type Message = unknown

export interface Codec {
  decode(wire: Uint8Array): Message
  encode(message: Message): Uint8Array | string
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Decoding throws on what is not of this encoding. */
export function codecOf(encoding: Encoding, xorKey: number): Codec {
  switch (encoding) {
    case 'json':
      return { decode: (wire) => JSON.parse(utf8.decode(wire)), encode: (message) => JSON.stringify(message) }
    case 'text':
      return { decode: (wire) => utf8.decode(wire).trim(), encode: (message) => `${String(message)}\n` }
    case 'base64':
      return {
        decode: (wire) => JSON.parse(Buffer.from(utf8.decode(wire), 'base64').toString()),
        encode: (message) => Buffer.from(JSON.stringify(message)).toString('base64'),
      }
    case 'xor': {
      const mask = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ xorKey)
      return {
        decode: (wire) => JSON.parse(utf8.decode(mask(wire))),
        encode: (message) => mask(new TextEncoder().encode(JSON.stringify(message))),
      }
    }
    case 'msgpack':
      return { decode: unpack, encode: (message) => Uint8Array.from(pack(message)) }
    case 'binary':
      return { decode: (wire) => wire, encode: (message) => message as Uint8Array }
  }
}

/** The part of MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) that pools need. */
export function pack(value: unknown): number[] {
  if (value === null || value === undefined) return [0xc0]
  if (typeof value === 'boolean') return [value ? 0xc3 : 0xc2]
  if (typeof value === 'number')
    return value >= 0 && value < 128 ? [value] : [0xce, (value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  if (typeof value === 'string') {
    const octets = [...new TextEncoder().encode(value)]
    const head =
      octets.length < 32
        ? [0xa0 | octets.length]
        : octets.length < 256
          ? [0xd9, octets.length]
          : [0xda, octets.length >> 8, octets.length & 255]
    return [...head, ...octets]
  }
  if (Array.isArray(value)) return [0x90 | value.length, ...value.flatMap(pack)]
  const members = Object.entries(value as Record<string, unknown>)
  return [0x80 | members.length, ...members.flatMap(([name, member]) => [...pack(name), ...pack(member)])]
}

export function unpack(bytes: Uint8Array): unknown {
  let at = 0
  const octet = (): number => {
    const value = bytes[at++]
    if (value === undefined) throw new RangeError('MessagePack ends too early')
    return value
  }
  const text = (length: number): string => {
    at += length
    if (at > bytes.length) throw new RangeError('MessagePack ends too early')
    return utf8.decode(bytes.subarray(at - length, at))
  }
  const take = (): unknown => {
    const tag = octet()
    if (tag < 0x80) return tag
    if (tag < 0x90) return Object.fromEntries(Array.from({ length: tag & 15 }, () => [String(take()), take()]))
    if (tag < 0xa0) return Array.from({ length: tag & 15 }, take)
    if (tag < 0xc0) return text(tag & 31)
    if (tag === 0xc0) return null
    if (tag === 0xc2) return false
    if (tag === 0xc3) return true
    if (tag === 0xce) return ((octet() << 24) | (octet() << 16) | (octet() << 8) | octet()) >>> 0
    if (tag === 0xd9) return text(octet())
    if (tag === 0xda) return text((octet() << 8) | octet())
    throw new RangeError(`MessagePack tag ${tag}`)
  }
  return take()
}
