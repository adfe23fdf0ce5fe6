import type { GpuArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { gpuTimeMs } from '../gpu-time.ts'
import { gpuHook } from '../page/gpu-hook.ts'

const maxShaders = 200

/** WGSL shaders, compute pipelines, dispatches, and the time of the browser's GPU process, which all visits of a browser share. */
export function gpuCollector(context: VisitContext): Collector<'gpu'> {
  const list = new BoundedList<GpuArtifact>(maxShaders, 'shaders and pipelines')
  const dispatches = new Map<string, GpuArtifact>()
  const storing: Promise<void>[] = []
  let startMs: number | null = null

  context.hooks.add('gpu', gpuHook)
  context.hooks.onReport('gpu', (target, payload, frameId) => {
    const report = (payload ?? {}) as Record<string, unknown>
    const where = { targetId: target.id, ...(frameId === undefined ? {} : { frameId }) }
    if (report['type'] === 'dispatch' && typeof report['amount'] === 'number') {
      const key = `${target.id} ${frameId ?? ''}`
      const known = dispatches.get(key)
      if (known) known.amount = report['amount']
      else {
        const made: GpuArtifact = { id: context.nextId('gpu'), ...where, type: 'dispatch', atMs: context.nowMs(), amount: report['amount'] }
        if (list.add(made)) dispatches.set(key, made)
      }
    } else if (report['type'] === 'shader' && typeof report['code'] === 'string') {
      const shader: GpuArtifact = { id: context.nextId('gpu'), ...where, type: 'shader', label: labelOf(report), atMs: context.nowMs() }
      if (list.add(shader)) storing.push(context.keep(Buffer.from(report['code'])).then((body) => void (shader.source = body)))
    } else if (report['type'] === 'pipeline') {
      list.add({ id: context.nextId('gpu'), ...where, type: 'pipeline', label: labelOf(report), atMs: context.nowMs() })
    }
  })

  return {
    kind: 'gpu',
    async dwell() {
      startMs = await gpuTimeMs(context.browser)
    },
    async snapshot(page) {
      if (list.items.length === 0 || startMs === null) return
      // Without it the shaders and dispatches are still known; only the time is not said.
      const endMs = await gpuTimeMs(context.browser)
      if (endMs !== null)
        list.add({
          id: context.nextId('gpu'),
          targetId: page.id,
          type: 'process-time',
          atMs: context.nowMs(),
          amount: Math.round(endMs - startMs),
          label: "the browser's GPU process, all of its visits",
        })
    },
    async finish() {
      await Promise.all(storing)
      return list.collection(context.hooks.lost('gpu'))
    },
  }
}

const labelOf = ({ label }: Record<string, unknown>): string => (typeof label === 'string' ? label.slice(0, 200) : '')
