import type { WorkerArtifact } from '#model/artifact.ts'
import { complete } from '#model/collection.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'

const types: Partial<Record<Target['type'], WorkerArtifact['type']>> = {
  worker: 'dedicated',
  shared_worker: 'shared',
  service_worker: 'service',
  worklet: 'worklet',
}

/** Threads that pages start: dedicated, nested, shared and service workers, worklets. */
export function workerCollector(context: VisitContext): Collector<'worker'> {
  const workers = new Map<Target, WorkerArtifact>()
  const registrations = new Map<string, { scope: string; status: string }>()
  const scopes = new Map<string, string>()
  const versions = new Map<string, { registrationId: string; status: string; runningStatus: string; scriptURL: string }>()

  return {
    kind: 'worker',
    attach(target) {
      const type = types[target.type]
      if (type !== undefined) {
        workers.set(target, {
          id: context.nextId('worker'),
          targetId: target.id,
          type,
          url: target.url,
          ...(target.parentId === null ? {} : { parentTargetId: target.parentId }),
          startedAtMs: target.attachedAtMs,
        })
      }
      if (target.type !== 'page') return
      target.session.on('ServiceWorker.workerRegistrationUpdated', (event) => {
        for (const { registrationId, scopeURL } of event.registrations) scopes.set(registrationId, scopeURL)
      })
      target.session.on('ServiceWorker.workerVersionUpdated', (event) => {
        for (const version of event.versions) {
          versions.set(version.versionId, version)
          if (version.targetId !== undefined)
            registrations.set(version.targetId, { scope: scopes.get(version.registrationId) ?? '', status: version.status })
        }
      })
      target.session.post('ServiceWorker.enable')
    },
    detach(target) {
      const worker = workers.get(target)
      if (worker) worker.endedAtMs = context.nowMs()
    },
    async finish() {
      const initiators = new Map(context.requests().map((request) => [request.url, request.initiator]))
      for (const [target, worker] of workers) {
        const initiator = initiators.get(worker.url)
        if (initiator) worker.initiator = initiator
        const registration = registrations.get(target.cdpTargetId)
        if (registration) worker.registration = registration
      }
      const dropped = context.droppedTargets()
      const items = [...workers.values()]
      return dropped === 0
        ? complete(items)
        : {
            status: 'truncated',
            items,
            dropped,
            reason: `more than ${context.plan.limits.maxTargets} targets or ${context.plan.limits.maxPopups} popups`,
          }
    },
  }
}
