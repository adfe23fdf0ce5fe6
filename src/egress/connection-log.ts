import type net from 'node:net'
import type { ConnectionArtifact } from '#model/artifact.ts'
import type { Clock } from '#model/clock.ts'
import type { NetworkLookup } from './network-lookup.ts'

/** One connection that was asked for. Times in epoch milliseconds; octets as they passed the socket, TLS included. */
export interface ConnectionRecord extends Omit<ConnectionArtifact, 'id' | 'openedAtMs' | 'closedAtMs'> {
  openedAt: number
  closedAt?: number
}

interface Live {
  socket: net.Socket
  record: ConnectionRecord
  /** Octets of a handshake with an upstream proxy, which are not the visit's. */
  sentBefore: number
  receivedBefore: number
}

/** What one lane asked for and what came of it. Bounded: what is above `maxRecords` is counted and not kept. */
export class ConnectionLog {
  readonly #clock: Clock
  readonly #networks: NetworkLookup | undefined
  readonly #maxRecords: number
  readonly #records: ConnectionRecord[] = []
  readonly #live = new Set<Live>()
  #dropped = 0

  constructor(o: { clock: Clock; networks: NetworkLookup | undefined; maxRecords: number }) {
    this.#clock = o.clock
    this.#networks = o.networks
    this.#maxRecords = o.maxRecords
  }

  get dropped(): number {
    return this.#dropped
  }

  get liveCount(): number {
    return this.#live.size
  }

  now(): number {
    return this.#clock.now().getTime()
  }

  add(record: Omit<ConnectionRecord, 'bytesSent' | 'bytesReceived'>): ConnectionRecord {
    const whole: ConnectionRecord = { ...record, bytesSent: 0, bytesReceived: 0 }
    if (this.#records.length < this.#maxRecords) this.#records.push(whole)
    else this.#dropped++
    return whole
  }

  /** Follows a connected socket until it closes. */
  follow(socket: net.Socket, record: ConnectionRecord): void {
    const live: Live = { socket, record, sentBefore: socket.bytesWritten, receivedBefore: socket.bytesRead }
    this.#live.add(live)
    socket.once('close', () => {
      count(live)
      record.closedAt = this.now()
      this.#live.delete(live)
    })
  }

  cut(host: string, port: number | null, reason: string): void {
    for (const { socket, record } of this.#live) {
      if (record.host !== host || (port !== null && record.port !== port)) continue
      record.outcome = 'cut'
      record.reason = reason
      socket.destroy()
    }
  }

  /** Resolves when every followed socket is closed. */
  async closeAll(): Promise<void> {
    await Promise.all(
      [...this.#live].map(({ socket }) => {
        const closed = new Promise((resolve) => socket.once('close', resolve))
        socket.destroy()
        return closed
      }),
    )
  }

  /** In the order in which they were settled. Copies; octets of live connections are those of now. */
  records(): ConnectionRecord[] {
    for (const live of this.#live) count(live)
    return this.#records.map((record) => {
      const network = record.address === undefined || record.outcome === 'refused' ? null : (this.#networks?.lookup(record.address) ?? null)
      return {
        ...record,
        ...(network?.asn == null ? {} : { asn: network.asn }),
        ...(network?.organisation == null ? {} : { organisation: network.organisation }),
        ...(network?.country == null ? {} : { country: network.country }),
      }
    })
  }
}

function count(live: Live): void {
  live.record.bytesSent = live.socket.bytesWritten - live.sentBefore
  live.record.bytesReceived = live.socket.bytesRead - live.receivedBefore
}
