import type { BlobKind, Derivation, DeriveContext, Deriver } from '#derive/deriver.ts'
import { htmlDeriver } from '#derive/html/deriver.ts'
import { javascriptDeriver } from '#derive/javascript/deriver.ts'
import { messageDeriver } from '#derive/pool/features.ts'
import { wasmDeriver } from '#derive/wasm/deriver.ts'
import { wgslDeriver } from '#derive/wgsl/deriver.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError, toErrorRecord } from '#model/errors.ts'

export const derivers: { readonly [K in BlobKind]: Deriver<K> } = {
  wasm: wasmDeriver,
  javascript: javascriptDeriver,
  html: htmlDeriver,
  wgsl: wgslDeriver,
  message: messageDeriver,
}

/** Any of them could have changed what stands inside a blob of another kind. */
export const deriversVersion: string = Object.values(derivers)
  .map(({ kind, version }) => `${kind}@${version}`)
  .join(' ')

const maxDepth = 5
const maxInnerBlobs = 400
const maxInnerOctets = 96 * 1024 * 1024

interface Budget {
  blobs: number
  octets: number
  seen: Set<string>
}

/**
 * One blob and what is inside it, down to five layers. A blob that fails is a failed derivation beside the others. Blobs inside are
 * bounded in number and octets, so that what unpacks to itself ends.
 */
export function deriveTree(
  kind: BlobKind,
  bytes: Uint8Array,
  context: DeriveContext,
  budget: Budget = { blobs: maxInnerBlobs, octets: maxInnerOctets, seen: new Set() },
  depth = 0,
): Derivation {
  const digest = sha256(bytes)
  budget.seen.add(`${kind}:${digest}`)
  const about = { digest, size: bytes.length }
  try {
    const deriver = derivers[kind]
    if (bytes.length > deriver.maxBytes)
      throw new AssayError('TOO_LARGE', `${bytes.length} octets; ${kind} is read up to ${deriver.maxBytes}`)
    const { features, inner } = deriver.derive(bytes, context)
    const derived: Derivation['inner'] = []
    for (const blob of inner) {
      // The place in the list is what the outer features refer to, so that a blob that is left out keeps its place by its digest alone.
      const innerDigest = sha256(blob.bytes)
      const known = budget.seen.has(`${blob.kind}:${innerDigest}`)
      if (known || depth >= maxDepth || budget.blobs <= 0 || budget.octets < blob.bytes.length) {
        const reason = known ? 'it stands in here before' : 'too many layers or blobs inside'
        derived.push({
          ...failed(
            blob.kind,
            { digest: innerDigest, size: blob.bytes.length },
            { code: known ? 'UNSUPPORTED' : 'TOO_LARGE', message: reason },
          ),
          place: blob.place,
        })
        continue
      }
      budget.blobs--
      budget.octets -= blob.bytes.length
      derived.push({ ...deriveTree(blob.kind, blob.bytes, context, budget, depth + 1), place: blob.place })
    }
    return { kind, ...about, result: { status: 'derived', features }, inner: derived } as Derivation
  } catch (error) {
    if (error instanceof RangeError) return failed(kind, about, { code: 'DERIVATION_FAILED', message: 'nested too deeply' })
    return failed(kind, about, toErrorRecord(error, 'DERIVATION_FAILED'))
  }
}

export function failed(
  kind: BlobKind,
  about: { digest: Derivation['digest']; size: number },
  error: { code: AssayError['code']; message: string },
): Derivation {
  return { kind, ...about, result: { status: 'failed', error }, inner: [] }
}
