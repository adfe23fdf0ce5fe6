import type { Tape } from './decode-code.ts'
import { op, prefixBase } from './opcodes.ts'
import { memoryEffects } from './stack-effects.ts'

/** Counts of one body, cheap enough for every function of every module. */
export interface FunctionScan {
  functionIndex: number
  instructions: number
  /** `xor`, `rotate`, `shift`, `and`/`or`, `mul`, `add`/`sub` of integers and vectors. */
  xor: number
  rotate: number
  shift: number
  logic: number
  multiply: number
  sum: number
  /** Arithmetic of floating point. */
  floats: number
  loads: number
  stores: number
  loops: number
  /** Distinct functions called; at most 256 are kept. */
  callees: number[]
  /** Those called within a loop; at most 64 are kept. */
  loopCallees: number[]
  indirectCalls: number
  /** Holds the 32-bit FNV prime. */
  fnv: boolean
}

const classes = { xor: 1, rotate: 2, shift: 3, logic: 4, multiply: 5, sum: 6, float: 7 } as const
const classOf = new Uint8Array(0x600)
for (const [opcode, which] of [
  [op.i32Xor, classes.xor],
  [op.i64Xor, classes.xor],
  [op.i32Rotl, classes.rotate],
  [op.i32Rotr, classes.rotate],
  [op.i64Rotl, classes.rotate],
  [op.i64Rotr, classes.rotate],
  [op.i32Shl, classes.shift],
  [op.i32ShrU, classes.shift],
  [op.i32ShrS, classes.shift],
  [op.i64Shl, classes.shift],
  [op.i64ShrU, classes.shift],
  [op.i64ShrS, classes.shift],
  [op.i32And, classes.logic],
  [op.i32Or, classes.logic],
  [op.i64And, classes.logic],
  [op.i64Or, classes.logic],
  [op.i32Mul, classes.multiply],
  [op.i64Mul, classes.multiply],
  [op.i32Add, classes.sum],
  [op.i32Sub, classes.sum],
  [op.i64Add, classes.sum],
  [op.i64Sub, classes.sum],
  [prefixBase.simd + 78, classes.logic],
  [prefixBase.simd + 80, classes.logic],
  [prefixBase.simd + 81, classes.xor],
  [prefixBase.simd + 0xae, classes.sum],
  [prefixBase.simd + 0xce, classes.sum],
  [prefixBase.simd + 0xab, classes.shift],
  [prefixBase.simd + 0xad, classes.shift],
  [prefixBase.simd + 0xcb, classes.shift],
  [prefixBase.simd + 0xcd, classes.shift],
] as const)
  classOf[opcode] = which
classOf.fill(classes.float, 0x8b, 0xa7)

const none: number[] = []
const counts = new Int32Array(8)
const kinds = new Uint8Array(100_001)

/** Takes note of a constant that stands in a function. */
export interface ConstantSink {
  note(functionIndex: number, low: number, high: number, wide: boolean): void
}

/** Counts what is on the tape, hands every constant above 16 bits to `constants`, and adds the globals that it sets to `globalsSet`. */
export function scanBody(functionIndex: number, tape: Tape, constants: ConstantSink, globalsSet: Set<number>): FunctionScan {
  counts.fill(0)
  const { words, length } = tape
  let loads = 0
  let stores = 0
  let loops = 0
  let loopDepth = 0
  let depth = 0
  let indirectCalls = 0
  let fnv = false
  let callees: Set<number> | null = null
  let loopCallees: Set<number> | null = null
  for (let index = 0; index < length; index++) {
    const opcode = words[index * 3]!
    counts[classOf[opcode]!]!++
    const effect = memoryEffects[opcode]!
    if (effect !== 0) {
      if ((effect & 1) !== 0) loads++
      else stores++
      continue
    }
    switch (opcode) {
      case 0x41: {
        const value = words[index * 3 + 1]!
        if (value === 0x01000193) fnv = true
        if (value > 0xffff || value < -0x10000) constants.note(functionIndex, value, 0, false)
        break
      }
      case 0x24:
        globalsSet.add(words[index * 3 + 1]!)
        break
      case 0x42:
        constants.note(functionIndex, words[index * 3 + 1]!, words[index * 3 + 2]!, true)
        break
      case 0x02:
      case 0x04:
      case 0x06:
      case 0x1f:
        kinds[depth++] = 0
        break
      case 0x03:
        kinds[depth++] = 1
        loops++
        loopDepth++
        break
      case 0x0b:
      case 0x18:
        if (depth > 0 && kinds[--depth] === 1) loopDepth--
        break
      case 0x10:
      case 0x12: {
        const callee = words[index * 3 + 1]!
        callees ??= new Set()
        if (callees.size < 256) callees.add(callee)
        if (loopDepth > 0) {
          loopCallees ??= new Set()
          if (loopCallees.size < 64) loopCallees.add(callee)
        }
        break
      }
      case 0x11:
      case 0x13:
      case 0x14:
      case 0x15:
        indirectCalls++
        break
    }
  }
  return {
    functionIndex,
    instructions: length,
    xor: counts[1]!,
    rotate: counts[2]!,
    shift: counts[3]!,
    logic: counts[4]!,
    multiply: counts[5]!,
    sum: counts[6]!,
    floats: counts[7]!,
    loads,
    stores,
    loops,
    callees: callees === null ? none : [...callees],
    loopCallees: loopCallees === null ? none : [...loopCallees],
    indirectCalls,
    fnv,
  }
}
