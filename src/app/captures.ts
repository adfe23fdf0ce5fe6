import { writeFile } from 'node:fs/promises'
import { exportHar } from '#archive/export-har.ts'
import { exportWacz } from '#archive/export-wacz.ts'
import { readCaptures } from '#archive/import.ts'
import { pageReached } from '#derive/page-reached.ts'
import { openFileStore } from '#ledger/file-store.ts'
import type { Digest } from '#model/digest.ts'
import { fullId } from './kept-captures.ts'

/** Writes a capture of a data folder as WACZ or HAR. Throws `BAD_ARGUMENT`, `NOT_FOUND`. */
export async function exportCapture(o: { dir: string; id: string; format: 'wacz' | 'har'; out: string; software: string }): Promise<void> {
  const store = await openFileStore(o.dir)
  const capture = await store.getCapture(await fullId(o.dir, o.id))
  if (o.format === 'wacz') await exportWacz(capture, store, o.out, { software: o.software })
  else await writeFile(o.out, await exportHar(capture, store, { software: o.software }))
}

/** Takes archives, saved pages and exported captures into a data folder. Gives the captures' identifiers. */
export async function importCaptures(
  o: { dir: string; files: readonly string[] },
  onNote: (text: string) => void,
): Promise<{ file: string; id: Digest }[]> {
  const store = await openFileStore(o.dir)
  const kept: { file: string; id: Digest }[] = []
  for (const path of o.files) {
    for await (const { file, capture } of readCaptures(path, store, {
      classify: pageReached,
      onSkip: (skipped, reason) => onNote(`left out ${skipped}: ${reason}`),
    })) {
      await store.putCapture(capture)
      kept.push({ file, id: capture.id })
    }
  }
  return kept
}
