import { isFileStore } from '#ledger/files/format.ts'
import { hasLedger } from '#ledger/has-ledger.ts'
import { checkFolderAtRest, moveLedger, type MoveReport } from '#ledger/move.ts'
import { type FilesMoved, moveFiles } from '#ledger/move-files.ts'
import { AssayError } from '#model/errors.ts'

export interface MigrateRequest {
  from: string
  /** `postgres://…` of a served database; null leaves the database where it is. */
  to: string | null
  /** `s3://…` of an object store; null leaves the files where they are. */
  store: string | null
}

export interface Migrated {
  ledger: MoveReport | null
  files: FilesMoved | null
}

/** A data folder's embedded database → a served one, its files → an object store. Throws `NOT_FOUND`, `BAD_ARGUMENT`, `STORE_BUSY`, `DATABASE_FAILED`, `STORE_UNREACHABLE`. */
export async function migrateFolder({ from, to, store }: MigrateRequest, onProgress: (text: string) => void): Promise<Migrated> {
  if (to === null && store === null)
    throw new AssayError('BAD_ARGUMENT', 'nowhere to move to', { hint: '--to postgres://…, --store s3://…, or both.' })
  if (to !== null && !/^postgres(ql)?:\/\//.test(to))
    throw new AssayError('BAD_ARGUMENT', 'a database is given as postgres://user@host/name')
  if (!(await isFileStore(from))) throw new AssayError('NOT_FOUND', `${from} is no data folder`)
  const isEmbedded = await hasLedger(from)
  if (to !== null && !isEmbedded)
    throw new AssayError('NOT_FOUND', `${from} is no data folder with an embedded database`, {
      hint: 'A folder without one needs no migration: give --database from the start.',
    })
  if (isEmbedded) await checkFolderAtRest(from)
  const files = store === null ? null : await moveFiles(from, store, onProgress)
  return { files, ledger: to === null ? null : await moveLedger(from, to, onProgress) }
}
