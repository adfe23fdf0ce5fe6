import type { PermissionArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'
import { permissionHook } from '../page/permission-hook.ts'

const maxRequests = 200

/** Permission, push and clipboard requests, as the page makes them. The browser grants none: a visitor who did not answer. */
export function permissionCollector(context: VisitContext): Collector<'permission'> {
  const list = new BoundedList<PermissionArtifact>(maxRequests, 'permission requests')
  context.hooks.add('permission', permissionHook, 'documents')
  context.hooks.onReport('permission', (target, payload, frameId) => {
    const { name, detail } = (payload ?? {}) as Record<string, unknown>
    if (typeof name !== 'string') return
    list.add({
      id: context.nextId('permission'),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      name: name.slice(0, 60),
      ...(typeof detail === 'string' && detail !== '' ? { detail: detail.slice(0, 2_000) } : {}),
      atMs: context.nowMs(),
    })
  })
  return { kind: 'permission', finish: async () => list.collection(context.hooks.lost('permission')) }
}
