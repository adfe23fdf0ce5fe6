import type { Body } from '#model/collection.ts'
import type { BlobStore } from '#model/store.ts'
import { type ArchivedExchange, essence, headerOf } from './item.ts'
import { isHtml, isJavaScript, isWasm, resourceTypeOf } from './media-types.ts'

/** An exchange whose octets stand in the blob store. */
export interface StoredExchange {
  exchange: Omit<ArchivedExchange, 'body' | 'requestBody'>
  body: Body
  requestBody: Body
  /** What the octets are, by their type and, for WebAssembly, by themselves. */
  is: 'html' | 'script' | 'wasm' | 'other'
  resourceType: string
  contentType: string
}

export async function storeExchange(archived: ArchivedExchange, blobs: BlobStore): Promise<StoredExchange> {
  const { body, requestBody, ...exchange } = archived
  const contentType = headerOf(exchange.headers, 'content-type') ?? exchange.mimeType ?? ''
  const mimeType = exchange.mimeType || essence(contentType)
  const is = isWasm(mimeType, body)
    ? 'wasm'
    : isHtml(mimeType)
      ? 'html'
      : isJavaScript(mimeType) || exchange.resourceType === 'script'
        ? 'script'
        : 'other'
  return {
    exchange: { ...exchange, mimeType },
    body: await storeBody(body, archived.bodyStatus, blobs),
    requestBody:
      requestBody === undefined ? { status: 'none' } : { status: 'stored', digest: await blobs.put(requestBody), size: requestBody.length },
    is,
    resourceType: exchange.resourceType ?? resourceTypeOf(mimeType),
    contentType,
  }
}

async function storeBody(bytes: Uint8Array | null, status: ArchivedExchange['bodyStatus'], blobs: BlobStore): Promise<Body> {
  if (status.status === 'none') return { status: 'none' }
  if (status.status === 'lost' || bytes === null)
    return { status: 'lost', reason: status.status === 'lost' ? status.reason : 'not in the archive' }
  const digest = await blobs.put(bytes)
  return status.status === 'complete'
    ? { status: 'stored', digest, size: bytes.length }
    : { status: 'truncated', digest, size: bytes.length, totalSize: status.totalSize }
}
