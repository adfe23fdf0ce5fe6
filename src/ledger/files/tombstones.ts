import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson } from '#model/canonical.ts'
import { type Digest, isDigest } from '#model/digest.ts'
import { parseTombstone, type RemovalReason, removalReasons, type Tombstone } from '#model/tombstone.ts'
import { isMissing, readIfThere, syncFolder, writeWhole } from './atomic.ts'

/** Tombstones of a data folder: `tombstones/ab/<sha256>.<reason>.json`. Rejects with the file system's own errors. */
export interface Tombstones {
  get(id: Digest): Promise<Tombstone | null>
  /** Resolves when it lasts. A purge takes the place of a thinning. */
  put(tombstone: Tombstone): Promise<void>
  remove(id: Digest): Promise<void>
  /** All of them by their names alone. */
  list(): Promise<Map<Digest, RemovalReason>>
}

export function openTombstones(dir: string, tmp: string): Tombstones {
  const root = join(dir, 'tombstones')
  const place = (id: Digest, reason: RemovalReason) => join(root, id.slice(7, 9), `${id.slice(7)}.${reason}.json`)
  const list = async (folder: string): Promise<string[]> => {
    try {
      return await readdir(folder)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }
  return {
    async get(id) {
      for (const reason of ['purged', 'thinned'] as const) {
        const bytes = await readIfThere(place(id, reason))
        if (bytes !== null) return parseTombstone(bytes, id)
      }
      return null
    },
    async put(tombstone) {
      const file = place(tombstone.captureId, tombstone.reason)
      await writeWhole(file, Buffer.from(canonicalJson(tombstone)), tmp)
      await syncFolder(dirname(file))
      if (tombstone.reason === 'purged') await rm(place(tombstone.captureId, 'thinned'), { force: true })
    },
    async remove(id) {
      for (const reason of removalReasons) await rm(place(id, reason), { force: true })
    },
    async list() {
      const all = new Map<Digest, RemovalReason>()
      for (const folder of await list(root))
        for (const file of await list(join(root, folder))) {
          const [hex = '', name] = file.split('.')
          const id = `sha256:${hex}`
          const reason = removalReasons.find((each) => each === name)
          if (isDigest(id) && reason !== undefined && all.get(id) !== 'purged') all.set(id, reason)
        }
      return all
    },
  }
}
