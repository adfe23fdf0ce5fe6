/** Deterministic randomness: the whole lab follows from one seed. `fork` gives independent streams by label, so that one more draw in one place changes nothing elsewhere. */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number
  readonly label: string

  constructor(seed: number | string) {
    this.label = String(seed)
    // xmur3 spreads the label over the state of sfc32 (both in the public domain, by Bob Jenkins and Chris Doty-Humphrey).
    let h = 1779033703 ^ this.label.length
    for (let i = 0; i < this.label.length; i++) {
      h = Math.imul(h ^ this.label.charCodeAt(i), 3432918353)
      h = (h << 13) | (h >>> 19)
    }
    const word = (): number => {
      h = Math.imul(h ^ (h >>> 16), 2246822507)
      h = Math.imul(h ^ (h >>> 13), 3266489909)
      return (h ^= h >>> 16) >>> 0
    }
    this.#a = word()
    this.#b = word()
    this.#c = word()
    this.#d = word()
    for (let i = 0; i < 15; i++) this.word()
  }

  fork(label: string | number): Random {
    return new Random(`${this.label}/${label}`)
  }

  /** 32 bits. */
  word(): number {
    const t = (this.#a + this.#b + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + t) | 0
    return t >>> 0
  }

  /** 0 ≤ n < 1. */
  fraction(): number {
    return this.word() / 4294967296
  }

  /** Whole number, from ≤ n ≤ to. */
  int(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1))
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.int(0, items.length - 1)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.int(0, i)
      const held = shuffled[i] as T
      shuffled[i] = shuffled[j] as T
      shuffled[j] = held
    }
    return shuffled
  }

  text(length: number, alphabet: string): string {
    let text = ''
    for (let i = 0; i < length; i++) text += alphabet[this.int(0, alphabet.length - 1)]
    return text
  }

  hex(length: number): string {
    return this.text(length, '0123456789abcdef')
  }

  alphanumeric(length: number): string {
    return this.text(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.word() & 255
    return bytes
  }
}
