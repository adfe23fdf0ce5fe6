import type { Values } from './values.ts'
import { flag } from './values.ts'

/** Columns of a row. */
export const row = { mayLow: 0, mayHigh: 1, mustLow: 2, mustHigh: 3, flags: 4, termMay: 5, width: 6 } as const

/** Facts that hold for a local (or frame slot) whichever of its definitions reaches: six numbers each. */
export class Definitions {
  rows = new Int32Array(row.width * 256)
  size = 0

  /** Room for locals up to `index`, as if never defined. */
  extend(size: number): void {
    if (this.rows.length < size * row.width) {
      const larger = new Int32Array(Math.max(size * row.width, this.rows.length * 2))
      larger.set(this.rows)
      this.rows = larger
    }
    for (let index = this.size; index < size; index++) {
      const at = index * row.width
      this.rows[at] = this.rows[at + 1] = this.rows[at + 4] = this.rows[at + 5] = 0
      this.rows[at + 2] = this.rows[at + 3] = -1
    }
    this.size = size
  }

  join(index: number, values: Values, value: number): void {
    const at = index * row.width
    const rows = this.rows
    rows[at]! |= values.mayLow[value]!
    rows[at + 1]! |= values.mayHigh[value]!
    rows[at + 2]! &= values.mustLow[value]!
    rows[at + 3]! &= values.mustHigh[value]!
    rows[at + 4]! |= values.flags[value]! & (flag.loaded | flag.wide)
    const term = values.term[value]!
    if (term !== 0 && (values.flags[term]! & flag.bounded) !== 0 && values.mayLow[term]! >>> 0 > rows[at + 5]! >>> 0)
      rows[at + 5] = values.mayLow[term]!
  }
}
