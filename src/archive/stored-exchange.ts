import type { Body } from '#model/collection.ts'
import type { BlobStore } from '#model/store.ts'
import { type ArchivedExchange, type ArchivedPage, type ArchiveItem, essence, headerOf } from './item.ts'
import type { ReadLimits } from './limits.ts'
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

/** All of an archive, its octets in the blob store: bounded by the number of exchanges, not by their size. */
export interface StoredArchive {
  exchanges: StoredExchange[]
  pages: ArchivedPage[]
  software: { archiver: string; browser: string | null }
  manifests: Uint8Array[]
  losses: { reason: string; count: number | null; code: 'BAD_INPUT_FILE' | 'TOO_LARGE' }[]
}

export async function storeArchive(items: AsyncIterable<ArchiveItem>, blobs: BlobStore, limits: ReadLimits): Promise<StoredArchive> {
  const archive: StoredArchive = { exchanges: [], pages: [], software: { archiver: '', browser: null }, manifests: [], losses: [] }
  const lost = (reason: string, count: number | null, code: 'BAD_INPUT_FILE' | 'TOO_LARGE'): void => {
    const same = archive.losses.find((loss) => loss.reason === reason && loss.count !== null && count !== null)
    if (same) same.count = (same.count ?? 0) + (count ?? 0)
    else if (archive.losses.length < 1000) archive.losses.push({ reason, count, code })
  }
  for await (const item of items) {
    if (item.type === 'exchange') {
      if (archive.exchanges.length < limits.maxExchanges) archive.exchanges.push(await storeExchange(item.exchange, blobs))
      else lost(`more than ${limits.maxExchanges} exchanges`, 1, 'TOO_LARGE')
    } else if (item.type === 'page') {
      if (archive.pages.length < limits.maxPages) archive.pages.push(item.page)
      else lost(`more than ${limits.maxPages} pages`, 1, 'TOO_LARGE')
    } else if (item.type === 'manifest') {
      if (archive.manifests.length < limits.maxPages) archive.manifests.push(item.bytes)
      else lost(`more than ${limits.maxPages} captures`, 1, 'TOO_LARGE')
    } else if (item.type === 'blob') await blobs.put(item.bytes)
    else if (item.type === 'software') {
      if (item.role === 'browser') archive.software.browser = item.name
      else archive.software.archiver = item.name
    } else lost(item.reason, item.count, item.code)
  }
  joinRevisits(archive.exchanges)
  return archive
}

/** WARC's `revisit` records: the body stands in an earlier or later record of the same payload digest, or of the address it refers to. */
function joinRevisits(exchanges: readonly StoredExchange[]): void {
  const byDigest = new Map<string, StoredExchange>()
  const byUrl = new Map<string, StoredExchange>()
  for (const stored of exchanges) {
    if (stored.body.status !== 'stored' || stored.exchange.revisit) continue
    if (stored.exchange.payloadDigest !== undefined) byDigest.set(stored.exchange.payloadDigest, stored)
    byUrl.set(stored.exchange.url, stored)
  }
  for (const stored of exchanges) {
    const { revisit } = stored.exchange
    if (!revisit) continue
    const original = byDigest.get(revisit.payloadDigest) ?? (revisit.payloadDigest === '' ? byUrl.get(revisit.url) : undefined)
    if (!original) continue
    stored.body = original.body
    stored.is = original.is
    stored.resourceType = stored.exchange.resourceType ?? original.resourceType
    if (stored.contentType === '') stored.contentType = original.contentType
    if (stored.exchange.headers.length === 0)
      stored.exchange = {
        ...stored.exchange,
        headers: original.exchange.headers,
        ...(original.exchange.mimeType === undefined ? {} : { mimeType: original.exchange.mimeType }),
      }
  }
}
