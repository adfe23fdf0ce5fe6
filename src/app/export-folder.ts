import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exportWacz } from '#archive/export-wacz.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { canonicalJson } from '#model/canonical.ts'
import { AssayError, messageOf } from '#model/errors.ts'
import type { FolderExport } from '#model/folder-export.ts'
import { requireDataFolder } from './data-folder.ts'
import { exportStudy } from './study-data.ts'

/** Captures of a data folder as WACZ files named by their identifiers, each with its signature beside it. One that is there already is left: the same command goes on. */
export async function exportWaczFolder(
  request: { data: string; out: string; since: Date | null; software: string },
  onProgress: (text: string) => void,
  onFailed: (name: string, message: string) => void,
  signal: AbortSignal,
): Promise<FolderExport> {
  const { data, out, since, software } = request
  await requireDataFolder(data)
  const store = await openFileStore(data)
  await mkdir(out, { recursive: true })
  const removed = (await store.listTombstones()).size
  const report: FolderExport = {
    schema: 'assay.export',
    schemaVersion: 1,
    dir: out,
    format: 'wacz',
    written: 0,
    there: 0,
    failed: 0,
    removed,
    interrupted: false,
  }
  for await (const id of store.listCaptures()) {
    if (signal.aborted) return { ...report, interrupted: true }
    try {
      const file = join(out, `${id.slice(7)}.wacz`)
      if ((await stat(file).catch(() => null)) !== null) {
        report.there++
        continue
      }
      const capture = await store.getCapture(id)
      if (since !== null && new Date(capture.manifest.startedAt) < since) continue
      const attestation = await store.getAttestation(id)
      if (attestation !== null) await writeFile(`${file}.attestation.json`, `${canonicalJson(attestation)}\n`)
      await exportWacz(capture, store, file, { software })
      report.written++
    } catch (error) {
      // One that is damaged is one of many; a full disk ends it all.
      if (!(error instanceof AssayError) || !['NOT_FOUND', 'STORE_CORRUPT', 'BAD_INPUT_FILE', 'UNSUPPORTED'].includes(error.code))
        throw error
      report.failed++
      onFailed(id, messageOf(error))
    }
    onProgress(`written: ${report.written}`)
  }
  return report
}

/** The documented views of a data folder's index as Parquet files. */
export async function exportParquetFolder(request: { data: string; database: string | null; out: string }): Promise<FolderExport> {
  await requireDataFolder(request.data)
  const { dir, rows } = await exportStudy(request, request.out)
  return {
    schema: 'assay.export',
    schemaVersion: 1,
    dir,
    format: 'parquet',
    written: rows === null ? 0 : Object.keys(rows).length,
    there: 0,
    failed: 0,
    removed: 0,
    interrupted: false,
    ...(rows === null ? {} : { rows }),
  }
}
