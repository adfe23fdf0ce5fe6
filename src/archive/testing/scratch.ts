import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'

/** A folder of its own for one test file, gone when its tests are over. */
export async function scratchFolder(): Promise<{ path: string; write(name: string, content: string | Uint8Array): Promise<string> }> {
  const path = await mkdtemp(join(tmpdir(), 'assay-archive-'))
  after(() => rm(path, { recursive: true, force: true }))
  return {
    path,
    async write(name, content) {
      const file = join(path, name)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
  }
}
