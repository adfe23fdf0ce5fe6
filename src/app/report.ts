import { type Judge, createJudge } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { type ErrorRecord, toErrorRecord } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { type KeptCapture, keptCaptures } from './kept-captures.ts'
import { reportedPage } from './reported-page.ts'

export interface ReportRequest {
  names: readonly string[]
  /** Data folder of captures that are named by their identifier. */
  dir: string
  /** Judges all of them again; else only those that were never judged. */
  again: boolean
}

export type Reported = { name: string; page: ReportedPage } | { name: string; error: ErrorRecord }

/** Captures that are kept → all that a report shows of them, with the answer that was given last. One that cannot be read is an error among the results. */
export async function* reportCaptures(
  request: ReportRequest,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): AsyncGenerator<Reported> {
  await using judges = new Judges()
  for (const name of request.names) {
    try {
      for await (const kept of keptCaptures(name, request.dir)) {
        if (signal.aborted) return
        onProgress(`reading ${kept.id}`)
        yield await reported(kept, request.again, judges)
      }
    } catch (error) {
      yield { name, error: toErrorRecord(error) }
    }
  }
}

async function reported(kept: KeptCapture, again: boolean, judges: Judges): Promise<Reported> {
  try {
    const capture = await kept.store.getCapture(kept.id)
    const observation = (again ? null : await lastAnswer(kept)) ?? (await judges.of(kept)).judge(capture)
    return { name: kept.id, page: await reportedPage(await observation, capture, kept.store) }
  } catch (error) {
    return { name: kept.id, error: toErrorRecord(error) }
  }
}

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

  async of({ store }: KeptCapture): Promise<Judge> {
    const known = this.#byDir.get(store.dir)
    if (known !== undefined) return known
    const judge = createJudge({ blobs: store, memo: store, signatures: await loadSignatures() })
    this.#byDir.set(store.dir, judge)
    return judge
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const judge of this.#byDir.values()) await judge.close()
  }
}
