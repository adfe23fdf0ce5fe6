import { openFileStore } from '#ledger/file-store.ts'
import { isFileStore } from '#ledger/files/format.ts'
import { type Ledger, openLedger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'

export interface Place {
  data: string
  /** A served PostgreSQL; null for the data folder's own. */
  database: string | null
}

/** Throws `NOT_FOUND`: a question to a folder that is not there must not make one, which would answer "never" from then on. */
export async function requireDataFolder(data: string): Promise<void> {
  if (await isFileStore(data)) return
  throw new AssayError('NOT_FOUND', `${data} is no data folder`, {
    hint: 'Name it with --data: what --out or --data of a scan or crawl named.',
  })
}

/** The ledger, for as long as `work` takes; a folder that is not there is made one. */
export async function withLedger<T>({ data, database }: Place, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger({ dataDir: data, ...(database === null ? {} : { database }) })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

/** The ledger of a folder that is there. Throws `NOT_FOUND`. */
export async function withKeptLedger<T>(place: Place, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  if (place.database === null) await requireDataFolder(place.data)
  return withLedger(place, work)
}

/** The folder keeps its files in an object store from now on. Throws `BAD_ARGUMENT` where it keeps them elsewhere. */
export async function keepFilesIn(data: string, store: string): Promise<void> {
  await openFileStore(data, { store })
}
