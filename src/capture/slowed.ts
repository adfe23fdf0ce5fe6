import type { VisitContext, VisitPart } from './collector.ts'
import { pause } from './deadline.ts'

/** Shares of the dwell between which the processor is slowed: after the visitor's input, with windows of full speed on both sides. */
const slowed = { from: 0.5, to: 0.7 }
const rate = 2

/**
 * Slows the page's threads for a while (Emulation.setCPUThrottlingRate). Work that comes by the clock then takes a larger share of its
 * core; work that takes what it gets does not. The times stand among the actions.
 */
export function slowedPart(context: VisitContext): VisitPart {
  const { dwellMs, variesCpu, cpuRate } = context.plan
  return {
    async dwell(page, signal) {
      if (!variesCpu) return
      const startMs = context.nowMs()
      const until = (share: number): Promise<void> => pause(Math.max(0, startMs + share * dwellMs - context.nowMs()), signal)
      await until(slowed.from)
      if (signal.aborted) return
      page.session.post('Emulation.setCPUThrottlingRate', { rate: cpuRate * rate })
      context.act({ type: 'throttle', detail: `the processor at 1/${rate} of its speed` })
      await until(slowed.to)
      page.session.post('Emulation.setCPUThrottlingRate', { rate: cpuRate })
      context.act({ type: 'throttle', detail: 'the processor at full speed again' })
    },
  }
}
