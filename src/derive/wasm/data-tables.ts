import type { DataSegment } from './decode.ts'
import type { KnownConstants } from '../known-constants.ts'
import { ConstantIndex, keccakRoundConstants, knownConstants } from '../known-constants.ts'

/** Distinct places of every table that were met, in one kind of place (data, masked data, code). */
export class TableHits {
  readonly tables: readonly KnownConstants[]
  private readonly seen: Uint8Array[]
  readonly counts: number[]

  constructor(tables: readonly KnownConstants[]) {
    this.tables = tables
    this.seen = tables.map((table) => new Uint8Array(table.words.length))
    this.counts = tables.map(() => 0)
  }

  /** Returns the table's number, or -1 where the place was known already. */
  add(found: number): number {
    const table = found >>> 16
    const seen = this.seen[table]!
    if (seen[found & 0xffff] === 1) return -1
    seen[found & 0xffff] = 1
    this.counts[table]!++
    return table
  }
}

let plain: ConstantIndex | null = null
let masked: ConstantIndex | null = null

export const constantIndex = (): ConstantIndex => (plain ??= new ConstantIndex())

/** Differences (xor) of neighbours and next neighbours: the same however the table is masked by one word or by one pair of words. */
function maskedIndex(): ConstantIndex {
  if (masked !== null) return masked
  const differences = knownConstants().map((table): KnownConstants => {
    const words: number[] = []
    if (table.words.length <= 256) {
      for (const distance of [1, 2])
        for (let index = 0; index + distance < table.words.length; index++)
          words.push((table.words[index]! ^ table.words[index + distance]!) >>> 0)
    }
    return { ...table, words: [...new Set(words)].filter((word) => word > 0xffffff), enough: table.enough }
  })
  return (masked = new ConstantIndex(differences))
}

export interface DataFindings {
  plain: TableHits
  masked: TableHits
  /** Keccak's round constants in order, or its table of turns or places. */
  keccakRun: number
  keccakTurns: boolean
  octetsRead: number
}

/** Data beyond this is not searched: hash tables stand among constants, and these come before a game's assets rarely by more. */
const maxOctets = 6_000_000
const fineOctets = 300_000

/** Searches data segments for known tables: in either endianness, at any stride and order, also masked by an xor with one or two words. */
export function findTables(bytes: Uint8Array, segments: readonly DataSegment[]): DataFindings {
  const index = constantIndex()
  const hidden = maskedIndex()
  const found: DataFindings = {
    plain: new TableHits(index.tables),
    masked: new TableHits(hidden.tables),
    keccakRun: 0,
    keccakTurns: false,
    octetsRead: 0,
  }
  for (const segment of segments) {
    const size = Math.min(segment.to - segment.from, maxOctets - found.octetsRead)
    if (size <= 0) break
    found.octetsRead += size
    const start = segment.address === null ? 0 : -segment.address & 3
    const step = size <= fineOctets ? 1 : 4
    scanSegment(bytes, segment.from + (step === 4 ? start : 0), segment.from + size, step, index, found.plain)
    scanDifferences(bytes, segment.from + start, segment.from + size, hidden, found.masked)
    findKeccak(bytes.subarray(segment.from, segment.from + size), found)
  }
  return found
}

function scanSegment(bytes: Uint8Array, from: number, to: number, step: number, index: ConstantIndex, hits: TableHits): void {
  if (to - from < 4) return
  for (let at = from; at + 4 <= to; at += step) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    if (word === 0) continue
    const found = index.find(word)
    if (found >= 0) hits.add(found)
  }
}

function scanDifferences(bytes: Uint8Array, from: number, to: number, index: ConstantIndex, hits: TableHits): void {
  let before = 0
  let beforeThat = 0
  for (let at = from; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    const near = index.find(word ^ before)
    if (near >= 0) hits.add(near)
    const far = index.find(word ^ beforeThat)
    if (far >= 0) hits.add(far)
    beforeThat = before
    before = word
  }
}

const littleEndian = (value: bigint): number[] => Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(index * 8)) & 0xffn))
const second = Uint8Array.from(littleEndian(keccakRoundConstants[2]!))
const turns = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44]
const places = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1]
const runs = [turns, places].flatMap((row) =>
  [1, 4, 8].map((stride) => {
    const octets = new Uint8Array(row.length * stride)
    row.forEach((value, index) => (octets[index * stride] = value))
    return octets
  }),
)

function findKeccak(data: Uint8Array, found: DataFindings): void {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  for (const octets of [second, second.toReversed()]) {
    const reversed = octets !== second
    for (let at = view.indexOf(octets); at >= 0; at = view.indexOf(octets, at + 1)) {
      let run = 1
      while (run + 2 < 24 && sameAt(data, at + run * 8, keccakRoundConstants[run + 2]!, reversed)) run++
      found.keccakRun = Math.max(found.keccakRun, run)
    }
  }
  if (!found.keccakTurns) found.keccakTurns = runs.some((octets) => view.indexOf(octets) >= 0)
}

function sameAt(data: Uint8Array, at: number, value: bigint, reversed: boolean): boolean {
  if (at + 8 > data.length) return false
  for (let index = 0; index < 8; index++)
    if (data[at + (reversed ? 7 - index : index)] !== Number((value >> BigInt(index * 8)) & 0xffn)) return false
  return true
}
