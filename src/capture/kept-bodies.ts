import { AssayError, passingCodes } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'

/** A store during one visit, that remembers whether it failed to keep a body for what passes. */
export class KeptBodies implements BlobStore {
  readonly #store: BlobStore
  /** The first such failure. */
  fault: AssayError | null = null

  constructor(store: BlobStore) {
    this.#store = store
  }

  async put(bytes: Uint8Array): ReturnType<BlobStore['put']> {
    try {
      return await this.#store.put(bytes)
    } catch (error) {
      if (error instanceof AssayError && passingCodes.has(error.code)) this.fault ??= error
      throw error
    }
  }

  get(digest: Parameters<BlobStore['get']>[0]): ReturnType<BlobStore['get']> {
    return this.#store.get(digest)
  }

  has(digest: Parameters<BlobStore['has']>[0]): ReturnType<BlobStore['has']> {
    return this.#store.has(digest)
  }
}
