import { type DefaultTreeAdapterMap, Parser, Token, Tokenizer, type TokenHandler } from 'parse5'

/** Ordinary in text; ordinary in a quoted value or a comment, or a script, as well. */
const inText = 1
const inDoubleQuotes = 2
const inSingleQuotes = 4
const inComment = 8
const inRaw = 16
/** In text whose blanks are no tokens of their own. */
const inWords = 32

const ordinary = new Uint8Array(128)
for (let code = 1; code < 128; code++) {
  // Ends of lines are counted one by one, NUL and FF have rules of their own.
  if (code === 0x0a || code === 0x0c || code === 0x0d) continue
  const blank = code === 0x20 || code === 0x09
  const is = (...others: string[]): boolean => others.includes(String.fromCharCode(code))
  ordinary[code] =
    (blank || is('<', '&') ? 0 : inText) |
    (is('"', '&') ? 0 : inDoubleQuotes) |
    (is("'", '&') ? 0 : inSingleQuotes) |
    (is('<', '-') ? 0 : inComment) |
    (is('<') ? 0 : inRaw) |
    (is('<', '&') ? 0 : inWords)
}

/** Letters of names as they nearly always are. */
const inName = new Uint8Array(128)
for (const sign of 'abcdefghijklmnopqrstuvwxyz0123456789-_:') inName[sign.charCodeAt(0)] = 1

/**
 * parse5's tokenizer, with runs of ordinary characters taken in one step where it takes a step for each: half of the time of a page and more.
 * The tokens are the same, but for what no tree shows: the text of a script or style comes in few pieces, not word by word; and a start tag's
 * location says its line and nothing else, no other token has one.
 */
export class MarkupTokenizer extends Tokenizer {
  readonly #wholeText: boolean

  /** With `wholeText` words and the blanks between them are one token: for whoever builds no tree. */
  constructor(handler: TokenHandler, o: { wholeText?: boolean } = {}) {
    super({ sourceCodeLocationInfo: false }, handler)
    this.#wholeText = o.wholeText ?? false
  }

  protected override _createStartTagToken(): void {
    super._createStartTagToken()
    const startLine = this.preprocessor.line
    if (this.currentToken !== null)
      this.currentToken.location = { startLine, startCol: 0, startOffset: 0, endLine: 0, endCol: 0, endOffset: 0 }
  }

  /** The rest of a name that goes on in small letters. */
  #name(): string {
    const { preprocessor } = this
    const { html } = preprocessor
    const from = preprocessor.pos + 1
    let at = from
    while (inName[html.charCodeAt(at)] === 1) at++
    if (at === from) return ''
    this.consumedAfterSnapshot += at - from
    preprocessor.pos = at - 1
    return html.slice(from, at)
  }

  protected override _stateTagName(code: number): void {
    super._stateTagName(code)
    const token = this.currentToken
    if (inName[code] === 1 && token !== null && 'tagName' in token) token.tagName += this.#name()
  }

  protected override _stateAttributeName(code: number): void {
    super._stateAttributeName(code)
    if (inName[code] === 1) this.currentAttr.name += this.#name()
  }

  /** The run that was begun by the current character goes on as far as all are of one kind. */
  #extend(kind: number): void {
    const { preprocessor } = this
    const { html } = preprocessor
    let at = preprocessor.pos + 1
    for (; at < html.length; at++) {
      const code = html.charCodeAt(at)
      if (code < 128 ? (ordinary[code]! & kind) === 0 : code >= 0xd800 && code <= 0xdfff) break
    }
    const count = at - 1 - preprocessor.pos
    if (count === 0) return
    this.consumedAfterSnapshot += count
    preprocessor.pos += count
    this.runEnd = at
  }

  /** Of blanks: a text's blanks are tokens of their own. */
  #extendBlanks(): void {
    const { preprocessor } = this
    const { html } = preprocessor
    let at = preprocessor.pos + 1
    while (html.charCodeAt(at) === 0x20 || html.charCodeAt(at) === 0x09) at++
    const count = at - 1 - preprocessor.pos
    this.consumedAfterSnapshot += count
    preprocessor.pos += count
    if (count > 0) this.runEnd = at
  }

  protected override _stateData(code: number): void {
    if (this.#wholeText && this.#run(code, inWords)) return
    super._stateData(code)
    if (isOrdinary(code, inText)) this.#extend(inText)
    else if (code === 0x20 || code === 0x09) this.#extendBlanks()
  }

  protected override _stateScriptData(code: number): void {
    if (!this.#run(code, inRaw)) super._stateScriptData(code)
  }

  protected override _stateRawtext(code: number): void {
    if (!this.#run(code, inRaw)) super._stateRawtext(code)
  }

  #run(code: number, kind: number): boolean {
    const runs = isOrdinary(code, kind)
    if (!runs && code !== 0x0a) return false
    this._ensureCharacterToken(Token.TokenType.CHARACTER)
    this._extendRun(code)
    if (runs) this.#extend(kind)
    return true
  }

  protected override _stateAttributeValueDoubleQuoted(code: number): void {
    super._stateAttributeValueDoubleQuoted(code)
    if (isOrdinary(code, inDoubleQuotes)) this.#extend(inDoubleQuotes)
  }

  protected override _stateAttributeValueSingleQuoted(code: number): void {
    super._stateAttributeValueSingleQuoted(code)
    if (isOrdinary(code, inSingleQuotes)) this.#extend(inSingleQuotes)
  }

  protected override _stateComment(code: number): void {
    super._stateComment(code)
    if (isOrdinary(code, inComment)) this.#extend(inComment)
  }
}

/** Surrogates and what lies beyond the first plane take parse5's own way. */
const isOrdinary = (code: number, kind: number): boolean =>
  code < 128 ? code >= 0 && (ordinary[code]! & kind) !== 0 : code < 0xd800 || (code > 0xdfff && code < 0x1_0000)

class MarkupParser extends Parser<DefaultTreeAdapterMap> {
  constructor() {
    super({ scriptingEnabled: true })
    this.tokenizer = new MarkupTokenizer(this)
  }

  override _attachElementToTree(...given: Parameters<Parser<DefaultTreeAdapterMap>['_attachElementToTree']>): void {
    super._attachElementToTree(...given)
    const [element, location] = given
    if (location !== null) element.sourceCodeLocation = location
  }
}

/** A document as a tree, the same as that of parse5's `parse` with scripting on; of places there are the lines of start tags alone. */
export function readDocument(html: string): DefaultTreeAdapterMap['document'] {
  const parser = new MarkupParser()
  parser.tokenizer.write(html, true)
  return parser.document
}
