import type { Target } from './collector.ts'
import type { VisitPlan } from './visit-options.ts'

/** How the recorder reads a V8 profile: 10 ms costs about nothing, 1 ms about 6 % of a core. */
export const samplingIntervalUs = 10_000

/** The renderer's own copies serve only what never came over the network: caches, blobs, service workers. Octets. */
const rendererBuffer = { maxTotalBufferSize: 16 * 1024 * 1024, maxResourceBufferSize: 8 * 1024 * 1024 }

/**
 * Turns on what collectors listen to, on a target that is held paused. Nothing is awaited: CDP keeps the order of a session, and waiting
 * for `Network.enable` before letting a service worker go deadlocks it.
 */
export function enableDomains(target: Target, plan: VisitPlan): void {
  const { session, type } = target
  if (type !== 'worklet') {
    // Bodies are kept outside the renderer as they came off the wire, content-decoded: the renderer's own copy of a text is
    // transcoded to UTF-8 and has lost its byte order mark.
    session.post('Network.configureDurableMessages', {
      maxTotalBufferSize: plan.limits.maxTotalBodyBytes,
      maxResourceBufferSize: plan.limits.maxBodyBytes,
    })
    session.post('Network.enable', { ...rendererBuffer, maxPostDataSize: 256 * 1024 })
  }
  if (type === 'page' || type === 'iframe') session.post('Page.enable', {})
  session.post('Runtime.enable')
  if (plan.debuggerOn && !(plan.without.includes('script') && plan.without.includes('wasm'))) {
    session.post('Debugger.enable', {})
    session.post('Debugger.setSkipAllPauses', { skip: true })
    session.post('Debugger.setAsyncCallStackDepth', { maxDepth: 32 })
  } else session.post('Runtime.setAsyncCallStackDepth', { maxDepth: 32 })
  if (plan.without.includes('cpu')) return
  session.post('Profiler.enable')
  session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs })
  session.post('Profiler.start')
}
