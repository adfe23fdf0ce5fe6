import type { Stats } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '#model/canonical.ts'
import { AssayError } from '#model/errors.ts'
import { makeFolder, readIfThere, syncFolder, writeWhole } from './atomic.ts'

/** Layout of the data folder; see docs/data-folder.md. A later one is refused. */
export const dataFormatVersion = 1

/**
 * Whether a folder is a data folder of ours, of whatever version. Throws `STORE_CORRUPT` where its parts lie there and its format.json is gone
 * or cut short: that is damage, and not another folder.
 */
export async function isFileStore(dir: string): Promise<boolean> {
  const bytes = await readIfThere(join(dir, 'format.json')).catch(() => null)
  try {
    if (bytes !== null) return (JSON.parse(bytes.toString('utf8')) as { format?: unknown } | null)?.format === 'assay.data'
  } catch {
    // Not JSON: whose it was is told by what lies beside it.
  }
  if (!(await hasCaptures(dir))) return false
  throw damaged(dir, bytes === null ? 'is missing' : 'is not JSON')
}

async function hasCaptures(dir: string): Promise<boolean> {
  const isThere = (path: string, isKind: (info: Stats) => boolean): Promise<boolean> => stat(join(dir, path)).then(isKind, () => false)
  return (await isThere('captures/log', (info) => info.isFile())) && (await isThere('blobs', (info) => info.isDirectory()))
}

const damaged = (dir: string, what: string, cause?: unknown): AssayError =>
  new AssayError('STORE_CORRUPT', `${join(dir, 'format.json')} ${what}`, {
    cause,
    hint: `What it has to hold is ${canonicalJson({ format: 'assay.data', version: dataFormatVersion })} for a folder of this version; the captures beside it are whole or not by themselves.`,
  })

/** Makes the folder's parts, or checks that they are of a version that this one reads. Throws `UNSUPPORTED`, `STORE_CORRUPT`. */
export async function openFormat(dir: string, tmp: string): Promise<void> {
  for (const folder of ['blobs', 'captures', 'attestations', 'observations', 'visits', 'memo', 'tmp']) await makeFolder(join(dir, folder))
  const file = join(dir, 'format.json')
  const bytes = await readIfThere(file)
  if (bytes === null) {
    await writeWhole(file, Buffer.from(`${canonicalJson({ format: 'assay.data', version: dataFormatVersion })}\n`), tmp)
    await syncFolder(dir)
  } else {
    const version = formatVersion(bytes, dir)
    if (version > dataFormatVersion) {
      throw new AssayError('UNSUPPORTED', `the data folder ${dir} has format ${version}; this version reads up to ${dataFormatVersion}`, {
        hint: 'Use the version of assay that wrote it, or a newer one.',
      })
    }
  }
  await removeLeftovers(tmp)
}

function formatVersion(bytes: Uint8Array, dir: string): number {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as { format?: unknown; version?: unknown }
    if (value.format === 'assay.data' && typeof value.version === 'number') return value.version
  } catch (cause) {
    throw damaged(dir, 'is not JSON', cause)
  }
  throw new AssayError('STORE_CORRUPT', `${dir} is no data folder of assay: its format.json says something else`)
}

const leftoverAfterMs = 60 * 60 * 1000

/** Halves of files whose process died. By age: another process may be writing now. */
async function removeLeftovers(tmp: string): Promise<void> {
  for (const name of await readdir(tmp)) {
    const file = join(tmp, name)
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }))
    // Against a file's own time only the file system's clock counts, not the one handed in.
    if (Date.now() - mtimeMs > leftoverAfterMs) await rm(file, { force: true, recursive: true })
  }
}
