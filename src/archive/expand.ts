import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import type { Transform } from 'node:stream'
import { createGunzip, constants } from 'node:zlib'
import { AssayError } from '#model/errors.ts'
import type { ReadLimits } from './limits.ts'

/** A file, or a member of a zip, that can be read from any place. */
export interface ByteSource {
  name: string
  /** Octets, null where it is not known. */
  size: number | null
  /** Of the whole archive that it is, or is in. */
  budget: ExpansionBudget
  open(from: number): AsyncIterable<Uint8Array>
}

/**
 * What decompressing one archive may yield altogether: its members, records, bodies and what is read again after damage. A small file
 * may hold thousands of bombs each of which is within its own bounds, also in the same octets (https://www.bamsoftware.com/hacks/zipbomb/).
 */
export class ExpansionBudget {
  readonly #max: number
  #used = 0

  constructor(fileBytes: number, limits: ReadLimits) {
    this.#max = Math.min(limits.maxExpandedBytes, Math.max(4 * limits.ratioFromBytes, limits.maxTotalRatio * fileBytes))
  }

  get leftBytes(): number {
    return Math.max(0, this.#max - this.#used)
  }

  /** Throws `TOO_LARGE` once there is none left. */
  take(octets: number, name: string): void {
    this.#used += octets
    if (this.#used > this.#max) throw new AssayError('TOO_LARGE', `${name} expands to more than ${this.#max} octets`)
  }
}

/** How many octets were read, of how many. */
export type OnRead = (octets: number, of: number) => void

export function fileSource(path: string, name: string, size: number, limits: ReadLimits, onRead?: OnRead): ByteSource {
  const open = (from: number): AsyncIterable<Uint8Array> => createReadStream(path, { start: from, highWaterMark: 256 * 1024 })
  return {
    name,
    size,
    budget: new ExpansionBudget(size, limits),
    open: onRead === undefined ? open : (from) => told(open(from), (octets) => onRead(from + octets, size)),
  }
}

/** The same octets, and word of how many there were so far, each megabyte or so. */
export async function* told(
  chunks: AsyncIterable<Uint8Array>,
  tell: (octets: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let octets = 0
  let toldAt = 0
  for await (const chunk of chunks) {
    octets += chunk.length
    if (octets - toldAt >= 1024 * 1024) tell((toldAt = octets))
    yield chunk
  }
}

/**
 * What a decoder yields, also everything that it yielded before it failed: the async iterator of a stream would drop what is
 * buffered when the stream is destroyed. Ends by throwing the failure.
 */
export async function* pump(source: AsyncIterable<Uint8Array>, decoder: Transform): AsyncGenerator<Uint8Array, void, undefined> {
  const queue: Uint8Array[] = []
  const abort = new AbortController()
  const failed: { error: Error | null } = { error: null }
  let done = false
  let wake = (): void => {}
  decoder.on('data', (chunk: Uint8Array) => {
    queue.push(chunk)
    if (queue.length >= 16) decoder.pause()
    wake()
  })
  decoder.on('end', () => {
    done = true
    wake()
  })
  decoder.on('close', () => {
    done = true
    wake()
  })
  decoder.on('error', (error) => {
    failed.error = error
    done = true
    wake()
  })
  const feed = (async () => {
    for await (const chunk of source) {
      if (done) return
      if (!decoder.write(chunk) && !done) await once(decoder, 'drain', { signal: abort.signal }).catch(() => {})
      if (done) return
    }
    decoder.end()
  })().catch((error: unknown) => {
    // The source broke: give out what was decoded, then say so.
    failed.error ??= error instanceof Error ? error : new Error('the source broke', { cause: error })
    decoder.end()
  })
  try {
    for (;;) {
      const chunk = queue.shift()
      if (chunk !== undefined) {
        yield chunk
        continue
      }
      if (done) break
      decoder.resume()
      await new Promise<void>((resolve) => {
        wake = resolve
        if (queue.length > 0 || done) resolve()
      })
    }
  } finally {
    done = true
    abort.abort()
    decoder.destroy()
    await feed
  }
  if (failed.error !== null) throw failed.error
}

/** Counts what goes in and comes out, and throws `TOO_LARGE` where little claims to be enormous. */
export async function* guardRatio(
  output: AsyncIterable<Uint8Array>,
  taken: () => number,
  limits: ReadLimits,
  { name, budget }: Pick<ByteSource, 'name' | 'budget'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let expanded = 0
  for await (const chunk of output) {
    expanded += chunk.length
    budget.take(chunk.length, name)
    const from = taken()
    if (expanded > limits.ratioFromBytes && expanded > limits.maxRatio * Math.max(1, from)) {
      throw new AssayError('TOO_LARGE', `${name} expands to more than ${limits.maxRatio} times its size`)
    }
    yield chunk
  }
}

/**
 * A gzip file from `from` on, all its members. A file that ends within a member yields what was there. `taken` is kept at how many
 * compressed octets the expanded ones came from.
 */
export function gunzip(source: ByteSource, from: number, limits: ReadLimits, taken = { octets: 0 }): AsyncIterable<Uint8Array> {
  const decoder = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 64 * 1024 })
  return guardRatio(pump(source.open(from), decoder), () => (taken.octets = decoder.bytesWritten), limits, source)
}

/** First octets of a file, decompressed where it is gzip. */
export async function firstOctets(source: ByteSource, count: number, limits: ReadLimits): Promise<{ gzip: boolean; bytes: Uint8Array }> {
  const raw = await take(source.open(0), count)
  const gzip = raw[0] === 0x1f && raw[1] === 0x8b
  if (!gzip) return { gzip, bytes: raw }
  return { gzip, bytes: await take(gunzip(source, 0, limits), count) }
}

async function take(chunks: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of chunks) {
      pieces.push(chunk)
      size += chunk.length
      if (size >= count) break
    }
  } catch (cause) {
    // A broken gzip is told of when it is read; a file that cannot be opened is an error now.
    if (isSystemError(cause)) throw cause
  }
  return Buffer.concat(pieces).subarray(0, count)
}

const piecesBytes = 4 * 1024 * 1024

/** All of it, cut at `limit`. `complete` is false where it was cut or the source failed. */
export async function collect(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): Promise<{ bytes: Uint8Array; complete: boolean; failure: unknown }> {
  const pieces: Uint8Array[] = []
  // What is long goes to one place from then on: pieces and what they are joined to would be there twice.
  let whole: Uint8Array | null = null
  let size = 0
  const bytes = (): Uint8Array => whole?.subarray(0, size) ?? Buffer.concat(pieces)
  try {
    for await (const chunk of chunks) {
      const kept = chunk.subarray(0, limit - size)
      if (whole === null && size + kept.length > piecesBytes) {
        whole = new Uint8Array(limit)
        let at = 0
        for (const piece of pieces.splice(0)) {
          whole.set(piece, at)
          at += piece.length
        }
      }
      if (whole === null) pieces.push(kept)
      else whole.set(kept, size)
      size += kept.length
      if (kept.length < chunk.length) return { bytes: bytes(), complete: false, failure: null }
    }
  } catch (failure) {
    return { bytes: bytes(), complete: false, failure }
  }
  return { bytes: bytes(), complete: true, failure: null }
}

export function isSystemError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^E[A-Z]+$/.test(code)
}
