import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadSignatures } from '#judge/signatures.ts'
import { signatureTable } from '#report/signature-table.ts'

/** Pages of docs/ that are generated, by their path in the repository. */
export async function generatedDocs(): Promise<Record<string, string>> {
  return { 'docs/signatures.md': signatureTable(await loadSignatures()) }
}

if (import.meta.main)
  for (const [path, text] of Object.entries(await generatedDocs())) writeFileSync(join(import.meta.dirname, '..', path), text)
