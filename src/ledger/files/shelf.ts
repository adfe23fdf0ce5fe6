import type { AppendLog } from './append-log.ts'

/**
 * Where the files of a record lie: a folder, or a bucket of an object store. A path is relative and has slashes; it does not say whether the file is
 * compressed. Rejects with the file system's own errors, or with `AssayError`.
 */
export interface Shelf {
  /** How many files are best read at once: more than one where each is waited for. */
  readonly width: number
  /**
   * The bytes, `null` where there is no such file, `'broken'` where it cannot be unpacked. What is not whole is asked for again where a network lies
   * between, and then given as it is.
   */
  read(path: string, isWhole?: (bytes: Uint8Array) => boolean): Promise<Uint8Array | null | 'broken'>
  /** Octets as they are kept, or null where there is none. */
  size(path: string): Promise<number | null>
  /** There whole or not at all, and, when it resolves, for good; `settled`: for good when `settle` has resolved. */
  write(path: string, bytes: Uint8Array, lasts: 'now' | 'settled'): Promise<void>
  settle(): Promise<void>
  /** Whoever removes what nothing names sees that somebody is about to name it. False where it has just gone. */
  touch(path: string): Promise<boolean>
  /** Octets that are free now, or null where it was written or touched less than `graceMs` ago. With `dryRun` nothing goes. */
  removeOlder(path: string, o: { graceMs: number; dryRun: boolean }): Promise<number | null>
  /** Puts back what was removed by `removeOlder` and is named after all, and lets go for good of what is there for longer than `graceMs`. */
  emptyTrash(isNamed: (hex: string) => boolean, graceMs: number): Promise<void>
  /** Gone for good when it resolves; that it is not there is no fault. */
  remove(path: string): Promise<void>
  /** Paths that begin so, in their order. */
  list(prefix: string): AsyncIterable<string>
  /** The order in which files of a kind were acknowledged. */
  order(kind: 'captures' | 'observations'): AppendLog
}

/** Kinds whose files are compressed where that saves. */
const packedKinds: ReadonlySet<string> = new Set(['blobs', 'captures', 'observations'])

export const isPacked = (path: string): boolean => packedKinds.has(path.slice(0, path.indexOf('/')))

/** Kinds of files that make the record, in an order in which a copy is whole at every moment: what is named before what names. */
export const recordKinds = ['blobs', 'attestations', 'tombstones', 'captures', 'observations', 'visits', 'purges', 'imports'] as const

/** Names in the order of a kind: of a capture its digest, of an observation also a part of its judgement's. */
export const orderForms = {
  captures: { form: /^[0-9a-f]{64}$/, length: 64 },
  observations: { form: /^[0-9a-f]{64}-[0-9a-f]{16}$/, length: 81 },
} as const
