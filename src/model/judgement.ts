/**
 * What a version of the judgement is made of. Its digest (over the canonical JSON) is what observations name; the parts are kept as a blob
 * under that digest, so that two versions can be compared later.
 */
export interface JudgementParts {
  derivers: string
  /** `id@version` each. */
  detectors: string[]
  /** Identifier → digest of the signature. */
  signatures: Record<string, string>
  conclusion: string
  /** Digest over the block lists; absent where there were none. */
  blockLists?: string
}
