import type { Digest } from '#model/digest.ts'
import type { GcReport, KeepRule } from '#model/retention.ts'
import { retentionSchemaVersion } from '#model/retention.ts'
import { type Tombstone, tombstoneSchemaVersion } from '#model/tombstone.ts'
import type { Observation } from '#model/observation.ts'
import type { FileStore } from '../file-store.ts'
import { storeError } from '../files/atomic.ts'
import { openTombstones } from '../files/tombstones.ts'
import { whileRemoving } from './removal-lock.ts'
import { type JudgedCapture, judgedCapture, type KeptFor, keptByPolicy } from './retention.ts'
import { blobsNamed, sweep } from './sweep.ts'

export interface GcOptions {
  keep: 'all' | readonly KeepRule[]
  /** Captures of this moment and later stay whole. */
  before: Date
  now: Date
  /** Milliseconds that a blob which nothing names is left alone. */
  graceMs: number
  dryRun: boolean
  /** Blobs that the index names and no capture: robots.txt, what the http lane may ask for again. */
  inUse: readonly Digest[]
  onProgress?: (text: string) => void
  signal?: AbortSignal
}

/**
 * Thins captures by policy, then removes the blobs that nothing names. May be ended at any point and done again: a tombstone is written before its
 * manifest goes, and a blob goes after the last manifest that names it. Rejects with `STORE_BUSY`, `STORE_CORRUPT`, `STORE_DENIED`, `DISK_FULL`.
 */
export async function collectGarbage(files: FileStore, options: GcOptions): Promise<GcReport> {
  return whileRemoving(files.dir, async () => {
    const { keep, before, dryRun, signal, onProgress = () => {} } = options
    const kept = { young: 0, unjudged: 0, first: 0, last: 0, changed: 0, suspicious: 0, evidence: 0, policy: 0 }
    const report: GcReport = {
      schema: 'assay.gc',
      schemaVersion: retentionSchemaVersion,
      dir: files.dir,
      dryRun,
      interrupted: false,
      keep: keep === 'all' ? 'all' : [...keep],
      before: before.toISOString(),
      captures: { all: 0, thinned: 0, thinnedEarlier: 0, kept },
      blobs: { all: 0, removed: 0, octets: 0, waiting: 0 },
    }
    const believed = new Map<Digest, JudgedCapture>()
    const judgements = new Set<string>()
    for await (const observation of files.listObservations()) {
      if (signal?.aborted) return { ...report, interrupted: true }
      judgements.add(observation.judgement.slice(7))
      const judged = judgedCapture(observation)
      const other = believed.get(judged.captureId)
      if (other === undefined || other.recordedAt <= judged.recordedAt) believed.set(judged.captureId, judged)
      onProgress(`reading answers: ${believed.size}`)
    }
    report.captures.thinnedEarlier = [...(await files.listTombstones()).values()].filter((reason) => reason === 'thinned').length
    const reasons = keep === 'all' ? null : keptByPolicy(believed.values(), new Set(keep), before)
    const thinned = new Set<Digest>()
    for (const id of await Array.fromAsync(files.listCaptures())) {
      if (signal?.aborted) return { ...report, interrupted: true }
      report.captures.all++
      const why: KeptFor | 'policy' | 'unjudged' | null =
        reasons === null ? 'policy' : believed.has(id) ? (reasons.get(id) ?? null) : 'unjudged'
      if (why !== null) {
        kept[why]++
        continue
      }
      if (!dryRun) await thin(files, id, options)
      thinned.add(id)
      report.captures.thinned++
      onProgress(`thinning: ${thinned.size}`)
    }
    onProgress('reading what captures name')
    const named = await blobsNamed(files, thinned, signal)
    for (const hex of judgements) named.add(hex)
    for (const digest of options.inUse) named.add(digest.slice(7))
    if (signal?.aborted) return { ...report, interrupted: true }
    const swept = await sweep(files.shelf, {
      isGarbage: (hex) => !named.has(hex),
      graceMs: options.graceMs,
      dryRun,
      signal,
      onProgress: (looked) => onProgress(`blobs: ${looked}`),
    })
    if (!dryRun && signal?.aborted !== true) await files.shelf.emptyTrash((hex) => named.has(hex), options.graceMs)
    return { ...report, blobs: { ...swept }, interrupted: signal?.aborted === true }
  })
}

async function thin(files: FileStore, id: Digest, { keep, before, now }: GcOptions): Promise<void> {
  let last: Observation | null = null
  for await (const observation of files.observationsOf(id))
    if (last === null || observation.recordedAt >= last.recordedAt) last = observation
  if (last === null) return
  const { visitId, url, finalUrl, lane, observedAt, judgement, conclusion } = last
  const tombstone: Tombstone = {
    schema: 'assay.tombstone',
    schemaVersion: tombstoneSchemaVersion,
    captureId: id,
    reason: 'thinned',
    removedAt: now.toISOString(),
    why: `of before ${before.toISOString().slice(0, 10)}, and none of: ${keep === 'all' ? 'all' : keep.join(', ')}`,
    was: { visitId, url, finalUrl, lane, observedAt, status: conclusion.status, judgement },
  }
  try {
    await openTombstones(files.shelf).put(tombstone)
    // Its blobs go only when it is gone for good: a power cut must not bring back a manifest without them.
    await files.shelf.remove(`captures/${id.slice(7, 9)}/${id.slice(7)}.json`)
  } catch (cause) {
    throw storeError(cause, `thinning capture ${id}`)
  }
}
