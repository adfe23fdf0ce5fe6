import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { hasLedger } from '#ledger/has-ledger.ts'
import type { IndexedSubject } from '#ledger/index/hits.ts'
import { openLedger } from '#ledger/ledger.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Hit, Hits } from '#model/hits.ts'
import type { Observation } from '#model/observation.ts'
import { foldHits, hitIn, type Look, type Subject, subjectOf } from '#study/hits.ts'
import { requireDataFolder } from './data-folder.ts'
import { lastAnswer } from './kept-answers.ts'
import { manifestIn } from './kept-captures.ts'

export interface HitsRequest {
  /** A digest, host, account, URL, a tracker's identifier (alone or as `kind id`), or a digest of similar code. */
  subject: string
  data: string
  database: string | null
}

export interface HitsEvents {
  onProgress(text: string): void
  onNote(text: string): void
}

interface Found {
  hits: Hit[]
  looks: Look[]
  looked: number
  unreadable: number
}

/**
 * Were we ever hit, since when? Code, accounts and trackers are looked for in the index, where the data folder has one; all else in the answers that
 * were kept; a digest that is no script and no module in the manifests. Throws `BAD_ARGUMENT`, `NOT_FOUND`, `INTERRUPTED`.
 */
export async function hits({ subject: text, data, database }: HitsRequest, events: HitsEvents, signal: AbortSignal): Promise<Hits> {
  const subject = subjectOf(text)
  await requireDataFolder(data)
  const store = await openFileStore(data)
  const isIndexed = subject.host === null && subject.url === null && (database !== null || (await hasLedger(data)))
  const found = isIndexed ? await inIndex(subject, store, data, database, events) : await inAnswers(subject, store, events, signal)
  if (found.hits.length === 0 && subject.digest !== null) found.hits.push(...(await inManifests(subject.digest, store, events, signal)))
  return foldHits(subject, found.hits, found.looks, { looked: found.looked, unreadable: found.unreadable })
}

async function inIndex(subject: Subject, store: FileStore, dataDir: string, database: string | null, events: HitsEvents): Promise<Found> {
  events.onProgress('looking in the index')
  const subjects: IndexedSubject[] = [
    ...(subject.digest === null ? [] : [{ kind: 'digest' as const, subject: subject.digest }]),
    ...(subject.as.includes('account') ? [{ kind: 'account' as const, subject: subject.text }] : []),
    ...(subject.similarity === null ? [] : [{ kind: 'similarity' as const, subject: subject.similarity }]),
    ...subject.trackers.map((tracker) => ({ kind: 'tracker' as const, subject: tracker })),
  ]
  await using ledger = await openLedger({ dataDir, ...(database === null ? {} : { database }) }).then((opened) => ({
    ...opened,
    [Symbol.asyncDispose]: () => opened.close(),
  }))
  const found: Found = { hits: [], looks: [], looked: 0, unreadable: 0 }
  for (const id of await ledger.capturesWith(subjects)) {
    const observation = await readable(() => lastAnswer({ id, store, file: manifestIn(dataDir, id) }), found, events)
    const hit = observation === null ? null : hitIn(observation, subject)
    if (hit !== null) found.hits.push(hit)
  }
  const { all, looks } = await ledger.looksAt([...new Set(found.hits.map(({ site }) => site))])
  return { ...found, looks, looked: all - found.unreadable }
}

async function inAnswers(subject: Subject, store: FileStore, events: HitsEvents, signal: AbortSignal): Promise<Found> {
  const found: Found = { hits: [], looks: [], looked: 0, unreadable: 0 }
  const seen = new Set<Digest>()
  for await (const id of store.listCaptures()) {
    if (signal.aborted) throw new AssayError('INTERRUPTED', 'looking was interrupted')
    if (seen.has(id)) continue
    seen.add(id)
    if (seen.size % 50 === 0) events.onProgress(`${seen.size} captures, ${found.hits.length} hits`)
    const observation = await readable(() => lastAnswer({ id, store, file: manifestIn(store.dir, id) }), found, events)
    if (observation === null) continue
    found.looked++
    const hit = hitIn(observation, subject)
    if (hit !== null) found.hits.push(hit)
    found.looks.push({ captureId: id, site: observation.site, observedAt: observation.observedAt, status: observation.conclusion.status })
  }
  return found
}

/** One that is damaged is told and counted; the others go on. */
async function readable(read: () => Promise<Observation | null>, found: Found, events: HitsEvents): Promise<Observation | null> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof AssayError)) throw error
    found.unreadable++
    events.onNote(`assay: ${error.code}: ${error.message}`)
    return null
  }
}

/** Octets of any kind: a document, a picture, what a request answered. */
async function inManifests(digest: string, store: FileStore, events: HitsEvents, signal: AbortSignal): Promise<Hit[]> {
  const hits: Hit[] = []
  let read = 0
  for (const id of new Set(await Array.fromAsync(store.listCaptures()))) {
    if (signal.aborted) throw new AssayError('INTERRUPTED', 'looking was interrupted')
    if (++read % 50 === 0) events.onProgress(`${read} manifests`)
    const capture = await store.getCapture(id).catch(() => null)
    if (capture === null) continue
    const where = Object.entries(capture.manifest.artifacts).flatMap(([kind, list]) =>
      ('items' in list ? (list.items as readonly { id?: string; url?: string }[]) : [])
        .filter((item) => JSON.stringify(item).includes(digest))
        .map(({ id: artifact, url }) => `${artifact ?? kind}: ${url ?? ''}`),
    )
    if (where.length === 0) continue
    const answer = await lastAnswer({ id, store, file: manifestIn(store.dir, id) }).catch(() => null)
    hits.push({
      captureId: id,
      visitId: capture.manifest.visitId,
      site: answer?.site ?? URL.parse(capture.manifest.finalUrl)?.hostname ?? '',
      url: capture.manifest.url,
      observedAt: capture.manifest.startedAt,
      status: answer?.conclusion.status ?? 'not-observed',
      as: 'digest',
      where: where.slice(0, 20),
      loadedBy: [],
    })
  }
  return hits
}
