import type { ArtifactByKind, ArtifactKind, RequestArtifact } from '#model/artifact.ts'
import type { Action } from '#model/capture.ts'
import type { Body, Collection } from '#model/collection.ts'
import type { BlobStore } from '#model/store.ts'
import type { CdpSession } from './browser/cdp.ts'
import type { FrameReading } from './frame-reading.ts'
import type { VisitPlan } from './visit-options.ts'

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
  /** Milliseconds since `startedAt`. */
  readonly attachedAtMs: number
  readonly session: CdpSession
}

/** What every collector and part of one visit shares. */
export interface VisitContext {
  readonly visitId: string
  readonly plan: VisitPlan
  readonly seedUrl: string
  /** As every request and every script of the visit sees it. */
  readonly userAgent: string
  /** `Chrome/156.0.8078.108`, the browser's own word. */
  readonly product: string
  readonly blobs: BlobStore
  /** The browser's own session, and the visit's own context in it. */
  readonly browser: CdpSession
  readonly browserContextId: string
  /** Milliseconds since `startedAt`, by the monotonic clock. */
  nowMs(): number
  /** CDP `MonotonicTime` (seconds) → milliseconds since `startedAt`. */
  fromMonotonic(seconds: number): number
  /** The capture's own identifiers, stable within the visit. */
  frameIdOf(cdpFrameId: string | undefined): string | undefined
  /** The address that a frame (by its CDP identifier) shows; one that could not be reached, not the browser's error page. */
  documentUrl(cdpFrameId: string): string | undefined
  /** Next identifier of a kind: `req-12`. */
  nextId(kind: ArtifactKind): string
  /** The next one for what goes onto this list; where it is full, what comes is only counted and takes no number. */
  idFor(kind: ArtifactKind, list: { readonly isFull: boolean }): string
  /** Every target that was attached, those that are gone too. */
  targets(): readonly Target[]
  isLive(target: Target): boolean
  /** How many targets came after the limit and were left alone. */
  droppedTargets(): number
  /**
   * Hashes and stores octets, each blob once. What is above the limit of one body is cut, what is above the visit's total is lost;
   * a store that fails loses the body, with the cause as reason.
   */
  keep(bytes: Uint8Array, totalSize?: number | null): Promise<Body>
  /** The stored body whose digest is this hex: of this visit, or of an earlier one whose blob is still there. */
  keptBody(sha256Hex: string): Body | undefined
  knowsEarlier(sha256Hex: string): boolean
  earlierBody(sha256Hex: string): Promise<Body | undefined>
  /** Identifiers of V8 scripts: what the script and wasm collectors made of them. */
  readonly scripts: ScriptRegistry
  /** The document and storage of every frame, read once for all who ask. Bounded in time. */
  readFrames(): Promise<FrameReading[]>
  /** Request artifacts so far, for those who look an initiator up by URL. */
  requests(): readonly RequestArtifact[]
  noteRequest(request: RequestArtifact): void
  /** What the visit does to the page, for the capture's record. */
  act(action: Omit<Action, 'atMs'>): void
  /** Says that a share was seen going to a pool: its host is cut. */
  cutPool(url: string, reason: string): void
  readonly hooks: PageHooks
}

/** V8 script of a target → its artifact (`script-3`, `wasm-1`) and the frame that it runs in. */
export interface ScriptRegistry {
  set(targetId: string, v8ScriptId: string, script: KnownScript): void
  get(targetId: string, v8ScriptId: string): KnownScript | undefined
}

export interface KnownScript {
  artifactId: string
  frameId: string | undefined
  isWasm: boolean
}

/**
 * Code of ours that runs in the page's world, before the page's own, in every document and as far as CDP allows in every worker.
 * It reports through a function that only it knows: the binding is taken from the global and removed before the page runs.
 */
export interface PageHooks {
  /**
   * `source` is the text of a function expression `(report, place) => { … }`: `report(payload)` takes what JSON can hold, `place` is
   * `'document'` or `'worker'`. Must be added before the page is navigated. It must never throw, and never await.
   */
  add(name: string, source: string, where?: 'documents' | 'everywhere'): void
  /** `payload` comes from a place that the page shares: parse it as hostile. */
  onReport(name: string, listener: (target: Target, payload: unknown, frameId: string | undefined) => void): void
  /** How many reports of a hook were too many, too long or unreadable: what it tells of is then not whole. */
  lost(name: string): number
  /** Whether a script is one of ours, by the digest that V8 gives it. */
  isOwn(sha256Hex: string): boolean
  /** Marks the text of a program of ours, in whatever world it runs, and returns it. */
  own(source: string): string
}

/** Something that takes part in a visit. */
export interface VisitPart {
  /**
   * A new target, held paused. Must not await: the target goes on when every part's commands were sent, back to back,
   * and awaiting before that deadlocks service workers.
   */
  attach?(target: Target): void
  /** The target is gone. */
  detach?(target: Target): void
  /** The page has loaded, or the time to load is over. Runs beside the dwell; `signal` ends with the dwell. */
  dwell?(page: Target, signal: AbortSignal): Promise<void>
  /** The dwell is over and the page still lives: take what is read once (DOM, storage, cookies, screenshot). The watchdog cuts it short after `budgetMs`. */
  snapshot?(page: Target, budgetMs: number): Promise<void>
}

/** Listens on CDP and yields one kind of artifact. A collector that throws fails its own kind, never the visit. */
export interface Collector<K extends ArtifactKind = ArtifactKind> extends VisitPart {
  readonly kind: K
  /** Everything is over; the targets may be gone. Waits for what is still being stored. */
  finish(): Promise<Collection<ArtifactByKind[K]>>
}

export type CollectorFactory<K extends ArtifactKind = ArtifactKind> = (context: VisitContext) => Collector<K>
