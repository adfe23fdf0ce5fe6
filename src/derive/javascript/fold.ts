import { type Node, keyName } from './tree.ts'

/** A value known without running anything, or `undefined`. */
export type Folded = string | number | boolean | null | undefined

const maxText = 4 * 1024 * 1024
const maxDepth = 400

/**
 * Constant expressions → their value: literals, concatenation, arithmetic, `String.fromCharCode`, `atob`, `unescape`, `decodeURIComponent`,
 * `[…].join`, `split.reverse.join`. `names` resolves identifiers that are assigned once.
 */
export function foldConstant(node: Node, names: (name: string) => Folded = () => undefined, depth = 0): Folded {
  if (depth > maxDepth) return undefined
  const fold = (inner: Node): Folded => foldConstant(inner, names, depth + 1)
  switch (node.type) {
    case 'Literal':
      return typeof node.value === 'string' ||
        typeof node.value === 'number' ||
        typeof node.value === 'boolean' ||
        (node.value === null && !('regex' in node) && !('bigint' in node))
        ? node.value
        : undefined
    case 'TemplateLiteral':
      return template(node, fold)
    case 'Identifier':
      return names(node.name)
    case 'ParenthesizedExpression':
      return fold(node.expression)
    case 'SequenceExpression':
      return node.expressions.length === 0 ? undefined : fold(node.expressions.at(-1)!)
    case 'UnaryExpression':
      return unary(node.operator, fold(node.argument))
    case 'BinaryExpression':
      return concatenation(node, fold)
    case 'CallExpression':
      return called(node, fold)
    default:
      return undefined
  }
}

function template(node: Extract<Node, { type: 'TemplateLiteral' }>, fold: (node: Node) => Folded): Folded {
  let text = ''
  for (const [at, quasi] of node.quasis.entries()) {
    text += quasi.value.cooked ?? ''
    const inner = node.expressions[at]
    if (inner === undefined) continue
    const value = fold(inner)
    if (value === undefined) return undefined
    text += String(value)
  }
  return text
}

function unary(operator: string, value: Folded): Folded {
  if (value === undefined) return undefined
  switch (operator) {
    case '-':
      return -Number(value)
    case '+':
      return Number(value)
    case '~':
      return ~Number(value)
    case '!':
      return !value
    default:
      return undefined
  }
}

/** Long chains of `'a' + 'b' + …` lean to the left: they are walked, not recursed into. */
function concatenation(node: Extract<Node, { type: 'BinaryExpression' }>, fold: (node: Node) => Folded): Folded {
  const right: { operator: string; node: Node }[] = []
  let left: Node = node
  while (left.type === 'BinaryExpression') {
    right.push({ operator: left.operator, node: left.right })
    left = left.left as Node
  }
  let value = fold(left)
  for (let at = right.length - 1; at >= 0 && value !== undefined; at--) {
    const operand = fold(right[at]!.node)
    value = operand === undefined ? undefined : binary(right[at]!.operator, value, operand)
  }
  return value
}

export function binary(operator: string, a: string | number | boolean | null, b: string | number | boolean | null): Folded {
  if (operator === '+') {
    if (typeof a !== 'string' && typeof b !== 'string') return Number(a) + Number(b)
    const text = String(a) + String(b)
    return text.length > maxText ? undefined : text
  }
  const [x, y] = [Number(a), Number(b)]
  switch (operator) {
    case '-':
      return x - y
    case '*':
      return x * y
    case '/':
      return x / y
    case '%':
      return x % y
    case '^':
      return x ^ y
    case '|':
      return x | y
    case '&':
      return x & y
    case '<<':
      return x << y
    case '>>':
      return x >> y
    case '>>>':
      return x >>> y
    default:
      return undefined
  }
}

function called(node: Extract<Node, { type: 'CallExpression' }>, fold: (node: Node) => Folded): Folded {
  const callee = node.callee as Node
  const values = node.arguments.map((argument) => fold(argument as Node))
  if (callee.type === 'Identifier') return globalCall(callee.name, values)
  if (callee.type !== 'MemberExpression') return undefined
  const name = keyName(callee.property, callee.computed === true, fold)
  const object = callee.object as Node
  if (object.type === 'Identifier' && ['window', 'self', 'globalThis', 'top', 'this'].includes(object.name) && name !== null)
    return globalCall(name, values)
  if (object.type === 'Identifier' && object.name === 'String' && name === 'fromCharCode')
    return values.every((value) => typeof value === 'number') ? String.fromCharCode(...values.slice(0, 50_000)) : undefined
  if (name === 'join') return joined(object, values[0] ?? ',', fold)
  const receiver = fold(object)
  return typeof receiver === 'string' && name !== null ? textMethod(receiver, name, values) : undefined
}

export function decodeBase64(text: string): string | undefined {
  const clean = text.replace(/\s+/g, '')
  return /^[A-Za-z0-9+/_-]+={0,2}$/.test(clean) ? Buffer.from(clean, 'base64').toString('latin1') : undefined
}

export function globalCall(name: string, values: readonly Folded[]): Folded {
  const [first] = values
  if (name === 'parseInt' && (typeof first === 'string' || typeof first === 'number'))
    return Number.parseInt(String(first), typeof values[1] === 'number' ? values[1] : undefined)
  if (typeof first !== 'string') return undefined
  try {
    switch (name) {
      case 'atob':
        return decodeBase64(first)
      case 'unescape':
        return first.replace(/%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})/g, (_, wide: string | undefined, narrow: string) =>
          String.fromCharCode(Number.parseInt(wide ?? narrow, 16)),
        )
      case 'decodeURIComponent':
        return decodeURIComponent(first)
      case 'decodeURI':
        return decodeURI(first)
      case 'String':
        return first
      default:
        return undefined
    }
  } catch {
    return undefined
  }
}

function joined(object: Node, separator: Folded, fold: (node: Node) => Folded): Folded {
  if (typeof separator !== 'string') return undefined
  if (object.type === 'ArrayExpression') {
    const items = object.elements.map((item) => (item === null ? '' : fold(item as Node)))
    return items.every((item) => item !== undefined) ? items.map((item) => item ?? '').join(separator) : undefined
  }
  // 'cba'.split('').reverse().join('')
  if (object.type !== 'CallExpression' || (object.callee as Node).type !== 'MemberExpression') return undefined
  const callee = object.callee as Extract<Node, { type: 'MemberExpression' }>
  const method = keyName(callee.property, callee.computed === true, fold)
  const reversed = method === 'reverse'
  const split = reversed ? (callee.object as Node) : object
  if (split.type !== 'CallExpression' || (split.callee as Node).type !== 'MemberExpression') return undefined
  const splitCallee = split.callee as Extract<Node, { type: 'MemberExpression' }>
  if (keyName(splitCallee.property, splitCallee.computed === true, fold) !== 'split') return undefined
  const text = fold(splitCallee.object)
  const by = split.arguments[0] === undefined ? undefined : fold(split.arguments[0])
  if (typeof text !== 'string' || typeof by !== 'string') return undefined
  const parts = text.split(by)
  return (reversed ? parts.reverse() : parts).join(separator)
}

function textMethod(text: string, name: string, values: readonly Folded[]): Folded {
  const [a, b] = values
  switch (name) {
    case 'toString':
    case 'valueOf':
      return text
    case 'toLowerCase':
      return text.toLowerCase()
    case 'toUpperCase':
      return text.toUpperCase()
    case 'trim':
      return text.trim()
    case 'concat':
      return values.every((value) => value !== undefined) ? text + values.map(String).join('') : undefined
    case 'slice':
      return typeof a === 'number' ? text.slice(a, typeof b === 'number' ? b : undefined) : undefined
    case 'substr':
      return typeof a === 'number' ? text.slice(a).slice(0, typeof b === 'number' ? b : undefined) : undefined
    case 'substring':
      return typeof a === 'number' ? text.substring(a, typeof b === 'number' ? b : undefined) : undefined
    case 'charAt':
      return typeof a === 'number' ? text.charAt(a) : undefined
    case 'charCodeAt':
      return typeof a === 'number' ? text.charCodeAt(a) : undefined
    case 'replace':
      return typeof a === 'string' && typeof b === 'string' ? text.replace(a, () => b) : undefined
    default:
      return undefined
  }
}
