import type { RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import type { Digest } from '#model/digest.ts'
import type { BlobStore } from '#model/store.ts'

export function requestsOf(capture: Capture): RequestArtifact[] {
  return artifacts(capture, 'request').items.toSorted((a, b) => a.startedAtMs - b.startedAtMs)
}

/** The octets of a body; null where there are none. */
export async function bodyBytes(body: Body, blobs: BlobStore): Promise<Uint8Array | null> {
  return body.status === 'stored' || body.status === 'truncated' ? blobs.get(body.digest) : null
}

export function digestOf(body: Body): Digest | null {
  return body.status === 'stored' || body.status === 'truncated' ? body.digest : null
}

/** Milliseconds since the visit's start → ISO 8601. */
export function isoAt(capture: Capture, ms: number): string {
  return new Date(Date.parse(capture.manifest.startedAt) + Math.round(ms)).toISOString()
}

/**
 * The browser hands out decoded bodies: the headers of the encoded ones would make a reader decode them again. They are kept
 * under `X-Orig-` names, as Webrecorder's tools do.
 */
export function decodedHeaders(headers: RequestArtifact['requestHeaders'], length: number): { name: string; value: string }[] {
  const kept = headers
    .filter((header) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header.name))
    .map((header) => ({
      name: /^(?:content-encoding|transfer-encoding|content-length)$/i.test(header.name) ? `X-Orig-${header.name}` : header.name,
      value: header.value.replace(/[\r\n\0]+/g, ' '),
    }))
  return [...kept, { name: 'Content-Length', value: String(length) }]
}
