/**
 * A small integer language in which the cores are written once. It is emitted as WebAssembly (`wasm.ts`), as asm.js and as plain
 * JavaScript (`javascript.ts`, after `narrow.ts` has split 64-bit values). Memory is one linear array of octets, little-endian.
 */
export type Type = 'i32' | 'i64'
export type Binary = 'add' | 'sub' | 'mul' | 'and' | 'or' | 'xor' | 'shl' | 'shr_u' | 'rotl' | 'rotr' | 'div_u' | 'rem_u'
export type Comparison = 'eq' | 'ne' | 'lt_u' | 'gt_u' | 'le_u' | 'ge_u'

export type Node =
  | { op: 'const'; value: bigint }
  | { op: 'get'; local: Local }
  | { op: 'binary'; name: Binary; a: Value; b: Value }
  | { op: 'compare'; name: Comparison; a: Value; b: Value }
  | { op: 'load'; width: 1 | 4 | 8; address: Value; offset: number }
  | { op: 'wrap'; a: Value }
  | { op: 'extend'; a: Value }
  | { op: 'call'; callee: FunctionBody; args: Value[] }

export type Statement =
  | { op: 'set'; local: Local; value: Value }
  | { op: 'store'; width: 1 | 4 | 8; address: Value; offset: number; value: Value }
  /** The body runs, then again while `again` is not zero. */
  | { op: 'loop'; body: Statement[]; again: Value }
  | { op: 'if'; condition: Value; then: Statement[]; otherwise: Statement[] }
  | { op: 'call'; callee: FunctionBody; args: Value[] }
  | { op: 'return'; value: Value | null }

export interface Local {
  type: Type
  index: number
}

/** Parameters are i32 only, results i32 or none: 64-bit values go through memory. The first `params` locals are the parameters. */
export interface FunctionBody {
  name: string
  params: number
  result: boolean
  locals: Local[]
  body: Statement[]
}

export interface Program {
  functions: FunctionBody[]
  /** Name → function that the host may call. */
  exports: { name: string; callee: FunctionBody }[]
  data: { at: number; bytes: Uint8Array }[]
  /** 64 KiB pages. */
  pages: number
  /** Memory is handed in by the host under this name, or made by the module and exported. */
  memory: { import: { module: string; name: string } } | { export: string }
}

type Operand = Value | number | bigint

export class Value {
  readonly type: Type
  readonly node: Node

  constructor(type: Type, node: Node) {
    this.type = type
    this.node = node
  }

  #binary(name: Binary, b: Operand): Value {
    return new Value(this.type, { op: 'binary', name, a: this, b: valueOf(b, this.type) })
  }

  #compare(name: Comparison, b: Operand): Value {
    return new Value('i32', { op: 'compare', name, a: this, b: valueOf(b, this.type) })
  }

  add(b: Operand): Value {
    return this.#binary('add', b)
  }
  sub(b: Operand): Value {
    return this.#binary('sub', b)
  }
  mul(b: Operand): Value {
    return this.#binary('mul', b)
  }
  and(b: Operand): Value {
    return this.#binary('and', b)
  }
  or(b: Operand): Value {
    return this.#binary('or', b)
  }
  xor(b: Operand): Value {
    return this.#binary('xor', b)
  }
  shl(b: number): Value {
    return this.#binary('shl', b)
  }
  shr(b: number): Value {
    return this.#binary('shr_u', b)
  }
  rotl(b: number): Value {
    return this.#binary('rotl', b)
  }
  rotr(b: number): Value {
    return this.#binary('rotr', b)
  }
  div(b: Operand): Value {
    return this.#binary('div_u', b)
  }
  rem(b: Operand): Value {
    return this.#binary('rem_u', b)
  }
  eq(b: Operand): Value {
    return this.#compare('eq', b)
  }
  ne(b: Operand): Value {
    return this.#compare('ne', b)
  }
  lt(b: Operand): Value {
    return this.#compare('lt_u', b)
  }
  gt(b: Operand): Value {
    return this.#compare('gt_u', b)
  }
  wrap(): Value {
    return new Value('i32', { op: 'wrap', a: this })
  }
  extend(): Value {
    return new Value('i64', { op: 'extend', a: this })
  }
  not(): Value {
    return this.xor(this.type === 'i64' ? 0xffffffffffffffffn : 0xffffffffn)
  }
}

function valueOf(operand: Operand, type: Type): Value {
  return operand instanceof Value ? operand : constant(operand, type)
}

export function constant(value: number | bigint, type: Type): Value {
  return new Value(type, { op: 'const', value: BigInt.asUintN(type === 'i64' ? 64 : 32, BigInt(value)) })
}
export const i32 = (value: number | bigint): Value => constant(value, 'i32')
export const i64 = (value: number | bigint): Value => constant(value, 'i64')

export const load8 = (address: Value, offset = 0): Value => new Value('i32', { op: 'load', width: 1, address, offset })
export const load32 = (address: Value, offset = 0): Value => new Value('i32', { op: 'load', width: 4, address, offset })
export const load64 = (address: Value, offset = 0): Value => new Value('i64', { op: 'load', width: 8, address, offset })
/** 32 bits, most significant octet first. */
export const swap32 = (x: Value): Value => x.rotl(8).and(0x00ff00ff).or(x.rotl(24).and(0xff00ff00))

/** Builds one function: statements go to the block that is open. */
export class Body {
  readonly #function: FunctionBody
  #block: Statement[]

  constructor(body: FunctionBody) {
    this.#function = body
    this.#block = body.body
  }

  /** A new local with a first value. */
  let(type: Type, value: Operand = 0): Variable {
    const local: Local = { type, index: this.#function.locals.length }
    this.#function.locals.push(local)
    const variable = new Variable(local, (statement) => this.#block.push(statement))
    variable.set(value)
    return variable
  }

  store8(address: Value, value: Operand, offset = 0): void {
    this.#block.push({ op: 'store', width: 1, address, offset, value: valueOf(value, 'i32') })
  }
  store32(address: Value, value: Operand, offset = 0): void {
    this.#block.push({ op: 'store', width: 4, address, offset, value: valueOf(value, 'i32') })
  }
  store64(address: Value, value: Operand, offset = 0): void {
    this.#block.push({ op: 'store', width: 8, address, offset, value: valueOf(value, 'i64') })
  }

  do(callee: FunctionBody, ...args: Operand[]): void {
    this.#block.push({ op: 'call', callee, args: args.map((argument) => valueOf(argument, 'i32')) })
  }

  return(value: Operand | null = null): void {
    this.#block.push({ op: 'return', value: value === null ? null : valueOf(value, 'i32') })
  }

  /** `counter` from `from` in steps while below `to`; runs at least once. */
  times(from: Operand, to: Operand, step: number, body: (counter: Variable) => void): void {
    const counter = this.let('i32', from)
    this.loop(
      () => {
        body(counter)
        counter.set(counter.add(step))
      },
      () => counter.lt(to),
    )
  }

  loop(body: () => void, again: () => Value): void {
    const statements = this.#within(body)
    this.#block.push({ op: 'loop', body: statements, again: again() })
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.#block.push({ op: 'if', condition, then: this.#within(then), otherwise: otherwise ? this.#within(otherwise) : [] })
  }

  #within(build: () => void): Statement[] {
    const outer = this.#block
    const inner: Statement[] = []
    this.#block = inner
    build()
    this.#block = outer
    return inner
  }
}

export class Variable extends Value {
  readonly local: Local
  readonly #emit: (statement: Statement) => void

  constructor(local: Local, emit: (statement: Statement) => void) {
    super(local.type, { op: 'get', local })
    this.local = local
    this.#emit = emit
  }

  set(value: Operand): void {
    this.#emit({ op: 'set', local: this.local, value: valueOf(value, this.type) })
  }
}

export interface FunctionOptions {
  params: number
  result?: boolean
}

/** Collects functions, tables and memory of one program. */
export class Assembly {
  readonly functions: FunctionBody[] = []
  readonly data: Program['data'] = []
  #top: number

  /** The first octets stay free, as a compiler's null page does. */
  constructor(start = 1024) {
    this.#top = start
  }

  get top(): number {
    return this.#top
  }

  /** Address of `size` octets of their own. */
  reserve(size: number, align = 16): number {
    const at = Math.ceil(this.#top / align) * align
    this.#top = at + size
    return at
  }

  table(bytes: Uint8Array, align = 16): number {
    const at = this.reserve(bytes.length, align)
    this.data.push({ at, bytes })
    return at
  }

  function(name: string, options: FunctionOptions, build: (body: Body, ...params: Value[]) => void): FunctionBody {
    const made: FunctionBody = { name, params: options.params, result: options.result ?? false, locals: [], body: [] }
    const body = new Body(made)
    const params: Variable[] = []
    for (let index = 0; index < options.params; index++) {
      const local: Local = { type: 'i32', index }
      made.locals.push(local)
      params.push(
        new Variable(local, () => {
          throw new TypeError(`parameter ${index} of ${name} is not assigned`)
        }),
      )
    }
    build(body, ...params)
    this.functions.push(made)
    return made
  }
}
