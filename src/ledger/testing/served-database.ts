import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { initialise, installation, processesIn } from '../database/embedded-files.ts'
import { unprivilegedUser } from '../database/unprivileged.ts'

export interface ServedDatabase {
  /** Over TCP, as a fleet's is. */
  url: string
  /** As an operator would see it: `server_version_num`. */
  version: number
  pid(): number
  /** Ends it at once, with all that is connected; `start` brings it back. */
  kill(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

/** PostgreSQL 15, the oldest version that is promised, from npm: a server of somebody else's, on loopback, with its own defaults. */
export async function startServedDatabase(): Promise<ServedDatabase> {
  // Its binaries are beside it: ours are of another version.
  const files = installation(pathToFileURL(createRequire(import.meta.url).resolve('postgres15')).href)
  const root = await mkdtemp(join(tmpdir(), 'assay-served-'))
  const owner = unprivilegedUser([files.bin])
  await mkdir(join(root, 'db'))
  if (process.getuid?.() === 0) for (const folder of [root, join(root, 'db')]) await chown(folder, owner.uid, owner.gid)
  const environment = await files.environment(join(root, 'links'))
  await initialise(join(root, 'db/pgdata'), files, owner, environment)
  const port = await freePort()
  const [command, ...rest] = [...owner.prefix, files.postgres, '-D', join(root, 'db/pgdata'), '-p', String(port)]
  const flags = ['-c', 'listen_addresses=127.0.0.1', '-k', root]
  const url = `postgres://assay@127.0.0.1:${port}/postgres`
  let child: ChildProcess | null = null
  let version = 0

  async function start(): Promise<void> {
    const started = spawn(command, [...rest, ...flags], { ...owner.options, cwd: '/', env: environment, stdio: 'ignore' })
    child = started
    for (;;) {
      const client = new pg.Client({ connectionString: url })
      client.on('error', () => {})
      try {
        await client.connect()
        const { rows } = await client.query<{ server_version_num: string }>('show server_version_num')
        version = Number(rows[0]?.server_version_num)
        await client.end()
        return
      } catch (error) {
        await client.end().catch(() => {})
        if (started.exitCode !== null) throw new Error('the served database did not start', { cause: error })
        await sleep(10)
      }
    }
  }
  async function end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    child = null
    // A killed one leaves children for a moment, and as long nobody else may start.
    while ((await processesIn(join(root, 'db/pgdata'))).length > 0) await sleep(10)
  }
  await start()
  return {
    url,
    version,
    pid: () => child?.pid ?? 0,
    kill: () => end('SIGKILL'),
    start,
    async remove() {
      await end('SIGINT')
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
