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
    try {
      const { response, bytes, whole, reason } = await this.#ask(url, headers, signal, Math.min(maxBodyBytes, this.#expansion.leftBytes))
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
      throw httpFault(error)
    }
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  /** Ended by one timer and one listener for both ways: signals made for each request cost more than the request. */
  async #ask(url: string, headers: readonly HttpHeader[], signal: AbortSignal, limit: number): Promise<Answered> {
    if (signal.aborted) throw new AssayError('INTERRUPTED', 'the visit ended')
    const { requestTimeoutMs, maxHeadBytes } = this.#limits
    const isSecure = url.startsWith('https:')
    const request = (isSecure ? https : http).request(url, {
      method: 'GET',
      agent: isSecure ? this.#agents.https : this.#agents.http,
      headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
      maxHeaderSize: maxHeadBytes,
    })
    const { promise, resolve, reject } = Promise.withResolvers<Answered>()
    let fault: AssayError | null = null
    let answering: http.IncomingMessage | null = null
    const end = (why: AssayError): void => {
      fault ??= why
      // What came of an answer stays; destroying the request would drop it.
      ;(answering ?? request).destroy(why)
    }
    const onAbort = (): void => end(new AssayError('INTERRUPTED', 'the visit ended'))
    const timer = setTimeout(() => end(new AssayError('TIMEOUT', `no whole answer within ${requestTimeoutMs} ms`)), requestTimeoutMs)
    signal.addEventListener('abort', onAbort, { once: true })
    request.on('response', (response) => {
      answering = response
      read(response, limit).then(
        (answer) => (fault !== null && !answer.whole && answer.bytes.length === 0 ? reject(fault) : resolve({ response, ...answer })),
        reject,
      )
    })
    request.on('error', (error) => {
      if (answering === null) reject(fault ?? error)
    })
    request.end()
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
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

interface Answered extends ReadBody {
  response: http.IncomingMessage
}

interface ReadBody {
  bytes: Uint8Array
  whole: boolean
  /** Why it is not whole. */
  reason: string
}

/** What came of a body, up to `limit` octets. Never rejects. */
function read(response: http.IncomingMessage, limit: number): Promise<ReadBody> {
  const pieces: Uint8Array[] = []
  let size = 0
  return new Promise((resolve) => {
    let isSettled = false
    const settle = (reason: string | null): void => {
      if (isSettled) return
      isSettled = true
      const [only] = pieces
      const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
      resolve({ bytes, whole: reason === null, reason: reason ?? '' })
    }
    response.on('data', (chunk: Uint8Array) => {
      const kept = chunk.subarray(0, limit - size)
      pieces.push(kept)
      size += kept.length
      if (kept.length === chunk.length) return
      settle(`longer than ${limit} octets`)
      response.destroy()
    })
    response.on('end', () => settle(null))
    response.on('error', (error) => settle(`broke off: ${messageOf(error)}`))
    response.on('close', () => settle('broke off'))
  })
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
