import { constants, inflateRawSync } from 'node:zlib'
import type { HttpHeader } from '#model/artifact.ts'
import { AssayError } from '#model/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { type ByteSource, gunzip } from './expand.ts'
import { parseHeaderLines, readHead } from './http-message.ts'
import { type ArchiveItem, headerOf, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { readRecordBlock } from './record-block.ts'

/** One WARC record (ISO 28500:2017), its block cut at the limit. */
export interface WarcRecord {
  type: string
  headers: HttpHeader[]
  block: Uint8Array
  /** Octets that the header promised. */
  length: number
  /** Octets that came, those above the limit included. */
  there: number
  /** Why the block is not whole; null where it is. */
  damage: string | null
}

export type WarcPart = { type: 'record'; record: WarcRecord } | { type: 'loss'; loss: ArchiveItem }

/**
 * Records of a WARC, plain or gzip, one at a time: never more than one block in memory. Damage ends one record, not the file:
 * reading starts again at the next gzip member that holds a record.
 */
export async function* readWarcRecords(source: ByteSource, gzip: boolean, limits: ReadLimits): AsyncGenerator<WarcPart, void, undefined> {
  let from: number | null = 0
  const given: string[] = []
  for (let gap = 0; from !== null; gap++) {
    if (gap > limits.maxGaps) {
      yield { type: 'loss', loss: loss(`more than ${limits.maxGaps} damaged places; the rest was not read`, null) }
      return
    }
    const counted = { taken: 0 }
    const expanded = { octets: 0 }
    const reader = new ByteReader(gzip ? gunzip(counting(source, counted), from, limits, expanded) : source.open(from))
    let cut = false
    try {
      for await (const part of segment(reader, limits)) {
        if (part.type === 'record') {
          // After a gap, reading starts a little before the damage: what was given out already is not given out again.
          const id = headerOf(part.record.headers, 'warc-record-id') ?? ''
          cut = part.record.there < part.record.length
          if (gap > 0 && id !== '' && given.includes(id)) continue
          given.push(id)
          if (given.length > 4096) given.shift()
          yield part
          // Where it was made to end, that is said below.
          if (cut && !(reader.failure instanceof AssayError))
            yield { type: 'loss', loss: loss(`the archive ends within a ${part.record.type} record`, null) }
        } else yield part
      }
    } finally {
      await reader.close()
    }
    if (reader.failure instanceof AssayError) {
      const tooLarge = reader.failure.code === 'TOO_LARGE'
      yield { type: 'loss', loss: loss(reader.failure.message, null, tooLarge ? 'TOO_LARGE' : 'BAD_INPUT_FILE') }
      if (!tooLarge || !gzip || source.budget.leftBytes === 0) return
      // The members after a bomb are as good as those before it: they are looked for from its inside.
      from = await nextMember(source, from + expanded.octets)
      continue
    } else if (reader.failure !== null) {
      const message = reader.failure instanceof Error ? reader.failure.message : 'the source broke'
      yield { type: 'loss', loss: loss(gzip ? `damaged gzip data (${message})` : message, null) }
    } else if (!cut) return
    // A member that was cut can swallow the ones after it as its own data, so an early end is looked behind as well.
    from = gzip ? await nextMember(source, Math.max(from + 1, from + counted.taken - 1024 * 1024)) : null
  }
}

function counting(source: ByteSource, counted: { taken: number }): ByteSource {
  return {
    ...source,
    open: async function* (from) {
      for await (const chunk of source.open(from)) {
        counted.taken += chunk.length
        yield chunk
      }
    },
  }
}

/** Where the next gzip member begins whose text is a WARC record. */
async function nextMember(source: ByteSource, from: number): Promise<number | null> {
  const overlap = 1024
  let base = from
  let window: Uint8Array = new Uint8Array(0)
  for await (const chunk of source.open(from)) {
    window = window.length === 0 ? chunk : Buffer.concat([window, chunk])
    const found = memberIn(window, window.length - overlap)
    if (found !== null) return base + found
    const keep = Math.min(window.length, overlap)
    base += window.length - keep
    window = window.subarray(window.length - keep)
  }
  const found = memberIn(window, window.length)
  return found === null ? null : base + found
}

function memberIn(bytes: Uint8Array, end: number): number | null {
  for (let at = bytes.indexOf(0x1f); at !== -1 && at < end; at = bytes.indexOf(0x1f, at + 1)) if (isMember(bytes, at)) return at
  return null
}

/** RFC 1952: magic, method 8 and no flag but that of a file name. */
function isMember(bytes: Uint8Array, at: number): boolean {
  const flags = bytes[at + 3] ?? 255
  if (bytes[at + 1] !== 0x8b || bytes[at + 2] !== 8 || (flags & 0xf7) !== 0) return false
  const data = flags & 8 ? bytes.indexOf(0, at + 10) + 1 : at + 10
  if (data <= at) return false
  try {
    const text = inflateRawSync(bytes.subarray(data, data + 1024), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: 2 * 1024 * 1024,
    })
    return text.subarray(0, 5).toString('latin1') === 'WARC/'
  } catch {
    return false
  }
}

async function* segment(reader: ByteReader, limits: ReadLimits): AsyncGenerator<WarcPart, void, undefined> {
  let stray = 0
  for (;;) {
    const line = await reader.line(limits.maxHeadBytes)
    if (line === null) break
    if (line.every((octet) => octet === 13 || octet === 10)) continue
    if (!startsRecord(line)) {
      stray += line.length
      continue
    }
    if (stray > 0) yield { type: 'loss', loss: loss(`${stray} octets between records that belong to none`) }
    stray = 0
    const parsed = await readHead(reader, limits.maxHeadBytes)
    if (parsed === null || !parsed.ended) {
      yield { type: 'loss', loss: loss('a record whose header has no end', parsed === null ? null : 1) }
      continue
    }
    // The version line was taken already: the first header stands where a start line would.
    const headers = [...parseHeaderLines([parsed.head.startLine]), ...parsed.head.headers]
    const type = (headerOf(headers, 'warc-type') ?? '').toLowerCase()
    const lengthText = headerOf(headers, 'content-length') ?? ''
    const length = /^\d{1,15}$/.test(lengthText) ? Number(lengthText) : null
    if (length === null) {
      yield { type: 'loss', loss: loss(`a ${type || 'nameless'} record without a length`) }
      continue
    }
    yield { type: 'record', record: { type, headers, length, ...(await readRecordBlock(reader, length, limits)) } }
  }
  if (stray > 0) yield { type: 'loss', loss: loss(`${stray} octets that belong to no record`, null) }
}

/** Exactly `WARC/1.0` and a line end. */
function startsRecord(line: Uint8Array): boolean {
  return line.length <= 12 && /^WARC\/\d\.\d{1,2}\r?\n?$/.test(Buffer.from(line).toString('latin1'))
}
