/**
 * Octets from a stream, taken by line or by count. A source that fails ends early: what came before the failure is read
 * as usual, and `failure` says why it ended.
 */
export class ByteReader {
  #source: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #ended = false
  /** Octets taken so far. */
  offset = 0
  failure: unknown = null

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async #fill(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      if (this.#ended) return false
      try {
        const next = await this.#source.next()
        if (next.done === true) this.#ended = true
        else {
          this.#chunk = next.value
          this.#at = 0
        }
      } catch (error) {
        this.failure = error
        this.#ended = true
      }
    }
    return true
  }

  /** Up to `limit` octets in one piece; null at the end. */
  async some(limit: number): Promise<Uint8Array | null> {
    if (limit <= 0 || !(await this.#fill())) return null
    const piece = this.#chunk.subarray(this.#at, this.#at + limit)
    this.#at += piece.length
    this.offset += piece.length
    return piece
  }

  /** Up to `count` octets, fewer only at the end. */
  async read(count: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let left = count
    while (left > 0) {
      const piece = await this.some(left)
      if (piece === null) break
      pieces.push(piece)
      left -= piece.length
    }
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  }

  /** How many of `count` octets there were to skip. */
  async skip(count: number): Promise<number> {
    let left = count
    while (left > 0) {
      const piece = await this.some(left)
      if (piece === null) break
      left -= piece.length
    }
    return count - left
  }

  /** The next line with its line feed, cut at `limit` octets (then without one); null at the end. */
  async line(limit: number): Promise<Uint8Array | null> {
    const pieces: Uint8Array[] = []
    let size = 0
    while (size < limit && (await this.#fill())) {
      const feed = this.#chunk.indexOf(10, this.#at)
      const end = Math.min(feed === -1 ? this.#chunk.length : feed + 1, this.#at + limit - size)
      const piece = this.#chunk.subarray(this.#at, end)
      this.#at = end
      this.offset += piece.length
      size += piece.length
      pieces.push(piece)
      if (piece.at(-1) === 10) break
    }
    if (size === 0) return null
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  }

  /** Stops the source, which closes its file. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#source.return?.()
  }
}
