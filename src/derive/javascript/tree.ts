import { type ESTree, parseModule, parseScript } from 'meriyah'
import type { Place } from './features.ts'

export type Node = ESTree.Node

export interface Parsed {
  program: ESTree.Program
  source: string
  place(offset: number): Place
}

/**
 * Source → tree with offsets, or null where it is no JavaScript. Throws RangeError where the nesting is deeper than the parser's stack:
 * the caller is a child that may say so.
 */
export function parseJavaScript(source: string): Parsed | null {
  // A served file may begin with a byte order mark or a shebang line; a CDATA wrapper is left from XHTML.
  const text = source.replace(/^\ufeff/, '').replace(/^\s*<!\[CDATA\[|\]\]>\s*$/g, '')
  const options = { next: true, ranges: true, webcompat: true } as const
  for (const parse of [() => parseScript(text, { ...options, globalReturn: true }), () => parseModule(text, options)]) {
    try {
      return { program: parse(), source: text, place: placer(text) }
    } catch (error) {
      // The parser itself trips over some broken escapes ("Invalid code point NaN"): that is no depth.
      if (error instanceof RangeError && error.message.includes('call stack')) throw error
    }
  }
  const plain = withoutTemplateTags(text)
  return plain === text ? null : parseJavaScript(plain)
}

/** Sources of generated pages hold tags of Liquid, Jinja, ERB or PHP: a value becomes 0, a statement nothing. */
function withoutTemplateTags(text: string): string {
  if (!/\{\{|\{%|<%|<\?(php|=)/.test(text)) return text
  return text
    .replace(/\{%-?\s*comment[\s\S]{0,20000}?endcomment\s*-?%\}/g, '')
    .replace(/\{\{[^}]{0,500}\}\}|<%[=-][^%]{0,500}%>|<\?(?:=|php\s+echo\b)[^?]{0,500}\?>/g, '0')
    .replace(/\{%[^%]{0,500}%\}|<%[^%]{0,500}%>|<\?php[^?]{0,2000}\?>/g, '')
}

function placer(text: string): Parsed['place'] {
  let starts: number[] | null = null
  return (offset) => {
    if (starts === null) {
      starts = [0]
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    }
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! }
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

/** Children in the order of the source. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  for (const key in node) {
    if (key === 'loc' || key === 'range') continue
    const value: unknown = node[key as keyof Node]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item)
    } else if (isNode(value)) children.push(value)
  }
  return children
}

export function isFunction(node: Node): node is ESTree.FunctionDeclaration | ESTree.FunctionExpression | ESTree.ArrowFunctionExpression {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'
}

/** Name of a property or member: an identifier that is not computed, or a constant string. Null otherwise. */
export function keyName(key: Node, computed: boolean, fold: (node: Node) => unknown): string | null {
  if (!computed && (key.type === 'Identifier' || key.type === 'PrivateIdentifier')) return key.name
  const value = key.type === 'Literal' ? key.value : fold(key)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

/** `self.Worker` and `a.b.WebSocket` are `Worker` and `WebSocket`; other names stay what they are. */
export function afterGlobal(name: string): string {
  const last = name.slice(name.lastIndexOf('.') + 1)
  return last === 'Worker' || last === 'SharedWorker' || last === 'WebSocket' ? last : name
}
