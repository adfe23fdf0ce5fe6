import type { Digest } from '#model/digest.ts'
import { AssayError, messageOf } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { FolderFault as StoreFault, VerifiedFolder } from '#model/verification.ts'
import type { BlobStore, CaptureStore } from '#model/store.ts'
import type { Tombstone } from '#model/tombstone.ts'
import { ahead } from './files/ahead.ts'
import type { Shelf } from './files/shelf.ts'
import { importNames, readImport } from './imports.ts'
import type { VisitRecord } from './visit-record.ts'

export type StoreReport = VerifiedFolder['report']

/** What verification reads that no other room needs. */
export interface StoreParts {
  shelf: Shelf
  store: BlobStore & CaptureStore & { getTombstone(id: Digest): Promise<Tombstone | null>; listTombstones(): Promise<Map<Digest, unknown>> }
  observationNames(): AsyncIterable<string>
  loadObservation(name: string): Promise<Observation | null>
  visitFiles(): AsyncIterable<string>
  loadVisit(file: string): Promise<VisitRecord | null>
}

/** Every digest of every record read and compared. Bounded memory but for the set of names. */
export async function verifyStore(parts: StoreParts, signal?: AbortSignal): Promise<StoreReport> {
  const { store } = parts
  const counts = { blobs: 0, captures: 0, observations: 0, visits: 0, thinned: 0, purged: 0, imports: 0 }
  const report: StoreReport = { ...counts, unlisted: [], faults: [] }
  const add = (kind: StoreFault['kind'], name: string, fault: StoreFault['fault'], detail: string) =>
    (fault === 'unlisted' ? report.unlisted : report.faults).push({ kind, name, fault, detail })
  const faultOf = (error: unknown) => {
    // Of a store that does not answer nothing can be said.
    if (error instanceof AssayError && error.code === 'STORE_UNREACHABLE') throw error
    const missing = error instanceof AssayError && error.code === 'NOT_FOUND'
    return { fault: missing ? ('missing' as const) : ('corrupt' as const), detail: messageOf(error) }
  }

  const sound = new Set<string>()
  const broken = new Set<string>()
  const { width } = parts.shelf
  const looked = ahead(namesIn(parts.shelf, 'blobs'), width, async (name) => {
    signal?.throwIfAborted()
    return { name, fault: await store.get(`sha256:${name}`).then(() => null, faultOf) }
  })
  for await (const { name, fault } of looked) {
    report.blobs++
    if (fault === null) sound.add(name)
    else {
      broken.add(name)
      add('blob', `sha256:${name}`, fault.fault, fault.detail)
    }
  }

  const listed = new Set<string>()
  const check = (id: Digest, read: { artifacts: unknown } | ReturnType<typeof faultOf>) => {
    if ('artifacts' in read) {
      for (const digest of digestsIn(read.artifacts)) {
        if (sound.has(digest) || broken.has(digest)) continue
        broken.add(digest)
        add('blob', `sha256:${digest}`, 'missing', `capture ${id} names it`)
      }
    } else add('capture', id, read.fault, read.detail)
  }
  const manifests = ahead(store.listCaptures(), width, async (id) => {
    signal?.throwIfAborted()
    return { id, read: await store.getCapture(id).then(({ manifest }) => ({ artifacts: manifest.artifacts }), faultOf) }
  })
  for await (const { id, read } of manifests) {
    report.captures++
    listed.add(id.slice(7))
    check(id, read)
  }
  for await (const name of namesIn(parts.shelf, 'captures')) {
    const hex = name.replace(/\.json$/, '')
    if (!listed.has(hex)) add('capture', `sha256:${hex}`, 'unlisted', 'its writing was not acknowledged')
  }

  // Removed on purpose: what names them is not at fault.
  const removed = new Set<string>()
  for (const id of (await store.listTombstones()).keys()) {
    if (listed.has(id.slice(7))) continue
    removed.add(id.slice(7))
    try {
      const tombstone = await store.getTombstone(id)
      if (tombstone?.captureId !== id) throw new AssayError('STORE_CORRUPT', `the tombstone of ${id} is another capture's`)
      if (tombstone.reason === 'thinned') report.thinned++
      else report.purged++
    } catch (error) {
      add('tombstone', id, 'corrupt', messageOf(error))
    }
  }
  const isKnown = (id: Digest) => listed.has(id.slice(7)) || removed.has(id.slice(7))

  const observed = new Set<string>()
  for await (const name of parts.observationNames()) {
    signal?.throwIfAborted()
    report.observations++
    observed.add(name)
    try {
      const observation = await parts.loadObservation(name)
      if (observation === null) add('observation', name, 'missing', 'the order file names it')
      else if (!isKnown(observation.captureId)) add('capture', observation.captureId, 'missing', `observation ${name} names it`)
    } catch (error) {
      add('observation', name, 'corrupt', faultOf(error).detail)
    }
  }
  for await (const file of namesIn(parts.shelf, 'observations')) {
    const name = file.replace(/\.json$/, '')
    if (!observed.has(name)) add('observation', name, 'unlisted', 'its writing was not acknowledged')
  }
  for await (const file of parts.visitFiles()) {
    signal?.throwIfAborted()
    report.visits++
    try {
      const visit = await parts.loadVisit(file)
      if (visit !== null && visit.captureId !== null && !isKnown(visit.captureId))
        add('capture', visit.captureId, 'missing', `visit ${visit.visitId} names it`)
    } catch (error) {
      add('visit', file, 'corrupt', faultOf(error).detail)
    }
  }
  const imports = ahead(importNames(parts.shelf), width, async (name) => {
    signal?.throwIfAborted()
    return {
      name,
      fault: await readImport(parts.shelf, name).then(
        (rows) => (rows === null ? { fault: 'missing' as const, detail: 'it was there a moment ago' } : null),
        faultOf,
      ),
    }
  })
  for await (const { name, fault } of imports) {
    report.imports++
    if (fault !== null) add('import', name, fault.fault, fault.detail)
  }
  return report
}

async function* namesIn(shelf: Shelf, kind: string): AsyncIterable<string> {
  for await (const path of shelf.list(`${kind}/`)) yield path.slice(kind.length + 4)
}

/** Every digest that stands anywhere in the artifacts, also in those of unknown kinds. */
export function* digestsIn(value: unknown): Iterable<string> {
  if (Array.isArray(value)) for (const item of value) yield* digestsIn(item)
  else if (typeof value === 'object' && value !== null) {
    const body = value as { digest?: unknown; status?: unknown }
    if ((body.status === 'stored' || body.status === 'truncated') && typeof body.digest === 'string') yield body.digest.slice(7)
    for (const member of Object.values(value)) if (typeof member === 'object') yield* digestsIn(member)
  }
}
