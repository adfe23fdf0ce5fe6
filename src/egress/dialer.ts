import type net from 'node:net'
import { AssayError } from '#model/errors.ts'
import { type Address, formatAddress, type Host, inRange, parseAddress, parseHost, parseRange, type Range } from './address.ts'
import type { ConnectionLog } from './connection-log.ts'
import { dialFirst } from './dial.ts'
import { everywhere, isHostAllowed, nameRefusal, portRefusal, type ReachPolicy, refusal } from './reach.ts'
import type { Resolver } from './resolver.ts'
import { unmapped } from './special-addresses.ts'
import { dialThrough, type UpstreamProxy } from './upstream.ts'

export interface LaneLimits {
  /** Open at the same time; what is above is refused. A browser opens at most 32 to one proxy, and as many sockets again. */
  maxConnections: number
  /** Records kept; what is above is counted. */
  maxRecords: number
  /** To a connected socket, name resolution apart. Milliseconds. */
  connectTimeoutMs: number
  /** Between two attempts at one name's addresses. Milliseconds. */
  staggerMs: number
}

export const defaultLaneLimits: LaneLimits = { maxConnections: 256, maxRecords: 5_000, connectTimeoutMs: 15_000, staggerMs: 250 }

/** What is known so far of a connection that is being made. */
interface Seen {
  address?: string
  note?: string
}

interface Cut {
  host: string
  port: number | null
  reason: string
}

/** Ports that egress itself listens on, of every lane in this process. */
export type OwnPorts = Set<number>

/** One visit's way out: name → addresses → guard → connection to the very address that was checked, all of it logged. */
export class Dialer {
  readonly #resolver: Resolver
  readonly #policy: ReachPolicy
  readonly #log: ConnectionLog
  readonly #upstream: UpstreamProxy | null
  readonly #limits: LaneLimits
  readonly #ownPorts: OwnPorts
  readonly #ended = new AbortController()
  readonly #cuts: Cut[] = []
  #dialing = 0

  constructor(o: {
    resolver: Resolver
    policy: ReachPolicy
    log: ConnectionLog
    upstream: UpstreamProxy | null
    limits: LaneLimits
    ownPorts: OwnPorts
  }) {
    this.#resolver = o.resolver
    this.#policy = o.policy
    this.#log = o.log
    this.#upstream = o.upstream
    this.#limits = o.limits
    this.#ownPorts = o.ownPorts
  }

  /** Throws `ADDRESS_REFUSED`, `DNS_FAILED`, `CONNECT_FAILED`, `TIMEOUT` or `INTERRUPTED`; each is in the log. */
  async dial(host: Host, port: number, signal?: AbortSignal): Promise<net.Socket> {
    const openedAt = this.#log.now()
    const seen: Seen = {}
    const dialing = ++this.#dialing
    let socket: net.Socket
    try {
      if (dialing + this.#log.liveCount > this.#limits.maxConnections)
        throw refused(`more than ${this.#limits.maxConnections} connections at once`)
      socket = await this.#connect(host, port, seen, signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal)
    } catch (cause) {
      const error = cause instanceof AssayError ? cause : new AssayError('INTERNAL', String(cause), { cause })
      const outcome = error.code === 'ADDRESS_REFUSED' ? 'refused' : 'failed'
      this.#log.add({ host: host.text, port, outcome, reason: error.message, openedAt, closedAt: this.#log.now(), ...addressOf(seen) })
      throw error
    } finally {
      this.#dialing--
    }
    const record = this.#log.add({
      host: host.text,
      port,
      outcome: 'connected',
      openedAt,
      ...addressOf(seen),
      ...(seen.note === undefined ? {} : { reason: seen.note }),
    })
    this.#log.follow(socket, record)
    // It may have been cut while it was being connected.
    const cut = this.#cutOf(host.text, port)
    if (!cut) return socket
    this.#log.cut(host.text, port, cut.reason)
    throw refused(`cut: ${cut.reason}`)
  }

  cut(host: string, port: number | null, reason: string): void {
    const text = parseHost(host)?.text ?? host
    this.#cuts.push({ host: text, port, reason })
    this.#log.cut(text, port, reason)
  }

  async close(): Promise<void> {
    // With a reason none is made: an error of a visit that just ended is for nobody.
    this.#ended.abort('the visit ended')
    await this.#log.closeAll()
  }

  #cutOf(host: string, port: number): Cut | undefined {
    return this.#cuts.find((cut) => cut.host === host && (cut.port === null || cut.port === port))
  }

  async #connect(host: Host, port: number, seen: Seen, signal: AbortSignal): Promise<net.Socket> {
    const cut = this.#cutOf(host.text, port)
    if (cut) throw refused(`cut: ${cut.reason}`)
    const never = this.#policy.never?.refusal(host.text) ?? null
    if (never !== null) throw refused(never)
    const badPort = portRefusal(port, this.#policy)
    if (badPort !== null) throw refused(badPort)
    if (this.#upstream) return this.#throughUpstream(this.#upstream, host, port, seen, signal)

    const { addresses, opened } = await untilAborted(this.#resolve(host), signal)
    const connectPort = this.#resolver.portOf(port)
    const allowed: string[] = []
    const reasons: string[] = []
    for (const address of addresses) {
      const reason = this.#refusalOf(address, connectPort, opened)
      if (reason === null) allowed.push(formatAddress(unmapped(address)))
      else reasons.push(reason)
    }
    const firstRefused = addresses[0]
    if (allowed.length === 0) {
      if (firstRefused) seen.address = formatAddress(firstRefused)
      throw refused(reasons[0] ?? `${host.text} has no usable address`)
    }
    if (reasons.length > 0) seen.note = `not used: ${reasons.join('; ')}`
    const socket = await dialFirst(allowed, connectPort, {
      timeoutMs: this.#limits.connectTimeoutMs,
      staggerMs: this.#limits.staggerMs,
      signal,
    })
    // By the kernel's word, not by ours.
    const reached = socket.remoteAddress === undefined ? null : parseAddress(socket.remoteAddress)
    if (!reached || this.#refusalOf(reached, connectPort, opened) !== null) {
      socket.destroy()
      throw reached
        ? refused(`connected to ${formatAddress(reached)}, which was not checked`)
        : new AssayError('CONNECT_FAILED', 'closed while connecting')
    }
    seen.address = formatAddress(unmapped(reached))
    return socket
  }

  async #resolve(host: Host): Promise<{ addresses: Address[]; opened: readonly Range[] }> {
    const literal = host.kind === 'address' ? host.address : null
    if (literal && !this.#resolver.isClosed) return { addresses: [literal], opened: [] }
    if (!literal && !this.#resolver.isClosed) {
      const reason = nameRefusal(host.text, this.#policy)
      if (reason !== null) throw refused(reason)
    }
    const resolution = await this.#resolver.resolve(host.text).catch((error: unknown) => {
      const reason = literal && refusal(literal, this.#policy)
      throw reason ? refused(reason) : error
    })
    const addresses = resolution.addresses.map(parseAddress).filter((address) => address !== null)
    return { addresses, opened: isHostAllowed(host.text, this.#policy) ? everywhere : resolution.opened }
  }

  #refusalOf(address: Address, port: number, opened: readonly Range[]): string | null {
    const never = this.#policy.never?.addressRefusal(formatAddress(unmapped(address))) ?? null
    if (never !== null) return never
    if (this.#ownPorts.has(port) && reachesProxy.some((range) => inRange(unmapped(address), range)))
      return `${formatAddress(address)} port ${port} is this program's own`
    return refusal(address, this.#policy, opened)
  }

  async #throughUpstream(upstream: UpstreamProxy, host: Host, port: number, seen: Seen, signal: AbortSignal): Promise<net.Socket> {
    if (host.kind === 'address') seen.address = host.text
    const reason = host.kind === 'address' ? refusal(host.address, this.#policy) : nameRefusal(host.text, this.#policy)
    if (reason !== null) throw refused(reason)
    seen.note = `by ${upstream.label}${host.kind === 'name' ? ', which resolved the name: its address is not known' : ''}`
    return dialThrough(upstream, host.text, port, { timeoutMs: this.#limits.connectTimeoutMs, signal })
  }
}

/** What reaches a listener on 127.0.0.1. Another loopback address with the same port number is somebody else's. */
const reachesProxy = ['127.0.0.1', '0.0.0.0', '::1', '::'].map((text) => parseRange(text)).filter((range) => range !== null)

function refused(reason: string): AssayError {
  return new AssayError('ADDRESS_REFUSED', reason)
}

function addressOf(seen: Seen): { address?: string } {
  return seen.address === undefined ? {} : { address: seen.address }
}

/** A query to the DNS cannot be called back; nobody waits for it any more. */
async function untilAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(new AssayError('INTERRUPTED', 'the visit ended'))
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([pending, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
