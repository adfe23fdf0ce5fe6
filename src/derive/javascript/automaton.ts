/**
 * Many literals in one pass over octets (Aho and Corasick 1975), as a complete table of transitions: one load an octet.
 * Built once for a set of literals; `scan` reports which of them occur, and how often, at most `stop` times each.
 */
export class LiteralAutomaton {
  readonly #next: Int32Array
  /** Literals that end in a state, and the nearest state on the way of failures that ends one. */
  readonly #ends: (readonly number[])[]
  readonly literals: readonly string[]

  constructor(literals: readonly string[]) {
    this.literals = literals
    const children: Map<number, number>[] = [new Map()]
    const ends: number[][] = [[]]
    for (const [index, literal] of literals.entries()) {
      let state = 0
      for (const octet of Buffer.from(literal, 'utf8')) {
        let next = children[state]!.get(octet)
        if (next === undefined) {
          next = children.length
          children.push(new Map())
          ends.push([])
          children[state]!.set(octet, next)
        }
        state = next
      }
      if (state !== 0) ends[state]!.push(index)
    }
    const table = new Int32Array(children.length * 256)
    const fail = new Int32Array(children.length)
    const queue: number[] = []
    for (const [octet, state] of children[0]!) {
      table[octet] = state
      queue.push(state)
    }
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at]!
      for (let octet = 0; octet < 256; octet++) {
        const next = children[state]!.get(octet)
        const back = table[fail[state]! * 256 + octet]!
        if (next === undefined) table[state * 256 + octet] = back
        else {
          table[state * 256 + octet] = next
          fail[next] = back
          ends[next] = [...ends[next]!, ...ends[back]!]
          queue.push(next)
        }
      }
    }
    // Transitions hold the row's offset, and its complement where something ends there: one test in the hot loop.
    this.#next = table.map((state) => (ends[state]!.length > 0 ? ~(state * 256) : state * 256))
    this.#ends = ends
  }

  scan(octets: Uint8Array): Map<string, number> {
    const counts = new Uint32Array(this.literals.length)
    const next = this.#next
    const length = octets.length
    let row = 0
    for (let at = 0; at < length; at++) {
      row = next[row + octets[at]!]!
      if (row < 0) {
        row = ~row
        for (const literal of this.#ends[row >> 8]!) counts[literal]!++
      }
    }
    const found = new Map<string, number>()
    for (let literal = 0; literal < counts.length; literal++) if (counts[literal]! > 0) found.set(this.literals[literal]!, counts[literal]!)
    return found
  }
}
