import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import type { Connector } from './egress.ts'

/**
 * Agents for `http.request` and `https.request` whose connections go through a lane: same guard, same log, no name resolved
 * elsewhere. `tlsOptions` (`ca`, `ALPNProtocols` …) go to every TLS connection. How many connections
 * are open is for the caller to bound: with `maxSockets` Node's agent loses requests that wait while a connection is made. Destroy both when done; the lane's `close` ends their sockets in any case.
 */
export function agentsOf(
  lane: Pick<Connector, 'connect'>,
  o: { tlsOptions?: tls.ConnectionOptions } = {},
): { http: http.Agent; https: https.Agent } {
  const pool = { keepAlive: true }
  const plain = new http.Agent(pool)
  plain.createConnection = (options, callback) => {
    const { host, port } = options as { host?: string | null; port?: number | string | null }
    lane.connect(bare(host), Number(port ?? 80)).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
  const secure = new https.Agent(pool)
  secure.createConnection = (options, callback) => {
    const { host, port, servername } = options as tls.ConnectionOptions & { host?: string | null }
    lane.connect(bare(host), port ?? 443).then(
      (socket) => {
        const encrypted = tls.connect({ ...o.tlsOptions, socket, ...(servername === undefined ? {} : { servername }) })
        // The lane cuts the socket that it knows. The encrypted one must be gone in the same moment, or the pool hands it out once more.
        socket.destroy = (error) => {
          encrypted.destroy(error)
          return net.Socket.prototype.destroy.call(socket, error)
        }
        const onEarlyError = (error: Error): void => callback?.(error, undefined as never)
        encrypted.once('error', onEarlyError)
        encrypted.once('secureConnect', () => {
          encrypted.off('error', onEarlyError)
          callback?.(null, encrypted)
        })
      },
      (error: Error) => callback?.(error, undefined as never),
    )
    return undefined
  }
  return { http: plain, https: secure }
}

function bare(host: string | null | undefined): string {
  return (host ?? '').includes(':') ? `[${host}]` : (host ?? '')
}
