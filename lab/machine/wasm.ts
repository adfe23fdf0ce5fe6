import type { FunctionBody, Program, Statement, Type, Value } from './program.ts'
import type { Random } from '../random.ts'

/** Binary form of WebAssembly 1.0 (https://www.w3.org/TR/wasm-core-1/#binary-format). */
export function encodeWasm(program: Program, random: Random): Uint8Array<ArrayBuffer> {
  const order = random.shuffle(program.functions)
  const indexOf = new Map(order.map((body, index) => [body, index]))
  const signatures = random.shuffle([...new Set(order.map((body) => `${body.params}:${body.result}`))])
  const memoryType = [0x00, ...unsigned(program.pages)]
  const importsMemory = 'import' in program.memory
  const exported = random
    .shuffle(program.exports)
    .map(({ name, callee }) => [...text(name), 0x00, ...unsigned(required(indexOf.get(callee)))])
  if (!importsMemory) exported.push([...text((program.memory as { export: string }).export), 0x02, 0])
  const octets = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(
      1,
      signatures.map((signature) => {
        const [params, result] = signature.split(':')
        return [0x60, ...vector(Array.from({ length: Number(params) }, () => [0x7f])), ...vector(result === 'true' ? [[0x7f]] : [])]
      }),
    ),
    'import' in program.memory
      ? section(2, [[...text(program.memory.import.module), ...text(program.memory.import.name), 0x02, ...memoryType]])
      : [],
    section(
      3,
      order.map((body) => unsigned(signatures.indexOf(`${body.params}:${body.result}`))),
    ),
    importsMemory ? [] : section(5, [memoryType]),
    section(7, exported),
    section(
      10,
      order.map((body) => sized(functionCode(body, indexOf, random))),
    ),
    program.data.length === 0
      ? []
      : section(
          11,
          random
            .shuffle(program.data)
            .map(({ at, bytes }) => [0x00, 0x41, ...signed(BigInt.asIntN(32, BigInt(at))), 0x0b, ...unsigned(bytes.length), ...bytes]),
        ),
  ]
  return Uint8Array.from(octets.flat())
}

function functionCode(body: FunctionBody, indexOf: Map<FunctionBody, number>, random: Random): number[] {
  const own = body.locals.slice(body.params)
  const order = random.chance(0.5) ? random.shuffle(own) : [...own.filter((l) => l.type === 'i64'), ...own.filter((l) => l.type === 'i32')]
  const slot = new Map(body.locals.slice(0, body.params).map((local, index) => [local.index, index]))
  order.forEach((local, index) => slot.set(local.index, body.params + index))
  const runs: { type: Type; count: number }[] = []
  for (const { type } of order) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ type, count: 1 })
  }
  const out: number[] = vector(runs.map(({ type, count }) => [...unsigned(count), type === 'i64' ? 0x7e : 0x7f]))
  const local = (index: number): number[] => unsigned(required(slot.get(index)))
  const value = (v: Value): void => {
    const { node } = v
    const wide = v.type === 'i64'
    switch (node.op) {
      case 'const':
        if (wide) out.push(0x42, ...signed(BigInt.asIntN(64, node.value)))
        else out.push(0x41, ...signed(BigInt.asIntN(32, node.value)))
        return
      case 'get':
        out.push(0x20, ...local(node.local.index))
        return
      case 'binary':
        value(node.a)
        value(node.b)
        out.push(wide ? wideOpcode[node.name] : narrowOpcode[node.name])
        return
      case 'compare':
        value(node.a)
        value(node.b)
        out.push((node.a.type === 'i64' ? wideComparison : narrowComparison)[node.name])
        return
      case 'load':
        value(node.address)
        out.push(
          node.width === 1 ? 0x2d : node.width === 4 ? 0x28 : 0x29,
          node.width === 1 ? 0 : node.width === 4 ? 2 : 3,
          ...unsigned(node.offset),
        )
        return
      case 'wrap':
        value(node.a)
        out.push(0xa7)
        return
      case 'extend':
        value(node.a)
        out.push(0xad)
        return
      case 'call':
        for (const argument of node.args) value(argument)
        out.push(0x10, ...unsigned(required(indexOf.get(node.callee))))
    }
  }
  const block = (statements: Statement[]): void => {
    for (const statement of statements) {
      switch (statement.op) {
        case 'set':
          value(statement.value)
          out.push(0x21, ...local(statement.local.index))
          break
        case 'store':
          value(statement.address)
          value(statement.value)
          out.push(
            statement.width === 1 ? 0x3a : statement.width === 4 ? 0x36 : 0x37,
            statement.width === 1 ? 0 : statement.width === 4 ? 2 : 3,
            ...unsigned(statement.offset),
          )
          break
        case 'loop':
          out.push(0x03, 0x40)
          block(statement.body)
          value(statement.again)
          out.push(0x0d, 0, 0x0b)
          break
        case 'if':
          value(statement.condition)
          out.push(0x04, 0x40)
          block(statement.then)
          if (statement.otherwise.length > 0) {
            out.push(0x05)
            block(statement.otherwise)
          }
          out.push(0x0b)
          break
        case 'call':
          for (const argument of statement.args) value(argument)
          out.push(0x10, ...unsigned(required(indexOf.get(statement.callee))))
          if (statement.callee.result) out.push(0x1a)
          break
        case 'return':
          if (statement.value) value(statement.value)
          out.push(0x0f)
      }
    }
  }
  block(body.body)
  if (body.result) out.push(0x41, 0)
  out.push(0x0b)
  return out
}

const narrowOpcode = {
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  div_u: 0x6e,
  rem_u: 0x70,
  and: 0x71,
  or: 0x72,
  xor: 0x73,
  shl: 0x74,
  shr_u: 0x76,
  rotl: 0x77,
  rotr: 0x78,
}
const wideOpcode = {
  add: 0x7c,
  sub: 0x7d,
  mul: 0x7e,
  div_u: 0x80,
  rem_u: 0x82,
  and: 0x83,
  or: 0x84,
  xor: 0x85,
  shl: 0x86,
  shr_u: 0x88,
  rotl: 0x89,
  rotr: 0x8a,
}
const narrowComparison = { eq: 0x46, ne: 0x47, lt_u: 0x49, gt_u: 0x4b, le_u: 0x4d, ge_u: 0x4f }
const wideComparison = { eq: 0x51, ne: 0x52, lt_u: 0x54, gt_u: 0x56, le_u: 0x58, ge_u: 0x5a }

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the program refers to something that it does not hold')
  return value
}

/** LEB128. */
export function unsigned(value: number): number[] {
  const octets: number[] = []
  do {
    const low = value % 128
    value = Math.floor(value / 128)
    octets.push(value > 0 ? low | 0x80 : low)
  } while (value > 0)
  return octets
}

function signed(value: bigint): number[] {
  const octets: number[] = []
  for (;;) {
    const low = Number(value & 0x7fn)
    value >>= 7n
    if ((value === 0n && (low & 0x40) === 0) || (value === -1n && (low & 0x40) !== 0)) return [...octets, low]
    octets.push(low | 0x80)
  }
}

const text = (value: string): number[] => sized([...new TextEncoder().encode(value)])
const sized = (octets: number[]): number[] => unsigned(octets.length).concat(octets)
const vector = (items: number[][]): number[] => unsigned(items.length).concat(items.flat())
const section = (id: number, items: number[][]): number[] => [id].concat(sized(vector(items)))
