import { isIPv4, isIPv6 } from 'node:net'

/** An IP address as a number, so that ranges are comparisons. `zone` is the interface of a link-local address (RFC 4007). */
export interface Address {
  family: 4 | 6
  value: bigint
  zone: string | null
}

/** A CIDR block, both ends inclusive. `text` as it was written. */
export interface Range {
  family: 4 | 6
  first: bigint
  last: bigint
  text: string
}

/** What a URL, a CONNECT line or a socket names: an address or a name (lower case, no final dot). */
export type Host = { kind: 'address'; address: Address; text: string } | { kind: 'name'; text: string }

/**
 * Dotted decimal or IPv6 text (RFC 4291, with an optional zone) → address. The short, octal and hexadecimal forms of IPv4
 * are no addresses here: they are read by `parseHost`, as a URL reads them.
 */
export function parseAddress(text: string): Address | null {
  if (isIPv4(text)) return { family: 4, value: dotted(text), zone: null }
  const [bare = '', zone = null] = text.split('%', 2)
  if (!isIPv6(bare) || zone === '') return null
  return { family: 6, value: groups(bare), zone }
}

/** Canonical text: dotted decimal, or RFC 5952. */
export function formatAddress(address: Address): string {
  if (address.family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => String((address.value >> shift) & 0xffn)).join('.')
  }
  const full = Array.from({ length: 8 }, (_, at) => ((address.value >> BigInt(112 - at * 16)) & 0xffffn).toString(16)).join(':')
  // The URL standard's serializer compresses as RFC 5952 does.
  const text = new URL(`http://[${full}]/`).hostname.slice(1, -1)
  return address.zone === null ? text : `${text}%${address.zone}`
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. Bits below the prefix are ignored. Null where it is none. */
export function parseRange(text: string): Range | null {
  const [base = '', length] = text.trim().split('/', 2)
  const address = parseAddress(base)
  if (!address || address.zone !== null) return null
  const width = address.family === 4 ? 32 : 128
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const prefix = length === undefined ? width : Number(length)
  if (prefix > width) return null
  const hostBits = BigInt(width - prefix)
  const first = (address.value >> hostBits) << hostBits
  return { family: address.family, first, last: first + (1n << hostBits) - 1n, text: text.trim() }
}

export function inRange(address: Address, range: Range): boolean {
  return address.family === range.family && address.value >= range.first && address.value <= range.last
}

export const ipv4 = (value: bigint): Address => ({ family: 4, value: value & 0xffffffffn, zone: null })

/**
 * What stands between `//` and the port, as a URL's host or a CONNECT target has it. IPv4 in any form that the URL standard
 * knows (`0x7f.1`, `2130706433`, `017700000001`, full-width digits) becomes dotted decimal. Null where it names nothing.
 */
export function parseHost(text: string): Host | null {
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (inner.includes(':')) {
    const address = parseAddress(inner.replace('%25', '%'))
    return address && { kind: 'address', address, text: formatAddress(address) }
  }
  if (inner !== text || text.length > 255 || /[\s/\\?#@%\u0000-\u0020\u007f]/.test(text)) return null
  const hostname = URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, '')
  if (hostname === undefined || hostname === '' || hostname.endsWith('.')) return null
  const address = parseAddress(hostname)
  return address ? { kind: 'address', address, text: hostname } : { kind: 'name', text: hostname }
}

/** `host:port`, the form of a CONNECT target (RFC 9112, 3.2.3). Null where it is anything else. */
export function parseAuthority(text: string): { host: Host; port: number } | null {
  const match = /^(\[[^\]]*\]|[^:]+):(\d{1,5})$/.exec(text)
  if (!match) return null
  const host = parseHost(match[1] ?? '')
  const port = Number(match[2])
  return host && port > 0 && port <= 65535 ? { host, port } : null
}

function dotted(text: string): bigint {
  return text.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
}

function groups(text: string): bigint {
  const lastColon = text.lastIndexOf(':')
  const tail = text.slice(lastColon + 1)
  if (tail.includes('.')) {
    const low = dotted(tail)
    return groups(`${text.slice(0, lastColon + 1)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  }
  const [left = '', right] = text.split('::', 2)
  const head = left === '' ? [] : left.split(':')
  const end = right === undefined || right === '' ? [] : right.split(':')
  const middle = right === undefined ? [] : Array.from({ length: 8 - head.length - end.length }, () => '0')
  return [...head, ...middle, ...end].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}
