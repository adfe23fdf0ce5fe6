import { join } from 'node:path'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { openFileStore } from './file-store.ts'
import { folderShelf } from './files/folder-shelf.ts'
import { writeFormat } from './files/format.ts'
import { recordKinds, type Shelf } from './files/shelf.ts'
import { openBucketStore } from './objects/bucket-store.ts'

export interface FilesMoved {
  store: string
  /** Files by kind that the store has now, and of them those that were not there before. */
  files: Record<string, { all: number; copied: number }>
}

const atATime = 16

/**
 * Copies the files of a data folder's record into an object store, compares what is named by its digest, and lets the folder keep its files there from now on. What lay in
 * the folder is left; the same again copies what is not there yet. Rejects with `STORE_CORRUPT` at a file that is not what its name says.
 */
export async function moveFiles(dir: string, store: string, onProgress: (text: string) => void = () => {}): Promise<FilesMoved> {
  const source = await openFileStore(dir)
  if (source.store !== null && source.store !== store)
    throw new AssayError('BAD_ARGUMENT', `${dir} keeps its files in ${source.store}`, { hint: 'Give another folder, or that store again.' })
  const tmp = join(dir, 'tmp')
  const from = folderShelf(dir, tmp)
  const { shelf: to } = await openBucketStore(store, source.keyId)
  const moved: FilesMoved = { store, files: {} }
  for (const kind of recordKinds) {
    const counts = (moved.files[kind] = { all: 0, copied: 0 })
    let copying: Promise<void>[] = []
    const faults: unknown[] = []
    // Nothing is under way any more when a fault is told.
    const settle = async (): Promise<void> => {
      await Promise.all(copying)
      copying = []
      if (faults.length > 0) throw faults[0]
    }
    const copy = async (path: string): Promise<void> => {
      try {
        if (await copyOne(path, from, to)) onProgress(`${kind}: ${++counts.copied} copied of ${counts.all}`)
        else counts.all--
      } catch (error) {
        faults.push(error)
      }
    }
    let folder = ''
    let there = new Set<string>()
    for await (const path of pathsOf(from, kind)) {
      const prefix = path.slice(0, path.lastIndexOf('/') + 1)
      // One folder of names at a time: of millions of files there are too many for one set.
      if (prefix !== folder) there = new Set(await Array.fromAsync(to.list((folder = prefix))))
      counts.all++
      if (there.has(path)) continue
      copying.push(copy(path))
      if (copying.length >= atATime) await settle()
    }
    await settle()
  }
  await writeFormat(dir, tmp, { store })
  return moved
}

/** Of captures and answers those that were acknowledged. */
async function* pathsOf(from: Shelf, kind: (typeof recordKinds)[number]): AsyncIterable<string> {
  if (kind !== 'captures' && kind !== 'observations') return yield* from.list(`${kind}/`)
  const acknowledged = new Set<string>()
  for await (const name of from.order(kind).names()) acknowledged.add(name)
  for await (const path of from.list(`${kind}/`)) if (acknowledged.has(path.slice(kind.length + 4, -'.json'.length))) yield path
}

/** False where it is gone meanwhile. */
async function copyOne(path: string, from: Shelf, to: Shelf): Promise<boolean> {
  const bytes = await from.read(path)
  if (bytes === null) return false
  const kind = path.slice(0, path.indexOf('/'))
  const name = path.slice(path.lastIndexOf('/') + 1)
  const isNamedByDigest = kind === 'blobs' || kind === 'captures' || kind === 'imports'
  if (bytes === 'broken' || (isNamedByDigest && sha256(bytes).slice(7) !== name.replace(/\.jsonl?$/, '')))
    throw new AssayError('STORE_CORRUPT', `${path} is damaged`, {
      hint: 'assay verify names everything that is; restore it from a copy, or give it up with assay purge --capture.',
    })
  await to.write(path, bytes, 'now')
  return true
}
