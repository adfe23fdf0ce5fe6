import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { Initiator, ScriptArtifact } from '#model/artifact.ts'
import { messageOf } from '#model/errors.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'
import { stackOf } from '../initiator.ts'

interface Waiting {
  script: ScriptArtifact
  hash: string
  v8ScriptId: string
  target: Target
  /** Only asked for when the response that it came in turned out to have other octets. */
  sinceMs: number
}

const errorPage = 'chrome-error:'
const sourceTimeoutMs = 15_000
const patienceMs = 1_000

/**
 * Every script that V8 parsed, in every target: external, inline, eval'd, `new Function`, workers' and modules. V8 gives each the SHA-256
 * of its source, so the source is only fetched where neither a response of this visit nor an earlier visit has the same octets.
 */
export function scriptCollector(context: VisitContext): Collector<'script'> {
  const { maxScripts, maxBodyBytes } = context.plan.limits
  const list = new BoundedList<ScriptArtifact>(maxScripts, 'scripts')
  const waiting = new Set<Waiting>()
  const asking = new Set<Promise<void>>()
  let timer: NodeJS.Timeout | null = null

  function parsed(target: Target, event: Protocol.Debugger.ScriptParsedEvent): void {
    if (event.scriptLanguage === 'WebAssembly' || isOurs(event)) return
    const auxData: { frameId?: string } | undefined = event.executionContextAuxData
    const cdpFrameId = auxData?.frameId
    const frameId = context.frameIdOf(cdpFrameId)
    const initiator = initiatorOfScript(event, target)
    const script: ScriptArtifact = {
      id: context.idFor('script', list),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      url: event.url,
      source: sourceOf(event, target, cdpFrameId === undefined ? undefined : context.documentUrl(cdpFrameId)),
      isModule: event.isModule ?? false,
      startLine: event.startLine,
      startColumn: event.startColumn,
      body: { status: 'lost', reason: 'the target was gone before its source was read' },
      ...(initiator === undefined ? {} : { initiator }),
      parsedAtMs: context.nowMs(),
    }
    if (!list.add(script)) return
    context.scripts.set(target.id, event.scriptId, { artifactId: script.id, frameId, isWasm: false })
    const known = context.keptBody(event.hash)
    if (known) {
      script.body = known
      return
    }
    const wait: Waiting = { script, hash: event.hash, v8ScriptId: event.scriptId, target, sinceMs: script.parsedAtMs }
    if ((event.length ?? 0) > maxBodyBytes)
      script.body = { status: 'lost', reason: `${event.length} characters, more than ${maxBodyBytes}` }
    else if (isExternal(script)) {
      waiting.add(wait)
      timer ??= setTimeout(sweep, patienceMs)
    } else ask(wait)
  }

  /** The browser's error pages bring scripts of their own. */
  function isOurs(event: Protocol.Debugger.ScriptParsedEvent): boolean {
    const auxData: { type?: string } | undefined = event.executionContextAuxData
    return auxData?.type === 'isolated' || event.url.startsWith(errorPage) || context.hooks.isOwn(event.hash)
  }

  function initiatorOfScript(event: Protocol.Debugger.ScriptParsedEvent, target: Target): Initiator | undefined {
    const stack = stackOf(event.stackTrace, target.id, context.scripts)
    const innermost = stack[0]
    return innermost === undefined
      ? undefined
      : { type: 'script', url: innermost.url, line: innermost.line, column: innermost.column, stack }
  }

  function ask(wait: Waiting): void {
    const running = fetchSource(wait)
      .catch((error: unknown) => {
        wait.script.body = { status: 'lost', reason: messageOf(error) }
      })
      .finally(() => asking.delete(running))
    asking.add(running)
  }

  async function fetchSource({ script, hash, v8ScriptId, target }: Waiting): Promise<void> {
    // Asked for at once: the script may be gone by the time that a store has answered.
    const source = context.knowsEarlier(hash)
      ? null
      : within(sourceTimeoutMs, 'the source', target.session.send('Debugger.getScriptSource', { scriptId: v8ScriptId }))
    const earlier = source === null ? await context.earlierBody(hash) : undefined
    if (earlier) {
      script.body = earlier
      return
    }
    const { scriptSource } = await (source ??
      within(sourceTimeoutMs, 'the source', target.session.send('Debugger.getScriptSource', { scriptId: v8ScriptId })))
    script.body = await context.keep(Buffer.from(scriptSource, 'utf8'))
  }

  /** Takes what responses have brought by now, and asks for what has waited long enough. */
  function sweep(): void {
    timer = null
    settle((wait) => context.nowMs() - wait.sinceMs >= patienceMs)
    if (waiting.size > 0) timer = setTimeout(sweep, patienceMs)
  }

  function settle(isDue: (wait: Waiting) => boolean): void {
    for (const wait of waiting) {
      const body = context.keptBody(wait.hash)
      if (!body && !isDue(wait)) continue
      waiting.delete(wait)
      if (body) wait.script.body = body
      else ask(wait)
    }
  }

  function addInitiators(): void {
    const byUrl = new Map(context.requests().map((request) => [request.url, request.initiator]))
    for (const script of list.items) {
      const initiator =
        script.source === 'external' || script.source === 'worker' ? (byUrl.get(script.url) ?? script.initiator) : script.initiator
      if (initiator) script.initiator = initiator
    }
  }

  return {
    kind: 'script',
    attach(target) {
      target.session.on('Debugger.scriptParsed', (event) => parsed(target, event))
    },
    async snapshot() {
      settle(() => true)
      await Promise.all(asking)
    },
    async finish() {
      if (timer) clearTimeout(timer)
      settle(() => true)
      await Promise.all(asking)
      addInitiators()
      return context.plan.debuggerOn
        ? list.collection()
        : { status: 'not-collected', items: [], reason: 'the debugger was off, so that wasm ran at full speed' }
    },
  }
}

const isExternal = (script: ScriptArtifact): boolean =>
  script.source !== 'inline' && script.source !== 'eval' && /^https?:/.test(script.url)

function sourceOf(event: Protocol.Debugger.ScriptParsedEvent, target: Target, documentUrl: string | undefined): ScriptArtifact['source'] {
  // Without an embedder's name the text was made by code: eval, Function, a timer's string, an appended element's text, which V8
  // does not tell apart. Its URL is then the one it gave itself.
  const isWorker = target.type !== 'page' && target.type !== 'iframe'
  if (event.url === '' || (event.hasSourceURL && !event.embedderName)) return 'eval'
  if (isWorker) return event.url === target.url ? 'worker' : 'external'
  if (event.startLine > 0 || event.startColumn > 0) return 'inline'
  return event.url === documentUrl || event.url.startsWith('about:') ? 'inline' : 'external'
}
