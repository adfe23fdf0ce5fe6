import { mkdir, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { AssayError } from '#model/errors.ts'
import type { NameMap } from '#model/names.ts'
import type { Lab, LabLogEntry } from '../lab.ts'
import { addressBook } from '../net/addresses.ts'
import { createAuthority } from '../net/certificates.ts'
import { startListener } from '../net/listener.ts'
import { type ArchivedResponse, indexArchives } from './archive-index.ts'

export interface ReplayLab extends Lab {
  /** Addresses that a visit can begin with. */
  readonly pages: string[]
  /** What the pages asked for and no archive holds: URL → times. */
  readonly misses: Map<string, number>
  /** Attempts to open a WebSocket: all are refused. */
  readonly socketAttempts: string[]
  /** What of the archives could not be read. */
  readonly losses: string[]
  /** Responses that the archives hold. */
  readonly count: number
  /** Of these the ones without a body: they are served empty. */
  readonly bodiesLost: number
}

/**
 * Of the connection, not of the content; or of an encoding that the archive has taken off; or would send the browser to a port
 * or a reporter that is not here.
 */
const dropped = new Set([
  'transfer-encoding',
  'content-encoding',
  'content-length',
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
  'trailer',
  'te',
  'alt-svc',
  'strict-transport-security',
  'public-key-pins',
  'expect-ct',
  'report-to',
  'reporting-endpoints',
  'nel',
  'content-security-policy-report-only',
  'cross-origin-opener-policy-report-only',
  'cross-origin-embedder-policy-report-only',
  'status',
  'content-range',
  'accept-ranges',
])

/**
 * Serves what archives hold (HAR, WARC, WACZ, saved pages) under its own names on loopback, as `lab` does with generated sites.
 * `names.json` goes into `dir`, with the bodies. Throws what reading an archive throws, and `BAD_INPUT_FILE` where it holds nothing of HTTP.
 */
export async function replayArchives(files: readonly string[], dir: string): Promise<ReplayLab> {
  await mkdir(dir, { recursive: true })
  const index = await indexArchives(files, dir)
  if (index.origins.length === 0) throw new AssayError('BAD_INPUT_FILE', `${files.join(', ')}: no http or https exchange to replay`)
  const authority = await createAuthority()
  const book = addressBook()
  const startedAt = performance.now()
  const misses = new Map<string, number>()
  const socketAttempts: string[] = []
  const requests: LabLogEntry[] = []
  const hosts = [...new Set(index.origins.map((origin) => origin.host))].filter((host) => isIP(host.replace(/^\[|\]$/g, '')) === 0)
  for (const host of hosts) book.addressOf(host)
  const tlsAddresses = new Set(index.origins.filter(({ scheme }) => scheme === 'https').map(({ host }) => book.addressOf(host)))
  const pageHosts = new Set(index.pages.flatMap((page) => URL.parse(page)?.hostname ?? []))
  const resetting = new Set(
    hosts
      .filter((host) => pageHosts.has(host))
      .map((host) => book.addressOf(host))
      .filter((address) => !tlsAddresses.has(address)),
  )

  /** Browsers of today ask by https for what was http, where their HSTS list says so: the answer is the archive's. */
  function find(method: string, url: URL): ArchivedResponse | null {
    const found = index.find(method, url.href)
    if (found !== null || url.protocol !== 'https:') return found
    return index.find(method, url.href.replace('https:', 'http:'))
  }

  async function answer(message: IncomingMessage, response: ServerResponse, isTls: boolean): Promise<void> {
    const url = `${isTls ? 'https' : 'http'}://${(message.headers.host ?? '').toLowerCase()}${message.url ?? '/'}`
    const parsed = URL.parse(url)
    const method = message.method ?? 'GET'
    message.resume()
    const found = parsed === null ? null : find(method, parsed)
    const status = await send(found, url, method, message, response)
    requests.push({ atMs: Math.round(performance.now() - startedAt), week: 1, method, url, status })
  }

  async function send(
    found: ArchivedResponse | null,
    url: string,
    method: string,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<number> {
    if (found === null && method === 'OPTIONS') {
      // Archives seldom hold preflights.
      const origin = message.headers.origin ?? '*'
      response.writeHead(204, {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': message.headers['access-control-request-method'] ?? 'GET',
        'access-control-allow-headers': message.headers['access-control-request-headers'] ?? '',
      })
      response.end()
      return 204
    }
    if (found === null) {
      misses.set(url, (misses.get(url) ?? 0) + 1)
      response.writeHead(404, {
        'content-type': 'text/plain',
        'access-control-allow-origin': message.headers.origin ?? '*',
        'access-control-allow-credentials': 'true',
      })
      response.end('not in the archive')
      return 404
    }
    if (found.body.type === 'failed') {
      response.destroy()
      return 0
    }
    const body = Buffer.from(await index.read(found))
    for (const { name, value } of found.headers) {
      if (dropped.has(name.toLowerCase()) || name.startsWith(':')) continue
      try {
        // HAR joins several of a name by line breaks.
        for (const line of value.split('\n')) response.appendHeader(name, line)
      } catch {
        // A name or value that HTTP does not allow was never understood by the browser either.
        continue
      }
    }
    // A part of a file is the whole of what the archive holds.
    const status = found.status === 206 || found.status === 304 ? 200 : found.status
    response.setHeader('content-length', body.length)
    response.writeHead(status)
    response.end(method === 'HEAD' ? undefined : body)
    return status
  }

  const listener = await startListener(
    authority,
    {
      request: (message, response, isTls) => {
        answer(message, response, isTls).catch(() => response.destroy())
      },
      upgrade: (message, socket) => {
        socket.on('error', () => socket.destroy())
        socketAttempts.push(`${message.headers.host ?? ''}${message.url ?? ''}`)
        socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      },
      // Browsers try a page by https first and go back to http where nobody answers there; any answer, a 404 too, would keep them from it.
      resets: (address, isTls) => isTls && resetting.has(address),
      misidentifies: () => false,
    },
    book.all()[0] ?? '127.16.0.1',
  )
  await listener.bind(book.all())
  const ports: Record<string, number> = { 80: listener.httpPort, 443: listener.httpsPort }
  for (const { scheme, port } of index.origins) ports[port] ??= scheme === 'https' ? listener.httpsPort : listener.httpPort
  const names: NameMap = {
    hosts: Object.fromEntries(hosts.map((host) => [host, [book.addressOf(host)]])),
    ports,
    allow: ['127.0.0.0/8'],
    spki: authority.spki,
    authorityPem: authority.pem,
    networks: book.networks,
  }
  await writeFile(join(dir, 'names.json'), JSON.stringify(names, null, 1))
  await writeFile(join(dir, 'truth.json'), JSON.stringify({ seed: 0, weeks: 1, sites: [] }))
  return {
    names,
    truth: [],
    week: 1,
    weeks: 1,
    log: { requests, pool: [] },
    pages: index.pages,
    misses,
    socketAttempts,
    losses: index.losses,
    count: index.count,
    bodiesLost: index.bodiesLost,
    setWeek: () => Promise.resolve(),
    close: () => listener.close(),
  }
}
