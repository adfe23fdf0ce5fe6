import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { ConsoleArtifact, StackFrame } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { stackOf } from '../initiator.ts'

const maxTextLength = 4_000

/** What the page wrote to its console, exceptions that nobody caught, and what the browser had to say (not of the network, which is kept as requests). */
export function consoleCollector(context: VisitContext): Collector<'console'> {
  const list = new BoundedList<ConsoleArtifact>(context.plan.limits.maxConsoleMessages, 'messages')

  let written = 0
  const maxCounted = 4 * context.plan.limits.maxConsoleMessages

  function note(target: Target, message: { level: string; text: string; place: StackFrame | undefined; isException: boolean }): void {
    if (list.isFull) {
      list.drop(1, `more than ${context.plan.limits.maxConsoleMessages} messages`)
      return
    }
    const { place, text, ...rest } = message
    list.add({
      id: context.nextId('console'),
      targetId: target.id,
      atMs: context.nowMs(),
      ...rest,
      text: text.slice(0, maxTextLength),
      ...(place === undefined ? {} : { place }),
    })
  }

  return {
    kind: 'console',
    attach(target) {
      const { session } = target
      const count = (): void => {
        if (++written <= maxCounted) return
        // A flood is not counted to its end: it costs the browser more to tell of than us to hear.
        for (const end of ends) end()
        session.post('Runtime.disable')
      }
      const ends: (() => void)[] = [
        session.on('Runtime.consoleAPICalled', ({ type, args, stackTrace }) => {
          note(target, {
            level: type,
            text: args.map(textOf).join(' '),
            place: stackOf(stackTrace, target.id, context.scripts)[0],
            isException: false,
          })
          count()
        }),
        session.on('Runtime.exceptionThrown', ({ exceptionDetails: details }) => {
          const place =
            stackOf(details.stackTrace, target.id, context.scripts)[0] ??
            (details.url === undefined
              ? undefined
              : { functionName: '', url: details.url, line: details.lineNumber, column: details.columnNumber })
          note(target, {
            level: 'error',
            text: details.exception?.description ?? `${details.text} ${details.exception?.value ?? ''}`.trim(),
            place,
            isException: true,
          })
          count()
        }),
        session.on('Log.entryAdded', ({ entry }) => {
          if (entry.source === 'network') return
          note(target, {
            level: entry.level,
            text: `${entry.source}: ${entry.text}`,
            place: entry.url === undefined ? undefined : { functionName: '', url: entry.url, line: entry.lineNumber ?? 0, column: 0 },
            isException: false,
          })
        }),
      ]
      if (target.type !== 'worklet') session.post('Log.enable')
    },
    async finish() {
      return list.collection()
    },
  }
}

function textOf(value: Protocol.Runtime.RemoteObject): string {
  if (value.type === 'string') return String(value.value)
  if (value.unserializableValue !== undefined) return value.unserializableValue
  if (value.value !== undefined) return JSON.stringify(value.value)
  return value.description ?? value.type
}
