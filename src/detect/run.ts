import type { ArtifactByKind, ArtifactKind } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body, Collection } from '#model/collection.ts'
import type { Blindness, Finding, Verdict } from '#model/finding.ts'
import type { Signature } from '#model/signature.ts'
import { toErrorRecord } from '#model/errors.ts'
import type { BlobKind, FeaturesByBlobKind } from '#derive/deriver.ts'
import type { BlockLists } from './block-lists.ts'
import type { Derived, Detector, DetectorInput } from './contract.ts'

/** A blob whose derivation failed, so that nobody knows what is in it. */
export interface FailedBlob {
  kind: BlobKind
  artifact: { id: string; kind: ArtifactKind; url: string }
  reason: string
}

export interface Evidence {
  capture: Capture
  features: { readonly [K in BlobKind]: readonly Derived<K>[] }
  failed: readonly FailedBlob[]
  signatures: readonly Signature[]
  blockLists?: BlockLists
}

/** Runs detectors over one capture: those of the first stage, then those that join findings. A detector that throws is one failed verdict. */
export function runDetectors(detectors: readonly Detector[], evidence: Evidence): Verdict[] {
  const first = detectors.filter((detector) => detector.needs.findings !== true).map((detector) => runOne(detector, evidence, []))
  const findings = first.flatMap((verdict) => verdict.findings)
  const second = detectors.filter((detector) => detector.needs.findings === true).map((detector) => runOne(detector, evidence, findings))
  return [...first, ...second]
}

function runOne(detector: Detector, evidence: Evidence, findings: readonly Finding[]): Verdict {
  const { manifest, id } = evidence.capture
  const verdict: Verdict = {
    detector: detector.meta.id,
    version: detector.meta.version,
    findings: [],
    blindTo: blindness(detector, evidence),
    error: null,
  }
  const asked: Partial<Record<ArtifactKind, Collection<ArtifactByKind[ArtifactKind]>>> = {}
  for (const kind of detector.needs.artifacts) asked[kind] = artifacts(evidence.capture, kind)
  const features: { [K in BlobKind]?: readonly Derived<K>[] } = {}
  for (const kind of detector.needs.features) pick(features, evidence.features, kind)
  const input = {
    captureId: id,
    url: manifest.url,
    finalUrl: manifest.finalUrl,
    reached: manifest.reached.page,
    conditions: manifest.conditions,
    artifacts: asked,
    features,
    signatures: evidence.signatures,
    blockLists: evidence.blockLists ?? null,
    findings,
  }
  try {
    // Only what it asked for is there; the types of the detector say so, and `Detector` alone does not know which.
    verdict.findings = detector.detect(input as unknown as DetectorInput)
    if (detector.hides !== undefined && verdict.blindTo.length > 0)
      verdict.blindTo = [...detector.hides(input as unknown as DetectorInput, verdict.blindTo)]
  } catch (error) {
    verdict.error = toErrorRecord(error)
    for (const artifact of detector.hiddenBy)
      verdict.blindTo.push({ artifact, reason: `the detector ${detector.meta.id} failed: ${verdict.error.message.slice(0, 200)}` })
  }
  return verdict
}

function pick(to: { [P in BlobKind]?: readonly Derived<P>[] }, from: Evidence['features'], kind: BlobKind): void {
  Object.assign(to, { [kind]: from[kind] })
}

/**
 * What was missing that could have hidden a finding of this detector. A kind that a lane cannot hold at all is not asked of it
 * (`asked` in the observation says so); in a browser's capture it is missing.
 */
export function blindness(detector: Pick<Detector, 'hiddenBy' | 'needs'>, evidence: Evidence): Blindness[] {
  const blind: Blindness[] = []
  const inBrowser = evidence.capture.manifest.conditions.lane === 'browser'
  for (const kind of detector.hiddenBy) {
    const collection = artifacts(evidence.capture, kind)
    if (collection.status === 'failed')
      blind.push({ artifact: kind, reason: `artifacts of the kind ${kind} could not be collected: ${collection.error.message}` })
    else if (collection.status === 'truncated')
      blind.push({ artifact: kind, reason: `${collection.dropped} of the kind ${kind} were not kept: ${collection.reason}` })
    else if (collection.status === 'not-collected' && inBrowser)
      blind.push({ artifact: kind, reason: `artifacts of the kind ${kind} were not collected: ${collection.reason}` })
    if (kind === 'script' || kind === 'wasm') {
      for (const item of artifacts(evidence.capture, kind).items) {
        const reason = missing(item.body, inBrowser)
        if (reason !== null) blind.push({ artifact: kind, reason: `${item.id} (${item.url.slice(0, 120)}): ${reason}` })
      }
    }
    // An archive has inline code in its documents only; a browser gives it as scripts.
    if (kind === 'script' && !inBrowser) {
      for (const { id, url, resourceType, body } of artifacts(evidence.capture, 'request').items) {
        const reason = resourceType === 'document' ? missing(body, inBrowser) : null
        if (reason !== null) blind.push({ artifact: 'request', reason: `${id} (${url.slice(0, 120)}): ${reason}` })
      }
    }
  }
  const needed: ReadonlySet<BlobKind> = new Set(detector.needs.features)
  const hidden: ReadonlySet<ArtifactKind> = new Set(detector.hiddenBy)
  if (inBrowser && (hidden.has('script') || hidden.has('wasm'))) blind.push(...silentWorkers(evidence.capture))
  for (const { kind, artifact, reason } of evidence.failed) {
    if (needed.has(kind) && (hidden.has(artifact.kind) || artifact.kind === 'request' || artifact.kind === 'dom'))
      blind.push({ artifact: artifact.kind, reason: `${artifact.id} (${artifact.url.slice(0, 120)}): ${reason}` })
  }
  return blind.slice(0, 40)
}

/**
 * Threads that were there and of whose code nothing was collected: a visit that ended too early, a thread that answered no more. One that ended
 * before it could tell has its code from another thread of the same address, or from the response that brought it.
 */
function silentWorkers(capture: Capture): Blindness[] {
  const scripts = artifacts(capture, 'script').items
  const told = new Set(scripts.map(({ targetId }) => targetId))
  const read = new Set([
    ...scripts.map(({ url }) => url),
    ...artifacts(capture, 'request')
      .items.filter(
        ({ body, resourceType }) => body.status === 'stored' && /^(?:script|worker|sharedworker|serviceworker|other)$/.test(resourceType),
      )
      .map(({ url }) => url),
  ])
  const failed = new Set(
    artifacts(capture, 'request')
      .items.filter(({ failure, response }) => failure !== undefined || (response?.status ?? 0) >= 400)
      .map(({ url }) => url),
  )
  return artifacts(capture, 'worker')
    .items.filter(({ type, targetId, url }) => type !== 'worklet' && !told.has(targetId) && !read.has(url) && !failed.has(url))
    .map(({ id, url }): Blindness => ({
      artifact: 'script',
      reason: `${id} (${url.slice(0, 120)}): a thread started, and nothing of its code was collected`,
    }))
}

function missing(body: Body, inBrowser: boolean): string | null {
  if (body.status === 'lost') return inBrowser ? `its octets were lost: ${body.reason}` : null
  return body.status === 'truncated' ? `only its first ${body.size} octets were kept` : null
}

export type { FeaturesByBlobKind }
