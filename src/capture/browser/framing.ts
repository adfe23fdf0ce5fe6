/**
 * Messages on Chromium's debugging pipe: JSON in UTF-8, each ended by a NUL octet.
 * One that is longer than `maxBytes` is skipped, and its first and last octets are handed to `onOversize`.
 */
export class MessageFraming {
  readonly #maxBytes: number
  readonly #onMessage: (message: Buffer) => void
  readonly #onOversize: (head: Buffer, tail: Buffer) => void
  #parts: Buffer[] = []
  #length = 0
  #skippedHead: Buffer | null = null

  constructor(maxBytes: number, onMessage: (message: Buffer) => void, onOversize: (head: Buffer, tail: Buffer) => void) {
    this.#maxBytes = maxBytes
    this.#onMessage = onMessage
    this.#onOversize = onOversize
  }

  push(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      this.#end(chunk.subarray(start, end))
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
  }

  #keep(part: Buffer): void {
    this.#length += part.length
    this.#parts.push(part)
    if (this.#length <= this.#maxBytes) return
    this.#skippedHead ??= Buffer.from(Buffer.concat(this.#parts, Math.min(this.#length, 256)))
    // The session's id stands at the end of a message, so the last octets are kept while the middle is let go.
    this.#parts = [tailOf(this.#parts)]
  }

  #end(last: Buffer): void {
    if (this.#parts.length === 0 && last.length <= this.#maxBytes) {
      this.#onMessage(last)
      return
    }
    this.#keep(last)
    const parts = this.#parts
    const head = this.#skippedHead
    const length = this.#length
    this.#parts = []
    this.#length = 0
    this.#skippedHead = null
    if (head) this.#onOversize(head, tailOf(parts))
    else this.#onMessage(Buffer.concat(parts, length))
  }
}

function tailOf(parts: readonly Buffer[]): Buffer {
  const tail: Buffer[] = []
  let length = 0
  for (let i = parts.length - 1; i >= 0 && length < 256; i--) {
    const part = parts[i]!.subarray(-256)
    tail.unshift(part)
    length += part.length
  }
  return Buffer.from(Buffer.concat(tail).subarray(-256))
}
