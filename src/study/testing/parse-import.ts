import type { ImportedRow } from '#ledger/imports.ts'
import { type BadLine, importKey, ImportReader, repeats } from '../import-csv.ts'

/** A whole file at once: of equal lines the first is kept. */
export function parseImport(bytes: Uint8Array, today: string): { rows: ImportedRow[]; bad: BadLine[] } {
  const reader = new ImportReader(today)
  reader.read(bytes)
  reader.end()
  const { rows, bad } = reader.take()
  const lineOf = new Map<string, number>()
  const repeated: BadLine[] = []
  const fresh = rows.filter(({ line, row }) => {
    const first = lineOf.get(importKey(row))
    if (first === undefined) lineOf.set(importKey(row), line)
    else repeated.push({ line, reason: repeats(first) })
    return first === undefined
  })
  return { rows: fresh.map(({ row }) => row), bad: [...bad, ...repeated].sort((a, b) => a.line - b.line) }
}
