import { Body, type FunctionBody, type Local, type Program, type Statement, Value, Variable, constant } from './program.ts'
import type { Random } from '../random.ts'

export interface Variation {
  /** How constants of more than 16 bits stand in the code. */
  constants: 'plain' | 'xor' | 'add'
  /** Share of such constants that are split. */
  share: number
  /** Adds functions that compute and touch nothing. */
  ballast: number
}

export function drawVariation(random: Random): Variation {
  return { constants: random.pick(['plain', 'plain', 'xor', 'add'] as const), share: random.pick([0.3, 0.6, 1]), ballast: random.int(0, 4) }
}

/** The same program in other words. */
export function vary(program: Program, variation: Variation, random: Random): Program {
  const seen = new Map<Value, Value>()
  const changed = (value: Value): Value => {
    const known = seen.get(value)
    if (known) return known
    const made = rewrite(value)
    seen.set(value, made)
    return made
  }
  const rewrite = (value: Value): Value => {
    const { node, type } = value
    switch (node.op) {
      case 'const': {
        if (variation.constants === 'plain' || node.value < 65536n || !random.chance(variation.share)) return value
        const bits = type === 'i64' ? 64 : 32
        const mask = BigInt.asUintN(bits, BigInt(random.word()) * (type === 'i64' ? 0x9e3779b97f4a7c15n : 1n))
        return variation.constants === 'xor'
          ? constant(node.value ^ mask, type).xor(mask)
          : constant(BigInt.asUintN(bits, node.value - mask), type).add(mask)
      }
      case 'get':
        return value
      case 'binary': {
        // Shift counts stay constants; commutative operands may change places.
        const isShift = node.name === 'shl' || node.name === 'shr_u' || node.name === 'rotl' || node.name === 'rotr'
        const a = changed(node.a)
        const b = isShift ? node.b : changed(node.b)
        const swap = ['add', 'mul', 'and', 'or', 'xor'].includes(node.name) && random.chance(0.3)
        return new Value(type, { ...node, a: swap ? b : a, b: swap ? a : b })
      }
      case 'compare':
        return new Value(type, { ...node, a: changed(node.a), b: changed(node.b) })
      case 'load':
        return new Value(type, { ...node, address: changed(node.address) })
      case 'wrap':
      case 'extend':
        return new Value(type, { ...node, a: changed(node.a) })
      case 'call':
        return new Value(type, { ...node, callee: calleeOf(node.callee), args: node.args.map(changed) })
    }
  }
  const copies = new Map<FunctionBody, FunctionBody>(program.functions.map((body) => [body, { ...body, body: [] }]))
  const calleeOf = (callee: FunctionBody): FunctionBody => copies.get(callee) ?? callee
  const block = (statements: Statement[]): Statement[] =>
    statements.map((statement): Statement => {
      switch (statement.op) {
        case 'set':
          return { ...statement, value: changed(statement.value) }
        case 'store':
          return { ...statement, address: changed(statement.address), value: changed(statement.value) }
        case 'loop':
          return { op: 'loop', body: block(statement.body), again: changed(statement.again) }
        case 'if':
          return { op: 'if', condition: changed(statement.condition), then: block(statement.then), otherwise: block(statement.otherwise) }
        case 'call':
          return { op: 'call', callee: calleeOf(statement.callee), args: statement.args.map(changed) }
        case 'return':
          return { op: 'return', value: statement.value === null ? null : changed(statement.value) }
      }
    })
  for (const [from, to] of copies) to.body = block(from.body)
  return {
    ...program,
    functions: [...copies.values(), ...Array.from({ length: variation.ballast }, (_, index) => ballast(index, random))],
    exports: program.exports.map(({ name, callee }) => ({ name, callee: calleeOf(callee) })),
  }
}

/** A small function of the kind that compilers leave behind: string lengths, clamps, allocation sums. */
function ballast(index: number, random: Random): FunctionBody {
  const made: FunctionBody = { name: `ballast${index}`, params: 2, result: true, locals: [], body: [] }
  const params = [0, 1].map((position): Variable => {
    const local: Local = { type: 'i32', index: position }
    made.locals.push(local)
    return new Variable(local, () => undefined)
  })
  const body = new Body(made)
  const [a, b] = params
  if (!a || !b) return made
  const sum = body.let('i32', a.add(random.int(1, 200)))
  body.if(
    sum.gt(b),
    () => sum.set(sum.sub(b)),
    () => sum.set(b),
  )
  if (random.chance(0.5)) body.if(sum.eq(random.int(1, 9)), () => body.return(a))
  body.return(sum.and(random.pick([0xff, 0xfff, 0x7fff])).add(random.int(0, 31)))
  return made
}
