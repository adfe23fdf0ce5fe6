import { fewestSigns, Signs, similarityKey } from '../code-similarity.ts'
import type { Tape } from './decode-code.ts'

/** No miner is so large. */
const mostSigns = 8_000_000

/**
 * Similarity digest of a module, over the opcodes of its bodies in their order, without any immediate. It survives other data, constants, addresses of
 * data, names, custom sections, a longer or shorter form of a number, and functions that are called by other numbers because imports were added. It does
 * not survive another compiler, other flags, an instruction or a function more or less, or functions in another order.
 */
export class ModuleSimilarity {
  readonly #signs = new Signs()

  body({ words, length }: Tape): void {
    if (this.#signs.length > mostSigns) return
    const octets = this.#signs.reserve(length * 2)
    let to = this.#signs.length
    for (let at = 0; at < length * 3; at += 3) {
      const opcode = words[at]!
      // Opcodes with a prefix have numbers of their own above the octet.
      if (opcode > 0xfa) octets[to++] = 0xfa + (opcode >> 8)
      octets[to++] = opcode
    }
    this.#signs.length = to
  }

  /** Null for a module that could not be read whole, is larger than eight million signs or has less than 64. */
  digest(complete: boolean): string | null {
    const { length, octets } = this.#signs
    return complete && length >= fewestSigns && length <= mostSigns ? similarityKey('wasm', octets) : null
  }
}
