import { artifacts, type Capture } from '#model/capture.ts'
import type { Finding } from '#model/finding.ts'

/**
 * Hash code that explains and does not accuse (SHA-256 is everybody's) is the miner's where it stands in the very workers that were seen
 * hashing: then it says where the miner lies. On a page's own thread there is other code, so it says nothing there.
 */
export function enginesOf(capture: Capture, deciding: readonly Finding[], findings: readonly Finding[]): Finding[] {
  const cited = new Set(
    deciding.filter(({ detector }) => detector === 'thread-load').flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)),
  )
  const workers = new Set(artifacts(capture, 'worker').items.map(({ targetId }) => targetId))
  const busy = new Set(
    artifacts(capture, 'cpu').items.flatMap(({ id, targetId }) => (cited.has(id) && workers.has(targetId) ? [targetId] : [])),
  )
  if (busy.size === 0) return []
  const code = new Set(
    [...artifacts(capture, 'wasm').items, ...artifacts(capture, 'script').items].flatMap(({ id, targetId }) =>
      busy.has(targetId) ? [id] : [],
    ),
  )
  return findings.filter(
    ({ kind, weight, evidence }) =>
      weight === 'context' &&
      (kind === 'proof-of-work' || kind === 'crypto-library') &&
      evidence.some(({ artifact }) => code.has(artifact)),
  )
}
