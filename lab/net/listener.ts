import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, type Server as NetServer, type Socket, createServer as createNetServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { AssayError } from '#model/errors.ts'
import type { Authority } from './certificates.ts'

export interface ListenerHandlers {
  request(message: IncomingMessage, response: ServerResponse, isTls: boolean): void
  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void
  /** True: the connection is reset before a byte is answered. */
  resets(address: string, isTls: boolean): boolean
  /** True: this name gets a certificate that is not for it. */
  misidentifies(servername: string): boolean
}

export interface Listener {
  httpPort: number
  httpsPort: number
  /** Opens both ports on further addresses of 127/8. */
  bind(addresses: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** One HTTP and one HTTPS server, each bound to many loopback addresses by number: never to all of the machine's. */
export async function startListener(authority: Authority, handlers: ListenerHandlers, firstAddress: string): Promise<Listener> {
  const sockets = new Set<Socket>()
  const http = createHttpServer((message, response) => handlers.request(message, response, false))
  const https = createHttpsServer(
    {
      ALPNProtocols: ['http/1.1'],
      SNICallback: (servername, done) => {
        const context = handlers.misidentifies(servername) ? authority.strangerContext() : authority.contextFor(servername)
        context.then((made) => done(null, made), done)
      },
    },
    (message, response) => handlers.request(message, response, true),
  )
  for (const server of [http, https] as HttpServer[]) {
    server.on('upgrade', handlers.upgrade)
    server.on('clientError', (_, socket) => socket.destroy())
    server.keepAliveTimeout = 15_000
  }
  https.on('tlsClientError', (_, socket) => socket.destroy())
  const bound = new Set<string>()
  const servers: NetServer[] = []
  const open = (address: string, port: number, to: HttpServer): Promise<number> =>
    new Promise((resolve, reject) => {
      const server = createNetServer((socket) => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
        socket.on('error', () => socket.destroy())
        if (handlers.resets(address, to === https)) socket.once('data', () => socket.resetAndDestroy())
        else to.emit('connection', socket)
      })
      server.once('error', reject)
      server.listen(port, address, () => {
        servers.push(server)
        resolve((server.address() as AddressInfo).port)
      })
    })
  const httpPort = await open(firstAddress, 0, http)
  const httpsPort = await open(firstAddress, 0, https)
  bound.add(firstAddress)
  return {
    httpPort,
    httpsPort,
    async bind(addresses) {
      for (const address of addresses) {
        if (bound.has(address)) continue
        if (!address.startsWith('127.'))
          throw new AssayError('BAD_ARGUMENT', `the lab does not listen on ${address}: it is not a loopback address`)
        bound.add(address)
        await open(address, httpPort, http)
        await open(address, httpsPort, https)
      }
    },
    async close() {
      const closing = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
      for (const socket of sockets) socket.destroy()
      await Promise.all(closing)
      http.close()
      https.close()
    },
  }
}
