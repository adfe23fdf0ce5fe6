import { artifactKinds } from './artifact.ts'
import type { CaptureManifest } from './capture.ts'

/** A list of the capture, or of the judgement (`component`), that is not whole. Whoever shows that list says so. */
export interface Gap {
  /** Kind of artifact, or `component`. */
  artifact: string
  status: 'truncated' | 'failed' | 'not-collected'
  /** Items that are there all the same. */
  kept: number
  /** Items that were counted and not kept, for `truncated`; 0 where they could not be counted. */
  dropped?: number
  /** Why, as a sentence without its full stop. */
  reason: string
}

/** Every list of a capture that is not whole, in the order of the kinds; one that the manifest does not name was not collected. */
export function gapsOf(manifest: Pick<CaptureManifest, 'artifacts'>): Gap[] {
  const kinds = [...new Set<string>([...artifactKinds, ...Object.keys(manifest.artifacts)])]
  return kinds.flatMap((artifact): Gap[] => {
    const collection = manifest.artifacts[artifact]
    if (collection === undefined) return [{ artifact, status: 'not-collected', kept: 0, reason: 'not in the capture' }]
    const kept = collection.items.length
    switch (collection.status) {
      case 'complete':
        return []
      case 'truncated':
        return [{ artifact, status: 'truncated', kept, dropped: collection.dropped, reason: collection.reason }]
      case 'failed':
        return [{ artifact, status: 'failed', kept, reason: collection.error.message }]
      case 'not-collected':
        return [{ artifact, status: 'not-collected', kept, reason: collection.reason }]
    }
  })
}
