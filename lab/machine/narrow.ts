import { type Assembly, type FunctionBody, type Local, type Program, type Statement, Value, i32 } from './program.ts'

/**
 * Splits every 64-bit value into two of 32, as compilers to asm.js did. Shifts and rotations of 64-bit values must be by constants;
 * division of them is not provided.
 */
export function narrow(program: Program, assembly: Assembly): Program {
  const high = multiplyHigh(assembly)
  const narrowed = new Map<FunctionBody, FunctionBody>()
  for (const body of program.functions) narrowed.set(body, { ...body, locals: [], body: [] })
  narrowed.set(high, high)
  for (const [from, to] of narrowed) if (from !== high) narrowFunction(from, to, high, (callee) => narrowed.get(callee) ?? callee)
  return {
    ...program,
    functions: [...narrowed.values()],
    exports: program.exports.map(({ name, callee }) => ({ name, callee: narrowed.get(callee) ?? callee })),
  }
}

/** Upper 32 bits of an unsigned 32 × 32 product, over 16-bit halves. */
function multiplyHigh(assembly: Assembly): FunctionBody {
  const body = assembly.function('multiplyHigh', { params: 2, result: true }, (f, a, b) => {
    if (!a || !b) return
    const a0 = f.let('i32', a.and(0xffff))
    const a1 = f.let('i32', a.shr(16))
    const b0 = f.let('i32', b.and(0xffff))
    const b1 = f.let('i32', b.shr(16))
    const middle = f.let('i32', a1.mul(b0).add(a0.mul(b0).shr(16)))
    const other = f.let('i32', a0.mul(b1).add(middle.and(0xffff)))
    f.return(a1.mul(b1).add(middle.shr(16)).add(other.shr(16)))
  })
  assembly.functions.pop()
  return body
}

type Pair = [low: Value, high: Value]

function narrowFunction(from: FunctionBody, to: FunctionBody, high: FunctionBody, calleeOf: (callee: FunctionBody) => FunctionBody): void {
  const addLocal = (): Local => {
    const local: Local = { type: 'i32', index: to.locals.length }
    to.locals.push(local)
    return local
  }
  const get = (local: Local): Value => new Value('i32', { op: 'get', local })
  const halves = new Map<number, [Local, Local]>()
  for (const local of from.locals) {
    const low = addLocal()
    halves.set(local.index, [low, local.type === 'i64' ? addLocal() : low])
  }
  const halvesOf = (local: Local): [Local, Local] => halves.get(local.index) ?? [local, local]
  // Scratch locals are used again by every statement.
  const scratch: Local[] = []
  let used = 0

  const block = (statements: Statement[], out: Statement[]): void => {
    const keep = (value: Value): Value => {
      if (value.node.op === 'const' || value.node.op === 'get') return value
      const local = (scratch[used] ??= addLocal())
      used++
      out.push({ op: 'set', local, value })
      return get(local)
    }
    const simple = (value: Value): Value => {
      const { node } = value
      switch (node.op) {
        case 'const':
          return value
        case 'get':
          return get(halvesOf(node.local)[0])
        case 'binary':
          return new Value('i32', { ...node, a: simple(node.a), b: simple(node.b) })
        case 'compare': {
          if (node.a.type === 'i32') return new Value('i32', { ...node, a: simple(node.a), b: simple(node.b) })
          const [al, ah] = pair(node.a)
          const [bl, bh] = pair(node.b)
          if (node.name === 'eq' || node.name === 'ne') {
            const differ = al.xor(bl).or(ah.xor(bh))
            return node.name === 'eq' ? differ.eq(0) : differ.ne(0)
          }
          if (node.name === 'lt_u') return ah.lt(bh).or(ah.eq(bh).and(al.lt(bl)))
          throw new Error(`64-bit ${node.name} is not split`)
        }
        case 'load':
          return new Value('i32', { ...node, address: simple(node.address) })
        case 'wrap':
          return pair(node.a)[0]
        case 'extend':
          throw new Error('a wide value where a narrow one stands')
        case 'call':
          return keep(new Value('i32', { op: 'call', callee: calleeOf(node.callee), args: node.args.map(simple) }))
      }
    }
    const pair = (value: Value): Pair => {
      const { node } = value
      switch (node.op) {
        case 'const':
          return [i32(node.value & 0xffffffffn), i32(node.value >> 32n)]
        case 'get': {
          const [low, top] = halvesOf(node.local)
          return [get(low), get(top)]
        }
        case 'extend':
          return [keep(simple(node.a)), i32(0)]
        case 'load': {
          const address = keep(simple(node.address))
          return [
            keep(new Value('i32', { ...node, width: 4, address })),
            keep(new Value('i32', { ...node, width: 4, address, offset: node.offset + 4 })),
          ]
        }
        case 'binary':
          return binary(node.name, node.a, node.b)
        default:
          throw new Error(`a 64-bit ${node.op} is not split`)
      }
    }
    const binary = (name: string, a: Value, b: Value): Pair => {
      const [al, ah] = pair(a)
      if (name === 'shl' || name === 'shr_u' || name === 'rotl' || name === 'rotr') {
        if (b.node.op !== 'const') throw new Error('64-bit shifts are by constants')
        return shift(name, al, ah, Number(b.node.value & 63n))
      }
      const [bl, bh] = pair(b)
      switch (name) {
        case 'xor':
          return [keep(al.xor(bl)), keep(ah.xor(bh))]
        case 'and':
          return [keep(al.and(bl)), keep(ah.and(bh))]
        case 'or':
          return [keep(al.or(bl)), keep(ah.or(bh))]
        case 'add': {
          const low = keep(al.add(bl))
          return [low, keep(ah.add(bh).add(low.lt(al)))]
        }
        case 'sub':
          return [keep(al.sub(bl)), keep(ah.sub(bh).sub(al.lt(bl)))]
        case 'mul': {
          const top = keep(new Value('i32', { op: 'call', callee: high, args: [al, bl] }))
          return [keep(al.mul(bl)), keep(top.add(al.mul(bh)).add(ah.mul(bl)))]
        }
        default:
          throw new Error(`64-bit ${name} is not split`)
      }
    }
    const shift = (name: 'shl' | 'shr_u' | 'rotl' | 'rotr', low: Value, top: Value, count: number): Pair => {
      if (name === 'rotr') return shift('rotl', low, top, (64 - count) & 63)
      if (count === 0) return [low, top]
      if (name === 'rotl') {
        if (count >= 32) return shift('rotl', top, low, count - 32)
        return [keep(low.shl(count).or(top.shr(32 - count))), keep(top.shl(count).or(low.shr(32 - count)))]
      }
      if (name === 'shl')
        return count >= 32 ? [i32(0), keep(low.shl(count - 32))] : [keep(low.shl(count)), keep(top.shl(count).or(low.shr(32 - count)))]
      return count >= 32 ? [keep(top.shr(count - 32)), i32(0)] : [keep(low.shr(count).or(top.shl(32 - count))), keep(top.shr(count))]
    }
    for (const statement of statements) {
      used = 0
      switch (statement.op) {
        case 'set': {
          const [low, top] = halvesOf(statement.local)
          if (statement.local.type === 'i32') out.push({ op: 'set', local: low, value: simple(statement.value) })
          else {
            // The old value may still be read for the upper half: both halves are computed before either is written.
            const [l, h] = pair(statement.value)
            const kept = h.node.op === 'get' && h.node.local === low ? keepCopy(h, out) : h
            out.push({ op: 'set', local: low, value: l }, { op: 'set', local: top, value: kept })
          }
          break
        }
        case 'store':
          if (statement.width !== 8) out.push({ ...statement, address: simple(statement.address), value: simple(statement.value) })
          else {
            const address = keep(simple(statement.address))
            const [low, top] = pair(statement.value)
            out.push({ op: 'store', width: 4, address, offset: statement.offset, value: low })
            out.push({ op: 'store', width: 4, address, offset: statement.offset + 4, value: top })
          }
          break
        case 'loop': {
          const body: Statement[] = []
          block(statement.body, body)
          used = 0
          // What the condition needs is computed at the end of the body.
          const condition = hoist(statement.again, body)
          out.push({ op: 'loop', body, again: condition })
          break
        }
        case 'if': {
          const condition = simple(statement.condition)
          const then: Statement[] = []
          const otherwise: Statement[] = []
          block(statement.then, then)
          block(statement.otherwise, otherwise)
          out.push({ op: 'if', condition, then, otherwise })
          break
        }
        case 'call':
          out.push({ op: 'call', callee: calleeOf(statement.callee), args: statement.args.map(simple) })
          break
        case 'return':
          out.push({ op: 'return', value: statement.value === null ? null : simple(statement.value) })
      }
    }
  }
  const keepCopy = (value: Value, out: Statement[]): Value => {
    const local = (scratch[used] ??= addLocal())
    used++
    out.push({ op: 'set', local, value })
    return get(local)
  }
  const hoist = (value: Value, body: Statement[]): Value => {
    const holder: Statement[] = []
    block([{ op: 'return', value }], holder)
    const last = holder.pop()
    body.push(...holder)
    if (last?.op !== 'return' || last.value === null) throw new Error('a condition without a value')
    return last.value
  }
  block(from.body, to.body)
}
