import { createJudge } from '#judge/judge.ts'
import { defaultLimits } from '#judge/derive-pool.ts'
import { findingChanges, isChanged, whyChanged } from '#judge/why-changed.ts'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { hasLedger } from '#ledger/has-ledger.ts'
import { openLedger } from '#ledger/ledger.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError, toErrorRecord } from '#model/errors.ts'
import { type Finding, foundStatuses, type Status } from '#model/finding.ts'
import type { JudgementParts } from '#model/judgement.ts'
import type { Observation } from '#model/observation.ts'
import { type RejudgedChange, type RejudgedFailure, rejudgementSchemaVersion, type RejudgeSummary } from '#model/rejudgement.ts'
import { requireDataFolder } from './data-folder.ts'
import { judgeAgain } from './second-look.ts'
import { keepJudgement, type KnowledgeRequest, loadKnowledge } from './knowledge.ts'

export interface RejudgeRequest {
  data: string
  /** A served PostgreSQL instead of the embedded one. */
  database: string | null
  /** Visits of this moment and later. */
  since: Date | null
  knowledge: KnowledgeRequest
}

export interface RejudgeEvents {
  onProgress(done: number, of: number): void
  onNote(text: string): void
}

/**
 * Every kept capture through the detectors and signatures of today. Answers are added, none is changed; what has been judged under this
 * version already is not judged again, so that the same command goes on after an interruption and says the same. Yields what changed, the summary last.
 */
export async function* rejudge(
  request: RejudgeRequest,
  events: RejudgeEvents,
  signal: AbortSignal,
): AsyncGenerator<RejudgedChange | RejudgedFailure | RejudgeSummary> {
  await requireDataFolder(request.data)
  await using undo = new AsyncDisposableStack()
  const { store, record } = await openRecord(request, undo)
  const knowledge = await loadKnowledge(request.knowledge, request.data, events.onNote)
  const judge = undo.adopt(createJudge({ blobs: store, memo: store, ...knowledge }), (it) => it.close())
  await keepJudgement(judge, store)
  const parts = partsReader(store)
  const summary: RejudgeSummary = {
    schema: 'assay.rejudge',
    schemaVersion: rejudgementSchemaVersion,
    judgement: judge.version,
    captures: 0,
    looked: 0,
    judged: 0,
    judgedBefore: 0,
    changed: 0,
    failed: 0,
    interrupted: false,
  }
  const ids = await Array.fromAsync(store.listCaptures())
  summary.captures = new Set(ids).size

  async function one(id: Digest): Promise<RejudgedChange | RejudgedFailure | null> {
    try {
      const known = await beliefsOf(store, id, judge.version)
      if (request.since !== null) {
        const observedAt = (known.now ?? known.before)?.observedAt ?? (await store.getCapture(id)).manifest.startedAt
        if (new Date(observedAt) < request.since) return null
      }
      summary.looked++
      let after = known.now
      if (after === null) {
        after = await judgeAgain({ judge, store }, await store.getCapture(id), known.before)
        await record(after)
        summary.judged++
      } else summary.judgedBefore++
      const changes = findingChanges(known.before, after)
      // Judged under this version alone: nothing to be held against.
      if (known.now !== null && known.before === null) return null
      if (!isChanged(known.before, after, changes)) return null
      if (known.before === null && !worthTelling.has(after.conclusion.status)) return null
      summary.changed++
      const before = known.before === null ? null : { observation: known.before, parts: await parts(known.before.judgement) }
      return {
        schema: 'assay.rejudged',
        schemaVersion: rejudgementSchemaVersion,
        captureId: id,
        url: after.url,
        site: after.site,
        observedAt: after.observedAt,
        before: known.before === null ? null : beliefOf(known.before),
        after: beliefOf(after),
        came: changes.came.map(told),
        went: changes.went.map(told),
        why: whyChanged(before, { observation: after, parts: judge.parts }, changes),
      }
    } catch (error) {
      // A folder that cannot be written to stops it all; a capture that cannot be read is one of many.
      if (
        error instanceof AssayError &&
        ['DISK_FULL', 'STORE_DENIED', 'STORE_UNREACHABLE', 'STORE_BUSY', 'DATABASE_FAILED', 'INTERRUPTED'].includes(error.code)
      )
        throw error
      summary.failed++
      return { schema: 'assay.rejudge-failure', schemaVersion: rejudgementSchemaVersion, captureId: id, error: { ...toErrorRecord(error) } }
    }
  }

  const waiting = [...new Set(ids)].values()
  const running: Promise<RejudgedChange | RejudgedFailure | null>[] = []
  let done = 0
  for (;;) {
    while (!signal.aborted && running.length < defaultLimits.children) {
      const next = waiting.next()
      if (next.done) break
      running.push(one(next.value))
    }
    const first = running.shift()
    if (first === undefined) break
    const result = await first
    events.onProgress(++done, summary.captures)
    if (result !== null) yield result
  }
  summary.interrupted = signal.aborted && done < summary.captures
  yield summary
}

/** Of captures that were never judged. */
const worthTelling: ReadonlySet<Status> = new Set([...foundStatuses, 'opt-in', 'hint', 'inconclusive'])

/** Where answers go: the files, and the index where there is one. */
async function openRecord(
  { data, database }: RejudgeRequest,
  undo: AsyncDisposableStack,
): Promise<{ store: FileStore; record(observation: Observation): Promise<void> }> {
  if (database === null && !(await hasLedger(data))) {
    const store = await openFileStore(data)
    return { store, record: (observation) => store.appendObservation(observation) }
  }
  const ledger = undo.adopt(await openLedger({ dataDir: data, ...(database === null ? {} : { database }) }), (it) => it.close())
  return {
    store: ledger.files,
    async record(observation) {
      // What no visit was ever accepted for (a worker that lost its turn) does not begin to count by being judged again.
      if ((await ledger.files.getVisit(observation.visitId)) === null) await ledger.files.appendObservation(observation)
      else await ledger.record(observation)
    },
  }
}

/** The answer under this version, where there is one, and the last one under any other. */
async function beliefsOf(store: FileStore, id: Digest, version: string): Promise<{ now: Observation | null; before: Observation | null }> {
  let [now, before]: (Observation | null)[] = [null, null]
  for await (const observation of store.observationsOf(id)) {
    if (observation.judgement === version) now = observation
    else if (before == null || observation.recordedAt >= before.recordedAt) before = observation
  }
  return { now: now ?? null, before: before ?? null }
}

/** What versions were made of, as far as it was kept. */
function partsReader(store: FileStore): (judgement: string) => Promise<JudgementParts | null> {
  const known = new Map<string, Promise<JudgementParts | null>>()
  const read = async (judgement: string): Promise<JudgementParts | null> => {
    try {
      const parts = JSON.parse(Buffer.from(await store.get(judgement as Digest)).toString('utf8')) as Partial<JudgementParts>
      return typeof parts.signatures === 'object' && typeof parts.derivers === 'string' ? (parts as JudgementParts) : null
    } catch {
      return null
    }
  }
  return (judgement) => {
    const before = known.get(judgement) ?? read(judgement)
    known.set(judgement, before)
    return before
  }
}

const beliefOf = ({ judgement, recordedAt, conclusion }: Observation): RejudgedChange['after'] => ({
  judgement,
  recordedAt,
  status: conclusion.status,
  mining: { ...conclusion.mining },
  sentence: conclusion.sentence,
})

function told({ weight: _, evidence, asksFirst, ...finding }: Finding): RejudgedChange['came'][number] {
  return { ...finding, evidence: evidence.map((each) => ({ ...each })), ...(asksFirst === undefined ? {} : { asksFirst }) }
}
