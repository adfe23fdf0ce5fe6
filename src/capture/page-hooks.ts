import { createHash, randomBytes } from 'node:crypto'
import type { PageHooks, Target } from './collector.ts'
import { frameOfContext } from './execution-contexts.ts'

interface Hook {
  name: string
  source: string
  where: 'documents' | 'everywhere'
}

type ReportListener = (target: Target, payload: unknown, frameId: string | undefined) => void

const maxReportLength = 256 * 1024
/** Of one hook: a flood of one leaves the others what they have to say. */
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
  readonly #taken = new Map<string, number>()
  readonly #lost = new Map<string, number>()

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

  lost(name: string): number {
    return this.#lost.get(name) ?? 0
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
    const frameOf = frameOfContext(session)
    session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name === this.#binding) this.#report(target, payload, this.#frameIdOf(frameOf(executionContextId)))
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
    const name = /^\["([a-z]+)",/.exec(payload)?.[1] ?? ''
    const listeners = this.#listeners.get(name)
    if (!listeners) return
    const report = payload.length > maxReportLength || (this.#taken.get(name) ?? 0) >= maxReports ? null : parseReport(payload)
    if (!report) {
      this.#lost.set(name, this.lost(name) + 1)
      return
    }
    this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1)
    for (const listener of listeners) listener(target, report.payload, frameId)
  }
}

function parseReport(text: string): { payload: unknown } | null {
  try {
    const [, payload] = JSON.parse(text) as unknown[]
    return { payload }
  } catch {
    return null
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
