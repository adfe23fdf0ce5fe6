import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { CdpConnection } from './connection.ts'
import { autoAttachBrowser } from './target-tree.ts'

type OnTarget = (sessionId: string, info: Protocol.Target.TargetInfo) => void

/** Brings the targets that the browser attaches to the visit whose browser context they are in. */
export class TargetRouter {
  readonly #routes = new Map<string, OnTarget>()

  constructor(connection: CdpConnection) {
    autoAttachBrowser(connection.browser, (sessionId, info) => {
      const onTarget = info.browserContextId === undefined ? undefined : this.#routes.get(info.browserContextId)
      if (onTarget) onTarget(sessionId, info)
      // Nobody's, or of a visit that is over: it must not wait, or what made it waits too.
      else connection.session(sessionId)?.post('Runtime.runIfWaitingForDebugger')
    })
  }

  /** Returns how to end it. */
  route(browserContextId: string, onTarget: OnTarget): () => void {
    this.#routes.set(browserContextId, onTarget)
    return () => this.#routes.delete(browserContextId)
  }
}
