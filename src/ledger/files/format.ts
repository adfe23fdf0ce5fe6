import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Whether a folder is a data folder, by its format file; says nothing about its version. */
export async function isFileStore(dir: string): Promise<boolean> {
  try {
    return (JSON.parse(await readFile(join(dir, 'format.json'), 'utf8')) as { format?: unknown }).format === 'assay.data'
  } catch {
    // No such file, or another program's: not a data folder either way.
    return false
  }
}
