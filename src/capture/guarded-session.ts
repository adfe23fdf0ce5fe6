import type { CdpSession } from './browser/cdp.ts'

/**
 * A session for one part of a visit: what its listeners throw is told to `onError` and goes no further, and nothing reaches them any
 * more once `isFrozen`, so that what they have collected stands still while it is written down.
 */
export function guardedSession(session: CdpSession, onError: (error: unknown) => void, isFrozen: () => boolean): CdpSession {
  return {
    get sessionId() {
      return session.sessionId
    },
    get closed() {
      return session.closed
    },
    send: (method, ...params) => session.send(method, ...params),
    post: (method, ...params) => session.post(method, ...params),
    on: (event, listener) =>
      session.on(event, (params) => {
        if (isFrozen()) return
        try {
          listener(params)
        } catch (error) {
          onError(error)
        }
      }),
    onClose: (listener) => session.onClose(listener),
  }
}
