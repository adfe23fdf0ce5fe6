import { createHash } from 'node:crypto'
import type { FileStore } from '#ledger/file-store.ts'
import { artifacts } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import type { CodeOrigin, EarlierCopy, FileHistory, OriginFile } from '#model/origin.ts'

/** Answers that are looked through for earlier visits to the same page. */
const maxRead = 2_000

/** What earlier captures of the same data folder say of the files on the way to a miner. One that cannot be read says nothing. */
export async function withHistory(origin: CodeOrigin, observation: Observation, store: FileStore): Promise<CodeOrigin> {
  if (origin.files.length === 0) return origin
  const earlier = await earlierAnswers(observation, store)
  if (earlier.length === 0) return origin
  const files = origin.files.map((file): OriginFile => ({ ...file, history: historyOf(file, earlier) }))
  return { ...origin, files, trusted: await trustedCopy(files[0], earlier, store) }
}

/** The last answer of each earlier capture of that page, the newest first. */
async function earlierAnswers({ url, captureId, observedAt }: Observation, store: FileStore): Promise<Observation[]> {
  const answers = new Map<string, Observation>()
  let read = 0
  try {
    for await (const answer of store.listObservations()) {
      if (++read > maxRead) break
      if (answer.url === url && answer.captureId !== captureId && answer.observedAt < observedAt && answer.reached === 'content')
        answers.set(answer.captureId, answer)
    }
  } catch {
    // A damaged answer ends the list; what `assay verify` says of it is not this report's matter.
  }
  return [...answers.values()].toSorted((a, b) => (a.observedAt < b.observedAt ? 1 : -1))
}

const copyOf = ({ captureId, observedAt, conclusion }: Observation): EarlierCopy => ({
  captureId,
  at: observedAt,
  status: conclusion.status,
})

function historyOf({ url, digest }: OriginFile, earlier: readonly Observation[]): FileHistory {
  const history: FileHistory = { looked: earlier.length, since: null, before: null }
  for (const answer of earlier) {
    const there = answer.components.find((component) => component.url === url)
    if (there !== undefined && there.digest === digest) history.since = copyOf(answer)
    else return { ...history, before: { ...copyOf(answer), was: there === undefined ? 'absent' : 'other' } }
  }
  return history
}

/** Subresource integrity (W3C SRI) of the newest other copy from a visit that found nothing. */
async function trustedCopy(
  first: OriginFile | undefined,
  earlier: readonly Observation[],
  store: FileStore,
): Promise<CodeOrigin['trusted']> {
  if (first === undefined || first.party !== 'third') return null
  for (const answer of earlier) {
    if (answer.conclusion.status !== 'none') continue
    const there = answer.components.find(({ url }) => url === first.url)
    if (there === undefined || there.digest === first.digest) continue
    const capture = await store.getCapture(answer.captureId).catch(() => null)
    const request = capture === null ? undefined : artifacts(capture, 'request').items.find(({ url }) => url === first.url)
    if (request?.body.status !== 'stored') continue
    const octets = await store.get(request.body.digest).catch(() => null)
    if (octets !== null)
      return { ...copyOf(answer), url: first.url, integrity: `sha384-${createHash('sha384').update(octets).digest('base64')}` }
  }
  return null
}
