import type { Capture } from './capture.ts'
import type { Digest } from './digest.ts'
import type { Observation } from './observation.ts'

/** Octets by their digest. Writing the same twice is once. */
export interface BlobStore {
  /** `digest` is that of these octets, from who has just reckoned it: hashing is most of what keeping a known body costs. */
  put(bytes: Uint8Array, digest?: Digest): Promise<Digest>
  /** Throws `NOT_FOUND` or `STORE_CORRUPT`. */
  get(digest: Digest): Promise<Uint8Array>
  has(digest: Digest): Promise<boolean>
}

/** The record: captures are files, never changed; observations are appended. */
export interface CaptureStore {
  putCapture(capture: Capture): Promise<void>
  getCapture(id: Digest): Promise<Capture>
  /** In the order in which they were written. */
  listCaptures(): AsyncIterable<Digest>
  appendObservation(observation: Observation): Promise<void>
  listObservations(): AsyncIterable<Observation>
}

/** Results of derivers, by deriver, version and digest of the blob. */
export interface MemoStore {
  getMemo(key: string): Promise<unknown>
  putMemo(key: string, value: unknown): Promise<void>
}
