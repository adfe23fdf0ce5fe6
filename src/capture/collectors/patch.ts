import type { PatchArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { patchHook } from '../page/patch-hook.ts'

const maxPatches = 500

/** Globals that the page replaced, in every document that came to its load event. */
export function patchCollector(context: VisitContext): Collector<'patch'> {
  const list = new BoundedList<PatchArtifact>(maxPatches, 'replaced globals')
  context.hooks.add('patch', patchHook, 'documents')
  context.hooks.onReport('patch', (target, payload, frameId) => {
    const { name, detail } = (payload ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') return
    list.add({
      id: context.nextId('patch'),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      name: name.slice(0, 80),
      ...(typeof detail === 'string' ? { detail: detail.slice(0, 300) } : {}),
    })
  })
  return { kind: 'patch', finish: async () => list.collection(context.hooks.lost('patch')) }
}
