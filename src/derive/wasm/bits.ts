import { op } from './opcodes.ts'

/** All bits up to the highest that is set. */
export function upTo(may: number): number {
  return may < 0 ? -1 : may === 0 ? 0 : (1 << (32 - Math.clz32(may))) - 1
}

export function bitLength(low: number, high: number): number {
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(low)
}

export function trailingZeros(low: number, high: number): number {
  return low !== 0 ? 31 - Math.clz32(low & -low) : high !== 0 ? 63 - Math.clz32(high & -high) : 64
}

/** The halves of 2^bits - 1. */
export function belowLow(bits: number): number {
  return bits <= 0 ? 0 : bits < 32 ? (1 << bits) - 1 : -1
}

export function belowHigh(bits: number, wide: boolean): number {
  return !wide || bits <= 32 ? 0 : bits < 64 ? (1 << (bits - 32)) - 1 : -1
}

export function shift32(base: number, value: number, by: number): number {
  switch (base) {
    case op.i32Shl:
      return value << by
    case op.i32ShrU:
      return value >>> by
    case op.i32ShrS:
      return value >> by
    case op.i32Rotl:
      return by === 0 ? value : (value << by) | (value >>> (32 - by))
    default:
      return by === 0 ? value : (value >>> by) | (value << (32 - by))
  }
}

export function shiftLow(base: number, low: number, high: number, by: number): number {
  if (by === 0) return low
  switch (base) {
    case op.i32Shl:
      return by < 32 ? low << by : 0
    case op.i32ShrU:
      return by < 32 ? (low >>> by) | (high << (32 - by)) : high >>> (by - 32)
    case op.i32ShrS:
      return by < 32 ? (low >>> by) | (high << (32 - by)) : high >> (by - 32)
    default: {
      const turn = base === op.i32Rotl ? by : 64 - by
      if (turn === 32) return high
      return turn < 32 ? (low << turn) | (high >>> (32 - turn)) : (high << (turn - 32)) | (low >>> (64 - turn))
    }
  }
}

export function shiftHigh(base: number, low: number, high: number, by: number): number {
  if (by === 0) return high
  switch (base) {
    case op.i32Shl:
      return by < 32 ? (high << by) | (low >>> (32 - by)) : low << (by - 32)
    case op.i32ShrU:
      return by < 32 ? high >>> by : 0
    case op.i32ShrS:
      return high >> Math.min(by, 31)
    default: {
      const turn = base === op.i32Rotl ? by : 64 - by
      if (turn === 32) return low
      return turn < 32 ? (high << turn) | (low >>> (32 - turn)) : (low << (turn - 32)) | (high >>> (64 - turn))
    }
  }
}
