import { op, opcodeCount, prefixBase } from './opcodes.ts'

/**
 * How many operands each instruction takes and leaves, as `pops << 4 | pushes`, for those whose effect does not depend on a type of the module
 * (control, calls, locals and structs are handled where they are met). Results of these are 0 or 1.
 */
export const stackEffects = new Uint8Array(opcodeCount)

function effect(pops: number, pushes: number, from: number, to = from): void {
  stackEffects.fill((pops << 4) | pushes, from, to + 1)
}

effect(1, 0, op.drop)
effect(3, 1, op.select, op.selectTyped)
effect(1, 1, op.tableGet)
effect(2, 0, op.tableSet)
effect(1, 1, op.i32Load, op.i64Load32U)
effect(2, 0, op.i32Store, op.i64Store32)
effect(0, 1, op.memorySize)
effect(1, 1, op.memoryGrow)
effect(0, 1, op.i32Const, op.f64Const)
effect(2, 1, op.i32Eqz, op.f64Ge)
effect(1, 1, op.i32Eqz)
effect(1, 1, op.i64Eqz)
effect(1, 1, op.i32Clz, op.i32Popcnt)
effect(2, 1, op.i32Add, op.i32Rotr)
effect(1, 1, op.i64Clz, op.i64Popcnt)
effect(2, 1, op.i64Add, op.i64Rotr)
effect(1, 1, 0x8b, 0x91)
effect(2, 1, 0x92, 0x98)
effect(1, 1, 0x99, 0x9f)
effect(2, 1, 0xa0, 0xa6)
effect(1, 1, 0xa7, 0xc4)
effect(0, 1, op.refNull)
effect(1, 1, op.refIsNull)
effect(0, 1, op.refFunc)
effect(2, 1, op.refEq)
effect(1, 1, op.refAsNonNull)

const { numeric, simd, atomic } = prefixBase
effect(1, 1, numeric + 0, numeric + 7)
effect(3, 0, numeric + 8)
effect(0, 0, numeric + 9)
effect(3, 0, numeric + 10, numeric + 12)
effect(0, 0, numeric + 13)
effect(3, 0, numeric + 14)
effect(2, 1, numeric + 15)
effect(0, 1, numeric + 16)
effect(3, 0, numeric + 17)

effect(2, 1, simd + 0, simd + 0x113)
effect(1, 1, simd + 0, simd + 10)
effect(2, 0, simd + 11)
effect(0, 1, simd + 12)
effect(1, 1, simd + 15, simd + 20)
for (const lane of [21, 22, 24, 25, 27, 29, 31, 33]) effect(1, 1, simd + lane)
effect(1, 1, simd + 77)
effect(3, 1, simd + 82)
effect(1, 1, simd + 83)
effect(2, 0, simd + 88, simd + 91)
effect(1, 1, simd + 92, simd + 95)
const vectorUnary: readonly (readonly [number, number])[] = [
  [0x60, 0x64],
  [0x67, 0x6a],
  [0x74, 0x75],
  [0x7a, 0x7a],
  [0x7c, 0x81],
  [0x83, 0x84],
  [0x87, 0x8a],
  [0x94, 0x94],
  [0xa0, 0xa1],
  [0xa3, 0xa4],
  [0xa7, 0xaa],
  [0xc0, 0xc1],
  [0xc3, 0xc4],
  [0xc7, 0xca],
  [0xe0, 0xe1],
  [0xe3, 0xe3],
  [0xec, 0xef],
  [0xf8, 0xff],
  [0x101, 0x104],
]
for (const [from, to] of vectorUnary) effect(1, 1, simd + from, simd + to)
effect(3, 1, simd + 0x105, simd + 0x10c)
effect(3, 1, simd + 0x113)

effect(2, 1, atomic + 0)
effect(3, 1, atomic + 1, atomic + 2)
effect(0, 0, atomic + 3)
effect(1, 1, atomic + 16, atomic + 22)
effect(2, 0, atomic + 23, atomic + 29)
effect(2, 1, atomic + 30, atomic + 71)
effect(3, 1, atomic + 72, atomic + 78)

/** Whether an opcode reads (1) or writes (2) memory, and how many octets. */
export const memoryEffects = new Uint8Array(opcodeCount)
const reads: readonly (readonly [number, number])[] = [
  [op.i32Load, 4],
  [op.i64Load, 8],
  [op.f32Load, 4],
  [op.f64Load, 8],
  [op.i32Load8S, 1],
  [op.i32Load8U, 1],
  [op.i32Load16S, 2],
  [op.i32Load16U, 2],
  [op.i64Load8S, 1],
  [op.i64Load8U, 1],
  [op.i64Load16S, 2],
  [op.i64Load16U, 2],
  [op.i64Load32S, 4],
  [op.i64Load32U, 4],
]
for (const [opcode, octets] of reads) memoryEffects[opcode] = (octets << 2) | 1
const writes: readonly (readonly [number, number])[] = [
  [op.i32Store, 4],
  [op.i64Store, 8],
  [op.f32Store, 4],
  [op.f64Store, 8],
  [op.i32Store8, 1],
  [op.i32Store16, 2],
  [op.i64Store8, 1],
  [op.i64Store16, 2],
  [op.i64Store32, 4],
]
for (const [opcode, octets] of writes) memoryEffects[opcode] = (octets << 2) | 2
memoryEffects[op.v128Load] = (16 << 2) | 1
for (let sub = 1; sub <= 10; sub++) memoryEffects[simd + sub] = (8 << 2) | 1
memoryEffects[op.v128Store] = (16 << 2) | 2
for (let sub = 84; sub <= 87; sub++) memoryEffects[simd + sub] = (8 << 2) | 1
for (let sub = 88; sub <= 91; sub++) memoryEffects[simd + sub] = (8 << 2) | 2
memoryEffects[simd + 92] = (4 << 2) | 1
memoryEffects[simd + 93] = (8 << 2) | 1
for (let sub = 16; sub <= 22; sub++) memoryEffects[atomic + sub] = (4 << 2) | 1
for (let sub = 23; sub <= 29; sub++) memoryEffects[atomic + sub] = (4 << 2) | 2
