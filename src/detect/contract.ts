import type { ArtifactByKind, ArtifactKind } from '#model/artifact.ts'
import type { Conditions, PageReached } from '#model/capture.ts'
import type { Collection } from '#model/collection.ts'
import type { Digest } from '#model/digest.ts'
import type { Blindness, Evidence, Finding, FindingKind } from '#model/finding.ts'
import type { Signature } from '#model/signature.ts'
import type { BlobKind, FeaturesByBlobKind } from '#derive/deriver.ts'
import type { BlockLists } from './block-lists.ts'

/** Features of one blob, with the artifacts that carry it: one script loaded by three frames is one entry. */
export interface Derived<K extends BlobKind = BlobKind> {
  digest: Digest
  size: number
  /** Artifacts whose body it is, or holds it. The first is the one to cite. */
  artifacts: { id: string; kind: ArtifactKind; url: string; targetId: string | null; frameId: string | null }[]
  /** Set where the blob was found inside another: layers from the artifact inwards (`base64 at offset 1,204`). */
  within: string[]
  /** Whether a browser would run it or did run it. False for a script that no document of an archive loads, a `text/plain` file. */
  runs: boolean
  features: FeaturesByBlobKind[K]
}

/** What a detector sees: the capture's frame of reference, and what it asked for. Collections keep their status. */
export interface DetectorInput<A extends ArtifactKind = ArtifactKind, F extends BlobKind = BlobKind> {
  captureId: Digest
  url: string
  finalUrl: string
  reached: PageReached
  conditions: Conditions
  artifacts: { readonly [K in A]: Collection<ArtifactByKind[K]> }
  features: { readonly [K in F]: readonly Derived<K>[] }
  signatures: readonly Signature[]
  /** Lists that the operator named; null where there are none. */
  blockLists: BlockLists | null
  /** Findings of the first stage; empty unless `needs.findings`. */
  findings: readonly Finding[]
}

/**
 * One line of evidence: meta, what it reads, and a pure function. A new one is a file in `detectors/` that exports `detector`;
 * the registry is read from the folder (see docs/adding-a-detector.md).
 */
export interface Detector<A extends ArtifactKind = ArtifactKind, F extends BlobKind = BlobKind> {
  readonly meta: {
    readonly id: string
    /** Changes whenever the same input could give another verdict. */
    readonly version: string
    readonly title: string
    readonly kinds: readonly FindingKind[]
    /** What it cannot tell, for the generated table. */
    readonly limits: string
  }
  readonly needs: {
    readonly artifacts: readonly A[]
    readonly features: readonly F[]
    /** Set for a detector of the second stage, which joins what the first stage found with artifacts of its own. */
    readonly findings?: true
  }
  /** Artifact kinds whose absence could have hidden a finding. Others that it reads only help. */
  readonly hiddenBy: readonly A[]
  detect(input: DetectorInput<A, F>): Finding[]
  /** Of what was missing, what could have hidden a finding on this page; all of it where a detector does not say. */
  hides?(input: DetectorInput<A, F>, missing: readonly Blindness[]): readonly Blindness[]
}

/** Types a detector by what it needs. */
export function defineDetector<const A extends ArtifactKind, const F extends BlobKind>(detector: Detector<A, F>): Detector<A, F> {
  return detector
}

export function evidence(input: { captureId: Digest }, artifact: string, at: string, reason: string): Evidence {
  return { captureId: input.captureId, artifact, at, reason }
}
