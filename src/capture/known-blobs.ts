import type { Digest } from '#model/digest.ts'

/**
 * Blobs that earlier visits of this process have stored. V8's hash of a script is the SHA-256 of its source as UTF-8, so what
 * is known by it need not be fetched out of the browser again.
 */
export class KnownBlobs {
  readonly #sizes = new Map<Digest, number>()
  readonly #max: number

  constructor(max = 50_000) {
    this.#max = max
  }

  note(digest: Digest, size: number): void {
    if (this.#sizes.size >= this.#max) {
      const oldest = this.#sizes.keys().next().value
      if (oldest !== undefined) this.#sizes.delete(oldest)
    }
    this.#sizes.set(digest, size)
  }

  sizeOf(digest: Digest): number | undefined {
    return this.#sizes.get(digest)
  }
}
