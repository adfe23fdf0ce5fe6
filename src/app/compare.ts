import { compareCaptures, type ComparedSide } from '#inventory/compare.ts'
import { type SimilarityDigest, similarityDigest } from '#derive/similarity.ts'
import type { Comparison } from '#model/comparison.ts'
import { AssayError } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import { Judges, lastAnswer } from './kept-answers.ts'
import { type KeptCapture, keptCaptures } from './kept-captures.ts'
import type { KnowledgeRequest } from './knowledge.ts'
import { reportedPage } from './reported-page.ts'

/**
 * Compares two captures that are kept. The answers that were kept count where both are of one judgement; else both are judged again, so
 * that a change of ours never looks like a change of the page.
 */
export async function comparePages(
  o: { before: string; after: string; dir: string; knowledge?: KnowledgeRequest },
  onProgress: (text: string) => void,
): Promise<Comparison> {
  const [before, after] = [await only(o.before, o.dir), await only(o.after, o.dir)]
  await using judges = new Judges(o.knowledge, onProgress)
  onProgress('comparing')
  const [first, second] = [await lastAnswer(before), await lastAnswer(after)]
  const asOne = first !== null && second !== null && first.judgement === second.judgement
  return compareCaptures(await side(before, asOne ? first : null, judges), await side(after, asOne ? second : null, judges))
}

async function only(name: string, dir: string): Promise<KeptCapture> {
  const found = await Array.fromAsync(keptCaptures(name, dir))
  const [one] = found
  if (one === undefined) throw new AssayError('NOT_FOUND', `${name} holds no capture`)
  if (found.length > 1)
    throw new AssayError('BAD_ARGUMENT', `${name} holds ${found.length} captures`, { hint: 'Name one by its identifier or its manifest.' })
  return one
}

async function side(kept: KeptCapture, answer: Observation | null, judges: Judges): Promise<ComparedSide> {
  const capture = await kept.store.getCapture(kept.id)
  const observation = answer ?? (await (await judges.of(kept)).judge(capture))
  const similarities = new Map<string, SimilarityDigest>()
  for (const { digest } of observation.components) {
    if (digest === null || similarities.has(digest)) continue
    const octets = await kept.store.get(digest).catch(() => null)
    if (octets !== null) similarities.set(digest, similarityDigest(octets))
  }
  const { conversations } = await reportedPage(observation, capture, kept.store)
  return { capture, observation, conversations, similarities }
}
