import { stat } from 'node:fs/promises'
import { openFileStore } from '#ledger/file-store.ts'
import { isFileStore } from '#ledger/files/format.ts'
import { type ErrorRecord, toErrorRecord } from '#model/errors.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import { Judges, lastAnswer } from './kept-answers.ts'
import { type KeptCapture, keptCaptures } from './kept-captures.ts'
import type { KnowledgeRequest } from './knowledge.ts'
import { judgeAgain } from './second-look.ts'
import { keptPage } from './reported-page.ts'

export interface ReportRequest {
  names: readonly string[]
  /** Data folder of captures that are named by their identifier. */
  dir: string
  /** Judges all of them again; else only those that were never judged. */
  again: boolean
  knowledge?: KnowledgeRequest
}

export type Reported = { name: string; page: ReportedPage } | { name: string; error: ErrorRecord }

/** Captures that are kept, each once → all that a report shows of them, with the answer that was given last. One that cannot be read is an error among the results. */
export async function* reportCaptures(
  request: ReportRequest,
  onProgress: (text: string) => void,
  signal: AbortSignal,
  onNote: (text: string) => void = () => {},
): AsyncGenerator<Reported> {
  await using judges = new Judges(request.knowledge, onProgress)
  const seen = new Set<string>()
  for (const name of request.names) {
    try {
      const removed = await removedFrom(name)
      if (removed > 0)
        onNote(
          `${name}: ${removed} captures were thinned or purged and are not in this report; study and hits count the answers of thinned ones`,
        )
      for await (const kept of keptCaptures(name, request.dir)) {
        if (signal.aborted) return
        if (seen.has(kept.id)) continue
        seen.add(kept.id)
        onProgress(`reading ${kept.id}`)
        yield await reported(kept, request.again, judges)
      }
    } catch (error) {
      yield { name, error: toErrorRecord(error) }
    }
  }
}

/** How many captures of a data folder are not there any more; 0 of anything else. */
async function removedFrom(name: string): Promise<number> {
  const isFolder = (await stat(name).catch(() => null))?.isDirectory() === true
  return isFolder && (await isFileStore(name)) ? (await (await openFileStore(name)).listTombstones()).size : 0
}

async function reported(kept: KeptCapture, again: boolean, judges: Judges): Promise<Reported> {
  try {
    const capture = await kept.store.getCapture(kept.id)
    const last = await lastAnswer(kept)
    const observation = (again ? null : last) ?? (await judgeAgain({ judge: await judges.of(kept), store: kept.store }, capture, last))
    return { name: kept.id, page: await keptPage(observation, capture, kept.store) }
  } catch (error) {
    return { name: kept.id, error: toErrorRecord(error) }
  }
}
