import type { WebSocket } from 'ws'
import { Random } from '../random.ts'
import { type Codec, codecOf } from './encoding.ts'
import type { Endpoint, PoolEvent } from './endpoint.ts'
import { type PoolSession, poolSession } from './session.ts'

/** A client over HTTP: what it has not fetched yet, and who waits for it. */
interface Mailbox {
  session: PoolSession
  codec: Codec
  waiting: string[]
  /** Takes lines as they come; a long poll takes once. */
  taker: ((lines: string[]) => void) | null
}

/** Sends lines to one client until it is told to stop. */
export interface Stream {
  line(text: string): void
  onEnd(listener: () => void): void
}

/** All pools of one lab: they answer, count and pay nobody. */
export class PoolServer {
  readonly events: PoolEvent[] = []
  readonly #mailboxes = new Map<string, Mailbox>()
  readonly #random: Random
  readonly #startedAt = performance.now()
  #clients = 0

  constructor(seed: number) {
    this.#random = new Random(`pool/${seed}`)
  }

  #session(endpoint: Endpoint, origin: string | null, send: (message: unknown) => void): PoolSession {
    const report = (type: PoolEvent['type'], account: string | null): void => {
      if (endpoint.mode === 'dead' && type === 'job') return
      this.events.push({
        atMs: Math.round(performance.now() - this.#startedAt),
        type,
        host: endpoint.host,
        path: endpoint.path,
        dialect: endpoint.dialect,
        account,
        origin,
      })
    }
    report('connect', null)
    const session = poolSession(endpoint, {
      random: this.#random.fork(this.#clients++),
      send: endpoint.mode === 'dead' ? () => undefined : send,
      report,
      nowMs: () => performance.now() - this.#startedAt,
    })
    return session
  }

  acceptSocket(endpoint: Endpoint, socket: WebSocket, origin: string | null): void {
    const codec = codecOf(endpoint.encoding, endpoint.xorKey)
    const session = this.#session(endpoint, origin, (message) => {
      if (socket.readyState === 1) socket.send(codec.encode(message))
    })
    socket.on('message', (data: Buffer) => this.#receive(session, codec, endpoint, origin, data))
    socket.on('error', () => socket.terminate())
  }

  #receive(session: PoolSession, codec: Codec, endpoint: Endpoint, origin: string | null, data: Uint8Array): void {
    let message: unknown
    try {
      message = codec.decode(data)
    } catch {
      this.events.push({
        atMs: Math.round(performance.now() - this.#startedAt),
        type: 'bad-message',
        host: endpoint.host,
        path: endpoint.path,
        dialect: endpoint.dialect,
        account: null,
        origin,
      })
      return
    }
    session.receive(message)
  }

  #mailbox(endpoint: Endpoint, id: string, origin: string | null): Mailbox {
    const key = `${endpoint.host}${endpoint.path} ${id}`
    let box = this.#mailboxes.get(key)
    if (box === undefined) {
      const made: Mailbox = {
        codec: codecOf(endpoint.encoding, endpoint.xorKey),
        waiting: [],
        taker: null,
        session: { receive: () => undefined },
      }
      made.session = this.#session(endpoint, origin, (message) => {
        const wire = made.codec.encode(message)
        made.waiting.push((typeof wire === 'string' ? wire : Buffer.from(wire).toString('latin1')).trim())
        if (made.taker) made.taker(made.waiting.splice(0))
      })
      box = made
      this.#mailboxes.set(key, box)
    }
    return box
  }

  post(endpoint: Endpoint, id: string, origin: string | null, body: Uint8Array): void {
    const box = this.#mailbox(endpoint, id, origin)
    this.#receive(box.session, box.codec, endpoint, origin, body)
  }

  /** Resolves with the lines that wait, at the latest after `patienceMs`. */
  poll(endpoint: Endpoint, id: string, origin: string | null, patienceMs: number): Promise<string[]> {
    const box = this.#mailbox(endpoint, id, origin)
    if (box.waiting.length > 0) return Promise.resolve(box.waiting.splice(0))
    return new Promise((resolve) => {
      const timer = setTimeout(() => done([]), patienceMs)
      const done = (lines: string[]): void => {
        clearTimeout(timer)
        box.taker = null
        resolve(lines)
      }
      box.taker = done
    })
  }

  stream(endpoint: Endpoint, id: string, origin: string | null, to: Stream): void {
    const box = this.#mailbox(endpoint, id, origin)
    box.taker = (lines) => lines.forEach((line) => to.line(line))
    box.taker(box.waiting.splice(0))
    to.onEnd(() => (box.taker = null))
  }
}
