import type { Stats } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '#model/canonical.ts'
import { AssayError } from '#model/errors.ts'
import { makeFolder, readIfThere, syncFolder, writeWhole } from './atomic.ts'

/** Layout of the data folder; see docs/data-folder.md. A later one is refused. */
export const dataFormatVersion = 2
/** Of a folder that keeps its own files: the one that earlier versions read too. */
const ownFilesVersion = 1

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
    hint: `What it has to hold is ${canonicalJson({ format: 'assay.data', version: ownFilesVersion })} for a folder that keeps its own files; the captures beside it are whole or not by themselves.`,
  })

export interface DataFormat {
  /** Address of the object store that has the files; null where the folder has. */
  store: string | null
}

export interface OpenedFormat extends DataFormat {
  /** The address is not written down yet: `writeFormat` does when the store has answered. One that is wrong would be the folder's for good. */
  isNewStore: boolean
}

/**
 * Makes the folder's parts, or checks that they are of a version that this one reads. `store`: where files are kept from now on.
 * Throws `UNSUPPORTED`, `STORE_CORRUPT`, `BAD_ARGUMENT` where they are kept elsewhere.
 */
export async function openFormat(dir: string, tmp: string, store?: string): Promise<OpenedFormat> {
  for (const folder of ['memo', 'tmp']) await makeFolder(join(dir, folder))
  const file = join(dir, 'format.json')
  const bytes = await readIfThere(file)
  const there = bytes === null ? null : formatOf(bytes, dir)
  if (there !== null && there.version > dataFormatVersion)
    throw new AssayError(
      'UNSUPPORTED',
      `the data folder ${dir} has format ${there.version}; this version reads up to ${dataFormatVersion}`,
      {
        hint: 'Use the version of assay that wrote it, or a newer one.',
      },
    )
  const before = there?.store ?? null
  const format = { store: store ?? before }
  if (format.store !== before && (before !== null || (await hasCaptures(dir)))) throw keptElsewhere(dir, before)
  const isNewStore = format.store !== null && format.store !== before
  if (there === null && !isNewStore) await writeFormat(dir, tmp, format)
  if (format.store === null)
    for (const folder of ['blobs', 'captures', 'attestations', 'observations', 'visits']) await makeFolder(join(dir, folder))
  await removeLeftovers(tmp)
  return { ...format, isNewStore }
}

/** Lasts when it resolves. */
export async function writeFormat(dir: string, tmp: string, { store }: DataFormat): Promise<void> {
  const format = store === null ? { version: ownFilesVersion } : { version: dataFormatVersion, store }
  await writeWhole(join(dir, 'format.json'), Buffer.from(`${canonicalJson({ format: 'assay.data', ...format })}\n`), tmp)
  await syncFolder(dir)
}

/** Where a data folder says that its files are; null where it has them itself, or is none. */
export async function storeOf(dir: string): Promise<string | null> {
  const bytes = await readIfThere(join(dir, 'format.json'))
  return bytes === null ? null : formatOf(bytes, dir).store
}

const keptElsewhere = (dir: string, store: string | null): AssayError =>
  new AssayError('BAD_ARGUMENT', store === null ? `${dir} keeps captures of its own` : `${dir} keeps its files in ${store}`, {
    hint: store === null ? `assay migrate --from ${dir} --store s3://… takes them there.` : 'Give another folder, or leave --store out.',
  })

function formatOf(bytes: Uint8Array, dir: string): { version: number; store: string | null } {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as { format?: unknown; version?: unknown; store?: unknown }
    if (value.format === 'assay.data' && typeof value.version === 'number')
      return { version: value.version, store: typeof value.store === 'string' ? value.store : null }
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
