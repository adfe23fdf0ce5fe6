import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, statSync } from 'node:fs'
import { chown, lstat, mkdir, open, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg, { type PoolConfig } from 'pg'
import { AssayError } from '#model/errors.ts'
import { isMissing, storeError } from '../files/atomic.ts'
import { failedToStart, initialise, installation, makePipe, processesIn, rotateLog } from './embedded-files.ts'
import type { DatabaseServer } from './server.ts'
import { withStartLock } from './start-lock.ts'
import { type ProcessUser, unprivilegedUser } from './unprivileged.ts'

const port = 5432
const user = 'assay'
/** sockaddr_un holds 107 octets and a zero. */
const socketPathLimit = 107
const patienceMs = 60_000

/** For a small machine, many short commands, few connections; durable. What is not named is PostgreSQL's default. */
const settings: Record<string, string> = {
  listen_addresses: '',
  shared_buffers: '64MB',
  max_connections: '100',
  // /dev/shm is small or absent in containers.
  dynamic_shared_memory_type: 'mmap',
  io_method: 'sync',
  jit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_wal_size: '512MB',
  min_wal_size: '32MB',
  random_page_cost: '1.1',
  checkpoint_timeout: '15min',
  log_checkpoints: 'off',
  timezone: 'UTC',
}

/**
 * The server's process itself, and a reader beside it: every user holds the writing end of the pipe, and when the last one is gone, however it
 * went, the reader ends and stops the server. Not as its child, for the death of a child that it does not know stops PostgreSQL's state machine.
 * $0 is the pipe, the arguments are the server's command.
 */
const keeper = '( { cat "$0" >/dev/null; if [ "/proc/$$/exe" -ef "$1" ]; then kill -INT $$; fi; } & ); exec "$@"'

/** A private PostgreSQL in `<data>/db`, on a Unix socket, started by the first command and shared by all of this machine. */
export function embeddedDatabase(dataDir: string): DatabaseServer {
  const dir = join(resolve(dataDir), 'db')
  const pgdata = join(dir, 'pgdata')
  let pipe: number | null = null

  async function ensure(): Promise<PoolConfig> {
    try {
      await mkdir(dir, { recursive: true })
      const { dev, ino } = statSync(dir)
      const run = runFolder(dir, dev, ino)
      if (!(await takePart(run))) {
        await withStartLock(`assay-db-${dev}-${ino}`, 2 * patienceMs, async () => {
          if (!(await takePart(run))) await start(run)
        })
      }
      return { host: run, port, user, database: 'postgres' }
    } catch (cause) {
      throw storeError(cause, `starting the database in ${dir}`)
    }
  }

  /** True when a server answers and its keeper knows of us. */
  async function takePart(run: string): Promise<boolean> {
    return (await answers(run)) && holdPipe(run)
  }

  function holdPipe(run: string): boolean {
    let fresh: number
    try {
      fresh = openSync(join(run, 'users'), constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      // ENXIO: nobody reads, the keeper is gone.
      if ((error as NodeJS.ErrnoException).code === 'ENXIO' || isMissing(error)) return false
      throw error
    }
    if (pipe !== null) closeSync(pipe)
    pipe = fresh
    return true
  }

  async function start(run: string): Promise<void> {
    const files = installation()
    const owner = unprivilegedUser([files.bin, resolve(dataDir)])
    await own(dir, owner)
    await mkdir(run, { recursive: true, mode: 0o700 })
    await own(run, owner)
    const environment = await files.environment(join(dir, 'links'))
    await initialise(pgdata, files, owner, environment)
    if ((await untilGone(run)) === 'took-part') return
    // Nobody runs here any more, or the folder is a copy of one in use: the number in its lock files may be any process's.
    for (const stale of [join(pgdata, 'postmaster.pid'), join(run, `.s.PGSQL.${port}.lock`), join(run, `.s.PGSQL.${port}`)])
      await rm(stale, { force: true })
    await makePipe(join(run, 'users'), owner)
    await rotateLog(join(dir, 'log'))
    const log = await open(join(dir, 'log'), 'a')
    const logStart = (await log.stat()).size
    // Held both ways until the reader has opened it, or it would wait for ever should we die now.
    const guard = openSync(join(run, 'users'), constants.O_RDWR)
    try {
      const flags = Object.entries({ ...settings, unix_socket_directories: run, unix_socket_permissions: '0700' }).flatMap(
        ([name, value]) => ['-c', `${name}=${value}`],
      )
      const [command = 'sh', ...rest] = [...owner.prefix, 'sh', '-c', keeper, join(run, 'users'), files.postgres, '-D', pgdata, ...flags]
      const child = spawn(command, rest, {
        ...owner.options,
        cwd: '/',
        env: environment,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      })
      let dead = false
      child.once('exit', () => (dead = true))
      await once(child, 'spawn')
      child.unref()
      const deadline = performance.now() + patienceMs
      while (!(await answers(run))) {
        await sleep(10)
        if (dead || performance.now() > deadline) throw await failedToStart(join(dir, 'log'), logStart)
      }
      holdPipe(run)
    } finally {
      closeSync(guard)
      await log.close()
    }
  }

  /** Waits for a server that does not answer, or whose keeper was killed, and for what a killed one left behind. */
  async function untilGone(run: string): Promise<'gone' | 'took-part'> {
    const deadline = performance.now() + patienceMs
    let stopped = false
    for (;;) {
      const left = await processesIn(pgdata)
      if (left.length === 0) return 'gone'
      if (await takePart(run)) return 'took-part'
      if (!stopped && left.some((process) => process.isPostmaster) && !holdPipe(run)) {
        // No user can be counted any more, so whoever is connected connects again.
        for (const each of left) if (each.isPostmaster) interrupt(each.pid)
        stopped = true
      }
      if (performance.now() > deadline)
        throw new AssayError('STORE_BUSY', `process ${left[0]?.pid} still uses ${pgdata} and does not answer`)
      await sleep(20)
    }
  }

  return {
    kind: 'embedded',
    ensure,
    async release() {
      if (pipe !== null) closeSync(pipe)
      pipe = null
    },
  }
}

/** Folder of socket and pipe: in the data folder, or where that is too deep for a socket's name, one of this folder's number under /tmp. */
function runFolder(dir: string, dev: number, ino: number): string {
  const run = join(dir, 'run')
  return Buffer.byteLength(join(run, `.s.PGSQL.${port}`)) <= socketPathLimit ? run : `/tmp/assay-${process.getuid?.() ?? 0}-${dev}-${ino}`
}

async function own(dir: string, owner: ProcessUser): Promise<void> {
  const { uid, mode } = await lstat(dir)
  if (process.getuid?.() === 0) {
    if (uid !== owner.uid) await chown(dir, owner.uid, owner.gid)
  } else if (uid !== owner.uid || (dir.startsWith('/tmp/assay-') && (mode & 0o077) !== 0)) {
    throw new AssayError('STORE_DENIED', `${dir} belongs to user ${uid}, and this is user ${owner.uid}`, {
      hint: 'One data folder has one user: run assay as its owner.',
    })
  }
}

/** Whether a server takes connections on the socket; one that is starting or stopping does not. */
async function answers(run: string): Promise<boolean> {
  const client = new pg.Client({ host: run, port, user, database: 'postgres', connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch (error) {
    // too_many_connections: it lives.
    return (error as { code?: unknown }).code === '53300'
  }
}

/** It may have gone by itself since it was looked for, which is what was wanted. */
function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
