import { createHash } from 'node:crypto'
import { keccakRoundConstants } from './cores/keccak.ts'
import type { Random } from './random.ts'

/** Published forms of what pools pay to. */
export type AccountForm = 'monero' | 'site-key-32' | 'hex-44' | 'hex-64' | 'sk' | 'bitcoin' | 'username'

export function drawAccount(form: AccountForm, random: Random): string {
  switch (form) {
    case 'monero':
      return moneroAddress(random.bytes(32), random.bytes(32))
    case 'site-key-32':
      return random.alphanumeric(32)
    case 'hex-44':
      return random.hex(44)
    case 'hex-64':
      return random.hex(64)
    case 'sk':
      return `SK_${random.alphanumeric(22)}`
    case 'bitcoin':
      return bitcoinAddress(random.bytes(20))
    case 'username':
      return `${random.pick(['coin', 'duco', 'maker', 'pixel', 'rig', 'nova'])}${random.text(random.int(3, 6), 'abcdefghijklmnopqrstuvwxyz0123456789')}`
  }
}

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Length in base58 of a block of n octets (https://docs.getmonero.org/cryptography/base58/). */
const encodedSizes = [0, 2, 3, 5, 6, 7, 9, 10, 11]

/** A standard address of the main net: network octet, two keys, four octets of Keccak-256, in blocks of eight. The keys belong to nobody. */
export function moneroAddress(spendKey: Uint8Array, viewKey: Uint8Array): string {
  const body = Uint8Array.of(18, ...spendKey, ...viewKey)
  const whole = Uint8Array.of(...body, ...keccak256(body).subarray(0, 4))
  let text = ''
  for (let at = 0; at < whole.length; at += 8) {
    const block = whole.subarray(at, at + 8)
    text += base58(block)
      .padStart(encodedSizes[block.length] ?? 0, '1')
      .slice(-(encodedSizes[block.length] ?? 0))
  }
  return text
}

/** Pay-to-public-key-hash address, Base58Check. */
function bitcoinAddress(hash: Uint8Array): string {
  const body = Uint8Array.of(0, ...hash)
  const twice = createHash('sha256').update(createHash('sha256').update(body).digest()).digest()
  return `1${base58(Uint8Array.of(...body, ...twice.subarray(0, 4)))}`
}

function base58(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  while (value > 0n) {
    text = `${alphabet[Number(value % 58n)]}${text}`
    value /= 58n
  }
  return text
}

/** Keccak-256 with the original padding, of messages below 136 octets. */
export function keccak256(message: Uint8Array): Uint8Array {
  const block = new Uint8Array(200)
  block.set(message)
  block[message.length] = 1
  block[135] = (block[135] ?? 0) | 0x80
  const view = new DataView(block.buffer)
  const mask = 0xffffffffffffffffn
  const rotate = (x: bigint, n: number): bigint => ((x << BigInt(n)) | (x >> BigInt(64 - n))) & mask
  let a = Array.from({ length: 25 }, (_, index) => view.getBigUint64(index * 8, true))
  for (const constant of keccakRoundConstants) {
    const c = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].reduce((sum, y) => sum ^ (a[x + y] ?? 0n), 0n))
    a = a.map((lane, index) => lane ^ (c[(index + 4) % 5] ?? 0n) ^ rotate(c[(index + 1) % 5] ?? 0n, 1))
    const b = [...a]
    let [x, y] = [1, 0]
    for (let t = 0; t < 24; t++) {
      const moved = [y, (2 * x + 3 * y) % 5] as const
      b[moved[0] + 5 * moved[1]] = rotate(a[x + 5 * y] ?? 0n, (((t + 1) * (t + 2)) / 2) % 64)
      ;[x, y] = moved
    }
    b[0] = a[0] ?? 0n
    a = b.map((lane, index) => {
      const row = index - (index % 5)
      return lane ^ (~(b[row + ((index + 1) % 5)] ?? 0n) & mask & (b[row + ((index + 2) % 5)] ?? 0n))
    })
    a[0] = (a[0] ?? 0n) ^ constant
  }
  a.forEach((lane, index) => view.setBigUint64(index * 8, lane, true))
  return block.subarray(0, 32)
}
