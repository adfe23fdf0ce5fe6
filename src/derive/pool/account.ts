import { createHash } from 'node:crypto'
import { keccak256 } from './keccak.ts'

/** An address whose checksum holds. */
export interface Address {
  address: string
  /** `monero`, `bitcoin` …; `cryptonote` for a coin of that family without a name here. */
  coin: string
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/**
 * The address that a text is, or begins with before a worker name or a difficulty (`4A…kQ.rig1`, `…+5000`), or null. Checksums are verified:
 * CryptoNote base58 with Keccak (https://monerodocs.org/public-address/standard-address/) and Base58Check.
 */
export function addressOf(text: string): Address | null {
  const head = /^[1-9A-HJ-NP-Za-km-z]{25,115}(?=$|[.+:/@_-])/.exec(text.trim())?.[0]
  if (head === undefined) return null
  return cryptoNote(head) ?? base58Check(head)
}

/** Addresses that stand in a text as words of their own; at most 16. */
export function addressesIn(text: string): Address[] {
  const found = new Map<string, Address>()
  for (const match of text.matchAll(/(?<![1-9A-HJ-NP-Za-km-z])[1-9A-HJ-NP-Za-km-z]{95,110}(?![1-9A-HJ-NP-Za-km-z])/g)) {
    const address = cryptoNote(match[0])
    if (address !== null) found.set(address.address, address)
    if (found.size >= 16) break
  }
  return [...found.values()]
}

const coinByPrefix: Readonly<Record<number, string>> = {
  18: 'monero',
  19: 'monero',
  42: 'monero',
  24: 'monero-stagenet',
  25: 'monero-stagenet',
  36: 'monero-stagenet',
  53: 'monero-testnet',
  54: 'monero-testnet',
  63: 'monero-testnet',
  178: 'aeon',
}
// Octets in a block by the number of its base58 digits.
const blockOctets: Readonly<Record<number, number>> = { 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8 }

function cryptoNote(text: string): Address | null {
  if (text.length < 95 || text.length > 110) return null
  const octets: number[] = []
  for (let at = 0; at < text.length; at += 11) {
    const block = text.slice(at, at + 11)
    const size = blockOctets[block.length]
    if (size === undefined) return null
    let value = 0n
    for (const digit of block) value = value * 58n + BigInt(alphabet.indexOf(digit))
    if (value >= 1n << BigInt(8 * size)) return null
    for (let shift = size - 1; shift >= 0; shift--) octets.push(Number((value >> BigInt(8 * shift)) & 0xffn))
  }
  const bytes = Uint8Array.from(octets)
  const body = bytes.subarray(0, -4)
  const sum = keccak256(body).subarray(0, 4)
  if (!bytes.subarray(-4).every((octet, at) => octet === sum[at])) return null
  let prefix = 0
  for (let at = 0; at < 4; at++) {
    prefix += (bytes[at]! & 0x7f) * 128 ** at
    if (bytes[at]! < 0x80) break
  }
  return { address: text, coin: coinByPrefix[prefix] ?? 'cryptonote' }
}

const coinByVersion: Readonly<Record<number, string>> = {
  0: 'bitcoin',
  5: 'bitcoin',
  48: 'litecoin',
  50: 'litecoin',
  30: 'dogecoin',
  22: 'dogecoin',
  76: 'dash',
}

function base58Check(text: string): Address | null {
  if (text.length > 36) return null
  let value = 0n
  for (const digit of text) value = value * 58n + BigInt(alphabet.indexOf(digit))
  const bytes = new Uint8Array(25)
  for (let at = 24; at >= 0; at--, value >>= 8n) bytes[at] = Number(value & 0xffn)
  if (value !== 0n) return null
  const once = createHash('sha256').update(bytes.subarray(0, 21)).digest()
  const sum = createHash('sha256').update(once).digest()
  if (!bytes.subarray(21).every((octet, at) => octet === sum[at])) return null
  return { address: text, coin: coinByVersion[bytes[0]!] ?? 'base58check' }
}
