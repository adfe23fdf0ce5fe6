import { stat } from 'node:fs/promises'
import { type Imported, readCaptures } from '#archive/import.ts'
import { type SpilledBlobs, spilledBlobs } from '#archive/spilled-blobs.ts'
import { pageReached } from '#derive/page-reached.ts'
import { defaultLimits } from '#judge/derive-pool.ts'
import { type Judge, createJudge } from '#judge/judge.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { isFileStore } from '#ledger/files/format.ts'
import type { Capture } from '#model/capture.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError, type ErrorRecord, toErrorRecord } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import type { BlobStore } from '#model/store.ts'
import { type KnowledgeRequest, loadKnowledge, noKnowledge } from './knowledge.ts'
import { manifestFile, manifestIn } from './kept-captures.ts'
import { Lookahead } from './lookahead.ts'
import { reportedPage } from './reported-page.ts'

export type JudgedFile =
  /** `reported`: all that a report shows of it; to be asked for before the next one is. */
  { file: string; observation: Observation; reported(): Promise<ReportedPage> } | { file: string; error: ErrorRecord }

export interface JudgeEvents {
  onProgress(text: string): void
  onNote(text: string): void
}

interface Found {
  file: string
  /** Read when its turn comes: one that is damaged leaves the others alone. */
  capture(): Promise<Capture>
}

/**
 * Judges without a browser: captures of ours (a data folder, one manifest in it), archives, saved pages, scripts, modules, folders of them.
 * A file that cannot be read is one error among the results, never the end.
 */
export async function* judgeFiles(
  paths: readonly string[],
  events: JudgeEvents,
  signal: AbortSignal,
  knowledge: KnowledgeRequest = noKnowledge,
): AsyncGenerator<JudgedFile> {
  await using temporary = spilledBlobs()
  const blobs = new CurrentBlobs(temporary)
  // One judge for all: starting its children costs more than most files do.
  await using judge = closing(createJudge({ blobs, ...(await loadKnowledge(knowledge, null, events.onNote)) }))
  for (const path of paths) {
    if (signal.aborted) return
    events.onProgress(`reading ${path}`)
    try {
      const ahead = new Lookahead(defaultLimits.children + 1)
      const opened = await open(path, temporary, ahead, events, signal)
      blobs.current = opened.blobs
      let count = 0
      const judging = ahead.over(opened.found, (each) => {
        events.onProgress(`judging ${each.file}${++count > 1 ? ` (${count})` : ''}`)
        return judged(judge.value, each, opened.blobs)
      })
      for await (const each of judging) {
        yield each
        if (signal.aborted) return
      }
    } catch (error) {
      if (signal.aborted) return
      yield { file: path, error: toErrorRecord(error) }
    }
  }
}

/** The blobs of the path that is being judged. */
class CurrentBlobs implements BlobStore {
  current: BlobStore

  constructor(current: BlobStore) {
    this.current = current
  }

  put(bytes: Uint8Array): Promise<Digest> {
    return this.current.put(bytes)
  }

  get(digest: Digest): Promise<Uint8Array> {
    return this.current.get(digest)
  }

  has(digest: Digest): Promise<boolean> {
    return this.current.has(digest)
  }
}

async function judged(judge: Judge, { file, capture: read }: Found, blobs: BlobStore): Promise<JudgedFile> {
  try {
    const capture = await read()
    const observation = await judge.judge(capture)
    return { file, observation, reported: () => reportedPage(observation, capture, blobs, file) }
  } catch (error) {
    return { file, error: toErrorRecord(error) }
  }
}

async function open(
  path: string,
  temporary: SpilledBlobs,
  ahead: Lookahead,
  events: JudgeEvents,
  signal: AbortSignal,
): Promise<{ blobs: BlobStore; found: AsyncIterable<Found> | Iterable<Found> }> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `${path} is not there`, { cause })
  })
  if (info.isDirectory() && (await isFileStore(path))) {
    const store = await openFileStore(path)
    return { blobs: store, found: capturesOf(store, path) }
  }
  const kept = await manifestFile(path)
  if (kept !== null) return { blobs: kept.store, found: [{ file: path, capture: () => kept.store.getCapture(kept.id) }] }
  const imported = readCaptures(path, temporary, {
    classify: pageReached,
    signal,
    onSkip: (file, reason) => events.onNote(`assay: left out ${file}: ${reason}`),
    // A file is read when all of the one before were judged and shown, so that what that one held is free.
    onFile: async () => {
      await ahead.settled()
      await temporary.clear()
    },
    onRead: readingProgress(path, events),
  })
  return { blobs: temporary, found: foundOf(imported) }
}

async function* foundOf(imported: AsyncIterable<Imported>): AsyncGenerator<Found> {
  for await (const { file, capture } of imported) yield { file, capture: async () => capture }
}

/** Small files are read before anybody can look. */
function readingProgress(path: string, events: JudgeEvents): (octets: number, of: number) => void {
  let shown = -1
  return (octets, of) => {
    const percent = of === 0 ? 100 : Math.floor((octets / of) * 100)
    if (percent === shown) return
    shown = percent
    events.onProgress(`reading ${path}: ${percent} % of ${Math.round(of / 1_000_000)} MB`)
  }
}

async function* capturesOf(store: Awaited<ReturnType<typeof openFileStore>>, path: string): AsyncGenerator<Found> {
  for await (const id of store.listCaptures()) yield { file: manifestIn(path, id), capture: () => store.getCapture(id) }
}

function closing<T extends { close(): Promise<void> }>(value: T): { value: T; [Symbol.asyncDispose](): Promise<void> } {
  return { value, [Symbol.asyncDispose]: () => value.close() }
}
