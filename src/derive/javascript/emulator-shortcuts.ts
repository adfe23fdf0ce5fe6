import type { Node } from './tree.ts'

type Decoder = (text: string, key: string) => string

/** What the function was given and gave, before it was trusted; `way` is the decoder that gave the same each time. */
interface Trial {
  way: Decoder | null
  passed: number
  taken: number
}

const enough = 2
/** One call in so many is run all the same: a function that gives something else after a while is found out. */
const checkedEach = 16

/**
 * Obfuscators write the decoder of their strings into each script, in JavaScript that takes thousands of steps for a word. A function that
 * gave what one of these would have given, for two texts, is from then on not run step by step.
 */
export class Shortcuts {
  readonly #trials = new Map<Node, Trial>()

  /** What the function would give; undefined where it has to be run. */
  take(node: Node, values: readonly unknown[]): string | undefined {
    const trial = this.#trials.get(node)
    if (trial === undefined || trial.way === null || trial.passed < enough || ++trial.taken % checkedEach === 0) return undefined
    const [text, key = ''] = values
    return typeof text === 'string' && typeof key === 'string' ? trial.way(text, key) : undefined
  }

  /** What it gave when it was run. */
  watch(node: Node, values: readonly unknown[], given: string): void {
    const [text, key = ''] = values
    if (typeof text !== 'string' || typeof key !== 'string' || text.length < 6 || values.length > 2) return
    const trial = this.#trials.get(node)
    if (trial === undefined) {
      if (this.#trials.size < 200) {
        const way = ways.find((candidate) => given !== text && candidate(text, key) === given) ?? null
        this.#trials.set(node, { way, passed: way === null ? 0 : 1, taken: 0 })
      }
    } else if (trial.way !== null && trial.way(text, key) === given) trial.passed++
    else trial.way = null
  }
}

/** The alphabet of base64 with small letters first, as obfuscator.io has it: https://github.com/javascript-obfuscator/javascript-obfuscator */
const smallFirst = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/='
const largeFirst = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/='

function octetsOf(text: string, alphabet: string): string {
  let octets = ''
  let held = 0
  let count = 0
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) continue
    held = count % 4 === 0 ? value : held * 64 + value
    if (count++ % 4 !== 0) octets += String.fromCharCode(255 & (held >> ((-2 * count) & 6)))
  }
  return octets
}

/** As the emulator has it: octets that are no UTF-8 give nothing. */
function fromUtf8(octets: string): string {
  try {
    return decodeURIComponent(octets.replace(/[^]/g, (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0')}`))
  } catch {
    return ''
  }
}

/** RC4, the keystream xor-ed with character codes. */
function rc4(text: string, key: string): string {
  if (key === '') return text
  const box = Array.from({ length: 256 }, (_, at) => at)
  for (let at = 0, other = 0; at < 256; at++) {
    other = (other + box[at]! + key.charCodeAt(at % key.length)) % 256
    ;[box[at], box[other]] = [box[other]!, box[at]!]
  }
  let out = ''
  for (let at = 0, one = 0, other = 0; at < text.length; at++) {
    one = (one + 1) % 256
    other = (other + box[one]!) % 256
    ;[box[one], box[other]] = [box[other]!, box[one]!]
    out += String.fromCharCode(text.charCodeAt(at) ^ box[(box[one]! + box[other]!) % 256]!)
  }
  return out
}

const ways: readonly Decoder[] = [
  (text) => fromUtf8(octetsOf(text, smallFirst)),
  (text, key) => rc4(fromUtf8(octetsOf(text, smallFirst)), key),
  (text) => fromUtf8(octetsOf(text, largeFirst)),
  (text) => octetsOf(text, largeFirst),
  (text, key) => rc4(fromUtf8(octetsOf(text, largeFirst)), key),
  (text, key) => rc4(octetsOf(text, largeFirst), key),
  rc4,
]
