import type { ByteReader } from './byte-reader.ts'
import type { ReadLimits } from './limits.ts'

/** What a record of an archive holds, as far as it is kept and is there. */
export interface RecordBlock {
  block: Uint8Array
  /** Octets of it that the archive has, of `length` that its header says. */
  there: number
  damage: string | null
}

export async function readRecordBlock(reader: ByteReader, length: number, limits: ReadLimits): Promise<RecordBlock> {
  const wanted = Math.min(length, limits.maxBodyBytes + limits.maxHeadBytes)
  const block = await reader.read(wanted)
  const there = block.length < wanted ? block.length : block.length + (await reader.skip(length - wanted))
  const damage =
    there < length
      ? `the archive ends after ${there} of ${length} octets`
      : wanted < length
        ? `longer than ${limits.maxBodyBytes} octets`
        : null
  // A small block is copied: a view would keep the whole chunk that it lies in.
  return { block: block.length < 4096 ? Uint8Array.from(block) : block, there, damage }
}
