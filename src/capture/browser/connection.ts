import type { Readable, Writable } from 'node:stream'
import { AssayError } from '#model/errors.ts'
import type { CdpSession, Commands, Events } from './cdp.ts'
import { MessageFraming } from './framing.ts'

/** V8 holds no string above 512 MB; a message that long is not worth a crash. */
const maxMessageBytes = 384 * 1024 * 1024

const methodStart = Buffer.from('{"method":"')
const idStart = Buffer.from('{"id":')
const quote = 0x22
/** `,"sessionId":"` 32 hex digits `"}` stands at the end of every message of a session. */
const sessionTail = /"sessionId":"([0-9A-F]{32})"\}$/

interface Pending {
  session: Session
  method: string
  resolve(result: unknown): void
  reject(error: AssayError): void
}

type Listener = (params: unknown) => void

/** What a message may look like. */
interface Message {
  id?: number
  method?: string
  params?: unknown
  result?: unknown
  error?: { code: number; message: string; data?: string }
  sessionId?: string
}

/**
 * A client for the Chrome DevTools Protocol over `--remote-debugging-pipe`, with flat sessions.
 * Sessions come and go by `Target.attachedToTarget` and `Target.detachedFromTarget`; a session is there before the event is told.
 */
export class CdpConnection {
  readonly browser: CdpSession
  readonly #root: Session
  readonly #sessions = new Map<string, Session>()
  readonly #pending = new Map<number, Pending>()
  readonly #outgoing: Writable
  #queue: string[] = []
  #nextId = 1
  #closed = false

  /** `incoming` is what Chromium writes (its descriptor 4), `outgoing` what it reads (3). */
  constructor(incoming: Readable, outgoing: Writable) {
    this.#root = new Session(this, null)
    this.browser = this.#root
    this.#outgoing = outgoing
    const framing = new MessageFraming(
      maxMessageBytes,
      (message) => this.#receive(message),
      (head) => this.#receiveOversize(head),
    )
    incoming.on('data', (chunk: Buffer) => framing.push(chunk))
    incoming.on('close', () => this.close())
    incoming.on('error', () => this.close())
    outgoing.on('error', () => this.close())
  }

  get closed(): boolean {
    return this.#closed
  }

  session(sessionId: string): CdpSession | undefined {
    return this.#sessions.get(sessionId)
  }

  /** Everything that still waits is rejected. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const session of this.#sessions.values()) session.end()
    this.#sessions.clear()
    this.#root.end()
    this.#rejectPending(() => true)
    this.#outgoing.destroy()
  }

  /** `pending` null: nobody waits for the answer. */
  request(session: Session, method: string, params: unknown, pending: Pending | null): void {
    const id = this.#nextId++
    if (pending) this.#pending.set(id, pending)
    const message = session.sessionId === null ? { id, method, params } : { id, method, params, sessionId: session.sessionId }
    // What one turn sends goes out in one write.
    if (this.#queue.length === 0) queueMicrotask(() => this.#flush())
    this.#queue.push(JSON.stringify(message))
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    if (!this.#closed) this.#outgoing.write(`${queue.join('\0')}\0`)
  }

  #receive(bytes: Buffer): void {
    if (!this.#isWanted(bytes)) return
    let message: Message
    try {
      message = JSON.parse(bytes.toString('utf8')) as Message
    } catch {
      // Chromium never sent such a thing; a message that is no JSON concerns nobody.
      return
    }
    if (message.id !== undefined) this.#answer(message.id, message)
    else if (message.method !== undefined) this.#emit(message.method, message.params, message.sessionId)
  }

  /** Looks at a message without parsing it: an answer that somebody waits for, or an event that somebody listens to. */
  #isWanted(bytes: Buffer): boolean {
    if (startsWith(bytes, methodStart)) {
      const end = bytes.indexOf(quote, methodStart.length)
      const method = bytes.toString('latin1', methodStart.length, end)
      if (method === 'Target.attachedToTarget' || method === 'Target.detachedFromTarget') return true
      const tail = sessionTail.exec(bytes.toString('latin1', bytes.length - 48, bytes.length))
      const session = tail ? this.#sessions.get(tail[1]!) : this.#root
      return session?.listensTo(method) ?? false
    }
    const id = idOf(bytes)
    return id === null || this.#pending.has(id)
  }

  #receiveOversize(head: Buffer): void {
    const id = idOf(head)
    if (id !== null) this.#answer(id, { error: { code: 0, message: 'the answer is longer than can be held' } })
  }

  #answer(id: number, message: Message): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    if (message.error)
      pending.reject(
        new AssayError(
          'PROTOCOL_ERROR',
          `${pending.method}: ${message.error.message}${message.error.data ? ` (${message.error.data})` : ''}`,
        ),
      )
    else pending.resolve(message.result)
  }

  #emit(method: string, params: unknown, sessionId: string | undefined): void {
    const session = sessionId === undefined ? this.#root : this.#sessions.get(sessionId)
    if (!session) return
    if (method === 'Target.attachedToTarget') {
      const id = (params as { sessionId: string }).sessionId
      this.#sessions.set(id, new Session(this, id))
    }
    session.emit(method, params)
    if (method === 'Target.detachedFromTarget') this.#drop((params as { sessionId: string }).sessionId)
  }

  #drop(sessionId: string): void {
    const session = this.#sessions.get(sessionId)
    if (!session) return
    this.#sessions.delete(sessionId)
    session.end()
    this.#rejectPending((pending) => pending.session === session)
  }

  #rejectPending(which: (pending: Pending) => boolean): void {
    for (const [id, pending] of this.#pending) {
      if (!which(pending)) continue
      this.#pending.delete(id)
      pending.reject(goneError(pending.method))
    }
  }
}

const startsWith = (bytes: Buffer, start: Buffer): boolean =>
  bytes.length > start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0

function idOf(bytes: Buffer): number | null {
  if (!startsWith(bytes, idStart)) return null
  const id = Number.parseInt(bytes.toString('latin1', idStart.length, idStart.length + 16), 10)
  return Number.isNaN(id) ? null : id
}

const goneError = (method: string): AssayError => new AssayError('TARGET_CRASHED', `the target was gone before it answered ${method}`)

class Session implements CdpSession {
  readonly sessionId: string | null
  readonly #connection: CdpConnection
  readonly #listeners = new Map<string, Listener[]>()
  readonly #closeListeners: (() => void)[] = []
  #closed = false

  constructor(connection: CdpConnection, sessionId: string | null) {
    this.#connection = connection
    this.sessionId = sessionId
  }

  get closed(): boolean {
    return this.#closed
  }

  send<M extends keyof Commands>(method: M, ...params: Commands[M]['paramsType']): Promise<Commands[M]['returnType']> {
    if (this.#closed) return Promise.reject(goneError(method))
    return new Promise((resolve, reject) => this.#connection.request(this, method, params[0], { session: this, method, resolve, reject }))
  }

  post<M extends keyof Commands>(method: M, ...params: Commands[M]['paramsType']): void {
    if (!this.#closed) this.#connection.request(this, method, params[0], null)
  }

  on<E extends keyof Events>(event: E, listener: (params: Events[E][0]) => void): () => void {
    const added = listener as Listener
    const listeners = this.#listeners.get(event)
    if (!this.#closed) {
      if (listeners) listeners.push(added)
      else this.#listeners.set(event, [added])
    }
    return () => {
      const left = this.#listeners.get(event)?.filter((each) => each !== added)
      if (left === undefined || left.length === 0) this.#listeners.delete(event)
      else this.#listeners.set(event, left)
    }
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener()
    else this.#closeListeners.push(listener)
  }

  listensTo(method: string): boolean {
    return this.#listeners.has(method)
  }

  emit(method: string, params: unknown): void {
    for (const listener of this.#listeners.get(method) ?? []) listener(params)
  }

  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#listeners.clear()
    for (const listener of this.#closeListeners.splice(0)) listener()
  }
}
