import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../database/database.ts'
import { embeddedDatabase } from '../database/embedded.ts'
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

/** A database at rest to copy from: making a cluster takes seconds of work. */
export async function databaseTemplate(): Promise<{ copyTo(dir: string): Promise<void>; remove(): Promise<void> }> {
  const template = await temporaryData('template')
  await (await openDatabase(embeddedDatabase(template.dir))).close()
  await untilStopped(template.dir)
  return {
    async copyTo(dir) {
      await mkdir(join(dir, 'db'), { recursive: true })
      execFileSync('cp', ['-a', join(template.dir, 'db/pgdata'), join(dir, 'db')])
    },
    remove: template.remove,
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
