import net from 'node:net'
import tls from 'node:tls'
import { once } from 'node:events'
import { AssayError } from '#model/errors.ts'
import { parseAddress } from './address.ts'

/** A proxy that the operator gave: it resolves names, and its own address is the operator's choice, so the guard leaves it alone. */
export interface UpstreamProxy {
  scheme: 'http' | 'https' | 'socks5'
  host: string
  port: number
  username: string
  password: string
  /** Without user and password: what may stand in a log. */
  label: string
}

const defaultPorts = { http: 8080, https: 443, socks5: 1080 }

/** `http://user:pass@host:port`, `https://…`, `socks5://…` (`socks5h` is the same: names are always resolved there). Throws `BAD_ARGUMENT`. */
export function parseUpstreamProxy(text: string): UpstreamProxy {
  const url = URL.parse(text)
  const scheme = url?.protocol.replace(/^socks5h:/, 'socks5:').slice(0, -1)
  if (!url || (scheme !== 'http' && scheme !== 'https' && scheme !== 'socks5') || url.hostname === '') {
    throw new AssayError('BAD_ARGUMENT', `"${text.replace(/\/\/[^@/]*@/, '//')}" is no proxy that can be used`, {
      hint: 'Write http://host:port, https://host:port or socks5://host:port, with user:password@ where it asks for them.',
    })
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // A URL drops the port that is its scheme's default: 80 for http.
  const port = url.port !== '' ? Number(url.port) : /:80(\/|$)/.test(text) && scheme === 'http' ? 80 : defaultPorts[scheme]
  return {
    scheme,
    host,
    port,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    label: `${scheme}://${url.hostname}:${port}`,
  }
}

/** A tunnel to `host:port` through the proxy. Throws `CONNECT_FAILED`, `TIMEOUT`, `INTERRUPTED`. */
export async function dialThrough(
  proxy: UpstreamProxy,
  host: string,
  port: number,
  o: { timeoutMs: number; signal: AbortSignal },
): Promise<net.Socket> {
  const limit = AbortSignal.any([o.signal, AbortSignal.timeout(o.timeoutMs)])
  const raw = net.connect({ host: proxy.host, port: proxy.port, allowHalfOpen: true, noDelay: true })
  let socket: net.Socket = raw
  const onAbort = (): void => {
    raw.destroy(new Error('aborted'))
  }
  limit.addEventListener('abort', onAbort, { once: true })
  // Between two reads of the handshake nobody waits for the error; every read finds the socket destroyed.
  raw.on('error', ignore)
  try {
    if (limit.aborted) onAbort()
    await once(raw, 'connect')
    if (proxy.scheme === 'https') {
      socket = tls.connect({ socket: raw, ...(net.isIP(proxy.host) ? {} : { servername: proxy.host }) })
      socket.on('error', ignore)
      await once(socket, 'secureConnect')
    }
    await (proxy.scheme === 'socks5' ? socks5(socket, proxy, host, port) : httpConnect(socket, proxy, host, port))
    return socket
  } catch (cause) {
    raw.destroy()
    if (o.signal.aborted) throw new AssayError('INTERRUPTED', 'the visit ended', { cause })
    if (limit.aborted)
      throw new AssayError('TIMEOUT', `the proxy ${proxy.label} gave no tunnel to ${host}:${port} in ${o.timeoutMs} ms`, { cause })
    if (cause instanceof AssayError) throw cause
    throw new AssayError(
      'CONNECT_FAILED',
      `the proxy ${proxy.label}: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`,
      { cause },
    )
  } finally {
    limit.removeEventListener('abort', onAbort)
    raw.off('error', ignore)
    socket.off('error', ignore)
  }
}

function ignore(): void {}

/** RFC 9110, 9.3.6. */
async function httpConnect(socket: net.Socket, proxy: UpstreamProxy, host: string, port: number): Promise<void> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const credentials =
    proxy.username === '' ? '' : `Proxy-Authorization: Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')}\r\n`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`)
  const head = (await readUntil(socket, (bytes) => endOfHead(bytes), 16_384)).toString('latin1')
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]
  if (status?.[0] !== '2')
    throw new AssayError('CONNECT_FAILED', `the proxy ${proxy.label} answered ${status ?? 'no HTTP'} for ${authority}`)
}

const socksReplies = [
  'succeeded',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
]

/** RFC 1928, and RFC 1929 for user and password. Names are sent as names. */
async function socks5(socket: net.Socket, proxy: UpstreamProxy, host: string, port: number): Promise<void> {
  const failed = (what: string): AssayError => new AssayError('CONNECT_FAILED', `the proxy ${proxy.label}: ${what}`)
  const hasUser = proxy.username !== ''
  socket.write(hasUser ? Buffer.from([5, 2, 0, 2]) : Buffer.from([5, 1, 0]))
  const chosen = await readUntil(socket, () => 2, 2)
  if (chosen[0] !== 5) throw failed('does not speak SOCKS 5')
  if (chosen[1] === 2 && hasUser) {
    const [user, password] = [Buffer.from(proxy.username), Buffer.from(proxy.password)]
    if (user.length > 255 || password.length > 255) throw failed('user or password is too long for SOCKS 5')
    socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]))
    const answer = await readUntil(socket, () => 2, 2)
    if (answer[1] !== 0) throw failed('refused user and password')
  } else if (chosen[1] !== 0) throw failed('asks for a way to sign in that was not offered')
  const name = Buffer.from(host)
  if (name.length > 255) throw failed('the name is too long for SOCKS 5')
  const target = net.isIPv4(host)
    ? Buffer.from([1, ...host.split('.').map(Number)])
    : net.isIPv6(host)
      ? Buffer.concat([Buffer.from([4]), ipv6Octets(host)])
      : Buffer.concat([Buffer.from([3, name.length]), name])
  socket.write(Buffer.concat([Buffer.from([5, 1, 0]), target, Buffer.from([port >> 8, port & 0xff])]))
  const reply = await readUntil(socket, socksReplyLength, 262)
  if (reply[1] !== 0) throw failed(`${host}:${port}: ${socksReplies[reply[1] ?? 1] ?? `reply ${reply[1]}`}`)
}

function socksReplyLength(bytes: Buffer): number | null {
  if (bytes.length < 5) return null
  if (bytes[3] === 1) return 10
  if (bytes[3] === 4) return 22
  return 7 + (bytes[4] ?? 0)
}

function ipv6Octets(text: string): Buffer {
  const hex = (parseAddress(text)?.value ?? 0n).toString(16).padStart(32, '0')
  return Buffer.from(hex, 'hex')
}

function endOfHead(bytes: Buffer): number | null {
  const at = bytes.indexOf('\r\n\r\n')
  return at < 0 ? null : at + 4
}

/** Reads until `lengthOf` knows the length and that many octets are there; what is beyond goes back to the socket. */
async function readUntil(socket: net.Socket, lengthOf: (bytes: Buffer) => number | null, maxLength: number): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0)
  for (;;) {
    const length = lengthOf(bytes)
    if (length !== null && bytes.length >= length) {
      if (bytes.length > length) socket.unshift(bytes.subarray(length))
      return bytes.subarray(0, length)
    }
    // What was read beyond the message is handed back, so only an unfinished one counts.
    if (length === null && bytes.length > maxLength) throw new Error('its answer is too long')
    const chunk = socket.read() as Buffer | null
    if (chunk !== null) {
      bytes = Buffer.concat([bytes, chunk])
      continue
    }
    if (socket.readableEnded || socket.destroyed) throw new Error('closed the connection')
    await readable(socket)
  }
}

function readable(socket: net.Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error): void => {
      socket.off('readable', onReadable).off('end', onReadable).off('close', onReadable).off('error', done)
      if (error) reject(error)
      else resolve()
    }
    const onReadable = (): void => done()
    socket.on('readable', onReadable).on('end', onReadable).on('close', onReadable).on('error', done)
  })
}
