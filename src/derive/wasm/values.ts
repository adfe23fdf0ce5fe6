import { belowHigh, belowLow, bitLength, shift32, shiftHigh, shiftLow, trailingZeros, upTo } from './bits.ts'
import { op } from './opcodes.ts'

/** What is known of how a value came about. */
export const flag = {
  /** Depends on something that was loaded from memory or returned by a call: not a mere counter. */
  loaded: 1,
  /** 64 bits wide. */
  wide: 2,
  /** Bounded by an instruction (and, shift, remainder), not only by the width of a load. */
  bounded: 4,
  /** Frame pointer plus a constant: `left` is which frame pointer, `right` the constant. */
  frame: 8,
  /** Carried around a loop, or such a value plus a constant. */
  carried: 16,
} as const

/** Special codes above all opcodes: how a value arose where no instruction made it. */
export const origin = { opaque: 0x700, constant: 0x701, join: 0x702, carried: 0x703, load: 0x704 } as const

/**
 * Values of one function in static single assignment, as rows of numbers. Each has, bit by bit, what it may be (`may`: 0 is surely zero) and
 * what it must be (`must`: 1 is surely one), which folds constants and sees a mask however it is written: by `and`, by shifts, by a remainder,
 * or by De Morgan's laws. Value 0 is "nothing known".
 */
export class Values {
  count = 1
  code = new Uint16Array(1024)
  left = new Int32Array(1024)
  right = new Int32Array(1024)
  mayLow = new Int32Array(1024)
  mayHigh = new Int32Array(1024)
  mustLow = new Int32Array(1024)
  mustHigh = new Int32Array(1024)
  flags = new Uint8Array(1024)
  /** The value in a sum that is bounded most widely: what an address is masked by. 0 where there is none. */
  term = new Int32Array(1024)

  /** Where small constants of this function stand already. */
  private readonly small = new Int32Array(1024)

  reset(): void {
    this.count = 1
    this.small.fill(0)
    this.code[0] = origin.opaque
    this.left[0] = this.right[0] = 0
    this.mayLow[0] = this.mayHigh[0] = -1
    this.mustLow[0] = this.mustHigh[0] = 0
    this.flags[0] = flag.wide
    this.term[0] = 0
  }

  private grow(): void {
    const size = this.code.length * 2
    const larger = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(size)
      next.set(old)
      return next
    }
    const code = new Uint16Array(size)
    code.set(this.code)
    this.code = code
    const flags = new Uint8Array(size)
    flags.set(this.flags)
    this.flags = flags
    this.left = larger(this.left)
    this.right = larger(this.right)
    this.mayLow = larger(this.mayLow)
    this.mayHigh = larger(this.mayHigh)
    this.mustLow = larger(this.mustLow)
    this.mustHigh = larger(this.mustHigh)
    this.term = larger(this.term)
  }

  add(
    code: number,
    left: number,
    right: number,
    mayLow: number,
    mayHigh: number,
    mustLow: number,
    mustHigh: number,
    flags: number,
    term: number,
  ): number {
    const id = this.count++
    if (id === this.code.length) this.grow()
    this.code[id] = code
    this.left[id] = left
    this.right[id] = right
    this.mayLow[id] = mayLow
    this.mayHigh[id] = mayHigh
    this.mustLow[id] = mustLow
    this.mustHigh[id] = mustHigh
    this.flags[id] = flags
    this.term[id] = term
    return id
  }

  opaque(flags: number): number {
    return this.add(origin.opaque, 0, 0, -1, (flags & flag.wide) !== 0 ? -1 : 0, 0, 0, flags, 0)
  }

  constant(low: number, high: number, wide: boolean): number {
    if (low >= -128 && low < 384 && high === low >> 31) {
      const key = low + 128 + (wide ? 512 : 0)
      const known = this.small[key]!
      if (known !== 0) return known
      return (this.small[key] = this.add(origin.constant, 0, 0, low, wide ? high : 0, low, wide ? high : 0, wide ? flag.wide : 0, 0))
    }
    return this.add(origin.constant, 0, 0, low, wide ? high : 0, low, wide ? high : 0, wide ? flag.wide : 0, 0)
  }

  isConstant(id: number): boolean {
    return this.mayLow[id] === this.mustLow[id] && this.mayHigh[id] === this.mustHigh[id]
  }

  wide(id: number): boolean {
    return (this.flags[id]! & flag.wide) !== 0
  }

  /** A value of a load, with the bits that its width leaves open. */
  loaded(mayLow: number, mayHigh: number, wide: boolean, address: number): number {
    const id = this.add(origin.load, address, 0, mayLow, mayHigh, 0, 0, flag.loaded | (wide ? flag.wide : 0), 0)
    if (mayHigh === 0 && mayLow >>> 0 <= 0xffff) this.term[id] = id
    return id
  }

  /** Either of two values, as after a conditional. */
  join(a: number, b: number): number {
    if (a === b) return a
    if (this.isConstant(a) && this.isConstant(b) && this.mayLow[a] === this.mayLow[b] && this.mayHigh[a] === this.mayHigh[b]) return a
    return this.add(
      origin.join,
      a,
      b,
      this.mayLow[a]! | this.mayLow[b]!,
      this.mayHigh[a]! | this.mayHigh[b]!,
      this.mustLow[a]! & this.mustLow[b]!,
      this.mustHigh[a]! & this.mustHigh[b]!,
      (this.flags[a]! | this.flags[b]!) & ~flag.frame,
      this.wider(this.term[a]!, this.term[b]!),
    )
  }

  /** Of two bounded terms the one that reaches further, because that is the one to index memory with. */
  wider(a: number, b: number): number {
    if (a === 0 || b === 0) return a | b
    return this.mayLow[a]! >>> 0 >= this.mayLow[b]! >>> 0 ? a : b
  }

  /** Gives a fresh value its term: itself where it is bounded, else what its operands bring along. */
  private finish(id: number, inherited: number): number {
    const may = this.mayLow[id]!
    if (this.mayHigh[id] === 0 && may >= 0 && may < 0x40000000 && (may & ~7) !== 0 && may !== this.mustLow[id]) this.term[id] = id
    else this.term[id] = inherited
    return id
  }

  unary(opcode: number, value: number): number {
    const may = this.mayLow[value]!
    const must = this.mustLow[value]!
    const mustHigh = this.mustHigh[value]!
    const flags = this.flags[value]! & ~(flag.wide | flag.frame)
    const term = this.term[value]!
    switch (opcode) {
      case op.i32WrapI64:
        return this.finish(this.add(opcode, value, 0, may, 0, must, 0, flags | (this.flags[value]! & flag.frame), 0), term)
      case op.i64ExtendI32U:
        return this.finish(this.add(opcode, value, 0, may, 0, must, 0, flags | flag.wide, 0), term)
      case op.i64ExtendI32S:
        return this.finish(this.add(opcode, value, 0, may, may >> 31, must, must >> 31, flags | flag.wide, 0), term)
      case op.i32Extend8S:
        return this.narrow(opcode, value, 8, false, flags)
      case op.i32Extend16S:
        return this.narrow(opcode, value, 16, false, flags)
      case op.i64Extend8S:
        return this.narrow(opcode, value, 8, true, flags)
      case op.i64Extend16S:
        return this.narrow(opcode, value, 16, true, flags)
      case op.i64Extend32S:
        return this.add(opcode, value, 0, may, may >> 31, must, must >> 31, flags | flag.wide, term)
      case op.i32Eqz:
      case op.i64Eqz: {
        if (this.isConstant(value)) return this.constant(must === 0 && mustHigh === 0 ? 1 : 0, 0, false)
        if ((must | mustHigh) !== 0) return this.constant(0, 0, false)
        return this.add(opcode, value, 0, 1, 0, 0, 0, flags, 0)
      }
      case op.i32Clz:
      case op.i32Ctz:
      case op.i32Popcnt:
        return this.add(opcode, value, 0, 0x3f, 0, 0, 0, flags, 0)
      case op.i64Clz:
      case op.i64Ctz:
      case op.i64Popcnt:
        return this.add(opcode, value, 0, 0x7f, 0, 0, 0, flags | flag.wide, 0)
      default:
        return this.add(opcode, value, 0, -1, -1, 0, 0, flags | flag.wide, 0)
    }
  }

  private narrow(opcode: number, value: number, bits: number, wide: boolean, flags: number): number {
    const shift = 32 - bits
    const may = (this.mayLow[value]! << shift) >> shift
    const must = (this.mustLow[value]! << shift) >> shift
    return this.finish(
      this.add(opcode, value, 0, may, wide ? may >> 31 : 0, must, wide ? must >> 31 : 0, flags | (wide ? flag.wide : 0), 0),
      this.term[value]!,
    )
  }

  binary(opcode: number, left: number, right: number): number {
    const wide = opcode >= op.i64Clz
    const base = wide ? opcode - (op.i64Add - op.i32Add) : opcode
    const aMay = this.mayLow[left]!
    const bMay = this.mayLow[right]!
    const aMust = this.mustLow[left]!
    const bMust = this.mustLow[right]!
    const aMayHigh = wide ? this.mayHigh[left]! : 0
    const bMayHigh = wide ? this.mayHigh[right]! : 0
    const aMustHigh = wide ? this.mustHigh[left]! : 0
    const bMustHigh = wide ? this.mustHigh[right]! : 0
    const aConstant = aMay === aMust && aMayHigh === aMustHigh
    const bConstant = bMay === bMust && bMayHigh === bMustHigh
    const flags = ((this.flags[left]! | this.flags[right]!) & (flag.loaded | flag.bounded)) | (wide ? flag.wide : 0)
    const term = this.wider(this.term[left]!, this.term[right]!)
    switch (base) {
      case op.i32And: {
        let may = aMay & bMay
        let mayHigh = aMayHigh & bMayHigh
        // (x ^ k) & x is x & ~k: an `and` written by an obfuscator (O-LLVM's instruction substitution).
        const hidden = this.xorWith(left, right) || this.xorWith(right, left)
        if (hidden !== 0) {
          may &= ~this.mustLow[hidden]!
          mayHigh &= ~this.mustHigh[hidden]!
        }
        return this.finish(this.add(opcode, left, right, may, mayHigh, aMust & bMust, aMustHigh & bMustHigh, flags | flag.bounded, 0), term)
      }
      case op.i32Or:
        // With a constant it fixes bits, which the complement of the whole then clears: a mask by De Morgan's laws.
        return this.finish(
          this.add(
            opcode,
            left,
            right,
            aMay | bMay,
            aMayHigh | bMayHigh,
            aMust | bMust,
            aMustHigh | bMustHigh,
            aConstant || bConstant ? flags | flag.bounded : flags,
            0,
          ),
          term,
        )
      case op.i32Xor: {
        if (left === right) return this.constant(0, 0, wide)
        const known = ~((aMay ^ aMust) | (bMay ^ bMust))
        const knownHigh = ~((aMayHigh ^ aMustHigh) | (bMayHigh ^ bMustHigh))
        const ones = (aMust ^ bMust) & known
        const onesHigh = (aMustHigh ^ bMustHigh) & knownHigh
        return this.finish(
          this.add(opcode, left, right, ones | ~known, wide ? onesHigh | ~knownHigh : 0, ones, wide ? onesHigh : 0, flags, 0),
          term,
        )
      }
      case op.i32Shl:
      case op.i32ShrU:
      case op.i32ShrS:
      case op.i32Rotl:
      case op.i32Rotr:
        if (bConstant) return this.shift(base, opcode, left, right, bMust & (wide ? 63 : 31), wide, flags, term)
        return this.finish(
          this.add(
            opcode,
            left,
            right,
            base === op.i32ShrU ? upTo(aMay) : -1,
            wide ? (base === op.i32ShrU ? upTo(aMayHigh) : -1) : 0,
            0,
            0,
            flags,
            0,
          ),
          0,
        )
      case op.i32Add:
      case op.i32Sub:
        return this.sum(base === op.i32Sub, opcode, left, right, wide, aConstant, bConstant, flags, term)
      case op.i32Mul: {
        if (aConstant && bConstant)
          return wide ? this.multiplied(aMust, aMustHigh, bMust, bMustHigh) : this.constant(Math.imul(aMust, bMust), 0, false)
        const zeros = Math.min(31, trailingZeros(aMay, aMayHigh) + trailingZeros(bMay, bMayHigh))
        const bits = bitLength(aMay, aMayHigh) + bitLength(bMay, bMayHigh)
        return this.finish(this.add(opcode, left, right, belowLow(bits) & (-1 << zeros), belowHigh(bits, wide), 0, 0, flags, 0), 0)
      }
      case op.i32RemU: {
        if (bConstant && bMustHigh === 0 && bMust > 0) {
          if (aConstant && aMustHigh === 0) return this.constant((aMust >>> 0) % bMust, 0, wide)
          return this.finish(
            this.add(
              opcode,
              left,
              right,
              (bMust & (bMust - 1)) === 0 ? aMay & (bMust - 1) : upTo(bMust - 1),
              0,
              0,
              0,
              flags | flag.bounded,
              0,
            ),
            0,
          )
        }
        return this.add(opcode, left, right, -1, wide ? -1 : 0, 0, 0, flags, 0)
      }
      case op.i32DivU: {
        if (bConstant && bMustHigh === 0 && bMust > 0) {
          if (aConstant && aMustHigh === 0) return this.constant(Math.floor((aMust >>> 0) / bMust) | 0, 0, wide)
          const bits = bitLength(aMay, aMayHigh) - (31 - Math.clz32(bMust))
          return this.finish(this.add(opcode, left, right, belowLow(bits), belowHigh(bits, wide), 0, 0, flags | flag.bounded, 0), 0)
        }
        return this.add(opcode, left, right, upTo(aMay), wide ? upTo(aMayHigh) : 0, 0, 0, flags, 0)
      }
      default:
        // Comparisons yield one bit, what is left (division with sign) anything.
        if (opcode < op.f32Eq) return this.add(opcode, left, right, 1, 0, 0, 0, flags & ~flag.wide, 0)
        return this.add(opcode, left, right, -1, wide ? -1 : 0, 0, 0, flags, 0)
    }
  }

  /** The constant `k` where `value` is `other ^ k`, or 0. */
  private xorWith(value: number, other: number): number {
    const code = this.code[value]!
    if (code !== op.i32Xor && code !== op.i64Xor) return 0
    if (this.left[value] === other && this.isConstant(this.right[value]!)) return this.right[value]!
    if (this.right[value] === other && this.isConstant(this.left[value]!)) return this.left[value]!
    return 0
  }

  private shift(base: number, opcode: number, left: number, right: number, by: number, wide: boolean, flags: number, term: number): number {
    const mayLow = this.mayLow[left]!
    const mayHigh = wide ? this.mayHigh[left]! : 0
    const mustLow = this.mustLow[left]!
    const mustHigh = wide ? this.mustHigh[left]! : 0
    let low = 0
    let high = 0
    let oneLow = 0
    let oneHigh = 0
    if (wide) {
      low = shiftLow(base, mayLow, mayHigh, by)
      high = shiftHigh(base, mayLow, mayHigh, by)
      oneLow = shiftLow(base, mustLow, mustHigh, by)
      oneHigh = shiftHigh(base, mustLow, mustHigh, by)
    } else {
      low = shift32(base, mayLow, by)
      oneLow = shift32(base, mustLow, by)
    }
    const bounded = base === op.i32ShrU && by > 0 ? flag.bounded : 0
    return this.finish(this.add(opcode, left, right, low, high, oneLow, oneHigh, flags | bounded, 0), by === 0 ? term : 0)
  }

  private sum(
    subtract: boolean,
    opcode: number,
    left: number,
    right: number,
    wide: boolean,
    aConstant: boolean,
    bConstant: boolean,
    flags: number,
    term: number,
  ): number {
    const a = this.mustLow[left]!
    const b = this.mustLow[right]!
    if (aConstant && bConstant) {
      if (!wide) return this.constant(subtract ? (a - b) | 0 : (a + b) | 0, 0, false)
      const low = subtract ? (a >>> 0) - (b >>> 0) : (a >>> 0) + (b >>> 0)
      const carry = subtract ? (low < 0 ? -1 : 0) : low > 0xffffffff ? 1 : 0
      return this.constant(
        low | 0,
        subtract ? (this.mustHigh[left]! - this.mustHigh[right]! + carry) | 0 : (this.mustHigh[left]! + this.mustHigh[right]! + carry) | 0,
        true,
      )
    }
    const carried = (this.flags[left]! & flag.carried && bConstant) || (this.flags[right]! & flag.carried && aConstant) ? flag.carried : 0
    // Frame pointer and constant: one value with the offset in it.
    if (!wide && bConstant && (this.flags[left]! & flag.frame) !== 0) {
      return this.add(
        opcode,
        this.left[left]!,
        subtract ? (this.right[left]! - b) | 0 : (this.right[left]! + b) | 0,
        -1,
        0,
        0,
        0,
        flag.frame,
        0,
      )
    }
    const aMay = this.mayLow[left]!
    const bMay = this.mayLow[right]!
    const aMayHigh = wide ? this.mayHigh[left]! : 0
    const bMayHigh = wide ? this.mayHigh[right]! : 0
    if (!subtract && (aMay & bMay) === 0 && (aMayHigh & bMayHigh) === 0) {
      return this.finish(
        this.add(
          opcode,
          left,
          right,
          aMay | bMay,
          aMayHigh | bMayHigh,
          this.mustLow[left]! | this.mustLow[right]!,
          this.mustHigh[left]! | this.mustHigh[right]!,
          flags | carried,
          0,
        ),
        term,
      )
    }
    const zeros = Math.min(31, trailingZeros(aMay, aMayHigh), trailingZeros(bMay, bMayHigh))
    const bits = subtract ? 64 : Math.max(bitLength(aMay, aMayHigh), bitLength(bMay, bMayHigh)) + 1
    const id = this.add(opcode, left, right, belowLow(bits) & (-1 << zeros), belowHigh(bits, wide), 0, 0, flags | carried, 0)
    // A sum's own bound says less than that of the term which it indexes with.
    this.term[id] = term
    return id
  }

  private multiplied(aLow: number, aHigh: number, bLow: number, bHigh: number): number {
    const product = BigInt.asUintN(
      64,
      (BigInt(aHigh >>> 0) * 0x100000000n + BigInt(aLow >>> 0)) * (BigInt(bHigh >>> 0) * 0x100000000n + BigInt(bLow >>> 0)),
    )
    return this.constant(Number(product & 0xffffffffn) | 0, Number(product >> 32n) | 0, true)
  }
}
