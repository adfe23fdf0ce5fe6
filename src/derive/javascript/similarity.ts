import { fewestSigns, Signs, similarityKey } from '../code-similarity.ts'
import { childrenOf, type Node, type Parsed } from './tree.ts'

/** A short script that is mostly text says what it does there: a packer has one form for all that it packs. */
const shortSigns = 1_000
const textShare = 0.5

/**
 * Similarity digest of a script, over its tree in the order of the source: names are one sign, strings another, numbers another, whatever they are.
 * It survives other names, other literals (an account, a host, a number of threads, also more or fewer of them in a list), comments, blanks and line ends,
 * and how strings and numbers are written. It does not survive other order, statements or operators; another minifier; code that is woven in or packed.
 * Null for less than 64 signs and for short scripts that are mostly text.
 */
export function scriptSimilarity({ program, source }: Parsed): string | null {
  const signs = new Signs()
  let text = 0
  const stack: Node[] = [program]
  while (stack.length > 0) {
    const node = stack.pop()!
    const children = isValue(node) || isListOfValues(node) ? [] : childrenOf(node)
    text += textIn(node)
    const sign = signOf(node)
    const octets = signs.reserve(3)
    octets[signs.length++] = sign >> 8
    octets[signs.length++] = sign
    octets[signs.length++] = Math.min(children.length, 255)
    for (let at = children.length - 1; at >= 0; at--) stack.push(children[at]!)
  }
  const count = signs.length / 3
  if (count < fewestSigns || (count < shortSigns && text > source.length * textShare)) return null
  return similarityKey('javascript', signs.octets)
}

/** A literal, a negative number, a template without a place in it. */
const isValue = (node: Node): boolean =>
  node.type === 'Literal' ||
  (node.type === 'TemplateLiteral' && node.expressions.length === 0) ||
  (node.type === 'UnaryExpression' && node.operator === '-' && node.argument.type === 'Literal')

const isListOfValues = (node: Node): boolean =>
  node.type === 'ArrayExpression' && node.elements.length > 0 && node.elements.every((element) => element !== null && isValue(element))

function textIn(node: Node): number {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value.length : 0
  if (node.type === 'TemplateElement') return node.value.raw.length
  if (node.type === 'TemplateLiteral') return node.expressions.length === 0 ? (node.quasis[0]?.value.raw.length ?? 0) : 0
  if (node.type === 'ArrayExpression' && isListOfValues(node))
    return node.elements.reduce((sum, element) => sum + (element === null ? 0 : textIn(element)), 0)
  return 0
}

function signOf(node: Node): number {
  switch (node.type) {
    case 'Literal':
      return numberOf('Literal', node.value instanceof RegExp || node.value === null ? 'object' : typeof node.value)
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? numberOf('Literal', 'string') : numberOf(node.type, '')
    case 'UnaryExpression':
      return isValue(node) ? numberOf('Literal', 'number') : numberOf(node.type, node.operator)
    case 'ArrayExpression':
      return numberOf(node.type, isListOfValues(node) ? 'values' : '')
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
    case 'UpdateExpression':
      return numberOf(node.type, node.operator)
    case 'VariableDeclaration':
      return numberOf(node.type, node.kind)
    default:
      return numberOf(node.type, '')
  }
}

const numbers = new Map<string, Map<string, number>>()

/** The same in every process: FNV-1a of the names of the tree's specification (ESTree), folded to 16 bits. */
function numberOf(type: string, more: string): number {
  let its = numbers.get(type)
  if (its === undefined) numbers.set(type, (its = new Map()))
  let number = its.get(more)
  if (number === undefined) {
    let hash = 0x811c9dc5
    for (const sign of `${type} ${more}`) hash = Math.imul(hash ^ sign.charCodeAt(0), 0x01000193)
    its.set(more, (number = ((hash >>> 16) ^ hash) & 0xffff))
  }
  return number
}
