import { type Digest, sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import { Spill } from './spill.ts'

/** Blobs for as long as an archive is judged. */
export interface SpilledBlobs extends BlobStore, AsyncDisposable {
  /** Lets go of all blobs. */
  clear(): Promise<void>
}

/** A little in memory, the rest in a nameless temporary file. Rejects with `NOT_FOUND`, `DISK_FULL`. */
export function spilledBlobs(room?: number): SpilledBlobs {
  const spill = new Spill(room)
  const places = new Map<Digest, number>()
  const clear = async (): Promise<void> => {
    places.clear()
    await spill.clear()
  }
  return {
    async put(bytes) {
      const digest = sha256(bytes)
      if (!places.has(digest)) places.set(digest, await spill.append(bytes))
      return digest
    },
    async get(digest) {
      const place = places.get(digest)
      if (place === undefined) throw new AssayError('NOT_FOUND', `no blob ${digest}`)
      return spill.read(place)
    },
    async has(digest) {
      return places.has(digest)
    },
    clear,
    [Symbol.asyncDispose]: clear,
  }
}
