import { statSync } from 'node:fs'
import { AssayError } from '#model/errors.ts'
import { withStartLock } from '../database/start-lock.ts'

/** One process of this machine at a time removes from a folder: two would count the same octets. Throws `STORE_BUSY`. */
export async function whileRemoving<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const { dev, ino } = statSync(dir)
  let isIn = false
  try {
    return await withStartLock(`assay-removal-${dev}-${ino}`, 0, () => {
      isIn = true
      return work()
    })
  } catch (error) {
    if (isIn || !(error instanceof AssayError) || error.code !== 'STORE_BUSY') throw error
    throw new AssayError('STORE_BUSY', `another process is removing from ${dir}`, { cause: error, hint: 'Let it end, then try again.' })
  }
}
