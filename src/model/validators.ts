import type { HttpHeader } from './artifact.ts'
import type { Digest } from './digest.ts'

/** What is kept of a response so that the next visit can ask whether it changed (RFC 9110, 13.1): its validators and what they stand for. */
export interface Validators {
  etag?: string
  lastModified?: string
  digest: Digest
  /** Octets after content-decoding. */
  size: number
  status: number
  headers: HttpHeader[]
}

/** By the address that was asked for. */
export type StoredValidators = Record<string, Validators>

/** Validators of all that a page loaded, by the page's address. */
export interface ValidatorStore {
  get(page: string): Promise<StoredValidators>
  put(page: string, entries: StoredValidators): Promise<void>
}
