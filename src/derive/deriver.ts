import type { Digest } from '#model/digest.ts'
import type { ErrorRecord } from '#model/errors.ts'
import type { HtmlFeatures } from './html/features.ts'
import type { MessageFeatures } from './pool/features.ts'
import type { JavaScriptFeatures } from './javascript/features.ts'
import type { WasmFeatures } from './wasm/features.ts'
import type { WgslFeatures } from './wgsl/features.ts'

/** What derivers bring out of blobs, by the kind of blob. Plain JSON: it crosses a process border and is kept. */
export interface FeaturesByBlobKind {
  wasm: WasmFeatures
  javascript: JavaScriptFeatures
  html: HtmlFeatures
  wgsl: WgslFeatures
  /** A body sent or answered, or a long frame. */
  message: MessageFeatures
}

export type BlobKind = keyof FeaturesByBlobKind

/** A blob found inside another one (a module in base64, an unpacked script): derived in its turn. */
export interface InnerBlob {
  kind: BlobKind
  bytes: Uint8Array
  /** Where in the outer blob and through which layers: `base64 at offset 1,204`, `unpacked by eval`. */
  place: string
}

/** What signatures ask derivers to look for. Part of the key under which results are kept. */
export interface DeriveContext {
  /** Digest over the rest; `none` for an empty context. */
  readonly version: string
  /** Literals and roots of dotted names: found in scripts. */
  readonly literals: readonly string[]
  /** Markup to report. */
  readonly elements: readonly { name?: string | undefined; attribute: string; value?: string | undefined }[]
}

export const emptyContext: DeriveContext = { version: 'none', literals: [], elements: [] }

/**
 * Blob → features. Pure and synchronous: it runs in a child that is killed when it takes too long or too much memory,
 * so it may simply throw; an `AssayError` keeps its code. `version` changes whenever the same octets could give other features:
 * results are kept by id, version and digest.
 */
export interface Deriver<K extends BlobKind = BlobKind> {
  readonly kind: K
  readonly version: string
  /** Octets above which a blob is not tried (`TOO_LARGE`). */
  readonly maxBytes: number
  derive(bytes: Uint8Array, context: DeriveContext): { features: FeaturesByBlobKind[K]; inner: InnerBlob[] }
}

/** What came of one blob, and of the blobs inside it. */
export type Derivation<K extends BlobKind = BlobKind> = {
  [P in K]: {
    kind: P
    digest: Digest
    size: number
    result: { status: 'derived'; features: FeaturesByBlobKind[P] } | { status: 'failed'; error: ErrorRecord }
    inner: (Derivation & { place: string })[]
  }
}[K]
