/**
 * One number for every instruction: single-byte opcodes are themselves; a prefixed opcode is its prefix' base plus its sub-opcode.
 * Core specification 3.0, appendix "Index of Instructions", with the threads and the exception proposals (legacy and final).
 */
export const prefixBase = { gc: 0x100, numeric: 0x200, simd: 0x300, atomic: 0x500 } as const
export const opcodeCount = 0x600

/** How an instruction's immediates are laid out. */
export const immediate = {
  none: 0,
  blockType: 1,
  index: 2,
  twoIndexes: 3,
  memory: 4,
  i32: 5,
  i64: 6,
  f32: 7,
  f64: 8,
  branchTable: 9,
  types: 10,
  memoryLane: 11,
  bytes16: 12,
  byte: 13,
  tryTable: 14,
  heapType: 15,
  castBranch: 16,
  unknown: 255,
} as const

export const op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  i32Load: 0x28,
  i64Load: 0x29,
  f32Load: 0x2a,
  f64Load: 0x2b,
  i32Load8S: 0x2c,
  i32Load8U: 0x2d,
  i32Load16S: 0x2e,
  i32Load16U: 0x2f,
  i64Load8S: 0x30,
  i64Load8U: 0x31,
  i64Load16S: 0x32,
  i64Load16U: 0x33,
  i64Load32S: 0x34,
  i64Load32U: 0x35,
  i32Store: 0x36,
  i64Store: 0x37,
  f32Store: 0x38,
  f64Store: 0x39,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i64Store8: 0x3c,
  i64Store16: 0x3d,
  i64Store32: 0x3e,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eqz: 0x45,
  i32GeU: 0x4f,
  i64Eqz: 0x50,
  i64GeU: 0x5a,
  f32Eq: 0x5b,
  f64Ge: 0x66,
  i32Clz: 0x67,
  i32Ctz: 0x68,
  i32Popcnt: 0x69,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32DivS: 0x6d,
  i32DivU: 0x6e,
  i32RemS: 0x6f,
  i32RemU: 0x70,
  i32And: 0x71,
  i32Or: 0x72,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i32ShrS: 0x75,
  i32ShrU: 0x76,
  i32Rotl: 0x77,
  i32Rotr: 0x78,
  i64Clz: 0x79,
  i64Ctz: 0x7a,
  i64Popcnt: 0x7b,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64DivS: 0x7f,
  i64DivU: 0x80,
  i64RemS: 0x81,
  i64RemU: 0x82,
  i64And: 0x83,
  i64Or: 0x84,
  i64Xor: 0x85,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ShrU: 0x88,
  i64Rotl: 0x89,
  i64Rotr: 0x8a,
  i32WrapI64: 0xa7,
  i64ExtendI32S: 0xac,
  i64ExtendI32U: 0xad,
  i32Extend8S: 0xc0,
  i32Extend16S: 0xc1,
  i64Extend8S: 0xc2,
  i64Extend16S: 0xc3,
  i64Extend32S: 0xc4,
  refNull: 0xd0,
  refIsNull: 0xd1,
  refFunc: 0xd2,
  refEq: 0xd3,
  refAsNonNull: 0xd4,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  v128Load: 0x300,
  v128Store: 0x30b,
  v128Const: 0x30c,
} as const

/** Immediate layout by opcode number. */
export const immediates = new Uint8Array(opcodeCount).fill(immediate.unknown)

function lay(kind: number, from: number, to = from): void {
  immediates.fill(kind, from, to + 1)
}

lay(immediate.none, 0x00, 0x01)
lay(immediate.blockType, op.block, op.if)
lay(immediate.none, op.else)
lay(immediate.blockType, op.try)
lay(immediate.index, op.catch, op.rethrow)
lay(immediate.none, op.throwRef, op.end)
lay(immediate.index, op.br, op.brIf)
lay(immediate.branchTable, op.brTable)
lay(immediate.none, op.return)
lay(immediate.index, op.call)
lay(immediate.twoIndexes, op.callIndirect)
lay(immediate.index, op.returnCall)
lay(immediate.twoIndexes, op.returnCallIndirect)
lay(immediate.index, op.callRef, op.returnCallRef)
lay(immediate.index, op.delegate)
lay(immediate.none, op.catchAll, op.select)
lay(immediate.types, op.selectTyped)
lay(immediate.tryTable, op.tryTable)
lay(immediate.index, op.localGet, op.tableSet)
lay(immediate.memory, op.i32Load, op.i64Store32)
lay(immediate.index, op.memorySize, op.memoryGrow)
lay(immediate.i32, op.i32Const)
lay(immediate.i64, op.i64Const)
lay(immediate.f32, op.f32Const)
lay(immediate.f64, op.f64Const)
lay(immediate.none, op.i32Eqz, op.i64Extend32S)
lay(immediate.heapType, op.refNull)
lay(immediate.none, op.refIsNull)
lay(immediate.index, op.refFunc)
lay(immediate.none, op.refEq, op.refAsNonNull)
lay(immediate.index, op.brOnNull, op.brOnNonNull)

// 0xfb: structs, arrays, casts, i31
lay(immediate.index, prefixBase.gc + 0, prefixBase.gc + 1)
lay(immediate.twoIndexes, prefixBase.gc + 2, prefixBase.gc + 5)
lay(immediate.index, prefixBase.gc + 6, prefixBase.gc + 7)
lay(immediate.twoIndexes, prefixBase.gc + 8, prefixBase.gc + 10)
lay(immediate.index, prefixBase.gc + 11, prefixBase.gc + 14)
lay(immediate.none, prefixBase.gc + 15)
lay(immediate.index, prefixBase.gc + 16)
lay(immediate.twoIndexes, prefixBase.gc + 17, prefixBase.gc + 19)
lay(immediate.heapType, prefixBase.gc + 20, prefixBase.gc + 23)
lay(immediate.castBranch, prefixBase.gc + 24, prefixBase.gc + 25)
lay(immediate.none, prefixBase.gc + 26, prefixBase.gc + 30)

// 0xfc: saturating truncation, bulk memory, tables, wide arithmetic
lay(immediate.none, prefixBase.numeric + 0, prefixBase.numeric + 7)
lay(immediate.twoIndexes, prefixBase.numeric + 8)
lay(immediate.index, prefixBase.numeric + 9)
lay(immediate.twoIndexes, prefixBase.numeric + 10)
lay(immediate.index, prefixBase.numeric + 11)
lay(immediate.twoIndexes, prefixBase.numeric + 12)
lay(immediate.index, prefixBase.numeric + 13)
lay(immediate.twoIndexes, prefixBase.numeric + 14)
lay(immediate.index, prefixBase.numeric + 15, prefixBase.numeric + 17)
lay(immediate.none, prefixBase.numeric + 19, prefixBase.numeric + 22)

// 0xfd: vectors, relaxed vectors
lay(immediate.memory, prefixBase.simd + 0, prefixBase.simd + 11)
lay(immediate.bytes16, prefixBase.simd + 12, prefixBase.simd + 13)
lay(immediate.none, prefixBase.simd + 14, prefixBase.simd + 20)
lay(immediate.byte, prefixBase.simd + 21, prefixBase.simd + 34)
lay(immediate.none, prefixBase.simd + 35, prefixBase.simd + 83)
lay(immediate.memoryLane, prefixBase.simd + 84, prefixBase.simd + 91)
lay(immediate.memory, prefixBase.simd + 92, prefixBase.simd + 93)
lay(immediate.none, prefixBase.simd + 94, prefixBase.simd + 0x113)

// 0xfe: threads
lay(immediate.memory, prefixBase.atomic + 0, prefixBase.atomic + 2)
lay(immediate.byte, prefixBase.atomic + 3)
lay(immediate.memory, prefixBase.atomic + 16, prefixBase.atomic + 78)
