import { linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, isDigest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { FileStore } from '../file-store.ts'
import { isMissing, storeError } from '../files/atomic.ts'
import { unpackedName } from '../files/packed.ts'
import { digestsIn } from '../verify.ts'

/** Manifests that are there, those whose writing was not acknowledged too: their visit may be about to be. */
export async function* manifestsIn(dir: string): AsyncIterable<Digest> {
  for await (const { name } of filesIn(join(dir, 'captures'))) {
    const id = `sha256:${name.replace(/\.json$/, '')}`
    if (isDigest(id)) yield id
  }
}

/**
 * Hex of every blob that a capture names, besides `without`. Throws `STORE_CORRUPT` at the first manifest that cannot be read: nobody can say what
 * that names.
 */
export async function blobsNamed(files: FileStore, without: ReadonlySet<Digest>, signal?: AbortSignal): Promise<Set<string>> {
  const named = new Set<string>()
  for await (const id of manifestsIn(files.dir)) {
    if (signal?.aborted) break
    if (without.has(id)) continue
    const capture = await files.getCapture(id).catch((error: unknown) => {
      // Another process thinned it meanwhile.
      if (error instanceof AssayError && error.code === 'NOT_FOUND') return null
      throw new AssayError('STORE_CORRUPT', `${(error as Error).message}: which blobs it names cannot be told, so none is removed`, {
        cause: error,
        hint: `Restore the manifest from a copy, or give it up: assay purge --capture ${id}.`,
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
export async function sweep(dir: string, options: SweepOptions): Promise<Swept> {
  const swept: Swept = { all: 0, removed: 0, octets: 0, waiting: 0 }
  try {
    for await (const { name, path } of filesIn(join(dir, 'blobs'))) {
      if (options.signal?.aborted) break
      swept.all++
      options.onProgress?.(swept.all)
      if (!options.isGarbage(name)) continue
      const octets = removeOne(path, join(dir, 'tmp'), options)
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

/** Octets on disk that are free now, or null where the file is too young. Without waiting in between: who writes sees the file there or not. */
function removeOne(path: string, tmp: string, { graceMs, dryRun }: SweepOptions): number | null {
  // Against a file's own time only the file system's clock counts.
  const isYoung = (mtimeMs: number) => graceMs > 0 && Date.now() - mtimeMs < graceMs
  const info = statSync(path, { throwIfNoEntry: false })
  if (info === undefined) return 0
  if (isYoung(info.mtimeMs)) return null
  if (dryRun) return info.size
  const aside = join(tmp, `gone-${process.pid}-${path.slice(-72).replaceAll('/', '-')}`)
  try {
    renameSync(path, aside)
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  // Touched between the look and the removal: somebody names it.
  if (isYoung(statSync(aside).mtimeMs)) {
    putBack(aside, path)
    return null
  }
  rmSync(aside)
  return info.size
}

function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path)
  } catch (error) {
    // Written anew meanwhile, the same octets.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      renameSync(aside, path)
      return
    }
  }
  rmSync(aside)
}

async function* filesIn(dir: string): AsyncIterable<{ name: string; path: string }> {
  const list = async (folder: string) => {
    try {
      return await readdir(folder, { withFileTypes: true })
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }
  for (const folder of await list(dir))
    if (folder.isDirectory())
      for (const file of await list(join(dir, folder.name)))
        yield { name: unpackedName(file.name), path: join(dir, folder.name, file.name) }
}
