import { clientHints } from './client-hints.ts'
import { headersFor } from './seed-headers.ts'
import type { VisitContext, VisitPart } from './collector.ts'

/** What the browser says that it is, and the screen that the page sees. */
export function emulationPart(context: VisitContext): VisitPart {
  const { plan } = context
  return {
    attach(target) {
      const { session } = target
      if (target.type === 'worklet') return
      const hints = clientHints(context.userAgent, context.product)
      const userAgent = { userAgent: context.userAgent, acceptLanguage: plan.language, ...(hints ? { userAgentMetadata: hints } : {}) }
      // Frames and workers are told the same as the page, or they would tell each other.
      if (plan.toldCores !== null) session.post('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: plan.toldCores })
      if (target.type !== 'page') {
        session.post('Network.setUserAgentOverride', userAgent)
        return
      }
      session.post('Emulation.setUserAgentOverride', userAgent)
      // Left alone, the window has a browser's bars around the page, as a visitor's has.
      if (plan.viewport.mobile || plan.viewport.deviceScaleFactor !== 1)
        session.post('Emulation.setDeviceMetricsOverride', { ...plan.viewport })
      if (plan.viewport.mobile) session.post('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 })
      // Every visit's page believes itself in front, also where several share a browser.
      session.post('Emulation.setFocusEmulationEnabled', { enabled: true })
      if (plan.cpuRate !== 1) session.post('Emulation.setCPUThrottlingRate', { rate: plan.cpuRate })
      if (plan.headers.length > 0) headersFor(context, session)
    },
  }
}
