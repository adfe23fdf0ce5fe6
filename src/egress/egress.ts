import type net from 'node:net'
import { type Clock, systemClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import { parseHost } from './address.ts'
import { ConnectionLog, type ConnectionRecord } from './connection-log.ts'
import { defaultLaneLimits, Dialer, type LaneLimits, type OwnPorts } from './dialer.ts'
import type { NetworkLookup } from './network-lookup.ts'
import { defaultProxyLimits, type ProxyLimits, startProxy } from './proxy.ts'
import type { ReachPolicy } from './reach.ts'
import type { Resolver } from './resolver.ts'
import { parseUpstreamProxy } from './upstream.ts'

export type { ConnectionRecord } from './connection-log.ts'
export type { NetworkLookup } from './network-lookup.ts'
export { type ReachPolicy, reachPolicy } from './reach.ts'
export { type Resolver, systemResolver } from './resolver.ts'
export { nameMapResolver } from './name-map.ts'

export interface EgressOptions {
  resolver: Resolver
  policy: ReachPolicy
  networks?: NetworkLookup
  clock?: Clock
  laneLimits?: Partial<LaneLimits>
  proxyLimits?: Partial<ProxyLimits>
}

/** The only way out, for the browser and for the http lane. */
export interface Egress {
  /** Throws `BAD_ARGUMENT` for an upstream proxy that cannot be used, `UNSUPPORTED` where one meets a name map. */
  openLane(o: { visitId: string; upstreamProxy?: string | null }): Promise<EgressLane>
  /** The same without a proxy for a browser: for visits by Node code alone. Throws as `openLane`. */
  openConnector(o: { visitId: string; upstreamProxy?: string | null }): Connector
  /** Where a visit to this host would connect first; null where a proxy resolves it, or there is none. Nothing is connected. */
  addressOf(host: string): Promise<string | null>
  /** Closes every lane that is still open, and the resolver. */
  close(): Promise<void>
}

/** One visit's way out. */
export interface EgressLane extends Connector {
  /** `http://127.0.0.1:PORT`, this visit's own; for a BrowserContext, with the bypass list `<-loopback>`. */
  readonly proxyUrl: string
}

export interface Connector {
  readonly visitId: string
  /** For Node code: same guard, same log. Throws `ADDRESS_REFUSED`, `DNS_FAILED`, `CONNECT_FAILED`, `TIMEOUT`, `INTERRUPTED`. */
  connect(host: string, port: number, signal?: AbortSignal): Promise<net.Socket>
  connections(): ConnectionRecord[]
  /** Connections that were not kept in the log. */
  connectionsDropped(): number
  /** Closes live connections to a host as it was asked for (`port` null: at any port), and refuses new ones. */
  cut(host: string, port: number | null, reason: string): void
  /** Leaves no socket and no listener. The log can still be read. */
  close(): Promise<void>
}

export function createEgress(o: EgressOptions): Egress {
  const clock = o.clock ?? systemClock
  const lanes = new Set<Connector>()

  function open(visitId: string, upstreamProxy: string | null | undefined): { dialer: Dialer; connector: Omit<Connector, 'close'> } {
    const limits = { ...defaultLaneLimits, ...o.laneLimits }
    const upstream = upstreamProxy == null ? null : parseUpstreamProxy(upstreamProxy)
    if (upstream && o.resolver.isClosed)
      throw new AssayError('UNSUPPORTED', 'a name map and an upstream proxy cannot be used together: the proxy would resolve the names')
    const log = new ConnectionLog({ clock, networks: o.networks, maxRecords: limits.maxRecords })
    const dialer = new Dialer({ resolver: o.resolver, policy: o.policy, log, upstream, limits, ownPorts })
    return {
      dialer,
      connector: {
        visitId,
        async connect(host, port, signal) {
          const parsed = parseHost(host)
          if (!parsed) throw new AssayError('BAD_URL', `"${host.slice(0, 200)}" is not a host`)
          return dialer.dial(parsed, port, signal)
        },
        connections: () => log.records(),
        connectionsDropped: () => log.dropped,
        cut: (host, port, reason) => dialer.cut(host, port, reason),
      },
    }
  }

  return {
    openConnector({ visitId, upstreamProxy }) {
      const { dialer, connector } = open(visitId, upstreamProxy)
      const whole: Connector = {
        ...connector,
        async close() {
          await dialer.close()
          lanes.delete(whole)
        },
      }
      lanes.add(whole)
      return whole
    },
    async addressOf(host) {
      const parsed = parseHost(host)
      if (parsed?.kind === 'address' && !o.resolver.isClosed) return parsed.text
      return parsed === null
        ? null
        : await o.resolver.resolve(parsed.text).then(
            ({ addresses }) => addresses[0] ?? null,
            () => null,
          )
    },
    async openLane({ visitId, upstreamProxy }) {
      const { dialer, connector } = open(visitId, upstreamProxy)
      const limits = { ...defaultProxyLimits, ...o.proxyLimits }
      const proxy = await startProxy({
        dial: (host, port, signal) => dialer.dial(host, port, signal),
        limits,
      })
      ownPorts.add(proxy.port)
      const lane: EgressLane = {
        ...connector,
        proxyUrl: `http://127.0.0.1:${proxy.port}`,
        async close() {
          await Promise.all([dialer.close(), proxy.close()])
          ownPorts.delete(proxy.port)
          lanes.delete(lane)
        },
      }
      lanes.add(lane)
      return lane
    },
    async close() {
      await Promise.all([...lanes].map((lane) => lane.close()))
      o.resolver.close()
    },
  }
}

/** Of every egress in this process: no lane reaches another lane's proxy, also where private addresses are open. */
const ownPorts: OwnPorts = new Set()
