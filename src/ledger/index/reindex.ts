import type { Observation } from '#model/observation.ts'
import { sha256 } from '#model/digest.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { FileStore } from '../file-store.ts'
import type { VisitRecord } from '../visit-record.ts'
import { foldAgain } from './fold.ts'
import { reindexImported } from './study-questions.ts'
import { writeIndex } from './write.ts'

export interface ReindexReport {
  visits: number
  observations: number
  /** Of the whole index; equal before and after where SQL and files agree. */
  before: string
  after: string
}

const batchSize = 500

/** Drops the index and makes it again from the files, in one transaction; people's decisions stay. */
export async function reindex(database: Database, files: FileStore, onProgress: (done: number) => void = () => {}): Promise<ReindexReport> {
  return database.transaction(async (transaction) => {
    await foldAgain(transaction)
    const before = await indexDigest(transaction)
    // Writers come by the visits and questions by the names: in this order none of them waits for what waits for it.
    await transaction.query('lock table assay.visits in share row exclusive mode')
    // A fold of a study has arrays as long as the largest number is large.
    await transaction.query(
      'truncate assay.subject_names, assay.observations, assay.findings, assay.servers, assay.visits restart identity',
    )
    let visits = 0
    for await (const batch of batches(files.listVisits())) {
      await writeIndex(transaction, batch, [])
      onProgress((visits += batch.length))
    }
    let observations = 0
    for await (const batch of batches<Observation>(files.listObservations())) {
      await writeIndex(transaction, [], batch)
      onProgress(visits + (observations += batch.length))
    }
    await reindexImported(transaction, files.shelf)
    await foldAgain(transaction)
    await rescheduleFromVisits(transaction)
    return { visits, observations, before, after: await indexDigest(transaction) }
  })
}

/** What each seed wants next follows from what was visited. */
async function rescheduleFromVisits(transaction: Queryable): Promise<void> {
  await transaction.query(`
    update assay.seeds s set
      next_round = case when done.round < c.rounds then done.round end,
      next_at = case when done.round < c.rounds then c.starts_at + done.round * coalesce(c.every_ms, 0) * interval '1 millisecond' end,
      lane = c.first_lane, repeat = 0, inclusion = null, drawn = null, tried = '[]', attempts = 0
    from assay.crawls c, (select crawl, url, max(round) + 1 as round from assay.visits where crawl is not null and is_last group by crawl, url) done
    where c.name = s.crawl and done.crawl = s.crawl and done.url = s.url and done.round > coalesce(s.next_round, c.rounds)`)
}

/** Table or view, and an order of its rows that no locale changes. */
const tables: Record<string, string> = {
  visits: 't.visit_id collate "C"',
  observations: 't.capture_id collate "C", t.judgement collate "C"',
  subjects: 't.capture_id collate "C", t.judgement collate "C", t.kind collate "C", t.subject collate "C"',
  findings: 't.capture_id collate "C", t.judgement collate "C", t.number',
  servers: 't.capture_id collate "C", t.judgement collate "C", t.host collate "C", t.address collate "C"',
  imported: 't.source collate "C", t.observed_on, t.site collate "C", t.subject_kind collate "C", t.subject collate "C"',
  sightings:
    't.kind collate "C", t.subject collate "C", t.site collate "C", t.lane collate "C", t.vantage collate "C", t.conditions collate "C"',
}

/** Numbers of subjects are others each time; which subjects they are is in their view. */
const unnumbered = `(to_jsonb(t) - array['subject_ids', 'miner_ids', 'server_ids'])::text`

/** Over every row of the index and of the sightings that are folded from it. */
export async function indexDigest(from: Queryable): Promise<string> {
  const parts: string[] = []
  for (const [table, order] of Object.entries(tables)) {
    // A hash a row first: the rows of a long study together are more than one value of SQL holds.
    const [row] = await from.query<{ digest: string }>(
      `select md5(coalesce(string_agg(md5(${table === 'observations' ? unnumbered : 't::text'}), '' order by ${order}), '')) as digest from assay.${table} t`,
    )
    parts.push(`${table} ${row?.digest}`)
  }
  return sha256(Buffer.from(parts.join('\n')))
}

async function* batches<T extends VisitRecord | Observation>(items: AsyncIterable<T>): AsyncIterable<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length === batchSize) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}
