import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { createEgress, type Egress, nameMapResolver, reachPolicy } from '#egress/egress.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { BlobStore } from '#model/store.ts'
import { findBrowser } from '../browser/executable.ts'
import { type Capturer, type CapturerOptions, startCapturer } from '../browser/capturer.ts'
import { testCertificate } from './certificate.ts'

export type Answer = { type?: string; body?: string | Buffer; status?: number; headers?: Record<string, string> }
export type Route = Answer | ((request: http.IncomingMessage, response: http.ServerResponse) => void)

/** A page with enough to read to be one. */
export const page = (body: string): Route => ({
  body: `<!doctype html><meta charset=utf-8><title>A page</title><h1>A page of a test that has something to say to whoever reads it</h1>${body}`,
})

/** A few sites on loopback under names of their own, http and https, with sockets, and a capturer that reaches nothing else. */
export interface World extends AsyncDisposable {
  capturer: Capturer
  egress: Egress
  blobs: BlobStore
}

/** `routes`: `host/path` → what is there. `onSocket` gets every WebSocket. */
export async function openWorld(o: {
  routes: Record<string, Route>
  onSocket?: (socket: WebSocket, url: string) => void
  capturer?: Partial<CapturerOptions>
}): Promise<World> {
  const names = [...new Set(Object.keys(o.routes).map((key) => key.slice(0, key.indexOf('/'))))]
  const { key, cert, spki } = await testCertificate(names)
  const serve = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const path = (request.url ?? '/').replace(/\?.*$/, '')
    const route = o.routes[`${(request.headers.host ?? '').replace(/:\d+$/, '')}${path}`]
    if (route === undefined) response.writeHead(404).end()
    else if (typeof route === 'function') route(request, response)
    else
      response
        .writeHead(route.status ?? 200, { 'content-type': route.type ?? 'text/html; charset=utf-8', ...route.headers })
        .end(route.body)
  }
  const plain = http.createServer(serve)
  const secure = https.createServer({ key, cert }, serve)
  const sockets = new WebSocketServer({ noServer: true })
  for (const server of [plain, secure]) {
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (ws) => o.onSocket?.(ws, request.url ?? '')),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  }
  const portOf = (server: http.Server): number => (server.address() as AddressInfo).port
  const resolver = nameMapResolver({
    hosts: Object.fromEntries(names.map((name) => [name, ['127.0.0.1']])),
    ports: { '80': portOf(plain), '443': portOf(secure) },
    allow: ['127.0.0.0/8'],
    spki,
    authorityPem: null,
    networks: [],
  })
  const egress = createEgress({ resolver, policy: reachPolicy() })
  const blobs = memoryBlobs()
  const capturer = await startCapturer({ browser: await findBrowser(), egress, blobs, spki, ...o.capturer })
  return {
    capturer,
    egress,
    blobs,
    async [Symbol.asyncDispose]() {
      await capturer.close()
      await egress.close()
      for (const client of sockets.clients) client.terminate()
      for (const server of [plain, secure]) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

/** What came over a socket, as text. */
export function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8')
}

/** An empty module that differs from every other by its name. */
export function namedModule(name: string): Buffer {
  const text = Buffer.from(name)
  const section = Buffer.concat([Buffer.from([4]), Buffer.from('name'.slice(0, 4)), text])
  return Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, section.length]), section])
}
