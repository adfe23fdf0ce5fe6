/** Upper bounds of reading what others wrote. What is above is counted and named as truncated, or refused with `TOO_LARGE`. */
export interface ReadLimits {
  /** Octets of one body after content-decoding; the rest is cut. */
  maxBodyBytes: number
  /** Exchanges of one archive; the rest is counted as lost. */
  maxExchanges: number
  /** Octets of one header block or header line of a record. */
  maxHeadBytes: number
  /** Octets of one HAR entry, page or blob as JSON text, and how many JSON values it may hold. */
  maxEntryBytes: number
  maxEntryValues: number
  /** Octets that decompressing one file may yield altogether. */
  maxExpandedBytes: number
  /** Expanded by compressed octets, looked at once `ratioFromBytes` have come out. */
  maxRatio: number
  /** The same for an archive with all that is in it, where thousands of bombs could each be within the bounds of one. */
  maxTotalRatio: number
  ratioFromBytes: number
  /** Places where reading starts again after damage. */
  maxGaps: number
  /** Files and depth of a folder, members of a zip. */
  maxFiles: number
  maxDepth: number
  /** Pages, each of which becomes a capture. */
  maxPages: number
  /** Exchanges of one page; its capture is held in memory. */
  maxPageExchanges: number
  /** Characters of all addresses together: they are held in memory. */
  maxIndexChars: number
  /** Octets of what is read whole: a page saved as one file, a lone script, a folder's file. */
  maxFileBytes: number
}

const MiB = 1024 * 1024

export const defaultReadLimits: ReadLimits = {
  maxBodyBytes: 64 * MiB,
  maxExchanges: 500_000,
  maxHeadBytes: 256 * 1024,
  maxEntryBytes: 64 * MiB,
  maxEntryValues: 500_000,
  maxExpandedBytes: 64 * 1024 * MiB,
  maxRatio: 200,
  maxTotalRatio: 50,
  ratioFromBytes: 256 * MiB,
  maxGaps: 100,
  maxFiles: 20_000,
  maxDepth: 32,
  maxPages: 200_000,
  maxPageExchanges: 20_000,
  maxIndexChars: 128 * MiB,
  maxFileBytes: 128 * MiB,
}

export function readLimits(some: Partial<ReadLimits> = {}): ReadLimits {
  return { ...defaultReadLimits, ...some }
}
