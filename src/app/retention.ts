import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { hasLedger } from '#ledger/has-ledger.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { collectGarbage } from '#ledger/removal/gc.ts'
import { purge, type PurgeSubject } from '#ledger/removal/purge.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { GcReport, KeepRule, PurgeReport } from '#model/retention.ts'
import { type Place, requireDataFolder, withLedger } from './data-folder.ts'
import { fullId } from './kept-captures.ts'

interface Removal extends Place {
  graceMs: number
  dryRun: boolean
  clock?: Clock
}

/** Thins captures older than `olderThanMs` by policy and removes blobs that nothing names. */
export async function gc(
  request: Removal & { keep: 'all' | readonly KeepRule[]; olderThanMs: number },
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<GcReport> {
  const { keep, olderThanMs, graceMs, dryRun, clock = systemClock } = request
  const now = clock.now()
  return withFolder(request, async (files, ledger) =>
    collectGarbage(files, {
      keep,
      before: new Date(now.getTime() - olderThanMs),
      now,
      graceMs,
      dryRun,
      inUse: (await ledger?.blobsInUse()) ?? [],
      onProgress,
      signal,
    }),
  )
}

/** Removes all that is kept of a page, of a host, or of captures. Throws `BAD_ARGUMENT`, `NOT_FOUND`. */
export async function purgeFrom(
  request: Removal & { subject: string | null; captures: readonly string[]; reason: string | null },
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<PurgeReport> {
  const { graceMs, dryRun, reason, clock = systemClock } = request
  return withFolder(request, async (files, ledger) =>
    purge(files, {
      subject: await subjectOf(request),
      reason,
      now: clock.now(),
      graceMs,
      dryRun,
      inUse: async () => (await ledger?.blobsInUse()) ?? [],
      removeFromIndex: async (removal) => (await ledger?.removeFromIndex(removal)) ?? 0,
      onProgress,
      signal,
    }),
  )
}

async function subjectOf({
  subject,
  captures,
  data,
}: {
  subject: string | null
  captures: readonly string[]
  data: string
}): Promise<PurgeSubject> {
  if ((subject === null) === (captures.length === 0))
    throw new AssayError('BAD_ARGUMENT', 'one page, one host, or captures are purged', {
      hint: 'Give a URL or a host name, or --capture ID…',
    })
  if (subject === null) {
    const ids: Digest[] = []
    for (const text of captures) ids.push(await fullId(data, text))
    return { captures: ids }
  }
  if (/^https?:\/\//i.test(subject) && URL.canParse(subject)) return { url: subject }
  const host = URL.parse(`http://${subject}/`)
  if (host === null || host.pathname !== '/' || host.username !== '' || host.port !== '' || host.search !== '' || host.hash !== '')
    throw new AssayError('BAD_ARGUMENT', `"${subject.slice(0, 80)}" is neither a URL with http(s):// nor a host name`)
  return { host: host.hostname }
}

/** The files, and the ledger where there is one: a folder of `scan --out` has none and gets none. */
async function withFolder<T>({ data, database }: Place, work: (files: FileStore, ledger: Ledger | null) => Promise<T>): Promise<T> {
  await requireDataFolder(data)
  if (database === null && !(await hasLedger(data))) return work(await openFileStore(data), null)
  return withLedger({ data, database }, (ledger) => work(ledger.files, ledger))
}
