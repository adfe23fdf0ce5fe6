import type { ArtifactKind, RequestArtifact } from '#model/artifact.ts'
import { idPrefix } from '#model/artifact.ts'
import type { Action } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import { type Digest, sha256 } from '#model/digest.ts'
import type { BlobStore } from '#model/store.ts'
import { messageOf } from '#model/errors.ts'
import { portOf } from '#model/port.ts'
import type { CdpSession } from './browser/cdp.ts'
import type { TargetTree } from './browser/target-tree.ts'
import type { KnownBlobs } from './known-blobs.ts'
import type { KnownScript, ScriptRegistry, Target, VisitContext } from './collector.ts'
import { type FrameReading, readAllFrames } from './frame-reading.ts'
import { VisitHooks } from './page-hooks.ts'
import type { VisitPlan } from './visit-options.ts'

export interface VisitStateOptions {
  visitId: string
  plan: VisitPlan
  seedUrl: string
  userAgent: string
  product: string
  blobs: BlobStore
  knownBlobs: KnownBlobs
  browser: CdpSession
  browserContextId: string
  /** `process.hrtime` milliseconds at the visit's start. Chromium's MonotonicTime is the same clock. */
  startedMonotonicMs: number
  cutHost(host: string, port: number, reason: string): void
}

/** The state of one visit that its parts share. */
export class VisitState implements VisitContext {
  readonly visitId: string
  readonly plan: VisitPlan
  readonly seedUrl: string
  readonly userAgent: string
  readonly product: string
  readonly blobs: BlobStore
  readonly browser: CdpSession
  readonly browserContextId: string
  readonly scripts: ScriptRegistry = scriptRegistry()
  readonly hooks = new VisitHooks((id) => this.frameIdOf(id))
  readonly actions: Action[] = []
  readonly #options: VisitStateOptions
  readonly #counters = new Map<ArtifactKind, number>()
  readonly #frameIds = new Map<string, string>()
  readonly #bodies = new Map<string, Promise<Body>>()
  readonly #kept = new Map<string, Body>()
  readonly #requests: RequestArtifact[] = []
  readonly #documents = new Map<string, string>()
  #tree: TargetTree | null = null
  #keptBytes = 0
  #readings: Promise<FrameReading[]> | null = null

  constructor(options: VisitStateOptions) {
    this.#options = options
    this.visitId = options.visitId
    this.plan = options.plan
    this.seedUrl = options.seedUrl
    this.userAgent = options.userAgent
    this.product = options.product
    this.blobs = options.blobs
    this.browser = options.browser
    this.browserContextId = options.browserContextId
  }

  /** The tree needs the parts, and the parts need this: so it comes last. */
  set tree(tree: TargetTree) {
    this.#tree = tree
  }

  nowMs(): number {
    return round(Number(process.hrtime.bigint()) / 1e6 - this.#options.startedMonotonicMs)
  }

  fromMonotonic(seconds: number): number {
    return Math.max(0, round(seconds * 1_000 - this.#options.startedMonotonicMs))
  }

  nextId(kind: ArtifactKind): string {
    const number = (this.#counters.get(kind) ?? 0) + 1
    this.#counters.set(kind, number)
    return `${idPrefix[kind]}-${number}`
  }

  idFor(kind: ArtifactKind, list: { readonly isFull: boolean }): string {
    return list.isFull ? '' : this.nextId(kind)
  }

  frameIdOf(cdpFrameId: string | undefined): string | undefined {
    if (cdpFrameId === undefined) return undefined
    const known = this.#frameIds.get(cdpFrameId)
    if (known !== undefined) return known
    const id = this.nextId('frame')
    this.#frameIds.set(cdpFrameId, id)
    return id
  }

  documentUrl(cdpFrameId: string): string | undefined {
    return this.#documents.get(cdpFrameId)
  }

  /** First of all parts: the others ask what is shown where. */
  attach(target: Target): void {
    if (target.type !== 'page' && target.type !== 'iframe') return
    target.session.on('Page.frameNavigated', ({ frame }) =>
      this.#documents.set(frame.id, frame.unreachableUrl ?? frame.url + (frame.urlFragment ?? '')),
    )
  }

  targets(): readonly Target[] {
    return this.#tree?.all ?? []
  }

  isLive(target: Target): boolean {
    return this.#tree?.isLive(target) ?? false
  }

  droppedTargets(): number {
    return this.#tree?.dropped ?? 0
  }

  keep(bytes: Uint8Array, totalSize: number | null = bytes.length): Promise<Body> {
    const { maxBodyBytes, maxTotalBodyBytes } = this.plan.limits
    const cut = bytes.length > maxBodyBytes ? bytes.subarray(0, maxBodyBytes) : bytes
    const digest = sha256(cut)
    const isWhole = cut.length === totalSize
    const key = isWhole ? digest : `${digest} of ${totalSize}`
    const known = this.#bodies.get(key)
    if (known) return known
    if (this.#keptBytes + cut.length > maxTotalBodyBytes)
      return Promise.resolve({ status: 'lost', reason: `the visit's bodies are over ${maxTotalBodyBytes} octets` })
    this.#keptBytes += cut.length
    const body: Body = isWhole
      ? { status: 'stored', digest, size: cut.length }
      : { status: 'truncated', digest, size: cut.length, totalSize }
    if (isWhole) this.#kept.set(digest, body)
    const stored = this.blobs.put(cut).then(
      () => {
        this.#options.knownBlobs.note(digest, cut.length)
        return body
      },
      (cause: unknown): Body => {
        this.#kept.delete(digest)
        return { status: 'lost', reason: `could not be stored: ${messageOf(cause)}` }
      },
    )
    this.#bodies.set(key, stored)
    return stored
  }

  keptBody(sha256Hex: string): Body | undefined {
    return this.#kept.get(`sha256:${sha256Hex}`)
  }

  knowsEarlier(sha256Hex: string): boolean {
    return this.#options.knownBlobs.sizeOf(`sha256:${sha256Hex}`) !== undefined
  }

  async earlierBody(sha256Hex: string): Promise<Body | undefined> {
    const digest: Digest = `sha256:${sha256Hex}`
    const size = this.#options.knownBlobs.sizeOf(digest)
    return size !== undefined && (await this.blobs.has(digest)) ? { status: 'stored', digest, size } : undefined
  }

  readFrames(): Promise<FrameReading[]> {
    return (this.#readings ??= readAllFrames(this))
  }

  requests(): readonly RequestArtifact[] {
    return this.#requests
  }

  noteRequest(request: RequestArtifact): void {
    this.#requests.push(request)
  }

  act(action: Omit<Action, 'atMs'>): void {
    this.actions.push({ atMs: this.nowMs(), ...action })
  }

  cutPool(url: string, reason: string): void {
    const parsed = URL.parse(url)
    if (!parsed || parsed.hostname === '') return
    this.#options.cutHost(parsed.hostname, portOf(parsed), reason)
  }
}

function scriptRegistry(): ScriptRegistry {
  const scripts = new Map<string, KnownScript>()
  return {
    set: (targetId, v8ScriptId, script) => void scripts.set(`${targetId} ${v8ScriptId}`, script),
    get: (targetId, v8ScriptId) => scripts.get(`${targetId} ${v8ScriptId}`),
  }
}

const round = (ms: number): number => Math.round(ms * 10) / 10
