import { statSync, utimesSync } from 'node:fs'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { isMissing, readIfThere, writeWhole } from './atomic.ts'

/**
 * A file stored under its plain name, or compressed under that name and `.zst`, whichever is smaller.
 * Zstandard: RFC 8878. Level 3 costs about a tenth of what a page costs to capture.
 */
const options = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } }
export const suffix = '.zst'
/** Below this, a block of the file system is used up anyhow. */
const worthPacking = 512
/** Above this, in a thread of the pool: the hop costs less than the work. */
const worthThread = 256 * 1024
const sampleSize = 32 * 1024
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** The bytes compressed, or null where that saves nothing. */
export async function pack(bytes: Uint8Array): Promise<Uint8Array | null> {
  if (bytes.length < worthPacking) return null
  // Images, fonts and archives are packed already: a sample tells.
  if (bytes.length > 4 * sampleSize) {
    const middle = (bytes.length - sampleSize) >> 1
    const sample = bytes.subarray(middle, middle + sampleSize)
    if (zstdCompressSync(sample, options).length > sample.length * 0.95) return null
  }
  const packed = bytes.length < worthThread ? zstdCompressSync(bytes, options) : await compress(bytes, options)
  return packed.length < bytes.length * 0.95 ? packed : null
}

/** `syncFolder` is the caller's. Rejects with the file system's own error. */
export async function writePacked(path: string, bytes: Uint8Array, tmp: string, lasts = true): Promise<void> {
  const packed = await pack(bytes)
  await (packed === null ? writeWhole(path, bytes, tmp, lasts) : writeWhole(path + suffix, packed, tmp, lasts))
}

/** The bytes, `null` where there is no such file, `'broken'` where it cannot be unpacked, or to more than anything kept has. */
export async function readPacked(path: string): Promise<Uint8Array | null | 'broken'> {
  // Looked for first: what is not there, as memos of new blobs are not, costs two ways to a thread otherwise.
  const file = packedFile(path)
  const bytes = file === null ? null : await readIfThere(file)
  return bytes === null || file === path ? bytes : unpack(bytes)
}

/** A few octets may be gigabytes: who was handed a folder has not written it. Twice what the largest file is that is taken in (src/archive/limits.ts). */
const bounded = { maxOutputLength: 256 * 2 ** 20 }

export async function unpack(packed: Uint8Array): Promise<Uint8Array | 'broken'> {
  try {
    return packed.length < worthThread ? zstdDecompressSync(packed, bounded) : await decompress(packed, bounded)
  } catch {
    return 'broken'
  }
}

/** Size on disk in octets, or null where there is none. */
export async function packedSize(path: string): Promise<number | null> {
  for (const name of [path + suffix, path]) {
    try {
      const file = statSync(name, { throwIfNoEntry: false })
      if (file) return file.size
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return null
}

/** The file under the name that it has, or null where there is none. */
export function packedFile(path: string): string | null {
  for (const name of [path + suffix, path]) {
    try {
      if (statSync(name, { throwIfNoEntry: false })) return name
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return null
}

/** Gives the file the time of now. False where it has just gone. */
export function touchPacked(path: string): boolean {
  const now = new Date()
  for (const name of [path + suffix, path]) {
    try {
      utimesSync(name, now, now)
      return true
    } catch (error) {
      // One that this process may not touch is there all the same.
      if (!isMissing(error)) return true
    }
  }
  return false
}

/** Name of a file in the folder → name under which it was stored. */
export function unpackedName(name: string): string {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}
