import { canonicalJson } from '#model/canonical.ts'
import { type Digest, isDigest } from '#model/digest.ts'
import { parseTombstone, type RemovalReason, removalReasons, type Tombstone } from '#model/tombstone.ts'
import type { Shelf } from './shelf.ts'

/** Tombstones of a data folder: `tombstones/ab/<sha256>.<reason>.json`. Rejects with the file system's own errors. */
export interface Tombstones {
  get(id: Digest): Promise<Tombstone | null>
  /** Resolves when it lasts. A purge takes the place of a thinning. */
  put(tombstone: Tombstone): Promise<void>
  remove(id: Digest): Promise<void>
  /** All of them by their names alone. */
  list(): Promise<Map<Digest, RemovalReason>>
}

export function openTombstones(shelf: Shelf): Tombstones {
  const place = (id: Digest, reason: RemovalReason) => `tombstones/${id.slice(7, 9)}/${id.slice(7)}.${reason}.json`
  return {
    async get(id) {
      for (const reason of ['purged', 'thinned'] as const) {
        const bytes = await shelf.read(place(id, reason))
        if (bytes !== null && bytes !== 'broken') return parseTombstone(bytes, id)
      }
      return null
    },
    async put(tombstone) {
      await shelf.write(place(tombstone.captureId, tombstone.reason), Buffer.from(canonicalJson(tombstone)), 'now')
      if (tombstone.reason === 'purged') await shelf.remove(place(tombstone.captureId, 'thinned'))
    },
    async remove(id) {
      for (const reason of removalReasons) await shelf.remove(place(id, reason))
    },
    async list() {
      const all = new Map<Digest, RemovalReason>()
      for await (const file of shelf.list('tombstones/')) {
        const [hex = '', name] = file.slice('tombstones/ab/'.length).split('.')
        const id = `sha256:${hex}`
        const reason = removalReasons.find((each) => each === name)
        if (isDigest(id) && reason !== undefined && all.get(id) !== 'purged') all.set(id, reason)
      }
      return all
    },
  }
}
