import type { Family } from '../cores/core.ts'

export type Dialect = 'stratum-login' | 'stratum-subscribe' | 'coinhive' | 'identifier' | 'command' | 'duino' | 'binary'
export type Encoding = 'json' | 'text' | 'base64' | 'xor' | 'msgpack' | 'binary'
export type Transport = 'websocket' | 'long-poll' | 'fetch-stream' | 'eventsource' | UdpTransport
/** What cannot leave a visit: nobody answers, and the attempt is what is to be seen. */
export type UdpTransport = 'webtransport' | 'webrtc'
export const isUdp = (transport: Transport): transport is UdpTransport => transport === 'webtransport' || transport === 'webrtc'

/** One way into one of the lab's pools. */
export interface Endpoint {
  /** As the client names it: `wss://pool.lab:8443/ws`. */
  url: string
  host: string
  path: string
  dialect: Dialect
  encoding: Encoding
  transport: Transport
  /** Of the work that is handed out. */
  family: Family
  xorKey: number
  /** `dead` takes connections and says nothing; `refuses` names a port at which nobody listens. */
  mode: 'answers' | 'dead' | 'refuses'
}

/** What a pool was told. */
export interface PoolEvent {
  atMs: number
  type: 'connect' | 'login' | 'job' | 'share' | 'bad-message'
  host: string
  path: string
  dialect: Dialect
  account: string | null
  /** Of the page that spoke, as it said. */
  origin: string | null
}
