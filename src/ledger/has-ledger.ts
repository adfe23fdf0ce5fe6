import { stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Whether a data folder has an embedded database: a scan with `--out` makes none. */
export async function hasLedger(dataDir: string): Promise<boolean> {
  return stat(join(dataDir, 'db', 'pgdata')).then(
    () => true,
    () => false,
  )
}
