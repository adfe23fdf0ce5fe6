import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import { type Entry, getFileNameLowLevel, openPromise, validateFileName, type ZipFile } from 'yauzl'
import { AssayError, messageOf } from '#model/errors.ts'
import { stat } from 'node:fs/promises'
import { type ByteSource, ExpansionBudget, guardRatio } from './expand.ts'
import { type ArchiveItem, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'

export interface OpenZip {
  members: Map<string, ByteSource>
  /** Members that are left out: names that lead outside, encrypted ones, too many. */
  losses: ArchiveItem[]
  close(): void
}

/** The members of a zip by their names. Nothing is ever written to where a name points. Throws `BAD_INPUT_FILE`. */
export async function openZip(path: string, name: string, limits: ReadLimits): Promise<OpenZip> {
  const members = new Map<string, ByteSource>()
  const losses: ArchiveItem[] = []
  let zip: ZipFile
  try {
    zip = await openPromise(path, { autoClose: false, decodeStrings: false, validateEntrySizes: true })
  } catch (cause) {
    throw new AssayError('BAD_INPUT_FILE', `${name} is not a zip that can be read: ${messageOf(cause)}`, { cause })
  }
  try {
    const budget = new ExpansionBudget((await stat(path)).size, limits)
    let count = 0
    for await (const entry of zip.eachEntry()) {
      if (++count > limits.maxFiles) {
        losses.push(loss(`more than ${limits.maxFiles} members`, null, 'TOO_LARGE'))
        break
      }
      const fileName = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)
      const wrong = validateFileName(fileName)
      if (wrong !== null) losses.push(loss(`a member whose name leads outside: ${wrong}`))
      else if (entry.isEncrypted() || !entry.canDecodeFileData())
        losses.push(loss(`${fileName} is encrypted or in a method that is not read`))
      else if (!fileName.endsWith('/')) members.set(posix.normalize(fileName), memberSource(zip, entry, fileName, budget, limits))
    }
  } catch (cause) {
    // The directory breaks off: what was listed before is still there.
    losses.push(loss(`the zip's directory is broken: ${messageOf(cause)}`, null))
  }
  if (members.size === 0) {
    zip.close()
    throw new AssayError('BAD_INPUT_FILE', `${name} holds no member that can be read`)
  }
  return { members, losses, close: () => zip.close() }
}

function memberSource(zip: ZipFile, entry: Entry, name: string, budget: ExpansionBudget, limits: ReadLimits): ByteSource {
  const stored = entry.compressionMethod === 0
  return {
    name,
    size: entry.uncompressedSize,
    budget,
    open: async function* (from) {
      if (from >= entry.uncompressedSize) return
      const stream: Readable = await zip.openReadStreamPromise(
        entry,
        stored && from > 0 ? { start: from, end: entry.uncompressedSize } : {},
      )
      let skip = stored ? 0 : from
      const chunks = stored ? stream : guardRatio(stream, () => entry.compressedSize, limits, { name, budget })
      for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
        if (skip >= chunk.length) skip -= chunk.length
        else {
          yield skip === 0 ? chunk : chunk.subarray(skip)
          skip = 0
        }
      }
    },
  }
}
