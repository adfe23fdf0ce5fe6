import type { ProtocolMapping } from 'devtools-protocol/types/protocol-mapping.d.ts'

export type Commands = ProtocolMapping.Commands
export type Events = ProtocolMapping.Events

/**
 * One flat CDP session: the browser's own, or one attached target's. Commands of one session are carried out in the order in
 * which they were sent, so nothing has to be awaited for order's sake.
 */
export interface CdpSession {
  readonly sessionId: string | null
  /** Rejects with `PROTOCOL_ERROR`; with `TARGET_CRASHED` when the session is gone before the answer. */
  send<M extends keyof Commands>(method: M, ...params: Commands[M]['paramsType']): Promise<Commands[M]['returnType']>
  /** Sends and forgets: the answer is not even parsed (a target may go at any time). */
  post<M extends keyof Commands>(method: M, ...params: Commands[M]['paramsType']): void
  /**
   * An event that nobody listens to costs a look at its name, and is not parsed. Returns how to stop listening.
   * Listeners are dropped with the session.
   */
  on<E extends keyof Events>(event: E, listener: (params: Events[E][0]) => void): () => void
  /** The target or the browser is gone. Called at once where it already is. */
  onClose(listener: () => void): void
  readonly closed: boolean
}
