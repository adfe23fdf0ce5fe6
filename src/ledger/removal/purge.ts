import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '#model/canonical.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { type PurgeReport, retentionSchemaVersion } from '#model/retention.ts'
import { tombstoneSchemaVersion } from '#model/tombstone.ts'
import type { FileStore } from '../file-store.ts'
import { makeFolder, storeError } from '../files/atomic.ts'
import type { Shelf } from '../files/shelf.ts'
import { openTombstones } from '../files/tombstones.ts'
import type { IndexRemoval } from '../index/remove.ts'
import { digestsIn } from '../verify.ts'
import { type VisitRecord, visitPath } from '../visit-record.ts'
import { whileRemoving } from './removal-lock.ts'
import { blobsNamed, manifestsIn, sweep } from './sweep.ts'

/** What is to be forgotten: a page, a host with all below it, or captures. */
export type PurgeSubject = { url: string } | { host: string } | { captures: readonly Digest[] }

export interface PurgeOptions {
  subject: PurgeSubject
  reason: string | null
  now: Date
  /** Blobs that were stored, or named again, since then stay for a later gc: a visit in progress may be about to name them. Milliseconds. */
  graceMs: number
  dryRun: boolean
  /** Blobs that the index names; asked when the subject is out of it. */
  inUse(): Promise<readonly Digest[]>
  /** Takes rows out of the index, where there is one. */
  removeFromIndex(removal: IndexRemoval): Promise<number>
  onProgress?: (text: string) => void
  signal?: AbortSignal
}

/**
 * Removes captures, their answers, visits and blobs for good, and leaves a record without the data. The manifests go last: ended in between, the same
 * command finds and removes the rest. Rejects with `NOT_FOUND`, `STORE_BUSY`, `STORE_CORRUPT`, `STORE_DENIED`, `DISK_FULL`.
 */
export async function purge(files: FileStore, options: PurgeOptions): Promise<PurgeReport> {
  return whileRemoving(files.dir, async () => {
    const { subject, dryRun, signal, onProgress = () => {} } = options
    const report: PurgeReport = {
      schema: 'assay.purge',
      schemaVersion: retentionSchemaVersion,
      purgeId: null,
      dir: files.dir,
      dryRun,
      interrupted: false,
      at: options.now.toISOString(),
      reason: options.reason,
      selectedBy: 'url' in subject ? 'url' : 'host' in subject ? 'host' : 'capture',
      captures: [],
      visits: 0,
      observations: 0,
      seeds: 0,
      blobs: { removed: 0, octets: 0, waiting: 0 },
    }
    onProgress('looking for it')
    const { captures, blobs } = await capturesOf(files, subject, signal)
    const isSubject = subjectTest(subject)
    const visits: VisitRecord[] = []
    for await (const visit of files.listVisits())
      if ((visit.captureId !== null && captures.has(visit.captureId)) || isSubject(visit.seed.url)) visits.push(visit)
    if (signal?.aborted) return { ...report, interrupted: true }
    report.captures = [...captures]
    report.visits = visits.length
    for (const id of captures) report.observations += (await observationFiles(files.shelf, id)).length

    onProgress('reading what other captures name')
    const others = await blobsNamed(files, captures, signal)
    if (signal?.aborted) return { ...report, interrupted: true }
    const isGarbage = (hex: string) => blobs.has(hex) && !others.has(hex)
    // From here on to the end: half a purge is none.
    if (!dryRun) {
      const removal = { captures: [...captures], visits: visits.map((visit) => visit.visitId), isSubject }
      report.seeds = await options.removeFromIndex(removal)
      const isNothing = captures.size + visits.length + report.seeds === 0
      if (!isNothing) report.purgeId = await writeRecord(files.shelf, report)
      for (const id of captures) await bury(files.shelf, id, options)
      for (const visit of visits) await removeFile(files.shelf, visitPath(visit.visitId))
      // What was made of them: computed again where it is asked for.
      if (!isNothing) for (const folder of ['memo', 'export']) await rm(join(files.dir, folder), { recursive: true, force: true })
      if (!isNothing) await makeFolder(join(files.dir, 'memo'))
    }
    for (const digest of await options.inUse()) others.add(digest.slice(7))
    const { removed, octets, waiting } = await sweep(files.shelf, {
      isGarbage,
      graceMs: options.graceMs,
      dryRun,
      onProgress: (looked) => onProgress(`blobs: ${looked}`),
    })
    report.blobs = { removed, octets, waiting }
    if (!dryRun) for (const id of captures) await removeFile(files.shelf, `captures/${id.slice(7, 9)}/${id.slice(7)}.json`)
    return report
  })
}

/** Captures of the subject, thinned ones too, and the hex of every blob that they name. */
async function capturesOf(
  files: FileStore,
  subject: PurgeSubject,
  signal?: AbortSignal,
): Promise<{ captures: Set<Digest>; blobs: Set<string> }> {
  const captures = new Set<Digest>('captures' in subject ? subject.captures : [])
  const blobs = new Set<string>()
  const isSubject = subjectTest(subject)
  const there = new Set<Digest>()
  for await (const id of manifestsIn(files.shelf)) {
    if (signal?.aborted) break
    there.add(id)
    // One that is given by its identifier may be damaged, and goes all the same.
    if ('captures' in subject && !captures.has(id)) continue
    const manifest = await files.getCapture(id).then(
      (capture) => capture.manifest,
      () => null,
    )
    if (manifest === null) continue
    if ([manifest.url, manifest.finalUrl, manifest.seed.url].some(isSubject)) captures.add(id)
    if (captures.has(id)) for (const hex of digestsIn(manifest.artifacts)) blobs.add(hex)
  }
  const removed = await files.listTombstones()
  if ('captures' in subject) {
    for (const id of captures)
      if (!there.has(id) && removed.get(id) !== 'thinned') throw new AssayError('NOT_FOUND', `no capture ${id} in ${files.dir}`)
  } else
    for (const [id, reason] of removed) {
      if (reason === 'purged') continue
      const was = (await files.getTombstone(id))?.was
      if (was != null && [was.url, was.finalUrl].some(isSubject)) captures.add(id)
    }
  return { captures, blobs }
}

/** A host stands for all below it; a page for its address with any fragment. */
function subjectTest(subject: PurgeSubject): (address: string) => boolean {
  if ('captures' in subject) return () => false
  if ('host' in subject) {
    const host = subject.host.toLowerCase()
    return (address) => {
      const name = URL.parse(address)?.hostname
      return name === host || name?.endsWith(`.${host}`) === true
    }
  }
  const wanted = withoutFragment(subject.url)
  return (address) => withoutFragment(address) === wanted
}

function withoutFragment(address: string): string {
  const url = URL.parse(address)
  if (url === null) return address
  url.hash = ''
  return url.href
}

async function observationFiles(shelf: Shelf, id: Digest): Promise<string[]> {
  try {
    return await Array.fromAsync(shelf.list(`observations/${id.slice(7, 9)}/${id.slice(7)}-`))
  } catch (cause) {
    throw storeError(cause, 'listing observations')
  }
}

async function writeRecord(shelf: Shelf, { blobs: _, interrupted: __, dryRun: ___, dir: ____, ...record }: PurgeReport): Promise<string> {
  const purgeId = randomUUID()
  try {
    await shelf.write(`purges/${purgeId}.json`, Buffer.from(canonicalJson({ ...record, purgeId })), 'now')
  } catch (cause) {
    throw storeError(cause, 'recording the purge')
  }
  return purgeId
}

/** All of a capture but its manifest and blobs. */
async function bury(shelf: Shelf, id: Digest, { now, reason }: PurgeOptions): Promise<void> {
  try {
    await openTombstones(shelf).put({
      schema: 'assay.tombstone',
      schemaVersion: tombstoneSchemaVersion,
      captureId: id,
      reason: 'purged',
      removedAt: now.toISOString(),
      why: reason ?? 'on request',
      was: null,
    })
  } catch (cause) {
    throw storeError(cause, `purging capture ${id}`)
  }
  for (const file of await observationFiles(shelf, id)) await removeFile(shelf, file)
  await removeFile(shelf, `attestations/${id.slice(7, 9)}/${id.slice(7)}.json`)
}

async function removeFile(shelf: Shelf, file: string): Promise<void> {
  try {
    await shelf.remove(file)
  } catch (cause) {
    throw storeError(cause, `removing ${file}`)
  }
}
