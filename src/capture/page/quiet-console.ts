import type { VisitContext, VisitPart } from '../collector.ts'

/**
 * While `Runtime` is enabled, V8 describes what is written to the console: it calls a page's `toString`, and it takes long over tables,
 * by which pages learn that somebody listens ("DevTools open") and keep still. So objects are replaced by their type before V8 sees them,
 * as if nobody listened; texts and numbers pass, and those are what is kept. The functions stay native to `Function.prototype.toString`.
 */
export function quietConsolePart(context: VisitContext): VisitPart {
  context.hooks.add('console', hook)
  return {}
}

const hook = `() => {
  const { apply } = Reflect
  const quiet = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function' ? '[' + typeof value + ']' : value
  for (const name of ['log', 'debug', 'info', 'warn', 'error', 'dir', 'dirxml', 'table', 'trace', 'group', 'groupCollapsed', 'assert']) {
    const native = console[name]
    if (typeof native !== 'function') continue
    console[name] = new Proxy(native, {
      apply(_, self, values) {
        const quieted = []
        for (let i = 0; i < values.length && i < 20; i++) quieted[i] = quiet(values[i])
        return apply(native, self, quieted)
      },
    })
  }
}`
