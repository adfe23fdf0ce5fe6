import type { ErrorRecord } from './errors.ts'

/**
 * What a collector brought back. A list that could not be collected is not an empty list:
 * whoever reads one has to say what a failed one means to him.
 */
export type Collection<T> =
  | { status: 'complete'; items: T[] }
  | { status: 'truncated'; items: T[]; dropped: number; reason: string }
  | { status: 'failed'; items: T[]; error: ErrorRecord }
  /** This lane or file cannot hold such artifacts (a HAR has no wasm, the http lane runs no workers). */
  | { status: 'not-collected'; items: T[]; reason: string }

export const complete = <T>(items: T[]): Collection<T> => ({ status: 'complete', items })
export const notCollected = <T>(reason: string): Collection<T> => ({ status: 'not-collected', items: [], reason })

/** Octets by digest, or the reason why they are not there. `size` in octets after content-decoding. */
export type Body =
  | { status: 'stored'; digest: `sha256:${string}`; size: number }
  /** The first `size` octets of `totalSize` (null where the total is not known). */
  | { status: 'truncated'; digest: `sha256:${string}`; size: number; totalSize: number | null }
  /** There is none: a redirect, a 204, a request without a body. */
  | { status: 'none' }
  | { status: 'lost'; reason: string }
