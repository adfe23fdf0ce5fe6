import type { Reader } from './reader.ts'
import { WasmFault } from './fault.ts'
import { immediate, immediates, op, prefixBase } from './opcodes.ts'

/**
 * Instructions of one expression, three numbers each in `words`: opcode and two immediates `a` and `b`. It is written over by the next
 * expression, so that nothing is allocated for an instruction.
 * `a`: index; constant's low half (f32 and f64: their bits); memory access: low half of the static offset; block: its type (a value type as a
 * negative number, or a type index); branch table: count of targets. `b` is meaningful for these only: high half of i64 and f64 constants,
 * second index of instructions that have two, default depth of a branch table.
 */
export class Tape {
  words = new Int32Array(3 * 4096)
  /** Instructions on it. */
  length = 0

  reserve(instructions: number): Int32Array {
    if (this.words.length < instructions * 3) this.words = new Int32Array(Math.max(instructions * 3, this.words.length * 2))
    return this.words
  }
}

/** Deepest nesting of blocks that engines accept is far below this; more is hostile. */
const maxDepth = 100_000

/** Engines refuse larger bodies (JavaScript interface of WebAssembly, "implementation-defined limits"). */
const maxBodyOctets = 7_654_321

/**
 * What an instruction's first two octets say, for the forms that are nearly all of a real module: `length` 1 (no immediate) or 2 (a number of
 * one octet), the immediate in the bits above 8, `plain` set. `length` 3: a third octet decides, see `third`. 0: read with care.
 * One look-up instead of a branch for each layout, because decoding's cost is in its branches.
 */
const pairs = new Int32Array(0x10000)
/** Set where `length` is 1 or 2. */
const plain = 16
const third = { memory: 4, index: 8, i32: 12 } as const
for (let opcode = 0; opcode < 0xfb; opcode++) {
  for (let octet = 0; octet < 256; octet++) {
    const layout = immediates[opcode]
    const short = octet < 0x80
    let entry = 0
    if (layout === immediate.none && opcode !== op.end) entry = 1
    else if (layout === immediate.index && opcode !== op.delegate)
      entry = short ? 2 | (octet << 8) : 3 | third.index | ((octet & 0x7f) << 8)
    else if (layout === immediate.i32) entry = short ? 2 | (((octet << 25) >> 25) << 8) : 3 | third.i32 | ((octet & 0x7f) << 8)
    else if (layout === immediate.memory && octet < 0x40) entry = 3 | third.memory
    pairs[opcode | (octet << 8)] = (entry & 3) === 1 || (entry & 3) === 2 ? entry | plain : entry
  }
}

/**
 * Reads one expression (a function's body after its locals, or an initialiser) up to its closing `end`, which is on the tape too.
 * Leaves `reader.at` behind it. Throws `WasmFault`; what was read before the fault is on the tape. The reader's octets must go on for
 * at least eight more behind its end.
 */
export function decodeExpression(reader: Reader, tape: Tape): void {
  const bytes = reader.bytes
  const end = reader.end
  const from = reader.at
  tape.length = 0
  if (end - from > maxBodyOctets) throw new WasmFault('TOO_MUCH', from)
  // An instruction takes an octet at least.
  const words = tape.reserve(end - from)
  let at = from
  let depth = 1
  let next = 0
  try {
    while (at < end) {
      const pair = bytes[at]! | (bytes[at + 1]! << 8)
      const entry = pairs[pair]!
      const length = entry & 3
      if ((entry & plain) !== 0) {
        words[next] = pair & 0xff
        words[next + 1] = entry >> 8
        next += 3
        at += length
        continue
      }
      const start = at
      let opcode = pair & 0xff
      if (length === 3) {
        const octet = bytes[at + 2]!
        const kind = entry & 12
        if (octet < 0x80) {
          words[next] = opcode
          words[next + 1] = kind === 8 ? (octet << 7) | (entry >> 8) : kind === 4 ? octet : (((octet << 7) | (entry >> 8)) << 18) >> 18
          next += 3
          at += 3
          continue
        }
        const fourth = bytes[at + 3]!
        if (fourth < 0x80 && kind !== 8) {
          words[next] = opcode
          words[next + 1] =
            kind === 4 ? (octet & 0x7f) | (fourth << 7) : (((fourth << 14) | ((octet & 0x7f) << 7) | (entry >> 8)) << 11) >> 11
          next += 3
          at += 4
          continue
        }
      } else if (opcode === 0x0b /* end */) {
        words[next] = opcode
        words[next + 1] = 0
        next += 3
        at++
        if (--depth > 0) continue
        reader.at = at
        return
      } else if (opcode === 0x42 /* i64.const */) {
        reader.at = at + 1
        reader.leb64(true)
        words[next] = opcode
        words[next + 1] = reader.low
        words[next + 2] = reader.high
        next += 3
        at = reader.at
        continue
      } else if (opcode >= 0x02 && opcode <= 0x04 /* block, loop, if */ && (pair >> 8 === 0x40 || (pair >= 0x6500 && pair < 0x8000))) {
        words[next] = opcode
        words[next + 1] = (pair << 17) >> 25
        next += 3
        at += 2
        if (++depth > maxDepth) throw new WasmFault('TOO_MUCH', start)
        continue
      }
      reader.at = at + 1
      if (opcode >= 0xfb) opcode = prefixed(reader, opcode, start)
      words[next] = opcode
      words[next + 1] = anyImmediate(reader, opcode, start)
      words[next + 2] = reader.high
      next += 3
      at = reader.at
      if (opcode === op.delegate) {
        if (--depth === 0) return
      } else if ((immediates[opcode] === immediate.blockType || opcode === op.tryTable) && ++depth > maxDepth)
        throw new WasmFault('TOO_MUCH', start)
    }
    throw new WasmFault('TRUNCATED', Math.min(at, end))
  } finally {
    tape.length = next / 3
  }
}

/** Opcode number of a prefixed instruction, whose sub-opcode is next. */
function prefixed(reader: Reader, prefix: number, start: number): number {
  const sub = reader.u32()
  const [base, count] =
    prefix === 0xfb
      ? [prefixBase.gc, 0x100]
      : prefix === 0xfc
        ? [prefixBase.numeric, 0x100]
        : prefix === 0xfd
          ? [prefixBase.simd, 0x200]
          : prefix === 0xfe
            ? [prefixBase.atomic, 0x100]
            : [0, 0]
  if (sub >= count) throw new WasmFault('UNKNOWN_INSTRUCTION', start)
  return base + sub
}

/** Returns the memory index; the offset's halves are in `reader.low` and `reader.high`. Bit 6 of the alignment says that a memory index follows. */
function memoryAccess(reader: Reader): number {
  const alignment = reader.u32()
  const memory = (alignment & 0x40) !== 0 ? reader.u32() : 0
  reader.leb64(false)
  return memory
}

/** A value type or empty as a negative number, or an index of a type. */
export function blockType(reader: Reader): number {
  const first = reader.byte()
  if (first === 0x63 || first === 0x64) {
    heapType(reader)
    return first - 0x80
  }
  reader.at--
  reader.leb64(true)
  return reader.low
}

export function heapType(reader: Reader): void {
  reader.leb64(true)
}

/** The careful reading of any instruction's immediates: the first is returned, the second is left in `reader.high`. */
function anyImmediate(reader: Reader, opcode: number, start: number): number {
  let first = 0
  let second = 0
  switch (immediates[opcode]) {
    case immediate.none:
      break
    case immediate.blockType:
      first = blockType(reader)
      break
    case immediate.index:
      first = reader.u32() | 0
      break
    case immediate.twoIndexes:
      first = reader.u32() | 0
      second = reader.u32() | 0
      break
    case immediate.memory:
    case immediate.memoryLane:
      second = memoryAccess(reader)
      first = reader.low
      if (immediates[opcode] === immediate.memoryLane) reader.byte()
      break
    case immediate.i32:
      first = reader.s32()
      second = first >> 31
      break
    case immediate.i64:
      reader.leb64(true)
      return reader.low
    case immediate.f32:
      first = reader.word()
      break
    case immediate.f64:
      first = reader.word()
      second = reader.word()
      break
    case immediate.branchTable:
      first = reader.count()
      for (let index = 0; index < first; index++) reader.u32()
      second = reader.u32() | 0
      break
    case immediate.types:
      first = reader.count()
      for (let index = 0; index < first; index++) blockType(reader)
      break
    case immediate.bytes16:
      first = reader.word()
      second = reader.word()
      reader.skip(8)
      break
    case immediate.byte:
      first = reader.byte()
      break
    case immediate.tryTable: {
      first = blockType(reader)
      const catches = reader.count(2)
      for (let index = 0; index < catches; index++) {
        const kind = reader.byte()
        if (kind > 3) throw new WasmFault('UNKNOWN_FORM', reader.at - 1)
        if (kind < 2) reader.u32()
        reader.u32()
      }
      break
    }
    case immediate.heapType:
      heapType(reader)
      break
    case immediate.castBranch:
      reader.byte()
      reader.u32()
      heapType(reader)
      heapType(reader)
      break
    default:
      throw new WasmFault('UNKNOWN_INSTRUCTION', start)
  }
  reader.high = second
  return first
}
