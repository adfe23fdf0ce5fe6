import { type Digest, isDigest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { FileStore } from '../file-store.ts'
import { storeError } from '../files/atomic.ts'
import type { Shelf } from '../files/shelf.ts'
import { digestsIn } from '../verify.ts'

/** Manifests that are there, those whose writing was not acknowledged too: their visit may be about to be. */
export async function* manifestsIn(shelf: Shelf): AsyncIterable<Digest> {
  for await (const path of shelf.list('captures/')) {
    const id = `sha256:${path.slice('captures/ab/'.length).replace(/\.json$/, '')}`
    if (isDigest(id)) yield id
  }
}

/**
 * Hex of every blob that a capture names, besides `without`. Throws `STORE_CORRUPT` at the first manifest that cannot be read: nobody can say what
 * that names.
 */
export async function blobsNamed(files: FileStore, without: ReadonlySet<Digest>, signal?: AbortSignal): Promise<Set<string>> {
  const named = new Set<string>()
  for await (const id of manifestsIn(files.shelf)) {
    if (signal?.aborted) break
    if (without.has(id)) continue
    const capture = await files.getCapture(id).catch((error: unknown) => {
      // Another process thinned it meanwhile.
      if (error instanceof AssayError && error.code === 'NOT_FOUND') return null
      throw new AssayError('STORE_CORRUPT', `${(error as Error).message}: which blobs it names cannot be told, so none is removed`, {
        cause: error,
        hint: `Restore the manifest from a copy, or give it up: assay purge --capture ${id}; of several, each with its --capture in one command (assay verify names them).`,
      })
    })
    if (capture !== null) for (const hex of digestsIn(capture.manifest.artifacts)) named.add(hex)
  }
  return named
}

export interface Swept {
  all: number
  removed: number
  octets: number
  waiting: number
}

export interface SweepOptions {
  /** Of a blob that nothing else stands for, by its hex. */
  isGarbage(hex: string): boolean
  /** Younger ones stay: a visit in progress may be about to name them. Milliseconds. */
  graceMs: number
  dryRun: boolean
  signal?: AbortSignal | undefined
  onProgress?: (looked: number) => void
}

/** Removes blobs that nothing names. Safe beside processes that write: they touch what they are about to name. */
export async function sweep(shelf: Shelf, options: SweepOptions): Promise<Swept> {
  const swept: Swept = { all: 0, removed: 0, octets: 0, waiting: 0 }
  try {
    for await (const path of shelf.list('blobs/')) {
      if (options.signal?.aborted) break
      swept.all++
      options.onProgress?.(swept.all)
      if (!options.isGarbage(path.slice('blobs/ab/'.length))) continue
      const octets = await shelf.removeOlder(path, options)
      if (octets === null) swept.waiting++
      else {
        swept.removed++
        swept.octets += octets
      }
    }
  } catch (cause) {
    throw storeError(cause, 'removing blobs')
  }
  return swept
}
