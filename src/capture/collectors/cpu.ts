import type { CpuArtifact } from '#model/artifact.ts'
import { samplingIntervalUs } from '../attach.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { ThreadLoad } from '../cpu-profile.ts'
import { pause, within } from '../deadline.ts'

/** A thread that ends takes its running profile with it, so no more than this is ever at stake. Milliseconds. */
const rotationMs = 2_500
const lastProfileTimeoutMs = 3_000

const threads: Partial<Record<Target['type'], CpuArtifact['thread']>> = { page: 'page', iframe: 'frame', worker: 'worker', shared_worker: 'shared-worker', service_worker: 'service-worker' }

/** Load of every thread over time, by V8's sampling profiler: one profile after the other, so that a worker that ends has left its load. */
export function cpuCollector(context: VisitContext): Collector<'cpu'> {
  const loads = new Map<Target, { load: ThreadLoad; profiling: boolean }>()
  let unread = 0

  async function read(target: Target, goOn: boolean): Promise<void> {
    const thread = loads.get(target)
    if (!thread || !thread.profiling || target.session.closed) return
    thread.profiling = false
    const stopped = target.session.send('Profiler.stop')
    if (goOn) target.session.post('Profiler.start')
    const { profile } = await within(lastProfileTimeoutMs, 'the profile', stopped)
    thread.profiling = goOn
    thread.load.add(profile, (seconds) => context.fromMonotonic(seconds), (v8ScriptId) => context.scripts.get(target.id, v8ScriptId))
  }

  return {
    kind: 'cpu',
    attach(target) {
      if (threads[target.type] !== undefined) loads.set(target, { load: new ThreadLoad(), profiling: true })
    },
    detach(target) {
      if (loads.get(target)?.profiling) unread++
    },
    async dwell(_page, signal) {
      while (!signal.aborted) {
        await pause(rotationMs, signal)
        if (signal.aborted) return
        // A thread that does not answer now is asked no more until the end.
        await Promise.all([...loads.keys()].filter((target) => context.isLive(target)).map((target) => read(target, true).catch(() => undefined)))
      }
    },
    async snapshot() {
      await Promise.all(
        [...loads.keys()].filter((target) => context.isLive(target)).map((target) => {
          const thread = loads.get(target)
          if (thread) thread.profiling = true
          return read(target, false).catch(() => void unread++)
        }),
      )
    },
    async finish() {
      const list = new BoundedList<CpuArtifact>(context.plan.limits.maxTargets, 'threads')
      for (const [target, { load }] of loads) {
        const thread = threads[target.type]
        if (thread === undefined || load.observedMs === 0) continue
        list.add(load.artifact({ id: context.nextId('cpu'), targetId: target.id, thread, url: target.url, samplingIntervalUs }))
      }
      if (unread > 0) list.drop(unread, `${unread} threads ended or hung with up to ${rotationMs} ms of load that was not read`)
      return list.collection()
    },
  }
}
