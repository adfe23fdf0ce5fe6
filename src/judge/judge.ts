import type { Capture } from '#model/capture.ts'
import { canonicalJson } from '#model/canonical.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { sha256 } from '#model/digest.ts'
import { toErrorRecord } from '#model/errors.ts'
import { gapsOf } from '#model/gap.ts'
import type { JudgementParts } from '#model/judgement.ts'
import { type Observation, observationSchemaVersion } from '#model/observation.ts'
import type { Signature } from '#model/signature.ts'
import type { BlobStore, MemoStore } from '#model/store.ts'
import type { BlobKind, Derivation, DeriveContext } from '#derive/deriver.ts'
import { loadIndex } from '#derive/load-chain.ts'
import { siteOf } from '#model/site.ts'
import { conclude } from '#detect/conclusion.ts'
import type { BlockLists } from '#detect/block-lists.ts'
import type { Derived } from '#detect/contract.ts'
import { type Evidence, type FailedBlob, runDetectors } from '#detect/run.ts'
import { componentsOf } from '#inventory/components.ts'
import { hostPairsOf } from '#inventory/host-pairs.ts'
import { serversOf } from '#inventory/servers.ts'
import { trackersOf } from '#inventory/trackers.ts'
import { askedOf } from './asked.ts'
import { loadDetectors } from './detectors.ts'
import { createDerivePool, type DeriveLimits, defaultLimits, type TimeAllowance } from './derive-pool.ts'
import { deriversVersion, deriveTree, failed } from './derive-tree.ts'
import { askedOfVisitor, followUpsOf, nothingAsked } from './follow-ups.ts'
import { type PlannedBlob, planBlobs } from './plan.ts'
import { similaritiesOf } from './similarities.ts'

/** Changes whenever the fold, the placement, the inventory or what is asked for next could say something else of the same findings. */
const conclusionVersion = '4'

/** Processor time for all blobs of one page: thousands of ordinary scripts take a tenth of it, dozens that hang would take hours. */
const pageTimeMs = 600_000

/** Derivations kept in memory, of scripts up to so many octets. */
const recentKept = 500
const recentBytes = 128 * 1024

export interface JudgeOptions {
  blobs: BlobStore
  memo?: MemoStore
  signatures: readonly Signature[]
  /** Weak evidence: see the detector block-list. */
  blockLists?: BlockLists
  clock?: Clock
  limits?: DeriveLimits
}

export interface Judge {
  /** Digest over the versions of derivers, detectors, signatures and the conclusion. Complete once a capture was judged or `ready` resolved. */
  readonly version: string
  /** What the version is the digest of, complete at the same time. */
  readonly parts: JudgementParts
  ready(): Promise<void>
  judge(capture: Capture): Promise<Observation>
  close(): Promise<void>
}

/** What has no address of its own: a lone file. */
const unnamed = 'https://saved.invalid/'

/** A capture through derivers (in children that may be killed), detectors, inventory and the conclusion. Touches nothing but blobs and memos. */
export function createJudge(options: JudgeOptions): Judge {
  const clock = options.clock ?? systemClock
  const context = contextOf(options.signatures)
  const pool = createDerivePool(context, options.limits ?? defaultLimits)
  const keyPrefix = sha256(new TextEncoder().encode(`${deriversVersion} ${context.version}`)).slice('sha256:'.length, 'sha256:'.length + 16)
  const running = new Map<string, Promise<Derivation>>()
  const recent = new Map<string, Derivation>()
  let parts = partsOf(options, [])
  let version = versionOf(parts)

  let isReady = false
  const ready = async (): Promise<void> => {
    if (isReady) return
    parts = partsOf(options, await loadDetectors())
    version = versionOf(parts)
    isReady = true
  }

  /** Scripts that many pages share come again and again: reading their memo costs more than all else that is done with them. */
  function remember(key: string, blob: PlannedBlob, derivation: Derivation): void {
    if (blob.kind !== 'javascript' || blob.size > recentBytes) return
    recent.delete(key)
    recent.set(key, derivation)
    if (recent.size > recentKept) for (const oldest of recent.keys().take(1)) recent.delete(oldest)
  }

  async function derive(blob: PlannedBlob, allowance: TimeAllowance): Promise<Derivation> {
    const key = `${blob.kind}-${keyPrefix}-${blob.digest}`
    const before = running.get(key)
    if (before !== undefined) return before
    const derivation = deriveOnce(blob, key, allowance)
    running.set(key, derivation)
    try {
      return await derivation
    } finally {
      running.delete(key)
    }
  }

  async function deriveOnce(blob: PlannedBlob, key: string, allowance: TimeAllowance): Promise<Derivation> {
    const known = recent.get(key)
    if (known !== undefined) {
      remember(key, blob, known)
      return known
    }
    // Messages are short and many, and their reading is bounded: the way to a child costs more than they do.
    const kept = blob.kind === 'message' ? undefined : await options.memo?.getMemo(key)
    if (isDerivation(kept, blob)) {
      remember(key, blob, kept)
      return kept
    }
    let bytes: Uint8Array
    try {
      bytes = await options.blobs.get(blob.digest)
    } catch (error) {
      return failed(blob.kind, blob, toErrorRecord(error, 'STORE_CORRUPT'))
    }
    if (blob.kind === 'message') return deriveTree('message', bytes, context)
    const derivation = await pool.derive(blob.kind, bytes, allowance)
    // A child that was killed may have been unlucky; what a deriver itself says stays true.
    if (derivation.result.status === 'derived' || derivation.result.error.code === 'TOO_LARGE') await options.memo?.putMemo(key, derivation)
    if (derivation.result.status === 'derived') remember(key, blob, derivation)
    return derivation
  }

  return {
    get version() {
      return version
    },
    get parts() {
      return parts
    },
    ready,
    async judge(capture) {
      await ready()
      const planned = planBlobs(capture)
      const allowance = { leftMs: pageTimeMs }
      const derivations = await Promise.all(planned.map(async (blob) => ({ blob, derivation: await derive(blob, allowance) })))
      const evidence = {
        ...gather(capture, derivations, options.signatures),
        ...(options.blockLists === undefined ? {} : { blockLists: options.blockLists }),
      }
      const verdicts = runDetectors(await loadDetectors(), evidence)
      const makers = evidence.features.javascript.filter(({ runs, features }) => runs && features.workers.constructed > 0)
      const index = loadIndex(capture, new Set(makers.flatMap((script) => script.artifacts.map(({ id }) => id))))
      const conclusion = conclude(capture, verdicts, index)
      const inventory = componentsOf(capture, index)
      // A second look can only be made at what can be visited.
      const asked =
        capture.manifest.conditions.lane === 'browser' ? await askedOfVisitor(evidence.features.javascript, options.blobs) : nothingAsked
      const findings = verdicts.flatMap((verdict) => verdict.findings)
      const { html, javascript, wasm } = evidence.features
      const { manifest, id } = capture
      return {
        schema: 'assay.observation',
        schemaVersion: observationSchemaVersion,
        captureId: id,
        visitId: manifest.visitId,
        url: manifest.url,
        finalUrl: manifest.finalUrl,
        site: siteOf([manifest.finalUrl, manifest.url].find((url) => /^https?:/.test(url)) ?? unnamed),
        lane: manifest.conditions.lane,
        vantage: manifest.conditions.vantage,
        conditions: manifest.conditions,
        rank: manifest.seed.rank ?? null,
        tags: manifest.seed.tags,
        observedAt: manifest.startedAt,
        recordedAt: clock.now().toISOString(),
        judgement: version,
        reached: manifest.reached.page,
        conclusion,
        findings,
        verdicts,
        blindTo: verdicts.flatMap((verdict) => verdict.blindTo),
        gaps: [...gapsOf(manifest), ...inventory.gaps],
        asked: askedOf(capture),
        components: inventory.components,
        hostPairs: hostPairsOf(capture, index),
        servers: serversOf(capture),
        trackers: trackersOf(capture, [...html, ...javascript]),
        similarities: similaritiesOf(findings, [...javascript, ...wasm]),
        followUps: followUpsOf(capture, conclusion, verdicts, asked),
        error: manifest.error,
      }
    },
    close: () => pool.close(),
  }
}

/** What signatures ask derivers to look for. */
export function contextOf(signatures: readonly Signature[]): DeriveContext {
  const literals = [
    ...new Set(
      signatures.flatMap((signature) => [
        ...signature.literals.flat(),
        ...signature.calls.map(({ name }) => name.split('.')[0]!),
        ...signature.hosts,
        ...signature.poolHosts,
      ]),
    ),
  ]
    .filter((literal) => literal.length >= 3)
    .sort()
  const elements = signatures.flatMap((signature) => signature.elements.map(({ name, attribute, value }) => ({ name, attribute, value })))
  return { version: sha256(new TextEncoder().encode(canonicalJson({ literals, elements }))), literals, elements }
}

function partsOf(
  { signatures, blockLists }: Pick<JudgeOptions, 'signatures' | 'blockLists'>,
  detectors: readonly { meta: { id: string; version: string } }[],
): JudgementParts {
  return {
    derivers: deriversVersion,
    detectors: detectors.map(({ meta }) => `${meta.id}@${meta.version}`),
    signatures: Object.fromEntries(signatures.map((signature) => [signature.id, digestOf(signature)])),
    conclusion: conclusionVersion,
    ...(blockLists === undefined ? {} : { blockLists: blockLists.digest }),
  }
}

const digestOf = (value: object): string => sha256(Buffer.from(canonicalJson(value)))

const versionOf = (parts: JudgementParts): string => digestOf(parts)

function isDerivation(value: unknown, blob: PlannedBlob): value is Derivation {
  const derivation = value as Partial<Derivation> | null | undefined
  return (
    typeof derivation === 'object' &&
    derivation !== null &&
    derivation.kind === blob.kind &&
    derivation.digest === blob.digest &&
    derivation.result !== undefined
  )
}

/** Derivations, those inside others included, as detectors see them: one entry for each digest. */
function gather(
  capture: Capture,
  derivations: readonly { blob: PlannedBlob; derivation: Derivation }[],
  signatures: readonly Signature[],
): Evidence {
  const features: { [K in BlobKind]: Derived<K>[] } = { wasm: [], javascript: [], html: [], wgsl: [], message: [] }
  const missed: FailedBlob[] = []
  const byKey = new Map<string, Derived>()
  const add = (derivation: Derivation, blob: PlannedBlob, within: string[], runs: boolean): void => {
    const artifact = blob.artifacts[0]!
    const key = `${derivation.kind}:${derivation.digest}`
    const known = byKey.get(key)
    if (known !== undefined) {
      known.artifacts.push(...blob.artifacts.filter(({ id }) => !known.artifacts.some((other) => other.id === id)))
      known.runs ||= runs
      // Found as an artifact of its own: that is the better place to cite.
      if (within.length === 0 && known.within.length > 0) {
        known.within = []
        known.artifacts = [...blob.artifacts]
      }
    } else if (derivation.result.status === 'derived') {
      const derived = {
        digest: derivation.digest,
        size: derivation.size,
        artifacts: [...blob.artifacts],
        within,
        runs,
        features: derivation.result.features,
      } as Derived
      byKey.set(key, derived)
      push(features, derivation.kind, derived)
    } else if (derivation.result.error.code !== 'UNSUPPORTED' && runs) {
      missed.push({
        kind: derivation.kind,
        artifact,
        reason: `${[...within, derivation.kind].join(', ')}: ${derivation.result.error.message.slice(0, 200)}`,
      })
    }
    for (const inner of derivation.inner) add(inner, blob, [...within, inner.place], runs)
  }
  for (const { blob, derivation } of derivations) {
    add(derivation, blob, [], blob.runs)
  }
  return { capture, features, failed: missed, signatures }
}

function push(to: { [P in BlobKind]: Derived<P>[] }, kind: BlobKind, derived: Derived): void {
  ;(to[kind] as Derived[]).push(derived)
}
