import { isFileStore } from '#ledger/files/format.ts'
import { hasLedger } from '#ledger/has-ledger.ts'
import { moveLedger, type MoveReport } from '#ledger/move.ts'
import { AssayError } from '#model/errors.ts'

/** A data folder's embedded database → a served one. Throws `NOT_FOUND`, `BAD_ARGUMENT`, `STORE_BUSY`, `DATABASE_FAILED`. */
export async function migrateLedger(from: string, to: string, onProgress: (text: string) => void): Promise<MoveReport> {
  if (!/^postgres(ql)?:\/\//.test(to)) throw new AssayError('BAD_ARGUMENT', 'a database is given as postgres://user@host/name')
  if (!(await isFileStore(from)) || !(await hasLedger(from)))
    throw new AssayError('NOT_FOUND', `${from} is no data folder with an embedded database`, {
      hint: 'A folder without one needs no migration: give --database from the start.',
    })
  return moveLedger(from, to, onProgress)
}
