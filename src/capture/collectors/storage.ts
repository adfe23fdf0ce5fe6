import type { StorageArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, VisitContext } from '../collector.ts'

/** What pages keep in the browser, by origin: local and session storage with values, data bases and caches by name. */
export function storageCollector(context: VisitContext): Collector<'storage'> {
  const list = new BoundedList<StorageArtifact>(context.plan.limits.maxStorageEntries, 'storage areas')
  const seen = new Set<string>()

  function add(origin: string, area: StorageArtifact['area'], entries: StorageArtifact['entries']): void {
    // Frames of one origin share their storage.
    const key = `${area} ${origin}`
    if (entries.length === 0 || seen.has(key)) return
    seen.add(key)
    list.add({ id: context.nextId('storage'), origin, area, entries })
  }

  return {
    kind: 'storage',
    async snapshot() {
      for (const reading of await context.readFrames()) {
        if (reading.status === 'failed') {
          list.drop(1, `${context.frameIdOf(reading.cdpFrameId) ?? ''}: ${reading.reason}`)
          continue
        }
        if (reading.isHasty) list.drop(0, 'data bases and caches of a document whose thread was busy were not asked for')
        if (reading.entriesDropped > 0)
          list.drop(reading.entriesDropped, `more than ${context.plan.limits.maxStorageEntries} entries in an area`)
        add(
          reading.origin,
          'local',
          reading.local.map(([key, value]) => ({ key, value })),
        )
        add(
          reading.origin,
          'session',
          reading.session.map(([key, value]) => ({ key, value })),
        )
        add(
          reading.origin,
          'indexeddb',
          reading.databases.map((key) => ({ key, value: '' })),
        )
        add(
          reading.origin,
          'cache',
          reading.caches.map((key) => ({ key, value: '' })),
        )
      }
    },
    async finish() {
      return list.collection()
    },
  }
}
