import { type Digest, sha256 } from '#model/digest.ts'
import type { BlobStore } from '#model/store.ts'

/**
 * A store during one visit: what was put is at hand until its end, up to `maxBytes`, and is put once. Reading back what was just written would cost
 * more than all else that a visit without JavaScript does.
 */
export function visitBlobs(store: BlobStore, maxBytes: number): BlobStore {
  const atHand = new Map<Digest, Uint8Array>()
  let bytesAtHand = 0
  return {
    async put(bytes) {
      const digest = sha256(bytes)
      if (atHand.has(digest)) return digest
      await store.put(bytes, digest)
      if (bytesAtHand + bytes.length <= maxBytes && !atHand.has(digest)) {
        atHand.set(digest, bytes)
        bytesAtHand += bytes.length
      }
      return digest
    },
    async get(digest) {
      return atHand.get(digest) ?? store.get(digest)
    },
    async has(digest) {
      return atHand.has(digest) || store.has(digest)
    },
  }
}
