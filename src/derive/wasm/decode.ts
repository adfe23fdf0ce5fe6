import type { Fault } from './fault.ts'
import { decodeExpression, heapType, Tape } from './decode-code.ts'
import { WasmFault } from './fault.ts'
import { op } from './opcodes.ts'
import { Reader } from './reader.ts'

export interface FunctionType {
  params: number
  results: number
}

export type ExternKind = 'function' | 'table' | 'memory' | 'global' | 'tag'

export interface Import {
  module: string
  name: string
  kind: ExternKind
}

export interface Export {
  name: string
  kind: ExternKind
  index: number
}

export interface Memory {
  /** In pages of 65,536 octets (or of the module's own page size). */
  minPages: number
  maxPages: number | null
  shared: boolean
  is64: boolean
  imported: boolean
}

/** Value of an initialiser: a number's halves where it is one constant (or sum of constants), else null. */
export type Initial = { low: number; high: number } | null

export interface Global {
  mutable: boolean
  imported: boolean
  initial: Initial
}

/** A body in the code section; `codeAt` is where its instructions begin, behind the locals. Octets in the module. */
export interface Body {
  functionIndex: number
  locals: number
  codeAt: number
  end: number
}

export interface DataSegment {
  /** Address in memory where it is known; null for passive segments and computed addresses. */
  address: number | null
  from: number
  to: number
}

export interface Module {
  types: FunctionType[]
  imports: Import[]
  exports: Export[]
  /** Type index of every function, imported first. */
  functions: number[]
  importedFunctions: number
  tables: { min: number; max: number | null }[]
  memories: Memory[]
  globals: Global[]
  start: number | null
  /** Functions that a table may hold. */
  tableFunctions: number[]
  bodies: Body[]
  data: DataSegment[]
  customSections: { name: string; from: number; to: number }[]
  instructions: number
  /** Whatever could not be read; all the rest stands. `faultCount` counts on where the list is cut. */
  faults: Fault[]
  faultCount: number
}

/** Called with every body that could be read. The tape is written over by the next body. */
export type BodyVisitor = (body: Body, tape: Tape) => void

const sectionNames = [
  'custom',
  'type',
  'import',
  'function',
  'table',
  'memory',
  'global',
  'export',
  'start',
  'element',
  'code',
  'data',
  'data count',
  'tag',
  'string',
] as const
const externKinds: readonly ExternKind[] = ['function', 'table', 'memory', 'global', 'tag']
// One of each is enough: decoding is synchronous and never within itself.
const codeTape = new Tape()
const initialTape = new Tape()
/** What engines accept at most (JavaScript interface of WebAssembly, "implementation-defined limits"). */
const limits = { locals: 50_000, params: 1_000, faults: 16 }

/**
 * Reads a module in one pass and never throws for what is in it: a fault in a body costs that body, a fault elsewhere ends the reading,
 * and everything read so far is in the result. Time and memory are linear in the octets, whatever counts the module claims.
 */
export function decodeModule(bytes: Uint8Array, visit: BodyVisitor | null = null): Module {
  const module: Module = {
    types: [],
    imports: [],
    exports: [],
    functions: [],
    importedFunctions: 0,
    tables: [],
    memories: [],
    globals: [],
    start: null,
    tableFunctions: [],
    bodies: [],
    data: [],
    customSections: [],
    instructions: 0,
    faults: [],
    faultCount: 0,
  }
  const reader = new Reader(bytes)
  let section = 'header'
  try {
    if (bytes.length < 8 || bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d)
      throw new WasmFault('NOT_WASM', 0)
    if (bytes[4] !== 1 || bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) throw new WasmFault('NOT_WASM', 4)
    reader.at = 8
    while (reader.at < bytes.length) {
      section = 'header'
      const id = reader.byte()
      const sizeAt = reader.at
      const size = reader.u32()
      const end = reader.at + size
      section = sectionNames[id] ?? `section ${id}`
      // A section cut short is read as far as it goes.
      const cut = end > bytes.length
      reader.end = cut ? bytes.length : end
      readSection(id, reader, module, visit)
      if (cut) throw new WasmFault('TRUNCATED', sizeAt)
      if (reader.at > end) throw new WasmFault('LYING_COUNT', sizeAt)
      reader.at = end
      reader.end = bytes.length
    }
  } catch (error) {
    if (!(error instanceof WasmFault)) throw error
    addFault(module, { code: error.code, at: error.at, section, functionIndex: null })
  }
  return module
}

function addFault(module: Module, fault: Fault): void {
  module.faultCount++
  if (module.faults.length < limits.faults) module.faults.push(fault)
}

function readSection(id: number, reader: Reader, module: Module, visit: BodyVisitor | null): void {
  switch (id) {
    case 0:
      return void module.customSections.push({ name: reader.name(), from: reader.at, to: reader.end })
    case 1:
      return each(reader, 1, () => readType(reader, module))
    case 2:
      return each(reader, 3, () => readImport(reader, module))
    case 3:
      return each(reader, 1, () => module.functions.push(reader.u32()))
    case 4:
      return each(reader, 3, () => readTable(reader, module))
    case 5:
      return each(reader, 2, () => module.memories.push(readMemory(reader, false)))
    case 6:
      return each(reader, 4, () => readGlobal(reader, module))
    case 7:
      return each(reader, 3, () => readExport(reader, module))
    case 8:
      return void (module.start = reader.u32())
    case 9:
      return each(reader, 2, () => readElement(reader, module))
    case 10:
      return readCode(reader, module, visit)
    case 11:
      return each(reader, 2, () => readData(reader, module))
    case 12:
      return void reader.u32()
    case 13:
      return each(reader, 2, () => {
        reader.byte()
        reader.u32()
      })
    case 14:
      reader.at = reader.end
      return
    default:
      throw new WasmFault('UNKNOWN_FORM', reader.at)
  }
}

function each(reader: Reader, minimum: number, read: () => unknown): void {
  const count = reader.count(minimum)
  for (let index = 0; index < count; index++) read()
}

function readType(reader: Reader, module: Module): void {
  const at = reader.at
  const form = reader.byte()
  if (form === 0x4e) return each(reader, 1, () => readType(reader, module))
  if (form === 0x50 || form === 0x4f) {
    each(reader, 1, () => reader.u32())
    return readType(reader, module)
  }
  if (form === 0x60) {
    const params = valueTypes(reader)
    module.types.push({ params, results: valueTypes(reader) })
  } else if (form === 0x5f) {
    each(reader, 2, () => fieldType(reader))
    module.types.push({ params: 0, results: 0 })
  } else if (form === 0x5e) {
    fieldType(reader)
    module.types.push({ params: 0, results: 0 })
  } else throw new WasmFault('UNKNOWN_FORM', at)
}

function valueTypes(reader: Reader): number {
  const at = reader.at
  const count = reader.count()
  if (count > limits.params) throw new WasmFault('TOO_MUCH', at)
  for (let index = 0; index < count; index++) valueType(reader)
  return count
}

function valueType(reader: Reader): void {
  const at = reader.at
  const type = reader.byte()
  if (type === 0x63 || type === 0x64) return heapType(reader)
  if (type < 0x65 || type > 0x7f) throw new WasmFault('UNKNOWN_FORM', at)
}

/** Storage type (packed types 0x77 and 0x78 are within the range of value types) and mutability. */
function fieldType(reader: Reader): void {
  valueType(reader)
  reader.byte()
}

/**
 * One import, or, by the compact import section proposal, a module with an empty name, a mark, and many: 0x7f with a type each, 0x7e with one
 * type for all.
 */
function readImport(reader: Reader, module: Module): void {
  const from = reader.name()
  const name = reader.name()
  const mark = name === '' ? reader.bytes[reader.at] : undefined
  if (mark === 0x7f) {
    reader.skip(1)
    each(reader, 2, () => readExtern(reader, module, from, [reader.name()]))
  } else if (mark === 0x7e) {
    reader.skip(1)
    // The type stands before the names: it is passed over, and read once they are known.
    const typeAt = reader.at
    readExtern(reader, module, from, [])
    const names: string[] = []
    each(reader, 1, () => names.push(reader.name()))
    const end = reader.at
    reader.at = typeAt
    readExtern(reader, module, from, names)
    reader.at = end
  } else readExtern(reader, module, from, [name])
}

/** The type of what is imported, added once for each name. */
function readExtern(reader: Reader, module: Module, from: string, names: readonly string[]): void {
  const at = reader.at
  const kind = externKinds[reader.byte()]
  if (kind === undefined) throw new WasmFault('UNKNOWN_FORM', at)
  for (const name of names) module.imports.push({ module: from, name, kind })
  if (kind === 'function') {
    const type = reader.u32()
    for (const _ of names) module.functions.push(type)
    module.importedFunctions += names.length
  } else if (kind === 'table') {
    valueType(reader)
    const limits = readLimits(reader)
    for (const _ of names) module.tables.push(limits)
  } else if (kind === 'memory') {
    const memory = readMemory(reader, true)
    for (const _ of names) module.memories.push(memory)
  } else if (kind === 'global') {
    valueType(reader)
    const mutable = reader.byte() === 1
    for (const _ of names) module.globals.push({ mutable, imported: true, initial: null })
  } else {
    reader.byte()
    reader.u32()
  }
}

function readLimits(reader: Reader): { min: number; max: number | null; flags: number } {
  const at = reader.at
  const flags = reader.byte()
  if (flags > 0x0f) throw new WasmFault('UNKNOWN_FORM', at)
  const number = (): number => {
    reader.leb64(false)
    return (reader.high >>> 0) * 2 ** 32 + (reader.low >>> 0)
  }
  const min = number()
  const max = (flags & 1) !== 0 ? number() : null
  // Custom page sizes: the exponent of two follows.
  if ((flags & 8) !== 0) reader.u32()
  return { min, max, flags }
}

function readMemory(reader: Reader, imported: boolean): Memory {
  const { min, max, flags } = readLimits(reader)
  return { minPages: min, maxPages: max, shared: (flags & 2) !== 0, is64: (flags & 4) !== 0, imported }
}

function readTable(reader: Reader, module: Module): void {
  if (reader.bytes[reader.at] === 0x40) {
    reader.skip(2)
    valueType(reader)
    module.tables.push(readLimits(reader))
    readInitial(reader)
  } else {
    valueType(reader)
    module.tables.push(readLimits(reader))
  }
}

function readGlobal(reader: Reader, module: Module): void {
  valueType(reader)
  const mutable = reader.byte() === 1
  module.globals.push({ mutable, imported: false, initial: readInitial(reader) })
}

/** Folds an initialiser as far as it is made of constants and sums. */
function readInitial(reader: Reader): Initial {
  const stack: Initial[] = []
  decodeExpression(reader, initialTape)
  for (let index = 0; index < initialTape.length; index++) {
    const opcode = initialTape.words[index * 3]!
    const a = initialTape.words[index * 3 + 1]!
    if (opcode === op.i32Const) stack.push({ low: a, high: 0 })
    else if (opcode === op.i64Const || opcode === op.f64Const) stack.push({ low: a, high: initialTape.words[index * 3 + 2]! })
    else if (opcode === op.i32Add || opcode === op.i32Sub) {
      const right = stack.pop() ?? null
      const left = stack.pop() ?? null
      stack.push(
        left === null || right === null ? null : { low: (opcode === op.i32Add ? left.low + right.low : left.low - right.low) | 0, high: 0 },
      )
    } else if (opcode !== op.end) stack.push(null)
  }
  return stack.at(-1) ?? null
}

function readExport(reader: Reader, module: Module): void {
  const name = reader.name()
  const at = reader.at
  const kind = externKinds[reader.byte()]
  if (kind === undefined) throw new WasmFault('UNKNOWN_FORM', at)
  module.exports.push({ name, kind, index: reader.u32() })
}

/** Flags: 1 passive or declarative, 2 explicit table (or declarative), 4 expressions instead of indexes. */
function readElement(reader: Reader, module: Module): void {
  const at = reader.at
  const flags = reader.u32()
  if (flags > 7) throw new WasmFault('UNKNOWN_FORM', at)
  if ((flags & 1) === 0) {
    if ((flags & 2) !== 0) reader.u32()
    readInitial(reader)
  }
  const expressions = (flags & 4) !== 0
  if ((flags & 3) !== 0) {
    if (expressions) valueType(reader)
    else reader.byte()
  }
  each(reader, 1, () => {
    if (!expressions) module.tableFunctions.push(reader.u32())
    else {
      decodeExpression(reader, initialTape)
      if (initialTape.words[0] === op.refFunc) module.tableFunctions.push(initialTape.words[1]!)
    }
  })
}

function readData(reader: Reader, module: Module): void {
  const at = reader.at
  const flags = reader.u32()
  if (flags > 2) throw new WasmFault('UNKNOWN_FORM', at)
  if (flags === 2) reader.u32()
  const address = flags === 1 ? null : (readInitial(reader)?.low ?? null)
  const sizeAt = reader.at
  const size = reader.u32()
  const from = reader.at
  const to = Math.min(from + size, reader.end)
  module.data.push({ address: address === null ? null : address >>> 0, from, to })
  if (from + size > reader.end) throw new WasmFault('TRUNCATED', sizeAt)
  reader.at = to
}

function readCode(reader: Reader, module: Module, visit: BodyVisitor | null): void {
  const sectionEnd = reader.end
  const count = reader.count(2)
  for (let index = 0; index < count; index++) {
    const functionIndex = module.importedFunctions + index
    const sizeAt = reader.at
    const size = reader.u32()
    const end = reader.at + size
    if (end > sectionEnd) {
      readBody(reader, module, visit, functionIndex, sectionEnd)
      throw new WasmFault('TRUNCATED', sizeAt)
    }
    readBody(reader, module, visit, functionIndex, end)
    reader.at = end
    reader.end = sectionEnd
  }
}

function readBody(reader: Reader, module: Module, visit: BodyVisitor | null, functionIndex: number, end: number): void {
  reader.end = end
  try {
    let locals = 0
    const runs = reader.count(2)
    for (let run = 0; run < runs; run++) {
      const at = reader.at
      locals += reader.u32()
      if (locals > limits.locals) throw new WasmFault('TOO_MUCH', at)
      valueType(reader)
    }
    const body: Body = { functionIndex, locals, codeAt: reader.at, end }
    module.bodies.push(body)
    if (visit === null) return
    decodeExpression(reader, codeTape)
    module.instructions += codeTape.length
    visit(body, codeTape)
    if (reader.at !== end) throw new WasmFault('UNBALANCED', reader.at)
  } catch (error) {
    if (!(error instanceof WasmFault)) throw error
    addFault(module, { code: error.code, at: error.at, section: 'code', functionIndex })
  }
}
