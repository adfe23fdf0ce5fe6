import type { FlowFacts } from './flow-facts.ts'
import type { Values } from './values.ts'
import { emptyFacts } from './flow-facts.ts'
import { op, prefixBase } from './opcodes.ts'
import { flag, origin } from './values.ts'

const maxMaskedKinds = 64

/** Less, greater and their like without sign: how a hash is held against a target. */
const comparesTarget: ReadonlySet<number> = new Set([0x49, 0x4b, 0x4d, 0x4f, 0x54, 0x56, 0x58, 0x5a])

/** Takes down what the flow of values through one function shows: turns, products, masked accesses, counters. */
export class Observer {
  facts: FlowFacts = emptyFacts(0)
  private readonly values: Values
  private readonly updates = new Map<number, number>()

  constructor(values: Values) {
    this.values = values
  }

  reset(functionIndex: number): void {
    this.facts = emptyFacts(functionIndex)
    this.updates.clear()
  }

  /** An instruction on two integers whose result is not constant. */
  arithmetic(opcode: number, left: number, right: number): void {
    const { values, facts } = this
    switch (opcode) {
      case op.i32Rotl:
      case op.i32Rotr:
        if (values.isConstant(right)) this.turn32(opcode === op.i32Rotl ? values.mustLow[right]! & 31 : -values.mustLow[right]! & 31)
        else facts.variableTurns++
        break
      case op.i64Rotl:
      case op.i64Rotr:
        if (values.isConstant(right)) this.turn64(opcode === op.i64Rotl ? values.mustLow[right]! & 63 : -values.mustLow[right]! & 63)
        else facts.variableTurns++
        break
      case op.i32Or:
      case op.i32Xor:
      case op.i32Add:
        if (opcode === op.i32Xor && ((this.fnvProduct(left) && this.word(right)) || (this.fnvProduct(right) && this.word(left))))
          facts.fnvMixes++
        this.turn(left, right, op.i32Shl, op.i32ShrU, 32)
        break
      case op.i64Or:
      case op.i64Xor:
      case op.i64Add:
        this.turn(left, right, op.i64Shl, op.i64ShrU, 64)
        break
      case op.i64Mul:
        if (values.mayHigh[left] === 0 && values.mayHigh[right] === 0 && !values.isConstant(left) && !values.isConstant(right))
          facts.wideMultiplies++
        break
      case op.i32And:
      case op.i64And:
        if (this.inverted(left) || this.inverted(right)) facts.andNots++
        if (opcode === op.i64And) this.pairedMask(values.isConstant(right) ? right : values.isConstant(left) ? left : 0)
        break
    }
  }

  store(address: number, value: number, octets: number, loopDepth: number): void {
    this.access(address, 2, octets, loopDepth)
    if (loopDepth > 0 && octets >= 4 && this.isCounter(value, address)) this.facts.counterStores++
  }

  private pairedMask(constant: number): void {
    if (constant === 0) return
    const low = this.values.mustLow[constant]!
    if (
      low === this.values.mustHigh[constant] &&
      low > 0x7f &&
      low < 0x100000 &&
      (low & (low + (low & -low))) === 0 &&
      (low & 7) === 0 &&
      this.facts.pairedMasks.length < 16
    )
      this.facts.pairedMasks.push(low)
  }

  private fnvProduct(value: number): boolean {
    const { values } = this
    if (values.code[value] !== op.i32Mul) return false
    const left = values.left[value]!
    const right = values.right[value]!
    return (
      (values.isConstant(right) && values.mustLow[right] === 0x01000193) || (values.isConstant(left) && values.mustLow[left] === 0x01000193)
    )
  }

  /** More than an octet: hashing of text mixes octets. */
  private word(value: number): boolean {
    return this.values.mayLow[value]! >>> 0 > 0xffff
  }

  private inverted(value: number): boolean {
    const { values } = this
    const code = values.code[value]!
    if (code !== op.i32Xor && code !== op.i64Xor) return false
    const right = values.right[value]!
    const left = values.left[value]!
    return (values.isConstant(right) && values.mustLow[right] === -1) || (values.isConstant(left) && values.mustLow[left] === -1)
  }

  private turn32(by: number): void {
    this.facts.turns32 |= 1 << by
    this.facts.turnCount++
  }

  private turn64(by: number): void {
    if (by < 32) this.facts.turns64Low |= 1 << by
    else this.facts.turns64High |= 1 << (by - 32)
    this.facts.turnCount++
  }

  /** Shifts left and right whose amounts add up to the width, joined. */
  private turn(first: number, second: number, shl: number, shr: number, width: number): void {
    const { values, facts } = this
    let left = first
    let right = second
    if (values.code[left] === shr) {
      left = second
      right = first
    }
    if (values.code[left] !== shl || values.code[right] !== shr) return
    const up = values.right[left]!
    const down = values.right[right]!
    const same = values.left[left] === values.left[right]
    if (!values.isConstant(up) || !values.isConstant(down)) {
      if (same) facts.variableTurns++
      return
    }
    const by = values.mustLow[up]! & (width - 1)
    const sum = by + (values.mustLow[down]! & (width - 1))
    if (sum === width && same) {
      if (width === 64) this.turn64(by)
      else this.turn32(by)
    } else if (sum === 32) {
      if (width === 64 && same) this.turn32(by)
      else {
        facts.funnels |= 1 << by
        facts.funnelCount++
      }
    }
  }

  vectorTurn(first: number, second: number): void {
    const { values } = this
    for (const [shl, shr, width] of [
      [prefixBase.simd + 0xab, prefixBase.simd + 0xad, 32],
      [prefixBase.simd + 0xcb, prefixBase.simd + 0xcd, 64],
    ] as const) {
      const left = values.code[first] === shl ? first : second
      const right = left === first ? second : first
      if (values.code[left] !== shl || values.code[right] !== shr || values.left[left] !== values.left[right]) continue
      const up = values.right[left]!
      const down = values.right[right]!
      if (!values.isConstant(up) || !values.isConstant(down) || values.mustLow[up]! + values.mustLow[down]! !== width) continue
      if (width === 32) this.turn32(values.mustLow[up]! & 31)
      else this.turn64(values.mustLow[up]! & 63)
    }
  }

  comparison(opcode: number, left: number, right: number): void {
    const { values } = this
    const flags = values.flags[left]! | values.flags[right]!
    // One side comes from memory, the other is not known beforehand: a result against a target, not a bound of a loop.
    const known = values.isConstant(left) || values.isConstant(right)
    if (!comparesTarget.has(opcode) || known || (flags & flag.loaded) === 0 || (flags & flag.carried) !== 0) return
    this.facts.targetComparisons++
  }

  /** A loop's counter, or what stands at the address plus one. */
  private isCounter(value: number, address: number): boolean {
    const { values } = this
    if ((values.flags[value]! & flag.carried) !== 0) return true
    const code = values.code[value]!
    if (code !== op.i32Add && code !== op.i64Add) return false
    const loaded = values.left[value]!
    const one = values.right[value]!
    return values.isConstant(one) && values.mustLow[one] === 1 && values.code[loaded] === origin.load && values.left[loaded] === address
  }

  /** A load (kind 1) or store (kind 2). */
  access(address: number, kind: number, octets: number, loopDepth: number): void {
    const { values, facts } = this
    const term = values.term[address]!
    if (term === 0) return
    const may = values.mayLow[term]!
    const bits = 32 - Math.clz32(may)
    const align = 31 - Math.clz32(may & -may)
    if (bits - align >= 7 && bits - align <= 12 && align <= 4 && bits < 17) {
      if (kind === 1) facts.lookups[align]!++
      if (bits < 14) return
    }
    if (loopDepth === 0 || bits < 14 || bits > 28 || (values.flags[term]! & flag.bounded) === 0) return
    // Gaps in the mask: no index into one region.
    if (may !== (((1 << bits) - 1) & (-1 << align))) return
    if ((values.flags[term]! & flag.loaded) === 0 && (values.flags[address]! & flag.loaded) === 0) return
    let record = facts.masked.find((known) => known.bits === bits && known.align === align)
    if (record === undefined) {
      if (facts.masked.length >= maxMaskedKinds) return
      record = { bits, align, loads: 0, stores: 0, updates: 0, octets: 0 }
      facts.masked.push(record)
    }
    if (kind === 1) record.loads++
    else record.stores++
    const before = this.updates.get(term) ?? 0
    const now = before | kind
    if (before !== now) {
      this.updates.set(term, now)
      if (now === 3) record.updates++
    }
    if (octets > record.octets) record.octets = octets
  }
}
