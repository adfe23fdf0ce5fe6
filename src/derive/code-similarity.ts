import { sha256 } from '#model/digest.ts'

/**
 * Similarity digest of code, `s1:` and 32 hexadecimal figures: equal where two pieces have the same signs in the same order once names and values are
 * taken out, different else. It is a key, no measure: near is not told from far (for that see similarity.ts).
 */
export function similarityKey(language: 'javascript' | 'wasm', signs: Uint8Array): string {
  const octets = new Uint8Array(signs.length + 1)
  octets[0] = language === 'wasm' ? 1 : 0
  octets.set(signs, 1)
  return `s1:${sha256(octets).slice('sha256:'.length, 'sha256:'.length + 32)}`
}

/** Fewer signs say nothing of whose code it is: anybody writes them. */
export const fewestSigns = 64

/** Signs in the order in which they are met, an octet each. */
export class Signs {
  #octets = new Uint8Array(1 << 12)
  length = 0

  /** Where the next `more` may be written, from `length` on. */
  reserve(more: number): Uint8Array {
    if (this.length + more > this.#octets.length) {
      const larger = new Uint8Array(Math.max(this.length + more, this.#octets.length * 2))
      larger.set(this.octets)
      this.#octets = larger
    }
    return this.#octets
  }

  get octets(): Uint8Array {
    return this.#octets.subarray(0, this.length)
  }
}
