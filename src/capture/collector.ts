import type { ArtifactByKind, ArtifactKind } from '#model/artifact.ts'
import type { Collection } from '#model/collection.ts'
import type { BlobStore } from '#model/store.ts'
import type { CdpSession } from './browser/cdp.ts'

export type TargetType = 'page' | 'iframe' | 'worker' | 'shared_worker' | 'service_worker' | 'worklet' | 'other'

/** One attached CDP target of the visit. `id` is the capture's own (`target-1`); the page is always `target-1`. */
export interface Target {
  readonly id: string
  readonly type: TargetType
  readonly cdpTargetId: string
  /** Type as CDP names it (`auction_worklet`, `shared_storage_worklet` …). */
  readonly cdpType: string
  readonly parentId: string | null
  /** The URL when it attached; may be empty. */
  readonly url: string
  readonly session: CdpSession
}

/** What every collector of one visit shares. */
export interface VisitContext {
  readonly visitId: string
  readonly blobs: BlobStore
  /** Milliseconds since `startedAt`, by the monotonic clock. */
  nowMs(): number
  /** CDP `MonotonicTime` (seconds) → milliseconds since `startedAt`. */
  fromMonotonic(seconds: number): number
  /** The capture's own identifiers, stable within the visit. */
  frameIdOf(cdpFrameId: string | undefined): string | undefined
  /** Script artifact of a V8 script in a target, where one was collected. */
  scriptIdOf(targetId: string, v8ScriptId: string): string | undefined
  /** Next identifier of a kind: `req-12`. */
  nextId(kind: ArtifactKind): string
  targets(): readonly Target[]
  /** Code to run in every document and worker before the page's own, in the main world. Called by `attach` only. */
  readonly limits: CaptureLimits
  /** Octets of the same blob are hashed and stored once. Resolves when stored; collectors await all of theirs in `finish`. */
  /** A page-side hook reported something: see page/. */
  onPageReport(name: string, listener: (targetId: string, payload: unknown) => void): void
}

/** Upper bounds of what one visit keeps; what is above is counted and named as truncated. */
export interface CaptureLimits {
  maxRequests: number
  maxBodyBytes: number
  maxTotalBodyBytes: number
  maxScripts: number
  maxWasmModules: number
  maxWasmBytes: number
  maxSockets: number
  maxFramesPerSocket: number
  maxFrameBytes: number
  maxTargets: number
  maxConsoleMessages: number
}

/**
 * Listens on CDP and yields one kind of artifact. A collector that throws fails its own kind, never the visit.
 * `attach` must not await: the target is held paused until every collector's commands were sent, back to back,
 * and awaiting before the resume deadlocks service workers.
 */
export interface Collector<K extends ArtifactKind = ArtifactKind> {
  readonly kind: K
  attach?(target: Target): void
  /** The target is gone. */
  detach?(target: Target): void
  /** The dwell is over and the page still lives: take what is read once (DOM, storage, cookies, screenshot). Bounded by the watchdog. */
  snapshot?(page: Target): Promise<void>
  /** Everything is over; the targets may be gone. Waits for what is still being stored. */
  finish(): Promise<Collection<ArtifactByKind[K]>>
}

export type CollectorFactory<K extends ArtifactKind = ArtifactKind> = (context: VisitContext) => Collector<K>
