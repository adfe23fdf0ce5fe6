import http from 'node:http'
import https from 'node:https'
import type tls from 'node:tls'
import { ExpansionBudget } from '#archive/expand.ts'
import { decodePayload } from '#archive/http-message.ts'
import type { ArchivedBodyStatus } from '#archive/item.ts'
import { readLimits } from '#archive/limits.ts'
import { agentsOf } from '#egress/agent.ts'
import type { Connector } from '#egress/egress.ts'
import type { HttpHeader } from '#model/artifact.ts'
import { AssayError, messageOf } from '#model/errors.ts'

export interface ClientLimits {
  /** Octets of one body as it comes, and after content-decoding. */
  maxBodyBytes: number
  /** Octets of all bodies of a visit, after content-decoding. */
  maxTotalBytes: number
  /** Octets of an answer's head. */
  maxHeadBytes: number
  /** For one request, from its connection to its last octet. Milliseconds. */
  requestTimeoutMs: number
}

export interface HttpAnswer {
  status: number
  statusText: string
  headers: HttpHeader[]
  requestHeaders: HttpHeader[]
  protocol: string
  remoteAddress: string | undefined
  /** Octets after content-decoding; null where there are none. */
  body: Uint8Array | null
  bodyStatus: ArchivedBodyStatus
}

/** GET over one visit's connector: the guard sees every connection, no script runs, everything is bounded. */
export class HttpClient {
  readonly #agents: ReturnType<typeof agentsOf>
  readonly #limits: ClientLimits
  readonly #expansion: ExpansionBudget

  constructor(connector: Pick<Connector, 'connect'>, limits: ClientLimits, tlsOptions: tls.ConnectionOptions) {
    this.#agents = agentsOf(connector, { tlsOptions })
    this.#limits = limits
    this.#expansion = new ExpansionBudget(0, readLimits({ maxExpandedBytes: limits.maxTotalBytes }))
  }

  /** One request, no redirect followed. Throws what egress throws, `TLS_FAILED`, `CONNECT_FAILED`, `HTTP_ERROR`, `TIMEOUT` or `INTERRUPTED`. */
  async get(
    url: string,
    headers: readonly HttpHeader[],
    signal: AbortSignal,
    maxBodyBytes = this.#limits.maxBodyBytes,
  ): Promise<HttpAnswer> {
    // A timer of its own, and not AbortSignal.timeout: that one fires for each request that has long ended.
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), this.#limits.requestTimeoutMs)
    const either = AbortSignal.any([signal, timeout.signal])
    try {
      const response = await this.#open(url, headers, either)
      const { bytes, whole, reason } = await read(response, Math.min(maxBodyBytes, this.#expansion.leftBytes), either)
      const answered = pairs(response.rawHeaders)
      const head = {
        status: response.statusCode ?? 0,
        statusText: response.statusMessage ?? '',
        headers: answered,
        requestHeaders: [...headers],
        protocol: `http/${response.httpVersion}`,
        remoteAddress: response.socket?.remoteAddress,
      }
      return { ...head, ...(await this.#decoded(head.status, bytes, whole, reason, answered, maxBodyBytes)) }
    } catch (error) {
      if (signal.aborted) throw new AssayError('INTERRUPTED', 'the visit ended', { cause: error })
      if (timeout.signal.aborted)
        throw new AssayError('TIMEOUT', `no whole answer within ${this.#limits.requestTimeoutMs} ms`, { cause: error })
      throw httpFault(error)
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  async #open(url: string, headers: readonly HttpHeader[], signal: AbortSignal): Promise<http.IncomingMessage> {
    const isSecure = url.startsWith('https:')
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const request = (isSecure ? https : http).request(
      url,
      {
        method: 'GET',
        agent: isSecure ? this.#agents.https : this.#agents.http,
        headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
        maxHeaderSize: this.#limits.maxHeadBytes,
        signal,
      },
      resolve,
    )
    request.on('error', reject)
    request.end()
    return promise
  }

  async #decoded(
    status: number,
    bytes: Uint8Array,
    whole: boolean,
    reason: string,
    headers: readonly HttpHeader[],
    maxBodyBytes: number,
  ): Promise<Pick<HttpAnswer, 'body' | 'bodyStatus'>> {
    // RFC 9110, 6.4.1: no content.
    if (status === 204 || status === 304 || (status >= 300 && status < 400 && bytes.length === 0))
      return { body: null, bodyStatus: { status: 'none' } }
    const decoded = await decodePayload(
      bytes,
      headers.filter(({ name }) => !/^transfer-encoding$/i.test(name)),
      readLimits({ maxBodyBytes }),
      this.#expansion,
    )
    if (whole || decoded.bodyStatus.status !== 'complete') return decoded
    return { body: decoded.body, bodyStatus: { status: 'truncated', totalSize: null, reason } }
  }
}

/** What came of a body, up to `limit` octets; what was there before it broke off stays. */
async function read(
  response: http.IncomingMessage,
  limit: number,
  signal: AbortSignal,
): Promise<{ bytes: Uint8Array; whole: boolean; reason: string }> {
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      const kept = chunk.subarray(0, limit - size)
      pieces.push(kept)
      size += kept.length
      if (kept.length < chunk.length) {
        response.destroy()
        return { bytes: Buffer.concat(pieces), whole: false, reason: `longer than ${limit} octets` }
      }
    }
  } catch (error) {
    if (signal.aborted && size === 0) throw error
    return { bytes: Buffer.concat(pieces), whole: false, reason: `broke off: ${messageOf(error)}` }
  }
  return { bytes: Buffer.concat(pieces), whole: true, reason: '' }
}

function pairs(raw: readonly string[]): HttpHeader[] {
  const headers: HttpHeader[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push({ name: raw[at] ?? '', value: raw[at + 1] ?? '' })
  return headers
}

/** Node's codes: https://nodejs.org/api/errors.html, OpenSSL's of certificates (X509_V_ERR_…), llhttp's HPE_…. */
function httpFault(error: unknown): AssayError {
  if (error instanceof AssayError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const message = messageOf(error)
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/.test(code))
    return new AssayError('TLS_FAILED', `${code}: ${message}`.slice(0, 300), { cause: error })
  if (code.startsWith('HPE_') || code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN')
    return new AssayError('HTTP_ERROR', `the answer is no HTTP: ${message}`.slice(0, 300), { cause: error })
  return new AssayError('CONNECT_FAILED', message.slice(0, 300), { cause: error })
}
