import type { CpuArtifact } from '#model/artifact.ts'
import { samplingIntervalUs } from '../attach.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { ThreadLoad } from '../cpu-profile.ts'
import { within } from '../deadline.ts'

/** A thread that ends takes its running profile with it, so no more than this is ever at stake. Milliseconds. */
const rotationMs = 2_500

interface Thread {
  load: ThreadLoad
  /** A profile that was asked for and has not come yet. */
  reading: Promise<void> | null
  isProfiling: boolean
}

const threads: Partial<Record<Target['type'], CpuArtifact['thread']>> = {
  page: 'page',
  iframe: 'frame',
  worker: 'worker',
  shared_worker: 'shared-worker',
  service_worker: 'service-worker',
}

/** Load of every thread over time, by V8's sampling profiler: one profile after the other, so that a worker that ends has left its load. */
export function cpuCollector(context: VisitContext): Collector<'cpu'> {
  const loads = new Map<Target, Thread>()
  let unread = 0
  let rotation: NodeJS.Timeout | null = null

  /** Stops the running profile and starts the next. A busy thread answers late, so an answer is taken whenever it comes. */
  function read(target: Target, thread: Thread, goOn: boolean): Promise<void> {
    if (thread.reading) return thread.reading
    const reading = target.session
      .send('Profiler.stop')
      .then(({ profile }) =>
        thread.load.add(
          profile,
          (seconds) => context.fromMonotonic(seconds),
          (v8ScriptId) => context.scripts.get(target.id, v8ScriptId),
        ),
      )
      .finally(() => (thread.reading = null))
    thread.reading = reading
    thread.isProfiling = goOn
    if (goOn) target.session.post('Profiler.start')
    return reading
  }

  function stop(): void {
    if (rotation) clearInterval(rotation)
    rotation = null
  }

  function rotate(): void {
    // The visit may have been given up without a word.
    if (live().length === 0) stop()
    for (const [target, thread] of live()) read(target, thread, true).catch(() => undefined)
  }

  const live = (): [Target, Thread][] => [...loads].filter(([target]) => context.isLive(target))

  /** A page's target attached before it went to its address. */
  function urlOf(target: Target): string {
    const document = target.type === 'page' || target.type === 'iframe' ? context.documentUrl(target.cdpTargetId) : undefined
    return document ?? target.url
  }

  return {
    kind: 'cpu',
    attach(target) {
      if (threads[target.type] === undefined) return
      loads.set(target, { load: new ThreadLoad(), reading: null, isProfiling: true })
      rotation ??= setInterval(rotate, rotationMs)
    },
    detach(target) {
      if (loads.get(target)?.isProfiling) unread++
    },
    async snapshot(_page, budgetMs) {
      stop()
      await Promise.all(
        live().map(async ([target, thread]) => {
          // What a rotation asked for and did not get yet comes first.
          await within(budgetMs * 0.45, 'the profile', thread.reading ?? Promise.resolve()).catch(() => undefined)
          await within(budgetMs * 0.45, 'the profile', read(target, thread, false)).catch(() => void unread++)
        }),
      )
    },
    async finish() {
      stop()
      const list = new BoundedList<CpuArtifact>(context.plan.limits.maxTargets, 'threads')
      for (const [target, { load }] of loads) {
        const thread = threads[target.type]
        if (thread === undefined || load.observedMs === 0) continue
        list.add(load.artifact({ id: context.nextId('cpu'), targetId: target.id, thread, url: urlOf(target), samplingIntervalUs }))
      }
      if (unread > 0) list.drop(unread, `${unread} threads ended or hung with up to ${rotationMs} ms of load that was not read`)
      return list.collection()
    },
  }
}
