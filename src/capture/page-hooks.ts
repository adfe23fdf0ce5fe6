import { createHash, randomBytes } from 'node:crypto'
import type { PageHooks, Target } from './collector.ts'

interface Hook {
  name: string
  source: string
  where: 'documents' | 'everywhere'
}

type ReportListener = (target: Target, payload: unknown, frameId: string | undefined) => void

const maxReportLength = 256 * 1024
const maxReports = 20_000

/** The hooks of one visit: what is added to a document or worker before its own code runs, and what comes back. */
export class VisitHooks implements PageHooks {
  /** A name that no page can know; it stands in the global for no longer than the hook takes to start. */
  readonly #binding = `__${randomBytes(9).toString('hex')}`
  readonly #frameIdOf: (cdpFrameId: string | undefined) => string | undefined
  readonly #hooks: Hook[] = []
  readonly #listeners = new Map<string, ReportListener[]>()
  readonly #ownHashes = new Set<string>()
  readonly #sources = new Map<'document' | 'worker', string>()
  #reports = 0

  constructor(frameIdOf: (cdpFrameId: string | undefined) => string | undefined) {
    this.#frameIdOf = frameIdOf
  }

  add(name: string, source: string, where: 'documents' | 'everywhere' = 'everywhere'): void {
    this.#hooks.push({ name, source, where })
    this.#sources.clear()
  }

  onReport(name: string, listener: ReportListener): void {
    const listeners = this.#listeners.get(name)
    if (listeners) listeners.push(listener)
    else this.#listeners.set(name, [listener])
  }

  isOwn(sha256Hex: string): boolean {
    return this.#ownHashes.has(sha256Hex)
  }

  /** The text of an expression or program that runs in the page's world and is none of the page's. */
  own(source: string): string {
    this.#ownHashes.add(createHash('sha256').update(source).digest('hex'))
    return source
  }

  /** Sent while the target is held paused. */
  attach(target: Target): void {
    const isDocument = target.type === 'page' || target.type === 'iframe'
    const source = this.#sourceFor(isDocument ? 'document' : 'worker')
    if (source === null) return
    const { session } = target
    const frames = new Map<number, string>()
    session.on('Runtime.executionContextCreated', ({ context }) => {
      const frameId: unknown = context.auxData?.['frameId']
      if (typeof frameId === 'string') frames.set(context.id, frameId)
    })
    session.on('Runtime.executionContextDestroyed', ({ executionContextId }) => frames.delete(executionContextId))
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === this.#binding) this.#report(target, payload, this.#frameIdOf(frames.get(executionContextId)))
    })
    session.post('Runtime.addBinding', { name: this.#binding })
    // A worker has no "new document"; it waits before its first line, and its global is there already.
    if (isDocument) session.post('Page.addScriptToEvaluateOnNewDocument', { source, runImmediately: true })
    else session.post('Runtime.evaluate', { expression: source, silent: true })
  }

  #sourceFor(place: 'document' | 'worker'): string | null {
    const hooks = place === 'document' ? this.#hooks : this.#hooks.filter(({ where }) => where === 'everywhere')
    if (hooks.length === 0) return null
    const known = this.#sources.get(place)
    if (known !== undefined) return known
    const source = this.own(bundle(this.#binding, place, hooks))
    this.#sources.set(place, source)
    return source
  }

  #report(target: Target, payload: string, frameId: string | undefined): void {
    if (payload.length > maxReportLength || ++this.#reports > maxReports) return
    let report: unknown
    try {
      report = JSON.parse(payload)
    } catch {
      return
    }
    if (!Array.isArray(report) || typeof report[0] !== 'string') return
    for (const listener of this.#listeners.get(report[0]) ?? []) listener(target, report[1], frameId)
  }
}

/** One program of all hooks. What it needs of the global it takes before the page can replace it. */
function bundle(binding: string, place: 'document' | 'worker', hooks: readonly Hook[]): string {
  const calls = hooks.map(({ name, source }) => `run(${JSON.stringify(name)},${source})`)
  return `(() => {
const send = globalThis.${binding}; delete globalThis.${binding}
if (typeof send !== 'function') return
const stringify = JSON.stringify
const run = (name, hook) => { try { hook((payload) => { try { send(stringify([name, payload])) } catch {} }, '${place}') } catch {} }
${calls.join('\n')}
})()`
}
