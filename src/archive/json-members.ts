import { AssayError } from '#model/errors.ts'

/** A value at one of the wanted places, or word that it was too large to be kept. */
export type JsonMember = { path: string; bytes: Uint8Array } | { path: string; dropped: string }

interface Value {
  path: string
  take: boolean
  depth: number
  scalar: boolean
  pieces: Uint8Array[]
  size: number
  values: number
  dropped: string | null
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a

/**
 * Values at given places of a JSON text of any size, one at a time and as octets: a HAR can hold more than one string may, and
 * a hostile one more values than the memory. A place is dotted, `*` an array's elements: `log.entries.*`.
 * What stands elsewhere is passed over. Ends early, with `whole` false, where the text breaks off or stops being JSON.
 */
export class JsonMembers {
  readonly #wanted: ReadonlySet<string>
  readonly #ways: ReadonlySet<string>
  readonly #maxBytes: number
  readonly #maxValues: number
  /** Containers that lead to a wanted place; `key` is null between members. */
  #stack: { array: boolean; path: string; key: string | null }[] = []
  /** The value being taken or passed over. */
  #value: Value | null = null
  #inString = false
  #escaped = false
  /** Octets of a member's name, while one is read. */
  #name: number[] | null = null
  #began = false
  #ended = false
  broken: string | null = null
  /** Wanted places, and the containers on the way to them, that were there. */
  readonly seen = new Set<string>()

  constructor(wanted: readonly string[], limits: { maxEntryBytes: number; maxEntryValues: number }) {
    this.#wanted = new Set(wanted)
    this.#ways = new Set(['', ...wanted.flatMap((place) => place.split('.').map((_, index, parts) => parts.slice(0, index).join('.')))])
    this.#maxBytes = limits.maxEntryBytes
    this.#maxValues = limits.maxEntryValues
  }

  get whole(): boolean {
    return this.#ended && this.broken === null
  }

  *push(chunk: Uint8Array): Generator<JsonMember, void, undefined> {
    let from = 0
    for (let at = 0; at < chunk.length && this.broken === null; at++) {
      const octet = chunk[at] ?? 0
      if (this.#value !== null) {
        const before = this.#value
        const ends = this.#inside(octet)
        if (ends === 0) continue
        const member = this.#finish(before, chunk.subarray(from, ends === 2 ? at : at + 1))
        if (member) yield member
        if (ends === 1) continue
        // The octet that ended a number or literal belongs to what is around it.
      }
      if (this.#outside(octet)) from = at
    }
    if (this.#value !== null) this.#keep(this.#value, chunk.subarray(from))
  }

  /** 0: goes on. 1: ends with this octet. 2: ended before it. */
  #inside(octet: number): 0 | 1 | 2 {
    const value = this.#value
    if (value === null) return 0
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (octet === backslash) this.#escaped = true
      else if (octet === quote) {
        this.#inString = false
        if (value.depth === 0) return 1
      }
      return 0
    }
    if (value.scalar) return octet === comma || octet === 0x5d || octet === 0x7d || octet <= 0x20 ? 2 : 0
    if (octet === quote) this.#inString = true
    else if (octet === 0x7b || octet === 0x5b) {
      value.depth++
      value.values++
    } else if (octet === 0x7d || octet === 0x5d) {
      value.depth--
      if (value.depth === 0) return 1
    } else if (octet === comma) value.values++
    return 0
  }

  /** True where a value begins with this octet. */
  #outside(octet: number): boolean {
    if (this.#name !== null) {
      this.#readName(octet)
      return false
    }
    if (octet <= 0x20 || octet === comma || octet === colon) return false
    const top = this.#stack.at(-1)
    if (octet === 0x7d || octet === 0x5d) {
      this.#stack.pop()
      const above = this.#stack.at(-1)
      if (above) above.key = null
      else this.#ended = true
      return false
    }
    if (top === undefined && this.#began) {
      // Octets after the end are none of ours.
      if (!this.#ended) this.broken = 'it is not one JSON value'
      return false
    }
    if (top && !top.array && top.key === null) {
      if (octet === quote) this.#name = []
      else this.broken = 'a member without a name'
      return false
    }
    this.#began = true
    const path = top === undefined ? '' : `${top.path === '' ? '' : `${top.path}.`}${top.array ? '*' : top.key}`
    const container = octet === 0x7b || octet === 0x5b
    if (this.#ways.has(path) || this.#wanted.has(path)) this.seen.add(path)
    if (container && this.#ways.has(path)) {
      this.#stack.push({ array: octet === 0x5b, path, key: null })
      return false
    }
    this.#inString = octet === quote
    const scalar = !container && octet !== quote
    this.#value = { path, take: this.#wanted.has(path), depth: container ? 1 : 0, scalar, pieces: [], size: 0, values: 1, dropped: null }
    return true
  }

  #readName(octet: number): void {
    if (this.#name === null) return
    if (this.#escaped) this.#escaped = false
    else if (octet === backslash) this.#escaped = true
    else if (octet === quote) {
      const top = this.#stack.at(-1)
      if (top) top.key = Buffer.from(this.#name).toString('utf8')
      this.#name = null
      return
    }
    this.#name.push(octet)
    if (this.#name.length > 4096) this.broken = 'a member whose name has no end'
  }

  #keep(value: Value, piece: Uint8Array): void {
    if (!value.take || value.dropped !== null) return
    value.size += piece.length
    if (value.size > this.#maxBytes) value.dropped = `longer than ${this.#maxBytes} octets`
    else if (value.values > this.#maxValues) value.dropped = `more than ${this.#maxValues} values`
    else value.pieces.push(piece)
    if (value.dropped !== null) value.pieces = []
  }

  #finish(value: Value, piece: Uint8Array): JsonMember | null {
    this.#keep(value, piece)
    this.#value = null
    const top = this.#stack.at(-1)
    if (top) top.key = null
    else this.#ended = true
    if (!value.take) return null
    return value.dropped === null ? { path: value.path, bytes: Buffer.concat(value.pieces) } : { path: value.path, dropped: value.dropped }
  }
}

/** Octets of one member → its value. Text that is not UTF-8 is read as Latin-1. Throws `BAD_INPUT_FILE`. */
export function parseMember(bytes: Uint8Array, what: string): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    text = Buffer.from(bytes).toString('latin1')
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AssayError('BAD_INPUT_FILE', `${what} is not JSON`, { cause })
  }
}
