import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { Target, TargetType } from '../collector.ts'
import type { CdpSession } from './cdp.ts'
import type { CdpConnection } from './connection.ts'

/** Popups of the browser's own interface run as targets and double the CPU time of a page. */
export const targetFilter: Protocol.Target.FilterEntry[] = [
  { type: 'browser', exclude: true },
  { type: 'tab', exclude: true },
  { type: 'browser_ui', exclude: true },
  { type: 'webview', exclude: true },
  {},
]

/**
 * The browser's session brings service and shared workers for as long as they live. A document's session brings its service worker a
 * second time, and lets go of it when the page goes elsewhere; but only it holds back the request for the worker's own script.
 */
const ofBrowser: Protocol.Target.SetAutoAttachRequest = {
  autoAttach: true,
  waitForDebuggerOnStart: true,
  flatten: true,
  filter: targetFilter,
}
const ofTarget: Protocol.Target.SetAutoAttachRequest = {
  ...ofBrowser,
  filter: [{ type: 'shared_worker', exclude: true }, ...targetFilter],
}

/** Attaches to every page, service and shared worker that comes, paused. `onTarget` gets those of all browser contexts. */
export function autoAttachBrowser(browser: CdpSession, onTarget: (sessionId: string, info: Protocol.Target.TargetInfo) => void): void {
  browser.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => onTarget(sessionId, targetInfo))
  browser.post('Target.setAutoAttach', ofBrowser)
}

export interface TargetTreeOptions {
  connection: CdpConnection
  maxTargets: number
  maxPopups: number
  nowMs(): number
  /** Sends what every part wants of a new target. The tree has it listen for children before, and go on after. */
  onAttach(target: Target): void
  onDetach(target: Target): void
}

/** All targets of one visit, however deep: pages, frames of other processes, workers of workers. */
export class TargetTree {
  readonly #options: TargetTreeOptions
  readonly #targets: Target[] = []
  readonly #live = new Map<string, Target>()
  readonly #waiting = new Map<string, (target: Target) => void>()
  /** A document's sessions of service workers that the browser has not brought yet, by the worker's CDP identifier. */
  readonly #held = new Map<string, CdpSession[]>()
  #popups = 0
  #dropped = 0
  #stoppedPausing = false

  constructor(options: TargetTreeOptions) {
    this.#options = options
  }

  get all(): readonly Target[] {
    return this.#targets
  }

  get dropped(): number {
    return this.#dropped
  }

  /** Also for a part's own view of a target, which has the same identifier. */
  isLive(target: Pick<Target, 'id' | 'cdpTargetId'>): boolean {
    return this.#live.get(target.cdpTargetId)?.id === target.id
  }

  /** The target with this CDP identifier, as soon as it is attached. */
  whenAttached(cdpTargetId: string): Promise<Target> {
    const live = this.#live.get(cdpTargetId)
    return live ? Promise.resolve(live) : new Promise((resolve) => this.#waiting.set(cdpTargetId, resolve))
  }

  /** A session was made for a target of this visit. */
  adopt(sessionId: string, info: Protocol.Target.TargetInfo, parent: Target | null): void {
    const session = this.#options.connection.session(sessionId)
    if (!session) return
    const type = typeOf(info.type)
    if (type === 'service_worker' && parent !== null) {
      this.#secondSession(session, info.targetId)
      return
    }
    if (type === 'page' && this.#targets.length > 0 && ++this.#popups > this.#options.maxPopups) {
      this.#dropped++
      this.#options.connection.browser.post('Target.closeTarget', { targetId: info.targetId })
      session.post('Runtime.runIfWaitingForDebugger')
      return
    }
    if (this.#targets.length >= this.#options.maxTargets) {
      this.#dropped++
      this.#stopPausing()
      session.post('Runtime.runIfWaitingForDebugger')
      this.#release(info.targetId)
      return
    }
    if (this.#live.has(info.targetId)) {
      session.post('Runtime.runIfWaitingForDebugger')
      return
    }
    const target: Target = {
      id: `target-${this.#targets.length + 1}`,
      type,
      cdpTargetId: info.targetId,
      cdpType: info.type,
      parentId: parent?.id ?? this.#openerOf(info),
      url: info.url,
      attachedAtMs: this.#options.nowMs(),
      session,
    }
    this.#targets.push(target)
    this.#live.set(info.targetId, target)
    session.on('Target.attachedToTarget', (child) => this.adopt(child.sessionId, child.targetInfo, target))
    session.onClose(() => {
      if (this.#live.get(info.targetId) === target) this.#live.delete(info.targetId)
      this.#options.onDetach(target)
    })
    session.post('Target.setAutoAttach', ofTarget)
    this.#options.onAttach(target)
    session.post('Runtime.runIfWaitingForDebugger')
    this.#release(info.targetId)
    this.#waiting.get(info.targetId)?.(target)
    this.#waiting.delete(info.targetId)
  }

  /** A service worker waits until every session of it was told to go on: this one is, as soon as the browser's listens. */
  #secondSession(session: CdpSession, targetId: string): void {
    if (this.#live.has(targetId) || this.#targets.length >= this.#options.maxTargets) session.post('Runtime.runIfWaitingForDebugger')
    else this.#held.set(targetId, [...(this.#held.get(targetId) ?? []), session])
  }

  #release(targetId: string): void {
    for (const session of this.#held.get(targetId) ?? []) session.post('Runtime.runIfWaitingForDebugger')
    this.#held.delete(targetId)
  }

  #openerOf(info: Protocol.Target.TargetInfo): string | null {
    return (info.openerId === undefined ? undefined : this.#live.get(info.openerId)?.id) ?? null
  }

  /** A page that makes workers without end is not held up by us. Attaching itself cannot be ended: that would let go of those we have. */
  #stopPausing(): void {
    if (this.#stoppedPausing) return
    this.#stoppedPausing = true
    for (const target of this.#live.values()) target.session.post('Target.setAutoAttach', { ...ofTarget, waitForDebuggerOnStart: false })
  }
}

function typeOf(cdpType: string): TargetType {
  switch (cdpType) {
    case 'page':
    case 'iframe':
    case 'worker':
    case 'shared_worker':
    case 'service_worker':
    case 'worklet':
      return cdpType
    default:
      return cdpType.endsWith('worklet') ? 'worklet' : 'other'
  }
}
