import { type Judge, createJudge } from '#judge/judge.ts'
import type { Observation } from '#model/observation.ts'
import type { KeptCapture } from './kept-captures.ts'
import { type KnowledgeRequest, loadKnowledge, noKnowledge } from './knowledge.ts'

/** The answer that was written last; null where none was kept. */
export async function lastAnswer({ store, id }: KeptCapture): Promise<Observation | null> {
  let last: Observation | null = null
  for await (const observation of store.observationsOf(id))
    if (last === null || observation.recordedAt >= last.recordedAt) last = observation
  return last
}

/** One judge a data folder, started when it is needed: starting its children costs more than most captures do. */
export class Judges {
  readonly #byDir = new Map<string, Judge>()
  readonly #knowledge: KnowledgeRequest
  readonly #onNote: (text: string) => void

  constructor(knowledge: KnowledgeRequest = noKnowledge, onNote: (text: string) => void = () => {}) {
    this.#knowledge = knowledge
    this.#onNote = onNote
  }

  async of({ store }: KeptCapture): Promise<Judge> {
    const known = this.#byDir.get(store.dir)
    if (known !== undefined) return known
    const judge = createJudge({ blobs: store, memo: store, ...(await loadKnowledge(this.#knowledge, store.dir, this.#onNote)) })
    this.#byDir.set(store.dir, judge)
    return judge
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const judge of this.#byDir.values()) await judge.close()
  }
}
