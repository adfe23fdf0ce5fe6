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
 * How the instructions that are nearly all of a real module are read: from the four octets at their beginning, in one step without a branch for
 * their layout, because decoding's cost is in branches and in waiting for the length. By opcode.
 * `more`: bits of those octets that must be zero, or else the instruction is read another way (a longer number, an unusual type or alignment).
 * `forms`: octets it takes (bits 0 and 1); what it adds to the depth, plus one (bits 4 and 5); how far left its immediate of seven bits is moved
 * to have its sign on top (bits 8 to 12); which bits of the immediate count (from bit 16, with sign).
 */
const more = new Int32Array(256).fill(0xff)
const forms = new Int32Array(256)
/** Depth stays as it is. */
const level = 1 << 4

function form(opcode: number, octets: 1 | 2 | 3, zero: number, kept: number, depth: -1 | 0 | 1 = 0): void {
  more[opcode] = zero
  forms[opcode] = octets | ((depth + 1) << 4) | ((octets === 3 ? 9 : 17) << 8) | (kept << 16)
}

for (let opcode = 0; opcode < 0xfb; opcode++) {
  if (opcode === op.delegate) continue
  const layout = immediates[opcode]
  if (layout === immediate.none) form(opcode, 1, 0, 0, opcode === op.end ? -1 : 0)
  else if (layout === immediate.index) form(opcode, 2, 0x8000, 0x7f)
  else if (layout === immediate.i32) form(opcode, 2, 0x8000, -1)
  else if (layout === immediate.memory) form(opcode, 3, 0x80c000, 0x7f)
  // Only the types 0x40 (empty) and 0 (the module's first): others may be longer than they look.
  else if (layout === immediate.blockType) form(opcode, 2, 0xbf00, -1, 1)
}

/**
 * Reads one expression (a function's body after its locals, or an initialiser) up to its closing `end`, which is on the tape too.
 * Leaves `reader.at` behind it. Throws `WasmFault`, and then nothing is on the tape.
 */
export function decodeExpression(reader: Reader, tape: Tape): void {
  const end = reader.end
  const from = reader.at
  tape.length = 0
  if (end - from > maxBodyOctets) throw new WasmFault('TOO_MUCH', from)
  // An instruction takes an octet at least.
  const words = tape.reserve(end - from)
  let at = from
  let depth = 1
  let next = 0
  while (at < end) {
    // Octets are read ahead; only where the module's very last ones are code is it copied for that.
    if (at >= reader.safeEnd) reader.pad()
    const view = reader.view
    const safe = Math.min(end, reader.safeEnd) | 0
    while (at < safe) {
      const start = at
      const word = view.getInt32(at, true)
      let opcode = word & 0xff
      const how = forms[opcode]!
      if ((word & more[opcode]!) === 0) {
        words[next] = opcode
        words[next + 1] = ((word << (how >> 8)) >> 25) & (how >> 16)
        next += 3
        at += how & 3
        if ((how & 0x30) === level) continue
        depth += ((how >> 4) & 3) - 1
        if (depth > maxDepth) throw new WasmFault('TOO_MUCH', start)
        if (depth > 0) continue
        reader.at = at
        tape.length = next / 3
        return
      }
      // Numbers of two octets, constants of three, and what else is frequent.
      const layout = immediates[opcode]
      if (layout === immediate.index) {
        if ((word & 0x800000) === 0 && opcode !== op.delegate) {
          words[next] = opcode
          words[next + 1] = ((word >>> 8) & 0x7f) | ((word >>> 9) & 0x3f80)
          next += 3
          at += 3
          continue
        }
      } else if (layout === immediate.memory) {
        if ((word & 0x8000c000) === 0) {
          words[next] = opcode
          words[next + 1] = ((word >>> 16) & 0x7f) | ((word >>> 17) & 0x3f80)
          next += 3
          at += 4
          continue
        }
      } else if (layout === immediate.i32) {
        const low = ((word >>> 8) & 0x7f) | ((word >>> 9) & 0x3f80)
        if ((word & 0x800000) === 0) {
          words[next] = opcode
          words[next + 1] = (low << 18) >> 18
          next += 3
          at += 3
          continue
        }
        if (word >= 0) {
          words[next] = opcode
          words[next + 1] = ((low | ((word >>> 24) << 14)) << 11) >> 11
          next += 3
          at += 4
          continue
        }
      } else if (layout === immediate.blockType) {
        // Value types of one octet, as empty blocks are read above.
        const type = (word >> 8) & 0xff
        if (type >= 0x65 && type < 0x80) {
          words[next] = opcode
          words[next + 1] = type - 0x80
          next += 3
          at += 2
          if (++depth > maxDepth) throw new WasmFault('TOO_MUCH', start)
          continue
        }
      } else if (opcode === op.i64Const) {
        if ((word & 0x8000) === 0) {
          const low = (word << 17) >> 25
          words[next] = opcode
          words[next + 1] = low
          words[next + 2] = low >> 31
          next += 3
          at += 2
          continue
        }
        reader.at = at + 1
        reader.leb64(true)
        words[next] = opcode
        words[next + 1] = reader.low
        words[next + 2] = reader.high
        next += 3
        at = reader.at
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
        if (--depth > 0) continue
        tape.length = next / 3
        return
      }
      if ((immediates[opcode] === immediate.blockType || opcode === op.tryTable) && ++depth > maxDepth)
        throw new WasmFault('TOO_MUCH', start)
    }
  }
  throw new WasmFault('TRUNCATED', Math.min(at, end))
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
