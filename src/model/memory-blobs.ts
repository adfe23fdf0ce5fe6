import { type Digest, sha256 } from './digest.ts'
import { AssayError } from './errors.ts'
import type { BlobStore } from './store.ts'

export function memoryBlobs(): BlobStore {
  const blobs = new Map<Digest, Uint8Array>()
  return {
    async put(bytes) {
      const digest = sha256(bytes)
      blobs.set(digest, bytes)
      return digest
    },
    async get(digest) {
      const bytes = blobs.get(digest)
      if (!bytes) throw new AssayError('NOT_FOUND', `no blob ${digest}`)
      return bytes
    },
    async has(digest) {
      return blobs.has(digest)
    },
  }
}
