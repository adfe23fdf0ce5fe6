import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'

export interface Origin {
  port: number
  /** Connections that it has accepted. */
  accepted(): number
  close(): Promise<void>
}

/** A TCP server on a loopback address that does what it is told with each connection. */
export async function tcpOrigin(onSocket: (socket: net.Socket) => void, o: { host?: string; port?: number } = {}): Promise<Origin> {
  return listening(net.createServer({ allowHalfOpen: true }, onSocket), o)
}

export async function httpOrigin(onRequest: http.RequestListener, o: { host?: string; port?: number } = {}): Promise<Origin> {
  return listening(http.createServer(onRequest), o)
}

async function listening(server: net.Server, o: { host?: string; port?: number }): Promise<Origin> {
  const sockets = new Set<net.Socket>()
  let accepted = 0
  server.on('connection', (socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
  })
  server.listen(o.port ?? 0, o.host ?? '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as net.AddressInfo).port,
    accepted: () => accepted,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Sends octets as they are and reads until the other end closes. */
export async function rawExchange(proxyUrl: string, octets: string | Buffer): Promise<string> {
  const socket = net.connect(Number(new URL(proxyUrl).port), '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {})
  socket.write(octets)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}
