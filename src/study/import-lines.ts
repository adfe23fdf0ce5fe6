import { importBatch, type ImportedRow } from '#ledger/imports.ts'
import { type BadLine, type ImportedLine, importKey, ImportReader, repeats } from './import-csv.ts'

export interface ImportCounts {
  added: number
  /** Lines that were imported before. */
  known: number
}

/**
 * Adds the good lines of a file of any size, a portion at a time while the next is read, and tells of the bad ones. `add` keeps rows that it does not
 * have and answers which it had, by their place. What is added stays when a later portion fails; the same file again adds the rest.
 */
export async function importLines(
  chunks: AsyncIterable<Uint8Array>,
  today: string,
  add: (rows: readonly ImportedRow[]) => Promise<{ known: readonly number[] }>,
  onBad: (line: BadLine) => void,
  most = importBatch,
): Promise<ImportCounts> {
  const counts: ImportCounts = { added: 0, known: 0 }
  const earlier = new EarlierLines()

  async function addPortion({ rows, bad }: { rows: ImportedLine[]; bad: BadLine[] }): Promise<void> {
    const first = new Map<string, ImportedLine>()
    for (const line of rows) {
      const same = first.get(importKey(line.row))
      if (same === undefined) first.set(importKey(line.row), line)
      else bad.push({ line: line.line, reason: repeats(same.line) })
    }
    const unique = [...first.values()]
    const { known } = unique.length === 0 ? { known: [] } : await add(unique.map(({ row }) => row))
    for (const at of known) {
      const { line, row } = unique[at]!
      const before = earlier.lineOf(row)
      if (before === null) counts.known++
      else bad.push({ line, reason: repeats(before) })
    }
    counts.added += unique.length - known.length
    for (const { line, row } of unique) earlier.add(row, line)
    for (const each of bad.sort((a, b) => a.line - b.line)) onBad(each)
  }

  const reader = new ImportReader(today)
  let adding: Promise<void> = Promise.resolve()
  try {
    for await (const chunk of chunks) {
      reader.read(chunk)
      if (reader.size < most) continue
      await adding
      adding = addPortion(reader.take())
      // Its failure is told by whoever waits for it.
      adding.catch(() => {})
    }
  } finally {
    await adding
  }
  reader.end()
  await addPortion(reader.take())
  return counts
}

/**
 * In which line of this file a row stood before, by a hash of 53 bits: twenty octets a line. It is asked of rows that are known to be in the ledger,
 * so that two with one hash can have the wrong line named and no row can be lost.
 */
class EarlierLines {
  #keys = new Float64Array(1 << 16)
  #lines = new Uint32Array(1 << 16)
  #size = 0

  lineOf(row: ImportedRow): number | null {
    const at = this.#place(hashOf(importKey(row)))
    return this.#lines[at] === 0 ? null : this.#lines[at]!
  }

  add(row: ImportedRow, line: number): void {
    if (this.#size > 0.7 * this.#keys.length) this.#grow()
    const hash = hashOf(importKey(row))
    const at = this.#place(hash)
    if (this.#lines[at] !== 0) return
    this.#keys[at] = hash
    this.#lines[at] = line
    this.#size++
  }

  /** Where the hash is, or would be. */
  #place(hash: number): number {
    const mask = this.#keys.length - 1
    let at = Math.floor(hash / 2 ** 21) & mask
    while (this.#lines[at] !== 0 && this.#keys[at] !== hash) at = (at + 1) & mask
    return at
  }

  #grow(): void {
    const [keys, lines] = [this.#keys, this.#lines]
    this.#keys = new Float64Array(2 * keys.length)
    this.#lines = new Uint32Array(2 * lines.length)
    for (let old = 0; old < keys.length; old++) {
      if (lines[old] === 0) continue
      const at = this.#place(keys[old]!)
      this.#keys[at] = keys[old]!
      this.#lines[at] = lines[old]!
    }
  }
}

/** cyrb53 (github.com/bryc/code, public domain): two multiplicative hashes of 32 bits, mixed. */
function hashOf(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57]
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return 4294967296 * (2097151 & low) + (high >>> 0)
}
