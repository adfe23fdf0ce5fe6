import type { Finding } from '#model/finding.ts'
import type { CodeSimilarity } from '#model/observation.ts'
import type { Derived } from '#detect/contract.ts'

type Code = Pick<Derived<'javascript' | 'wasm'>, 'artifacts' | 'within' | 'features'>

/**
 * Similarity digests of the scripts and modules that findings of mining cite, each once. Evidence that lies in a layer (a script in a document, one that was
 * unpacked) is of that layer's code: what is around it is the packer's, or the page's.
 */
export function similaritiesOf(findings: readonly Finding[], code: readonly Code[]): CodeSimilarity[] {
  const found = new Map<string, CodeSimilarity>()
  for (const { artifact, at } of findings.filter(({ kind }) => kind === 'mining').flatMap(({ evidence }) => evidence)) {
    const carriers = code.filter(({ artifacts }) => artifacts.some(({ id }) => id === artifact))
    const inner = carriers.filter(({ within }) => within.length > 0 && isIn(at, within.join(', ')))
    const deepest = Math.max(...inner.map(({ within }) => within.length))
    const cited =
      inner.length > 0 ? inner.filter(({ within }) => within.length === deepest) : carriers.filter(({ within }) => within.length === 0)
    for (const { features } of cited)
      if (features.similarity !== null && !found.has(features.similarity))
        found.set(features.similarity, { digest: features.similarity, artifact })
  }
  return [...found.values()]
}

const isIn = (at: string, place: string): boolean => at === place || at.startsWith(`${place}, `)
