import { readFile, writeFile } from 'node:fs/promises'
import { exportHar } from '#archive/export-har.ts'
import { exportWacz } from '#archive/export-wacz.ts'
import { readCaptures } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { attestationFault, parseAttestation } from '#model/attestation.ts'
import { canonicalJson } from '#model/canonical.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError, type ErrorCode, messageOf } from '#model/errors.ts'
import { fullId } from './kept-captures.ts'

/** Writes a capture of a data folder as WACZ or HAR. Throws `BAD_ARGUMENT`, `NOT_FOUND`. */
export async function exportCapture(o: { dir: string; id: string; format: 'wacz' | 'har'; out: string; software: string }): Promise<void> {
  const store = await openFileStore(o.dir)
  const capture = await store.getCapture(await fullId(o.dir, o.id))
  const attestation = await store.getAttestation(capture.id)
  if (attestation !== null) await writeFile(attestationBeside(o.out), `${canonicalJson(attestation)}\n`)
  if (o.format === 'wacz') await exportWacz(capture, store, o.out, { software: o.software })
  else await writeFile(o.out, await exportHar(capture, store, { software: o.software }))
}

interface ImportedCapture {
  file: string
  id: Digest
}

/** Faults of one file: the others are taken in all the same. Those of the data folder end all. */
const fileFaults: ReadonlySet<ErrorCode> = new Set(['BAD_INPUT_FILE', 'NOT_FOUND', 'TOO_LARGE', 'UNSUPPORTED'])

/**
 * Takes archives, saved pages and exported captures into a data folder. Gives the captures' identifiers; `onKept` tells of each at once.
 * A file that cannot be read goes to `onFailed`, and is thrown where nobody asked for it.
 */
export async function importCaptures(
  o: {
    dir: string
    files: readonly string[]
    onKept?: (kept: ImportedCapture) => void
    onFailed?: (file: string, error: AssayError) => void
  },
  onNote: (text: string) => void,
): Promise<ImportedCapture[]> {
  const store = await openFileStore(o.dir)
  const kept: ImportedCapture[] = []
  for (const path of o.files) {
    try {
      for await (const { file, capture } of readCaptures(path, store, {
        classify: pageReached,
        onSkip: (skipped, reason) => onNote(`left out ${skipped}: ${reason}`),
      })) {
        await store.putCapture(capture)
        await importAttestation(file, capture.id, store, onNote)
        kept.push({ file, id: capture.id })
        o.onKept?.({ file, id: capture.id })
      }
    } catch (error) {
      if (!o.onFailed || !(error instanceof AssayError) || !fileFaults.has(error.code)) throw error
      o.onFailed(path, error)
    }
  }
  return kept
}

/** A signature is handed on in a file of its own: archives of others have no place for it. */
const attestationBeside = (path: string): string => `${path}.attestation.json`

/** One that does not fit is told and left out: a signature that was kept holds. */
async function importAttestation(file: string, id: Digest, store: FileStore, onNote: (text: string) => void): Promise<void> {
  const beside = attestationBeside(file)
  const bytes = await readFile(beside).catch(() => null)
  if (bytes === null) return
  try {
    const attestation = parseAttestation(bytes, beside)
    const fault = attestationFault(attestation, id)
    if (fault === null) await store.putAttestation(attestation)
    else onNote(`left out ${beside}: ${fault}`)
  } catch (error) {
    onNote(`left out ${beside}: ${messageOf(error)}`)
  }
}
