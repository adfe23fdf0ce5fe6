import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { WARCRecord, WARCSerializer } from 'warcio'
import type { RequestArtifact } from '#model/artifact.ts'
import { canonicalJson } from '#model/canonical.ts'
import type { Capture } from '#model/capture.ts'
import type { BlobStore } from '#model/store.ts'
import { bodyBytes, decodedHeaders, digestOf, isoAt, requestsOf } from './bodies.ts'
import { blobPrefix, captureMediaType, capturePrefix } from './embedded.ts'
import { headerOf } from './item.ts'
import { blobsOf } from './restore.ts'

/** A line of the CDXJ index: where a response stands in the WARC. */
export interface WarcIndexEntry {
  url: string
  timestamp: string
  mime: string
  status: number
  digest: string
  offset: number
  length: number
  method: string
  requestContentType: string
  body: Uint8Array | null
}

/**
 * A capture → WARC 1.1, a gzip member for each record: what HTTP can say as request and response, the manifest as `metadata`,
 * and every blob that no response holds (frames of sockets, modules built in memory, screenshot …) as `resource`.
 */
export async function writeWarc(capture: Capture, blobs: BlobStore, outPath: string, software: string): Promise<WarcIndexEntry[]> {
  const file = createWriteStream(outPath)
  const failed = once(file, 'error').then(([error]) => {
    throw error
  })
  // Awaited below; without a handler of its own a failure between two records would end the process.
  failed.catch(() => {})
  let offset = 0
  const write = async (record: WARCRecord): Promise<{ offset: number; length: number }> => {
    const bytes = await WARCSerializer.serialize(record, { gzip: true })
    const at = { offset, length: bytes.length }
    offset += bytes.length
    if (!file.write(bytes)) await Promise.race([once(file, 'drain'), failed])
    return at
  }
  const date = capture.manifest.startedAt
  await write(
    WARCRecord.createWARCInfo(
      { date, warcVersion: 'WARC/1.1', filename: 'data.warc.gz' },
      {
        software,
        format: 'WARC File Format 1.1',
        conformsTo: 'http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/',
        isPartOf: `${capturePrefix}${capture.id}`,
      },
    ),
  )
  const index: WarcIndexEntry[] = []
  const held = new Set<string>()
  for (const request of requestsOf(capture)) {
    if (!/^https?:/.test(request.url) || !request.response) continue
    const body = await bodyBytes(request.body, blobs)
    const digest = digestOf(request.body)
    if (digest !== null) held.add(digest)
    const response = responseRecord(capture, request, body)
    const at = await write(response)
    const requestBody = await bodyBytes(request.requestBody, blobs)
    await write(requestRecord(capture, request, requestBody, response.warcHeader('WARC-Record-ID') ?? ''))
    const timestamp = isoAt(capture, request.startedAtMs).replace(/\D/g, '').slice(0, 14)
    index.push({
      url: request.url,
      timestamp,
      mime: request.response.mimeType,
      status: request.response.status,
      digest: response.warcPayloadDigest ?? '',
      ...at,
      method: request.method,
      requestContentType: headerOf(request.requestHeaders, 'content-type') ?? '',
      body: requestBody,
    })
  }
  const json = Buffer.from(canonicalJson(capture.manifest))
  await write(
    WARCRecord.create(
      {
        url: `${capturePrefix}${capture.id}`,
        date,
        type: 'metadata',
        warcVersion: 'WARC/1.1',
        warcHeaders: { 'Content-Type': captureMediaType },
      },
      [json],
    ),
  )
  for (const digest of blobsOf(capture.manifest.artifacts)) {
    if (held.has(digest) || !(await blobs.has(digest))) continue
    await write(
      WARCRecord.create(
        {
          url: `${blobPrefix}${digest}`,
          date,
          type: 'resource',
          warcVersion: 'WARC/1.1',
          warcHeaders: { 'Content-Type': 'application/octet-stream' },
        },
        [await blobs.get(digest)],
      ),
    )
  }
  file.end()
  await Promise.race([once(file, 'close'), failed])
  return index
}

function responseRecord(capture: Capture, request: RequestArtifact, body: Uint8Array | null): WARCRecord {
  const { response } = request
  const truncated = request.body.status === 'truncated' ? 'length' : request.body.status === 'lost' ? 'unspecified' : null
  // A redirect or 304 without a body has the length 0; HTTP/2 has no status text, and the line needs its space.
  const headers = decodedHeaders(response?.headers ?? [], body?.length ?? 0)
  const warcHeaders: Record<string, string> = { 'WARC-Resource-Type': request.resourceType, 'WARC-Page-ID': capture.manifest.visitId }
  if (truncated !== null) warcHeaders['WARC-Truncated'] = truncated
  const address = response?.remoteAddress?.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  if (address) warcHeaders['WARC-IP-Address'] = address
  return WARCRecord.create(
    {
      url: request.url,
      date: isoAt(capture, request.startedAtMs),
      type: 'response',
      warcVersion: 'WARC/1.1',
      warcHeaders,
      statusline: `HTTP/1.1 ${response?.status ?? 0} ${(response?.statusText ?? '').replace(/[\r\n]+/g, ' ')}`,
      httpHeaders: headers.map(({ name, value }) => [name, value]),
    },
    body === null ? [] : [body],
  )
}

function requestRecord(capture: Capture, request: RequestArtifact, body: Uint8Array | null, concurrentTo: string): WARCRecord {
  const url = URL.parse(request.url)
  const headers =
    body === null
      ? request.requestHeaders.map((header) => ({ ...header, value: header.value.replace(/[\r\n\0]+/g, ' ') }))
      : decodedHeaders(request.requestHeaders, body.length)
  return WARCRecord.create(
    {
      url: request.url,
      date: isoAt(capture, request.startedAtMs),
      type: 'request',
      warcVersion: 'WARC/1.1',
      warcHeaders: { 'WARC-Concurrent-To': concurrentTo },
      statusline: `${request.method} ${url ? url.pathname + url.search : '/'} HTTP/1.1`,
      httpHeaders: headers.filter((header) => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header.name)).map(({ name, value }) => [name, value]),
    },
    body === null ? [] : [body],
  )
}
