import http from 'node:http'
import type net from 'node:net'
import { AssayError, type ErrorCode } from '#model/errors.ts'
import { type Host, parseAuthority } from './address.ts'
import { forwarded, framing, parseAbsoluteForm } from './headers.ts'

/** Connects a request's host, or throws an AssayError that says why not. */
export type Dial = (host: Host, port: number, signal: AbortSignal) => Promise<net.Socket>

export interface ProxyLimits {
  /** Of one request's head. Chromium sends up to about 64 KB (cookies). Octets. */
  maxRequestHead: number
  /** Of one answer's head: Chromium's own limit is 256 KB. Octets. */
  maxResponseHead: number
  /** For a request's head to arrive. Milliseconds. */
  headTimeoutMs: number
  /** For a tunnel of which one direction has ended. Milliseconds of silence. */
  halfClosedMs: number
  maxClients: number
}

export const defaultProxyLimits: ProxyLimits = {
  maxRequestHead: 65_536,
  maxResponseHead: 262_144,
  headTimeoutMs: 10_000,
  halfClosedMs: 30_000,
  maxClients: 256,
}

export interface Proxy {
  port: number
  close(): Promise<void>
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  ADDRESS_REFUSED: 403,
  DNS_FAILED: 502,
  CONNECT_FAILED: 502,
  TIMEOUT: 504,
  INTERRUPTED: 503,
}

/**
 * An HTTP/1.1 forward proxy on 127.0.0.1 for one visit: CONNECT tunnels (https, and WebSockets of both schemes) and absolute-form
 * requests. What it does not pass on it answers itself, with the reason in `x-assay-refused` and its code in `x-assay-code`; an
 * origin cannot set these, they are taken off every answer.
 */
export async function startProxy(o: { dial: Dial; limits: ProxyLimits }): Promise<Proxy> {
  const { limits } = o
  const sockets = new Set<net.Socket>()
  // Without a limit of its own: Node's agent loses requests that it queues while connections are made asynchronously (seen with 26.10,
  // 100 at once on 64). The browser opens 6 to a host, and the lane has its limit.
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' })
  agent.createConnection = (options, callback) => {
    const { host, port } = options as { host?: string | null; port?: number | string | null }
    const target = parseAuthority(`${host?.includes(':') ? `[${host}]` : host}:${port}`)
    if (!target) throw new AssayError('BAD_URL', 'no host')
    o.dial(target.host, target.port, AbortSignal.timeout(120_000)).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
  const server = http.createServer({
    maxHeaderSize: limits.maxRequestHead,
    headersTimeout: limits.headTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: 60_000,
    connectionsCheckingInterval: Math.max(100, Math.min(2_000, limits.headTimeoutMs / 4)),
    noDelay: true,
  })
  server.maxHeadersCount = 0
  server.maxConnections = limits.maxClients
  server.timeout = 0

  server.on('connection', (client) => {
    sockets.add(client)
    client.once('close', () => sockets.delete(client))
    client.on('error', () => client.destroy())
  })

  server.on('clientError', (error: NodeJS.ErrnoException, client) => {
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
    answerRaw(client as net.Socket, status, 'BAD_URL', `not a request: ${error.code ?? error.message}`)
  })

  server.on('connect', async (request, stream, head) => {
    const client = stream as net.Socket
    client.on('error', () => client.destroy())
    const target = parseAuthority(request.url ?? '')
    if (!target) return answerRaw(client, 400, 'BAD_URL', 'not a target of CONNECT')
    const gone = new AbortController()
    const onClose = (): void => gone.abort()
    client.once('close', onClose)
    try {
      const upstream = await o.dial(target.host, target.port, gone.signal)
      client.off('close', onClose)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (head.length > 0) upstream.write(head)
      splice(client, upstream, limits.halfClosedMs)
    } catch (error) {
      const { code, message } = error as AssayError
      answerRaw(client, statusOf[code] ?? 502, code, message)
    }
  })

  server.on('request', (request, answer) => {
    const form = parseAbsoluteForm(request.url ?? '')
    const target = form && parseAuthority(form.authority)
    if (!form || !target)
      return answerPlain(answer, 400, 'BAD_URL', 'not a request for a proxy: only http:// targets and CONNECT are served')
    forward(request, answer, { ...target, path: form.path }, agent, limits)
  })
  // Chromium opens a tunnel for ws:, so nobody asks for an upgrade here; without this Node would hand over the socket.
  server.on('upgrade', (_request, client) => answerRaw(client as net.Socket, 501, 'UNSUPPORTED', 'upgrades go through CONNECT'))

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: 0, host: '127.0.0.1', backlog: 256 }, resolve)
  })
  const address = server.address() as net.AddressInfo
  return {
    port: address.port,
    async close() {
      agent.destroy()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await Promise.all([closed, ...[...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve).destroy()))])
    },
  }
}

function forward(
  request: http.IncomingMessage,
  answer: http.ServerResponse,
  target: { host: Host; port: number; path: string },
  agent: http.Agent,
  limits: ProxyLimits,
): void {
  const hostname = target.host.text
  const authority = `${hostname.includes(':') ? `[${hostname}]` : hostname}${target.port === 80 ? '' : `:${target.port}`}`
  const body = framing(request.rawHeaders)
  const upstream = http.request({
    agent,
    host: hostname,
    port: target.port,
    method: request.method ?? 'GET',
    path: target.path,
    // RFC 9112, 3.2.2: the target's authority, whatever the client's Host said.
    headers: [
      'Host',
      authority,
      ...forwarded(request.rawHeaders, (name) => name === 'host' || name === 'expect'),
      ...body,
      'Connection',
      'keep-alive',
    ],
    maxHeaderSize: limits.maxResponseHead,
    // Browsers are lenient with answers, and a capture wants what a browser would have got; what is passed on is written anew.
    insecureHTTPParser: true,
    setHost: false,
  })
  let isDone = false
  const fail = (code: ErrorCode, message: string): void => {
    if (isDone) return
    isDone = true
    upstream.destroy()
    if (!answer.headersSent) answerPlain(answer, statusOf[code] ?? 502, code, message)
    // Half an answer must look like half an answer.
    else answer.socket?.destroy()
  }
  upstream.on('error', (error: NodeJS.ErrnoException) => {
    if (error instanceof AssayError) fail(error.code, error.message)
    else fail('CONNECT_FAILED', `${hostname}: ${error.code ?? error.message}`)
  })
  upstream.on('upgrade', (_response, socket: net.Socket) => {
    socket.destroy()
    fail('CONNECT_FAILED', `${hostname} switched protocols unasked`)
  })
  upstream.on('response', (response) => {
    const status = response.statusCode ?? 0
    try {
      answer.sendDate = false
      // Without a body of known length Node frames what it sends, and a HEAD or 304 keeps the length it was told.
      answer.writeHead(status, (response.statusMessage ?? '').replace(/[^\t\u0020-\u007e\u0080-\u00ff]/g, ''), [
        ...forwarded(response.rawHeaders),
        ...(response.headers['transfer-encoding'] === undefined ? framing(response.rawHeaders) : []),
      ])
    } catch {
      return fail('CONNECT_FAILED', `${hostname} answered with status ${status}`)
    }
    response.on('error', (error) => fail('CONNECT_FAILED', error.message))
    response.on('aborted', () => fail('CONNECT_FAILED', `${hostname} broke off its answer`))
    response.on('end', () => {
      isDone = true
    })
    answer.flushHeaders()
    response.pipe(answer)
  })
  answer.on('close', () => {
    if (answer.writableFinished) return
    isDone = true
    upstream.destroy()
  })
  if (body.length > 0) request.pipe(upstream)
  else upstream.end()
}

/** Octets both ways until both ends have ended; an error or a close at one end closes the other. */
function splice(client: net.Socket, upstream: net.Socket, halfClosedMs: number): void {
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
    one.once('end', () => {
      for (const socket of [client, upstream]) socket.setTimeout(halfClosedMs, () => socket.destroy())
    })
    one.pipe(other)
  }
}

function answerPlain(answer: http.ServerResponse, status: number, code: ErrorCode, reason: string): void {
  const text = `${printable(reason)}\n`
  answer.sendDate = false
  // The rest of a request that is not passed on is not read either.
  answer.writeHead(status, http.STATUS_CODES[status] ?? '', {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-assay-refused': printable(reason),
    'x-assay-code': code,
    ...(answer.req.complete ? {} : { connection: 'close' }),
  })
  answer.end(text)
}

function answerRaw(client: net.Socket, status: number, code: ErrorCode, reason: string): void {
  if (!client.writable) return void client.destroy()
  const text = `${printable(reason)}\n`
  client.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? 'Error'}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\ncache-control: no-store\r\nx-assay-refused: ${printable(reason)}\r\nx-assay-code: ${code}\r\nconnection: close\r\n\r\n${text}`,
    () => client.destroy(),
  )
}

/** A reason may quote what a page sent: only printable ASCII goes into a header. */
function printable(reason: string): string {
  return reason.replace(/[^\u0020-\u007e]/g, '?').slice(0, 500)
}
