import { openLedger } from '#ledger/ledger.ts'

/** Drops the index and builds it again from the files, which are the record. */
export async function reindex(
  place: { data: string; database?: string },
  onProgress: (done: number) => void,
): ReturnType<Awaited<ReturnType<typeof openLedger>>['reindex']> {
  const ledger = await openLedger({ dataDir: place.data, ...(place.database === undefined ? {} : { database: place.database }) })
  try {
    return await ledger.reindex(onProgress)
  } finally {
    await ledger.close()
  }
}
