import { WasmFault } from './fault.ts'

const decoder = new TextDecoder()
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Numbers, names and slices out of a module, bounds checked: every read past `end` is a fault, never a zero.
 * 64-bit numbers are left in `low` and `high` as signed 32-bit halves, because a BigInt per constant costs more than all the rest.
 */
export class Reader {
  bytes: Uint8Array
  /** The same octets. */
  view: DataView
  /** Before here, sixteen octets can be read without asking, though some may lie behind `end`. */
  safeEnd: number
  at: number
  end: number
  low = 0
  high = 0

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.view = viewOf(bytes)
    this.safeEnd = bytes.length - 16
    this.at = at
    this.end = end
  }

  /** Makes it safe to read ahead up to the last octet, by a copy with zeros behind it. */
  pad(): void {
    const padded = new Uint8Array(this.bytes.length + 16)
    padded.set(this.bytes)
    this.safeEnd = this.bytes.length
    this.bytes = padded
    this.view = viewOf(padded)
  }

  byte(): number {
    if (this.at >= this.end) throw new WasmFault('TRUNCATED', this.at)
    return this.bytes[this.at++]!
  }

  skip(octets: number): void {
    if (octets > this.end - this.at) throw new WasmFault('TRUNCATED', this.at)
    this.at += octets
  }

  /** Four octets, little end first. */
  word(): number {
    const at = this.at
    this.skip(4)
    return this.bytes[at]! | (this.bytes[at + 1]! << 8) | (this.bytes[at + 2]! << 16) | (this.bytes[at + 3]! << 24)
  }

  /** Unsigned LEB128 of 32 bits. */
  u32(): number {
    const first = this.at
    const only = this.bytes[first]!
    if (only < 0x80 && first < this.end) {
      this.at = first + 1
      return only
    }
    let value = 0
    let shift = 0
    for (;;) {
      const byte = this.byte()
      if (shift === 28 && byte > 0x0f) throw new WasmFault('OVERLONG_NUMBER', first)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
      shift += 7
    }
  }

  /** Signed LEB128 of 32 bits. */
  s32(): number {
    const first = this.at
    let value = 0
    let shift = 0
    for (;;) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      shift += 7
      if (byte < 0x80) {
        if (shift > 32) {
          const rest = byte & 0x78
          if (rest !== 0 && rest !== 0x78) throw new WasmFault('OVERLONG_NUMBER', first)
          return value
        }
        return (byte & 0x40) !== 0 ? value | (-1 << shift) : value
      }
      if (shift >= 35) throw new WasmFault('OVERLONG_NUMBER', first)
    }
  }

  /** LEB128 of up to 64 bits into `low` and `high`; `signed` extends the sign. Octets are gathered in groups of 28 bits, which fit a number. */
  leb64(signed: boolean): void {
    const bytes = this.bytes
    const first = this.at
    let at = first
    // Unchecked up to ten octets (none is read as zero): whether they were all there is checked behind them.
    let byte = bytes[at++]!
    let bottom = byte & 0x7f
    let middle = 0
    let top = 0
    let bits = 7
    for (; byte >= 0x80 && bits < 28; bits += 7) {
      byte = bytes[at++]!
      bottom |= (byte & 0x7f) << bits
    }
    for (; byte >= 0x80 && bits < 56; bits += 7) {
      byte = bytes[at++]!
      middle |= (byte & 0x7f) << (bits - 28)
    }
    for (; byte >= 0x80; bits += 7) {
      if (bits >= 70) throw new WasmFault('OVERLONG_NUMBER', first)
      byte = bytes[at++]!
      top |= (byte & 0x7f) << (bits - 56)
    }
    if (at > this.end) throw new WasmFault('TRUNCATED', first)
    this.at = at
    this.low = bottom | (middle << 28)
    this.high = (middle >>> 4) | (top << 24)
    if (signed && (byte & 0x40) !== 0) {
      if (bits < 32) {
        this.low |= -1 << bits
        this.high = -1
      } else if (bits < 64) this.high |= -1 << (bits - 32)
    }
  }

  /** A count of things that each take at least `minimum` octets; more than can be there is a lie. */
  count(minimum = 1): number {
    const first = this.at
    const count = this.u32()
    if (count * minimum > this.end - this.at) throw new WasmFault('LYING_COUNT', first)
    return count
  }

  /** UTF-8 with replacement characters where it is not; cut at `limit` characters. */
  name(limit = 256): string {
    const length = this.count()
    const from = this.at
    this.skip(length)
    return decoder.decode(this.bytes.subarray(from, Math.min(from + length, from + limit * 4))).slice(0, limit)
  }
}
