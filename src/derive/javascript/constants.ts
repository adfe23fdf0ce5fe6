import { aesSbox, ConstantIndex, keccakRoundConstants } from '../known-constants.ts'
import type { HashCoreFeature, Place } from './features.ts'

let index: ConstantIndex | null = null

/** CryptoNight's masks into its scratchpad of 2 MiB (and the lighter variants'), in steps of 16 octets: https://cryptonote.org/cns/cns008.txt */
const scratchpadMasks: Readonly<Record<number, string>> = {
  0x1ffff0: '2 MiB',
  0xffff0: '1 MiB',
  0x3fff0: '256 KiB',
  0x1fff0: '128 KiB',
  0x7fff0: '512 KiB',
}
/** Turns of Salsa20's quarter round (https://cr.yp.to/snuffle/spec.pdf, 3); 9 and 18 to the left are no other hash function's. */
const salsaTurns = [7, 9, 13, 18] as const
/** Halves of Keccak's round constants (FIPS 202, 3.2.5) that are no mask, power of two or small number: JavaScript has them as 32 bits. */
const keccakHalves: ReadonlySet<number> = new Set(
  keccakRoundConstants
    .flatMap((constant) => [Number(constant & 0xffffffffn), Number(constant >> 32n)])
    .filter((half) => half > 0x8000 && half !== 0x80000000 && half !== 0x80000001),
)
const enoughHalves = 12
const iterationCounts: ReadonlySet<number> = new Set([0x80000, 0x40000, 0x20000, 0x10000, 0x60000])

/** Counts what a script's numbers and data say of the algorithms in it. */
export class ConstantCensus {
  readonly #found = new Map<number, Set<number>>()
  readonly #masks = new Map<number, number>()
  readonly #turns = new Map<string, Map<number, number>>()
  readonly #keccak = new Set<number>()
  #rows = 0
  #upperHalves = 0
  #lowerHalves = 0
  readonly #field = new Set<number>()
  #sigma = false
  #iterations = false
  #scratchpadSize = false
  #sbox = false
  #place: Place | null = null

  number(value: number, place: () => Place): void {
    if (iterationCounts.has(value)) this.#iterations = true
    // What AES's substitution is made of at run time (FIPS 197, 4.2 and 5.1.1): the reduction, and the constant at the end.
    if (value === 0x63 || value === 0x1b || value === 0x11b) this.#field.add(value)
    // "expa", the first word of what Salsa20 and ChaCha begin with as ciphers; scrypt has none of it.
    if (value === 0x61707865) this.#sigma = true
    if (value === 0x200000 || value === 0x100000) this.#scratchpadSize = true
    if (value < 0x8000 && value > -0x8000) return
    if (keccakHalves.has(value >>> 0)) {
      this.#keccak.add(value >>> 0)
      this.#place ??= place()
    }
    if (this.#word(value | 0)) this.#place ??= place()
  }

  /** `x >>> 16`: beside `x & 65535` it splits a factor, as 64-bit products are made of. */
  upperHalf(): void {
    this.#upperHalves++
  }

  mask(value: number): void {
    if (value === 0xffff) this.#lowerHalves++
    // Litecoin's ROMix: the row of 1,024 that a word of the block names (RFC 7914, 5).
    if (value === 1_023) this.#rows++
    if (scratchpadMasks[value] !== undefined) this.#masks.set(value, (this.#masks.get(value) ?? 0) + 1)
  }

  /** A turn to the left in place (`callee` is empty), or a call of two arguments, the last a number: a turn where one function is called with all of Salsa20's. */
  turn(callee: string, count: number): void {
    if (!salsaTurns.includes(count as (typeof salsaTurns)[number]) || this.#turns.size > 2_000) return
    let counts = this.#turns.get(callee)
    if (counts === undefined) this.#turns.set(callee, (counts = new Map()))
    counts.set(count, (counts.get(count) ?? 0) + 1)
  }

  #makesAes(): boolean {
    return this.#field.has(0x63) && (this.#field.has(0x1b) || this.#field.has(0x11b))
  }

  #hasSalsa(): boolean {
    return [...this.#turns.values()].some((counts) => salsaTurns.every((count) => (counts.get(count) ?? 0) >= 4))
  }

  octets(bytes: Uint8Array, place: () => Place): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const end = Math.min(bytes.length - 3, 2_000_000)
    for (let at = 0; at < end; at++) {
      const word = view.getInt32(at, true)
      if (this.#word(word)) this.#place ??= place()
      if (keccakHalves.has(word >>> 0)) this.#keccak.add(word >>> 0)
    }
    if (!this.#sbox && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(Buffer.from(aesSbox.subarray(0, 16))))
      this.#sbox = true
  }

  #word(word: number): boolean {
    index ??= new ConstantIndex()
    const entry = index.find(word)
    if (entry < 0) return false
    const table = entry >> 16
    let positions = this.#found.get(table)
    if (positions === undefined) this.#found.set(table, (positions = new Set()))
    positions.add(entry & 0xffff)
    return true
  }

  /** Algorithms of which enough distinct constants were found. */
  algorithms(): Set<string> {
    index ??= new ConstantIndex()
    const found = new Set<string>()
    for (const [table, positions] of this.#found) {
      const { algorithm, enough } = index.tables[table]!
      if (positions.size >= enough) found.add(algorithm)
    }
    if (this.#sbox) found.add('aes')
    if (this.#keccak.size >= enoughHalves) found.add('keccak')
    return found
  }

  cores(isAsm: boolean): HashCoreFeature[] {
    const found = this.algorithms()
    const place = this.#place ?? { line: 1, column: 0 }
    const style = isAsm ? 'asm.js' : 'javascript'
    const cores: HashCoreFeature[] = []
    const [maskValue, maskUses] = [...this.#masks].sort((a, b) => b[1] - a[1])[0] ?? [0, 0]
    const finals = ['groestl', 'jh', 'skein', 'blake256'].filter((algorithm) => found.has(algorithm))
    const marks = [
      ...(found.has('keccak') ? ['Keccak round constants'] : []),
      ...(found.has('aes') ? ['AES tables'] : []),
      ...finals.map((algorithm) => `${algorithm} constants`),
    ]
    const scratchpad = maskUses >= 2 ? `${maskUses} indexes into a scratchpad of ${scratchpadMasks[maskValue]}` : null
    const parts = Number(found.has('keccak')) + Number(found.has('aes')) + Number(finals.length > 0)
    // Compilers keep the tables in a file of their own at times: then the loop over the scratchpad with its size and count has to do.
    if (scratchpad !== null && (parts >= 2 || (isAsm && maskUses >= 4 && this.#iterations && this.#scratchpadSize))) {
      cores.push({ family: 'cryptonight', style, purpose: 'mining-core', marks: [...marks, scratchpad], place })
    } else if (
      scratchpad !== null &&
      this.#scratchpadSize &&
      (found.has('aes') || this.#makesAes()) &&
      this.#upperHalves >= 2 &&
      this.#lowerHalves >= 2
    ) {
      // No constant is left to tell it from an emulator of a machine for certain: it names what other evidence finds.
      const made = [
        scratchpad,
        'products of 64 bits in halves',
        found.has('aes') ? 'AES tables' : 'a substitution of AES that is made at run time',
      ]
      cores.push({ family: 'cryptonight', style, purpose: 'hash-function', marks: made, place })
    } else if (parts === 3 && finals.length >= 2) cores.push({ family: 'cryptonight', style, purpose: 'hash-function', marks, place })
    if (found.has('randomx-superscalar') || found.has('randomx-aes'))
      cores.push({ family: 'randomx', style, purpose: 'mining-core', marks: ["RandomX's constants"], place })
    if (this.#hasSalsa() && !this.#sigma && (found.has('sha256') || this.#rows > 0)) {
      // With rows of a fixed number it is a coin's; a wallet's and a login's take that number as they are told.
      const marks = [
        'the quarter rounds of Salsa20/8',
        ...(this.#rows > 0 ? ['a walk over 1,024 rows'] : []),
        ...(found.has('sha256') ? ['SHA-256 constants'] : []),
      ]
      cores.push({ family: 'scrypt', style, purpose: 'hash-function', marks, place })
    }
    for (const algorithm of [
      'sha1',
      'sha256',
      'sha512',
      'keccak',
      'blake2b',
      'md5',
      'aes',
      'ripemd160',
      'secp256k1',
      'curve25519',
      'heavyhash',
    ] as const) {
      if (found.has(algorithm)) cores.push({ family: algorithm, style, purpose: 'hash-function', marks: [`${algorithm} constants`], place })
    }
    return cores
  }
}
