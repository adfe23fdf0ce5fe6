import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processesIn } from '../database/embedded-files.ts'

/** A data folder that goes away with the test, once its server has stopped. */
export async function temporaryData(name: string): Promise<{ dir: string; remove(): Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), `assay-${name}-`))
  const dir = join(root, 'data')
  return {
    dir,
    async remove() {
      await untilStopped(dir)
      await rm(root, { recursive: true, force: true })
    },
  }
}

export async function serversOf(dir: string): Promise<{ pid: number; isPostmaster: boolean }[]> {
  return processesIn(join(dir, 'db/pgdata')).catch(() => [])
}

export async function untilStopped(dir: string, patienceMs = 20_000): Promise<void> {
  const deadline = performance.now() + patienceMs
  while ((await serversOf(dir)).length > 0) {
    if (performance.now() > deadline) throw new Error(`a server still runs in ${dir}`)
    await sleep(20)
  }
}
