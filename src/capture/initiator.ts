import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { HttpHeader, Initiator, StackFrame } from '#model/artifact.ts'
import type { ScriptRegistry, Target, VisitContext } from './collector.ts'

const maxStackFrames = 64

/** CDP stack, its asynchronous parents appended. */
export function stackOf(stack: Protocol.Runtime.StackTrace | undefined, targetId: string, scripts: ScriptRegistry): StackFrame[] {
  const frames: StackFrame[] = []
  for (let part = stack; part && frames.length < maxStackFrames; part = part.parent) {
    for (const frame of part.callFrames) {
      const scriptId = scripts.get(targetId, frame.scriptId)?.artifactId
      frames.push({
        functionName: frame.functionName,
        url: frame.url,
        line: frame.lineNumber,
        column: frame.columnNumber,
        ...(scriptId === undefined ? {} : { scriptId }),
      })
    }
  }
  return frames.slice(0, maxStackFrames)
}

export function initiatorOf(initiator: Protocol.Network.Initiator, targetId: string, scripts: ScriptRegistry): Initiator {
  const stack = stackOf(initiator.stack, targetId, scripts)
  const type =
    initiator.type === 'parser' || initiator.type === 'script' || initiator.type === 'preload' || initiator.type === 'preflight'
      ? initiator.type
      : 'other'
  const url = initiator.url ?? stack[0]?.url
  return {
    type,
    ...(url === undefined ? {} : { url }),
    ...(initiator.lineNumber === undefined ? {} : { line: initiator.lineNumber }),
    ...(initiator.columnNumber === undefined ? {} : { column: initiator.columnNumber }),
    ...(stack.length === 0 ? {} : { stack }),
  }
}

/** The frame whose code stands innermost in a stack; of a document's own process where no code of it is known. */
export function frameOfStack(
  stack: Protocol.Runtime.StackTrace | undefined,
  target: Target,
  context: Pick<VisitContext, 'scripts' | 'frameIdOf'>,
): string | undefined {
  for (let part = stack; part; part = part.parent) {
    for (const { scriptId } of part.callFrames) {
      const frameId = context.scripts.get(target.id, scriptId)?.frameId
      if (frameId !== undefined) return frameId
    }
  }
  // The identifier of a document's target is that of its root frame.
  return target.type === 'page' || target.type === 'iframe' ? context.frameIdOf(target.cdpTargetId) : undefined
}

/** CDP joins a header that came more than once by a line feed. */
export function headersOf(headers: Record<string, string> | undefined): HttpHeader[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => value.split('\n').map((each) => ({ name, value: each })))
}
