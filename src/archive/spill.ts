import { access, constants, type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AssayError } from '#model/errors.ts'

const heldBytes = 16 * 1024 * 1024

/**
 * Octets that are needed again for a while: the first in memory, the rest in a file whose name is gone as soon as it is open, so that
 * nothing stays behind however the process ends. What `append` gives is what `read` takes.
 * Rejects with `DISK_FULL`.
 */
export class Spill implements AsyncDisposable {
  readonly #room: number
  readonly #held: Uint8Array[] = []
  #heldBytes = 0
  /** By place: where in the file, or −1 − index in `held`; and how many octets. */
  readonly #offsets: number[] = []
  readonly #sizes: number[] = []
  #file: Promise<FileHandle> | null = null
  #end = 0

  /** `room`: octets that are held in memory. */
  constructor(room = heldBytes) {
    this.#room = room
  }

  /** Octets in the file. */
  get spilledBytes(): number {
    return this.#end
  }

  async append(bytes: Uint8Array): Promise<number> {
    const place = this.#offsets.length
    this.#sizes.push(bytes.length)
    if (this.#heldBytes + bytes.length <= this.#room) {
      this.#offsets.push(-1 - this.#held.length)
      // A view would keep the whole chunk that it lies in.
      this.#held.push(Uint8Array.from(bytes))
      this.#heldBytes += bytes.length
      return place
    }
    const offset = this.#end
    this.#offsets.push(offset)
    this.#end += bytes.length
    try {
      const file = await (this.#file ??= nameless())
      for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten
    } catch (cause) {
      throw spillError(cause)
    }
    return place
  }

  async read(place: number): Promise<Uint8Array> {
    const offset = this.#offsets[place]
    const size = this.#sizes[place]
    if (offset === undefined || size === undefined) throw new AssayError('NOT_FOUND', 'nothing was kept there')
    if (offset < 0) return this.#held[-1 - offset] ?? new Uint8Array(0)
    const bytes = new Uint8Array(size)
    const file = await this.#file
    for (let at = 0; at < size;) {
      const { bytesRead } = (await file?.read(bytes, at, size - at, offset + at)) ?? { bytesRead: 0 }
      if (bytesRead === 0) throw new AssayError('STORE_CORRUPT', 'a temporary file is shorter than what was written')
      at += bytesRead
    }
    return bytes
  }

  /** Lets go of everything: the disk's room is free again. */
  async clear(): Promise<void> {
    const file = this.#file
    this.#file = null
    this.#end = 0
    this.#heldBytes = 0
    this.#held.length = 0
    this.#offsets.length = 0
    this.#sizes.length = 0
    await (await file?.catch(() => null))?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.clear()
  }
}

/**
 * /var/tmp is for what is large (Filesystem Hierarchy Standard 3.0, 5.15); /tmp is memory on many systems.
 */
async function nameless(): Promise<FileHandle> {
  const large =
    process.env['TMPDIR'] === undefined &&
    (await access('/var/tmp', constants.W_OK).then(
      () => true,
      () => false,
    ))
  const folder = await mkdtemp(join(large ? '/var/tmp' : tmpdir(), 'assay-'))
  try {
    return await open(join(folder, 'spill'), 'wx+', 0o600)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function spillError(cause: unknown): unknown {
  const code = (cause as { code?: unknown } | null)?.code
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new AssayError('DISK_FULL', 'there is no room for the bodies of this archive among the temporary files', {
        cause,
        hint: 'Set TMPDIR to a folder on a larger disk.',
      })
    : cause
}
