import type { FunctionBody, Program, Statement, Value } from './program.ts'
import type { Random } from '../random.ts'
import { identifiers } from '../text/identifiers.ts'

export interface JavaScriptForm {
  /** An expression: a function of `(stdlib, foreign, heap)` in asm.js, of `(heap)` else; returns an object with the exports. */
  text: string
  pages: number
}

/**
 * A narrowed program as asm.js (http://asmjs.org/spec/latest/) or as plain JavaScript of the same shape. Names are drawn anew.
 * Data goes into the heap by a function `data` among the exports, of `(octets: Uint8Array)`.
 */
export function javascriptOf(program: Program, random: Random, asm: boolean): string {
  const name = identifiers(random)
  const heap8 = name()
  const heap32 = name()
  const imul = name()
  const functionNames = new Map(program.functions.map((body) => [body, name()]))
  const nameOf = (body: FunctionBody): string => functionNames.get(body) ?? 'undefined'
  const own = { stdlib: name(), foreign: name(), heap: name(), module: name() }
  const outer = new Set([heap8, heap32, imul, ...functionNames.values(), ...Object.values(own)])
  const bodies = random
    .shuffle(program.functions)
    .map((body) => functionText(body, nameOf(body), { heap8, heap32, imul, outer, nameOf }, identifiers(random), asm))
  const exported = random.shuffle(program.exports).map(({ name: exportName, callee }) => `${exportName}:${nameOf(callee)}`)
  if (asm) {
    return `function ${own.module}(${own.stdlib},${own.foreign},${own.heap}){"use asm";var ${heap8}=new ${own.stdlib}.Uint8Array(${own.heap}),${heap32}=new ${own.stdlib}.Int32Array(${own.heap}),${imul}=${own.stdlib}.Math.imul;${bodies.join('')}return{${exported.join(',')}}}`
  }
  return `function(${own.heap}){var ${heap8}=new Uint8Array(${own.heap}),${heap32}=new Int32Array(${own.heap}),${imul}=Math.imul;${bodies.join('')}return{${exported.join(',')}}}`
}

interface Names {
  heap8: string
  heap32: string
  imul: string
  /** Names that a local may not hide. */
  outer: Set<string>
  nameOf(body: FunctionBody): string
}

function functionText(body: FunctionBody, own: string, names: Names, name: () => string, asm: boolean): string {
  const taken = names.outer
  const locals = body.locals.map(() => {
    let local = name()
    while (taken.has(local)) local = name()
    return local
  })
  const local = (index: number): string => locals[index] ?? 'undefined'
  const out: string[] = []
  const literal = (value: bigint): string => String(BigInt.asIntN(32, value))
  /** An expression of type signed. */
  const value = (v: Value): string => {
    const { node } = v
    switch (node.op) {
      case 'const':
        return literal(node.value)
      case 'get':
        return asm ? `(${local(node.local.index)}|0)` : local(node.local.index)
      case 'binary': {
        const a = value(node.a)
        const b = value(node.b)
        switch (node.name) {
          case 'add':
            return `(${a}+${b}|0)`
          case 'sub':
            return `(${a}-${spaced(b)}|0)`
          case 'mul':
            return asm ? `(${names.imul}(${a},${b})|0)` : `${names.imul}(${a},${b})`
          case 'and':
            return `(${a}&${b})`
          case 'or':
            return `(${a}|${b})`
          case 'xor':
            return `(${a}^${b})`
          case 'shl':
            return `(${a}<<${b})`
          case 'shr_u':
            return `(${a}>>>${b}|0)`
          case 'rotl':
          case 'rotr': {
            const count = Number(node.b.node.op === 'const' ? node.b.node.value : 0n) & 31
            const left = node.name === 'rotl' ? count : (32 - count) & 31
            return left === 0 ? a : `(${a}<<${left}|${a}>>>${32 - left})`
          }
          case 'div_u':
            return `((${a}>>>0)/(${b}>>>0)|0)`
          case 'rem_u':
            return `((${a}>>>0)%(${b}>>>0)|0)`
        }
        throw new Error('unreachable')
      }
      case 'compare': {
        const a = value(node.a)
        const b = value(node.b)
        const operator = { eq: '==', ne: '!=', lt_u: '<', gt_u: '>', le_u: '<=', ge_u: '>=' }[node.name]
        return node.name === 'eq' || node.name === 'ne' ? `((${a}|0)${operator}(${b}|0)|0)` : `((${a}>>>0)${operator}(${b}>>>0)|0)`
      }
      case 'load': {
        const address = addressOf(node.address, node.offset)
        return node.width === 1 ? `(${names.heap8}[${address}>>0]|0)` : `(${names.heap32}[${address}>>2]|0)`
      }
      case 'call':
        return `(${names.nameOf(node.callee)}(${node.args.map((argument) => `${value(argument)}|0`).join(',')})|0)`
      default:
        throw new Error(`${node.op} is left of a narrowed program`)
    }
  }
  const addressOf = (address: Value, offset: number): string => {
    if (address.node.op === 'const') return String(Number(address.node.value) + offset)
    return offset === 0 ? value(address) : `(${value(address)}+${offset}|0)`
  }
  const block = (statements: Statement[]): void => {
    for (const statement of statements) {
      switch (statement.op) {
        case 'set':
          out.push(`${local(statement.local.index)}=${value(statement.value)};`)
          break
        case 'store':
          out.push(
            `${statement.width === 1 ? names.heap8 : names.heap32}[${addressOf(statement.address, statement.offset)}>>${statement.width === 1 ? 0 : 2}]=${value(statement.value)};`,
          )
          break
        case 'loop':
          out.push('do{')
          block(statement.body)
          out.push(`}while(${value(statement.again)});`)
          break
        case 'if':
          out.push(`if(${value(statement.condition)}){`)
          block(statement.then)
          if (statement.otherwise.length > 0) {
            out.push('}else{')
            block(statement.otherwise)
          }
          out.push('}')
          break
        case 'call':
          out.push(
            `${names.nameOf(statement.callee)}(${statement.args.map((argument) => `${value(argument)}|0`).join(',')})${statement.callee.result && asm ? '|0' : ''};`,
          )
          break
        case 'return':
          out.push(
            statement.value === null
              ? 'return;'
              : `return ${value(statement.value)}${asm && statement.value.node.op !== 'const' ? '|0' : ''};`,
          )
      }
    }
  }
  block(body.body)
  const params = locals.slice(0, body.params)
  const own1 = locals.slice(body.params)
  const coercions = asm ? params.map((param) => `${param}=${param}|0;`).join('') : ''
  return `function ${own}(${params.join(',')}){${coercions}${own1.length === 0 ? '' : `var ${own1.map((l) => `${l}=0`).join(',')};`}${out.join('')}${body.result ? 'return 0;' : ''}}`
}

const spaced = (operand: string): string => (operand.startsWith('-') ? ` ${operand}` : operand)
