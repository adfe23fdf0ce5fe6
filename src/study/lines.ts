/** One line of a text file, or why it is none. */
export interface Line {
  /** Counted from 1. */
  number: number
  text: string
  fault: string | null
}

/** What is longer is not kept until its end is there. */
const longestLine = 16 * 2 ** 20

/** Lines of octets that come in portions: UTF-8, or UTF-16 with its mark; ended by LF, a CR before it is none of the line. */
export class LineReader {
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })
  #wide: TextDecoder | null = null
  #isBegun = false
  #head = Buffer.alloc(0)
  /** Of a line whose end is still to come; of UTF-16 as text. */
  #parts: Uint8Array[] = []
  #text = ''
  #octets = 0
  #number = 0

  #begin(): Iterable<Line> {
    this.#isBegun = true
    const [a, b, c] = this.#head
    if (a === 0xff && b === 0xfe) this.#wide = new TextDecoder('utf-16le')
    if (a === 0xfe && b === 0xff) this.#wide = new TextDecoder('utf-16be')
    return this.#lines(a === 0xef && b === 0xbb && c === 0xbf ? this.#head.subarray(3) : this.#head)
  }

  *read(bytes: Uint8Array): Iterable<Line> {
    if (this.#isBegun) return yield* this.#lines(bytes)
    this.#head = Buffer.concat([this.#head, bytes])
    if (this.#head.length >= 3) yield* this.#begin()
  }

  *end(): Iterable<Line> {
    if (!this.#isBegun) yield* this.#begin()
    if (this.#wide !== null) yield* this.#linesOf(this.#wide.decode())
    if (this.#octets > 0) yield this.#line()
  }

  *#lines(bytes: Uint8Array): Iterable<Line> {
    if (this.#wide !== null) return yield* this.#linesOf(this.#wide.decode(bytes, { stream: true }))
    let start = 0
    for (;;) {
      const newline = bytes.indexOf(10, start)
      const part = bytes.subarray(start, newline < 0 ? bytes.length : newline)
      this.#octets += part.length
      // Of what is too long anyway nothing more is held.
      if (this.#octets <= longestLine) this.#parts.push(newline < 0 ? new Uint8Array(part) : part)
      else this.#parts = []
      if (newline < 0) return
      yield this.#line()
      start = newline + 1
    }
  }

  *#linesOf(text: string): Iterable<Line> {
    let start = 0
    for (;;) {
      const newline = text.indexOf('\n', start)
      const end = newline < 0 ? text.length : newline
      this.#octets += 2 * (end - start)
      this.#text = this.#octets <= longestLine ? this.#text + text.slice(start, end) : ''
      if (newline < 0) return
      yield this.#line()
      start = newline + 1
    }
  }

  #line(): Line {
    const [octets, parts, text] = [this.#octets, this.#parts, this.#text]
    this.#octets = 0
    this.#parts = []
    this.#text = ''
    const number = ++this.#number
    if (octets > longestLine) return { number, text: '', fault: `has ${octets} octets; ${longestLine} are the most` }
    if (this.#wide !== null) return { number, text: text.endsWith('\r') ? text.slice(0, -1) : text, fault: null }
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    try {
      return { number, text: this.#utf8.decode(bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes), fault: null }
    } catch {
      return { number, text: '', fault: 'is not UTF-8' }
    }
  }
}
