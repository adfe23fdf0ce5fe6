import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Resource } from '../site/site.ts'

const compressed = new WeakMap<Resource, Map<string, Buffer>>()

/** Writes a resource with its content-encoding, validators and pace. Returns the status. */
export function respond(resource: Resource, message: IncomingMessage, response: ServerResponse): number {
  const body = resource.body()
  const octets = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const headers: Record<string, string | string[]> = { 'content-type': resource.type, ...resource.headers }
  const status = resource.status ?? 200
  if (status === 200 && message.method === 'GET' && resource.headers?.['cache-control'] !== undefined) {
    const etag = `"${createHash('sha1').update(octets).digest('base64url').slice(0, 16)}"`
    headers.etag = etag
    if (message.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end()
      return 304
    }
  }
  const encoding = resource.encoding === 'none' || octets.length < 1024 ? null : encodingFor(message)
  const payload = encoding === null ? octets : compress(resource, encoding, octets)
  if (encoding !== null) {
    headers['content-encoding'] = encoding
    headers.vary = 'accept-encoding'
  }
  if (resource.pieces === undefined) {
    response.writeHead(status, { ...headers, 'content-length': String(payload.length) })
    response.end(message.method === 'HEAD' ? undefined : payload)
    return status
  }
  response.writeHead(status, headers)
  const { count, pauseMs } = resource.pieces
  const size = Math.max(1, Math.ceil(payload.length / count))
  const next = (at: number): void => {
    if (response.destroyed) return
    response.write(payload.subarray(at, at + size))
    if (at + size >= payload.length) response.end()
    else setTimeout(next, pauseMs, at + size)
  }
  next(0)
  return status
}

/** Half of the hosts prefer brotli, by the name. */
function encodingFor(message: IncomingMessage): 'br' | 'gzip' | null {
  const accepted = message.headers['accept-encoding'] ?? ''
  const prefersBrotli = (message.headers.host ?? '').length % 2 === 0
  if (prefersBrotli && /\bbr\b/.test(accepted)) return 'br'
  return /\bgzip\b/.test(accepted) ? 'gzip' : null
}

function compress(resource: Resource, encoding: 'br' | 'gzip', octets: Buffer): Buffer {
  let byEncoding = compressed.get(resource)
  if (byEncoding === undefined) compressed.set(resource, (byEncoding = new Map()))
  let payload = byEncoding.get(encoding)
  if (payload === undefined) {
    payload =
      encoding === 'br' ? brotliCompressSync(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }) : gzipSync(octets, { level: 5 })
    byEncoding.set(encoding, payload)
  }
  return payload
}
