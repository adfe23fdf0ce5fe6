import { type Capture, captureOf, parseManifest } from '#model/capture.ts'
import { type Digest, isDigest, sha256 } from '#model/digest.ts'
import type { BlobStore } from '#model/store.ts'

/** Every digest that a manifest names, wherever it stands in it. */
export function blobsOf(value: unknown): Set<Digest> {
  const found = new Set<Digest>()
  const pending: unknown[] = [value]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next !== 'object' || next === null) continue
    for (const [name, member] of Object.entries(next)) {
      if (name === 'digest' && typeof member === 'string' && isDigest(member)) found.add(member)
      else pending.push(member)
    }
  }
  return found
}

/**
 * A capture of ours as an archive embeds it. Where all its octets are there it is the very same capture; where some were lost
 * on the way it is another one, which says so. Throws `BAD_INPUT_FILE`.
 */
export async function restoreCapture(bytes: Uint8Array, name: string, blobs: BlobStore): Promise<Capture> {
  const manifest = parseManifest(bytes, name)
  const absent = new Set<Digest>()
  const named = blobsOf(manifest.artifacts)
  // Archives do not tell a body of no octets from none.
  const empty = new Uint8Array()
  if (named.has(sha256(empty))) await blobs.put(empty)
  for (const digest of named) if (!(await blobs.has(digest))) absent.add(digest)
  if (absent.size === 0) return captureOf(manifest)
  const lose = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(lose)
    if (typeof value !== 'object' || value === null) return value
    const { digest } = value as { digest?: unknown }
    if (typeof digest === 'string' && isDigest(digest) && absent.has(digest))
      return { status: 'lost', reason: 'the archive no longer holds it' }
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, lose(member)]))
  }
  const artifacts = lose(manifest.artifacts) as typeof manifest.artifacts
  return captureOf({
    ...manifest,
    artifacts,
    ended: { reason: manifest.ended.reason, detail: `${manifest.ended.detail}; ${absent.size} blobs lost in ${name}` },
  })
}
