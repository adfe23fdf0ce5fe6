import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { WasmArtifact } from '#model/artifact.ts'
import { messageOf } from '#model/errors.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'
import { stackOf } from '../initiator.ts'

/** A module of 32 MB takes over a second to hand over. */
const bytesTimeoutMs = 20_000

/** WebAssembly modules of every target with their bytes, however they were built. V8 gives a module no hash, so each is fetched. */
export function wasmCollector(context: VisitContext): Collector<'wasm'> {
  const { maxWasmModules, maxWasmBytes } = context.plan.limits
  const list = new BoundedList<WasmArtifact>(maxWasmModules, 'modules')
  const asking = new Set<Promise<void>>()

  function parsed(target: Target, event: Protocol.Debugger.ScriptParsedEvent): void {
    if (event.scriptLanguage !== 'WebAssembly') return
    const auxData: { frameId?: string } | undefined = event.executionContextAuxData
    const frameId = context.frameIdOf(auxData?.frameId)
    const stack = stackOf(event.stackTrace, target.id, context.scripts)
    const module: WasmArtifact = {
      id: context.idFor('wasm', list),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      url: event.url,
      body: { status: 'lost', reason: 'the target was gone before its bytes were read' },
      ...(stack.length === 0 ? {} : { initiator: { type: 'script', stack } }),
      parsedAtMs: context.nowMs(),
    }
    if (!list.add(module)) return
    context.scripts.set(target.id, event.scriptId, { artifactId: module.id, frameId, isWasm: true })
    const size = event.endColumn
    if (size > maxWasmBytes) {
      module.body = { status: 'lost', reason: `${size} octets, more than ${maxWasmBytes}` }
      return
    }
    const running = fetchBytes(target, event.scriptId, module)
      .catch((error: unknown) => {
        module.body = { status: 'lost', reason: messageOf(error) }
      })
      .finally(() => asking.delete(running))
    asking.add(running)
  }

  async function fetchBytes(target: Target, scriptId: string, module: WasmArtifact): Promise<void> {
    const { bytecode } = await within(bytesTimeoutMs, 'the module', target.session.send('Debugger.getScriptSource', { scriptId }))
    if (bytecode === undefined) module.body = { status: 'lost', reason: 'the engine gave no bytes' }
    else module.body = await context.keep(Buffer.from(bytecode, 'base64'))
  }

  return {
    kind: 'wasm',
    attach(target) {
      target.session.on('Debugger.scriptParsed', (event) => parsed(target, event))
    },
    async finish() {
      await Promise.all(asking)
      return context.plan.debuggerOn
        ? list.collection()
        : { status: 'not-collected', items: [], reason: 'the debugger was off, so that wasm ran at full speed' }
    },
  }
}
