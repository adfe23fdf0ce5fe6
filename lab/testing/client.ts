import { request as httpRequest } from 'node:http'
import { request } from 'node:https'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import type { NameMap } from '#model/names.ts'

export interface Got {
  status: number
  headers: NodeJS.Dict<string | string[]>
  bytes: Uint8Array
  text: string
}

/** Asks a lab as a client would that resolves by its names and trusts its authority. For tests. */
export function get(
  lab: { names: NameMap },
  address: string,
  o: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Got> {
  const url = new URL(address)
  const resolved = lab.names.hosts[url.hostname]?.[0]
  const port = lab.names.ports[url.port || (url.protocol === 'https:' ? '443' : '80')]
  return new Promise((resolve, reject) => {
    if (resolved === undefined || port === undefined) {
      reject(new Error(`${url.host} is not in the name map`))
      return
    }
    const options = {
      hostname: url.hostname,
      port,
      path: url.pathname + url.search,
      method: o.method ?? 'GET',
      headers: { host: url.host, ...o.headers },
      agent: false as const,
      lookup: (_: string, __: unknown, done: (error: null, addresses: { address: string; family: number }[]) => void) =>
        done(null, [{ address: resolved, family: 4 }]),
    }
    const sent = url.protocol === 'https:' ? request({ ...options, ca: lab.names.authorityPem ?? '' }) : httpRequest(options)
    sent.on('error', reject)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const raw = Buffer.concat(chunks)
        const encoding = response.headers['content-encoding']
        const bytes = encoding === 'br' ? brotliDecompressSync(raw) : encoding === 'gzip' ? gunzipSync(raw) : raw
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() })
      })
    })
    sent.end(o.body)
  })
}

/** A WebSocket to a lab's host; the port of the URL is the one that the name map leads to. */
export function openSocket(lab: { names: NameMap }, address: string, origin: string): WebSocket {
  const url = new URL(address)
  const resolved = lab.names.hosts[url.hostname]?.[0] ?? ''
  const port = lab.names.ports[url.port || '443'] ?? 0
  // Node asks for one address or for all, by its own settings.
  const lookup = (
    _: string,
    o: { all?: boolean },
    done: (error: null, address: string | { address: string; family: number }[], family?: number) => void,
  ): void => (o.all === true ? done(null, [{ address: resolved, family: 4 }]) : done(null, resolved, 4))
  const options: WebSocket.ClientOptions & { lookup: typeof lookup } = { ca: lab.names.authorityPem ?? '', origin, lookup }
  return new WebSocket(`wss://${url.hostname}:${port}${url.pathname}`, options)
}
