import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../database/database.ts'
import { embeddedDatabase } from '../database/embedded.ts'
import { type DatabaseServer, servedDatabase } from '../database/server.ts'
import { openFileStore } from '../file-store.ts'
import { processesIn } from '../database/embedded-files.ts'

export interface TemporaryData {
  dir: string
  /** Where its ledger is: in the folder, or (`served.test.ts` runs the same tests so) in a served database and an object store. */
  place: { dataDir: string; database?: string }
  server(): DatabaseServer
  remove(): Promise<void>
}

/** A data folder that goes away with the test, once its server has stopped. */
export async function temporaryData(name: string): Promise<TemporaryData> {
  const root = await mkdtemp(join(tmpdir(), `assay-${name}-`))
  const dir = join(root, 'data')
  const { ASSAY_TEST_DATABASE: database, ASSAY_TEST_STORE: store } = process.env
  if (store !== undefined) await openFileStore(dir, { store })
  return {
    dir,
    place: { dataDir: dir, ...(database === undefined ? {} : { database }) },
    server: () => (database === undefined ? embeddedDatabase(dir) : servedDatabase(database)),
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
