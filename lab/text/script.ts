import type { Random } from '../random.ts'
import { type NameStyle, identifiers } from './identifiers.ts'

export type StringStyle = 'plain' | 'double' | 'split' | 'escaped' | 'base64' | 'codes' | 'table'

/**
 * Turns the lab's script templates into what a site would serve. In a template `$name` is a name to be drawn anew, `'…'` a literal to be
 * written in the site's own style, `@@n@@` the n-th raw text. Templates end statements by semicolons and have no comments, no regular
 * expressions and no template literals. One `ScriptStyle` names things alike in all scripts of a site, so that they can speak to each other.
 */
export class ScriptStyle {
  readonly #random: Random
  readonly #names = new Map<string, string>()
  readonly #fresh: () => string
  readonly strings: StringStyle
  readonly minified: boolean

  constructor(random: Random, o: { strings?: StringStyle; minified?: boolean; names?: NameStyle } = {}) {
    this.#random = random
    this.strings = o.strings ?? random.pick(['plain', 'plain', 'double', 'split', 'escaped', 'base64', 'codes', 'table'])
    this.minified = o.minified ?? random.chance(0.75)
    this.#fresh = identifiers(random.fork('names'), o.names ?? (this.minified ? random.pick(['short', 'hex']) : 'words'))
  }

  name(template: string): string {
    let name = this.#names.get(template)
    if (name === undefined) {
      name = this.#fresh()
      this.#names.set(template, name)
    }
    return name
  }

  /** `isolate` wraps the script in a function, so that its names are its own. */
  render(template: string, o: { raw?: readonly string[]; isolate?: boolean } = {}): string {
    const table: string[] = []
    const tableName = this.#fresh()
    let out = ''
    let at = 0
    const code = (text: string): void => {
      out += this.minified ? squeeze(text) : text
    }
    const pattern = /'((?:[^'\\]|\\.)*)'|\$([A-Za-z][A-Za-z0-9]*)|@@(\d+)@@/g
    for (const match of template.matchAll(pattern)) {
      code(template.slice(at, match.index))
      at = match.index + match[0].length
      if (match[1] !== undefined) {
        const isKey = /[{,]\s*$/.test(template.slice(0, match.index)) && /^\s*:/.test(template.slice(at))
        out += this.#literal(unescapeLiteral(match[1]), table, tableName, isKey)
      } else if (match[2] !== undefined) out += this.name(match[2])
      else out += o.raw?.[Number(match[3])] ?? ''
    }
    code(template.slice(at))
    const head = table.length === 0 ? '' : `var ${tableName}=[${table.map((text) => JSON.stringify(text)).join(',')}];`
    const text = this.minified ? out.trim() : out.replace(/^\n+|\s+$/g, '')
    return o.isolate ? `(function(){${head}${this.minified ? '' : '\n'}${text}${this.minified ? '' : '\n'}})();` : head + text
  }

  #literal(text: string, table: string[], tableName: string, isKey: boolean): string {
    const style = text.length > 120 || text.length === 0 ? 'double' : this.#random.chance(0.85) ? this.strings : 'double'
    const isAscii = /^[\x20-\x7e]*$/.test(text)
    let expression: string
    switch (style) {
      case 'plain':
        if (isKey) return /^[A-Za-z_]\w*$/.test(text) ? text : JSON.stringify(text)
        return quoteSingle(text)
      case 'double':
        return JSON.stringify(text)
      case 'split': {
        if (text.length < 4) return JSON.stringify(text)
        const cut = this.#random.int(1, text.length - 2)
        expression = `${JSON.stringify(text.slice(0, cut))}+${JSON.stringify(text.slice(cut))}`
        return isKey ? `[${expression}]` : `(${expression})`
      }
      case 'escaped':
        expression = `"${Array.from(text, (c) => (c.charCodeAt(0) < 256 ? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}` : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('')}"`
        return expression
      case 'base64':
        if (!isAscii) return JSON.stringify(text)
        expression = `atob("${btoa(text)}")`
        break
      case 'codes':
        expression = `String.fromCharCode(${Array.from(text, (c) => c.charCodeAt(0)).join(',')})`
        break
      case 'table': {
        let index = table.indexOf(text)
        if (index < 0) index = table.push(text) - 1
        expression = `${tableName}[${index}]`
      }
    }
    return isKey ? `[${expression}]` : expression
  }
}

/** A literal for use inside a template. */
export function quoteSingle(text: string): string {
  return `'${text.replace(/[\\'\n\r\u2028\u2029]/g, (c) => (c === '\n' ? '\\n' : c === '\r' ? '\\r' : c === '\u2028' ? '\\u2028' : c === '\u2029' ? '\\u2029' : `\\${c}`)).replace(/<\/(script)/gi, '<\\/$1')}'`
}

function unescapeLiteral(text: string): string {
  return text.replace(/\\(u[0-9a-f]{4}|.)/g, (_, c: string) =>
    c === 'n' ? '\n' : c === 'r' ? '\r' : c.length === 5 ? String.fromCharCode(Number.parseInt(c.slice(1), 16)) : c,
  )
}

/** Removes what white space a parser does not need. */
function squeeze(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([{}()[\];,:?=<>&|!*%^~]) ?/g, '$1')
    .replace(/ ?([+-]) ?/g, '$1')
}

/** For text between `<script>` and `</script>`. */
export function forInline(text: string): string {
  return text.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
}
