import { Token, type TokenHandler, TokenizerMode } from 'parse5'
import { parse } from 'meriyah'
import { MarkupTokenizer } from '#model/markup-reader.ts'

/** A URL that markup names, as it stands there. */
export interface Reference {
  url: string
  /** CDP's resource type of what would be asked for. */
  type: 'script' | 'document' | 'stylesheet' | 'image' | 'media' | 'font' | 'manifest' | 'other'
  /** Line of the tag, from 0. */
  line: number
  isModule: boolean
}

export interface ScannedHtml {
  references: Reference[]
  /** Nested documents in `srcdoc`. */
  srcdocs: string[]
  /** Text of inline scripts. */
  inlineScripts: string[]
  baseUrl: string | null
  title: string
  /** What a reader sees, cut. */
  text: string
  /** Where the page says it was saved from (browsers' and SingleFile's comment). */
  savedFrom: string | null
  savedAt: string | null
}

const maxText = 64 * 1024
const maxReferences = 20_000
/** Tags whose content is not markup, https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inhead with scripting on. */
const rawText = new Set(['style', 'xmp', 'iframe', 'noembed', 'noframes', 'noscript'])
const hidden = new Set(['script', 'style', 'noscript', 'template', 'iframe', 'noembed', 'noframes', 'title', 'textarea'])
const blocks = new Set(['p', 'br', 'div', 'li', 'tr', 'td', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'section', 'article', 'button', 'option'])
const scriptTypes = /^(?:|module|(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script(?:1\.[0-5])?)$/

/**
 * One pass over the tokens of a document, in time linear in its length: no tree is built, so depth costs nothing.
 * Markup in comments, text and attribute values names nothing.
 */
export function scanHtml(html: string): ScannedHtml {
  const found: ScannedHtml = {
    references: [],
    srcdocs: [],
    inlineScripts: [],
    baseUrl: null,
    title: '',
    text: '',
    savedFrom: null,
    savedAt: null,
  }
  let inside: string | null = null
  let collected: string[] = []
  let length = 0
  let textLength = 0
  const text: string[] = []
  let runsInline = false
  /** Templates that are open, outermost first: whether what they hold waits for a script. */
  const templates: boolean[] = []
  const characters = (token: Token.CharacterToken): void => {
    if (inside === 'script' || inside === 'title') {
      if (length < 4 * 1024 * 1024) collected.push(token.chars)
      length += token.chars.length
    } else if (inside === null && textLength < maxText) {
      const chars = token.chars.slice(0, maxText - textLength)
      text.push(chars)
      textLength += chars.length
    }
  }
  const add = (url: string | undefined, type: Reference['type'], token: Token.TagToken, isModule = false): void => {
    const trimmed = url?.trim() ?? ''
    if (
      trimmed === '' ||
      templates.includes(true) ||
      trimmed.startsWith('#') ||
      /^(?:javascript|mailto|about|tel):/i.test(trimmed) ||
      found.references.length >= maxReferences
    )
      return
    found.references.push({ url: trimmed, type, line: Math.max(0, (token.location?.startLine ?? 1) - 1), isModule })
  }
  const handler: TokenHandler = {
    onCharacter: characters,
    onWhitespaceCharacter: characters,
    onNullCharacter() {},
    onDoctype() {},
    onEof() {},
    onParseError: null,
    onComment(token) {
      if (found.savedFrom !== null || token.data.length > 8192) return
      found.savedFrom =
        /saved from url=\(\d+\)(\S+)/.exec(token.data)?.[1] ?? /SingleFile[\s\S]*?\burl:\s*(\S+)/.exec(token.data)?.[1] ?? null
      found.savedAt = /saved date:\s*([^\n]+)/.exec(token.data)?.[1]?.trim() ?? null
    },
    onStartTag(token) {
      const name = token.tagName
      const src = attributeOf(token, 'src')
      if (blocks.has(name)) text.push('\n')
      if (name === 'script') {
        tokenizer.state = TokenizerMode.SCRIPT_DATA
        const type = (attributeOf(token, 'type') ?? '').trim().toLowerCase()
        runsInline = scriptTypes.test(type) && src === undefined && !templates.includes(true)
        if (scriptTypes.test(type)) add(src, 'script', token, type === 'module')
      } else if (name === 'template') {
        // What a template holds runs when a script puts it into the page; a shadow tree's is part of it from the start.
        if (templates.length < 1_000) templates.push(!/^(?:open|closed)$/i.test(attributeOf(token, 'shadowrootmode') ?? ''))
      } else if (name === 'title' || name === 'textarea') tokenizer.state = TokenizerMode.RCDATA
      else if (rawText.has(name)) tokenizer.state = TokenizerMode.RAWTEXT
      else if (name === 'plaintext') tokenizer.state = TokenizerMode.PLAINTEXT
      else if (name === 'base') found.baseUrl ??= attributeOf(token, 'href') ?? null
      else if (name === 'link') addLink(token, add)
      else if (name === 'img' || name === 'input') add(src, 'image', token)
      else if (name === 'video' || name === 'audio' || name === 'source' || name === 'track') add(src, 'media', token)
      else if (name === 'embed') add(src, 'other', token)
      else if (name === 'object') add(attributeOf(token, 'data'), 'other', token)
      else if (name === 'frame') add(src, 'document', token)
      if (name === 'iframe') {
        const srcdoc = attributeOf(token, 'srcdoc')
        if (srcdoc === undefined) add(src, 'document', token)
        else if (found.srcdocs.length < 100) found.srcdocs.push(srcdoc)
      }
      if (hidden.has(name) && name !== 'template' && !token.selfClosing) {
        inside = name
        collected = []
        length = 0
      }
    },
    onEndTag(token) {
      if (blocks.has(token.tagName)) text.push('\n')
      if (token.tagName === 'template') templates.pop()
      if (token.tagName !== inside) return
      if (inside === 'script' && runsInline && found.inlineScripts.length < 2000) found.inlineScripts.push(collected.join(''))
      if (inside === 'title' && found.title === '') found.title = collected.join('').trim().slice(0, 1000)
      inside = null
    },
  }
  const tokenizer = new MarkupTokenizer(handler, { wholeText: true })
  tokenizer.write(html, true)
  // By lines: one expression over the spaces around them would take the square of their number.
  found.text = text
    .join('')
    .replace(/[ \t\r\f]{2,}|[\t\r\f]/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
    .slice(0, maxText)
  return found
}

const attributeOf = (token: Token.TagToken, name: string): string | undefined => Token.getTokenAttr(token, name) ?? undefined

function addLink(
  token: Token.TagToken,
  add: (url: string | undefined, type: Reference['type'], token: Token.TagToken, isModule?: boolean) => void,
): void {
  const relations = (attributeOf(token, 'rel') ?? '').toLowerCase().split(/\s+/)
  const href = attributeOf(token, 'href')
  if (relations.includes('stylesheet')) add(href, 'stylesheet', token)
  else if (relations.includes('modulepreload')) add(href, 'script', token, true)
  else if (relations.includes('manifest')) add(href, 'manifest', token)
  else if (relations.includes('icon') || relations.includes('apple-touch-icon')) add(href, 'image', token)
}

/**
 * Strings in a script that end like the name of a script or module: what it may start as a worker, import or instantiate.
 * Taken from tokens, so that a comment names nothing. A script that does not parse is read as far as it does.
 */
export function codeReferences(source: string): string[] {
  // Most scripts hold no text that ends so, or goes on as a query: their tokens need not be looked at.
  if (!/\.(?:m?js|wasm)["'`?#]/.test(source)) return []
  const found = new Set<string>()
  const take = (text: string): void => {
    if (/^[^\s"'<>{}|\\^`]{1,500}\.(?:m?js|wasm)(?:[?#][^\s"'<>]*)?$/.test(text) && found.size < 1000) found.add(text)
  }
  const onToken = (type: string, start: number, end: number): void => {
    if (type === 'StringLiteral' || type === 'TemplateLiteral') take(source.slice(start + 1, end - 1))
  }
  try {
    parse(source, { onToken, sourceType: 'script', webcompat: true, next: true })
  } catch {
    if (/\b(?:import|export)\b/.test(source)) {
      try {
        parse(source, { onToken, sourceType: 'module', next: true })
      } catch {
        // Read as far as it parses.
      }
    }
  }
  return [...found]
}

/** Octets of a document → text, by byte order mark, header, `meta`, or as browsers guess. */
export function decodeHtml(bytes: Uint8Array, contentType: string): string {
  return new TextDecoder(charsetOf(bytes, contentType)).decode(bytes)
}

function charsetOf(bytes: Uint8Array, contentType: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  const start = Buffer.from(bytes.subarray(0, 2048)).toString('latin1')
  for (const label of [
    /charset\s*=\s*["']?([\w:.-]+)/i.exec(contentType)?.[1],
    /<meta[^>]+charset\s*=\s*["']?\s*([\w:.-]+)/i.exec(start)?.[1],
  ]) {
    if (label === undefined) continue
    try {
      const { encoding } = new TextDecoder(label)
      // A `meta` that could be read as ASCII is no UTF-16: https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding
      return encoding.startsWith('utf-16') ? 'utf-8' : encoding
    } catch {
      continue
    }
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return 'windows-1252'
  }
}
