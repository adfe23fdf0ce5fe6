import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { isFileStore } from '#ledger/files/format.ts'
import { packedFile } from '#ledger/files/packed.ts'
import { type Digest, isDigest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'

/** A capture of ours where it is kept. */
export interface KeptCapture {
  id: Digest
  store: FileStore
  /** Its manifest's path. */
  file: string
}

/**
 * What a person calls captures: a data folder (all in it), a manifest in one, or an identifier (or its first four digits or more)
 * in `dir`. Throws `NOT_FOUND`, `BAD_ARGUMENT`.
 */
export async function* keptCaptures(name: string, dir: string): AsyncGenerator<KeptCapture> {
  const info = await stat(name).catch(() => null)
  if (info?.isDirectory()) {
    if (!(await isFileStore(name)))
      throw new AssayError('BAD_ARGUMENT', `${name} is no data folder`, {
        hint: 'assay judge reads folders of other files; a data folder is what --out or --data named.',
      })
    const store = await openFileStore(name)
    for await (const id of store.listCaptures()) yield { id, store, file: manifestIn(name, id) }
    return
  }
  if (info !== null) {
    const kept = await manifestFile(name)
    if (kept === null)
      throw new AssayError('BAD_ARGUMENT', `${name} is no manifest in a data folder`, {
        hint: 'assay judge reads archives and other files.',
      })
    yield kept
    return
  }
  if (!(await isFileStore(dir)))
    throw new AssayError('NOT_FOUND', `${name} is no file, and ${dir} is no data folder`, { hint: 'Name the data folder with --data.' })
  const id = await fullId(dir, name)
  yield { id, store: await openFileStore(dir), file: manifestIn(dir, id) }
}

/** A file → the capture whose manifest it is by its place and name; null where it is something else. */
export async function manifestFile(path: string): Promise<KeptCapture | null> {
  const id = `sha256:${basename(path).replace(/\.json(?:\.zst)?$/, '')}`
  const dir = dirname(dirname(dirname(path)))
  return isDigest(id) && (await isFileStore(dir)) ? { id, store: await openFileStore(dir), file: path } : null
}

/** Where a data folder keeps the manifest of a capture, compressed or, as earlier versions wrote it, as it is. */
export function manifestIn(dir: string, id: Digest): string {
  const plain = join(dir, 'captures', id.slice(7, 9), `${id.slice(7)}.json`)
  return packedFile(plain) ?? plain
}

/** A capture may be named by the beginning of its digest. */
export async function fullId(dir: string, text: string): Promise<Digest> {
  const wanted = text.startsWith('sha256:') ? text : `sha256:${text}`
  if (isDigest(wanted)) return wanted
  if (!/^sha256:[0-9a-f]{4,63}$/.test(wanted))
    throw new AssayError('BAD_ARGUMENT', `"${text.slice(0, 80)}" names no capture and no file`, {
      hint: 'Give the capture identifier of an answer, or at least its first four hex digits.',
    })
  const found = new Set<Digest>()
  const store = await openFileStore(dir)
  for await (const id of store.listCaptures()) if (id.startsWith(wanted)) found.add(id)
  // What was removed is named too, so that reading it tells why it is gone.
  for (const id of (await store.listTombstones()).keys()) if (id.startsWith(wanted)) found.add(id)
  const [only] = found
  if (only === undefined) throw new AssayError('NOT_FOUND', `no capture ${text} in ${dir}`)
  if (found.size > 1) throw new AssayError('BAD_ARGUMENT', `${text} names ${found.size} captures`)
  return only
}
