import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser } from '#capture/browser/executable.ts'
import { type BrowserTrial, tryBrowser } from '#capture/browser/trial.ts'
import { systemResolver } from '#egress/resolver.ts'
import { installation } from '#ledger/database/embedded-files.ts'
import { systemClock } from '#model/clock.ts'
import { AssayError, messageOf } from '#model/errors.ts'

type Tried<T> = { ok: true; value: T } | { ok: false; message: string; hint: string | null }

/** What was seen of a machine; what it means is said by `checksOf`. */
export interface MachineFacts {
  node: { version: string; pinned: boolean }
  /** Packages of package.json's dependencies that are absent or another version. */
  missingPackages: string[]
  browser: Tried<{ executable: string; source: string; headlessShell: boolean; trial: Tried<BrowserTrial> }>
  /** Null where the kernel has no such switch. */
  userNamespaces: { max: number | null; unprivilegedClone: boolean | null; appArmorRestricts: boolean | null }
  freeBytes: { folder: string; bytes: number }[]
  availableMemoryBytes: number
  /** Null where there is none. */
  sharedMemoryBytes: number | null
  uid: number | null
  /** The clock, and the youngest file of this checkout that cannot be younger than now. ISO 8601. */
  clock: { now: string; notBefore: string }
  /** A name of the outside, asked as a visit would ask. */
  names: Tried<string[]>
  /** `postgres (PostgreSQL) 18.4`. */
  postgres: Tried<string>
}

const checkout = fileURLToPath(new URL('../../', import.meta.url))
const require = createRequire(import.meta.url)

/** Looks at this machine: starts the browser and the database's binary, asks one name. `dir` is where captures would go. */
export async function machineFacts(options: { dir: string; browser: string | null }): Promise<MachineFacts> {
  const [missing, browser, userNamespaces, freeBytes, shared, checkedOut, names, postgres] = await Promise.all([
    missingPackages(),
    tried(() => browserFacts(options.browser)),
    userNamespaceFacts(),
    Promise.all(
      [...new Set([await existing(options.dir), tmpdir()])].map(async (folder) => ({ folder, bytes: await freeBytesOf(folder) })),
    ),
    statfs('/dev/shm').then(
      ({ bsize, blocks }) => bsize * blocks,
      () => null,
    ),
    stat(join(checkout, 'package.json')),
    tried(() => resolveOutside('example.com')),
    tried(postgresVersion),
  ])
  return {
    node: { version: process.version, pinned: /node_modules\/node-[a-z0-9-]+\/bin\/node$/.test(process.execPath) },
    missingPackages: missing,
    browser,
    userNamespaces,
    freeBytes,
    availableMemoryBytes: process.availableMemory(),
    sharedMemoryBytes: shared,
    uid: process.getuid?.() ?? null,
    clock: { now: systemClock.now().toISOString(), notBefore: checkedOut.mtime.toISOString() },
    names,
    postgres,
  }
}

async function tried<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return {
      ok: false,
      message: messageOf(error),
      hint: error instanceof AssayError ? (error.hint ?? null) : null,
    }
  }
}

async function browserFacts(explicit: string | null): Promise<Extract<MachineFacts['browser'], { ok: true }>['value']> {
  const { executable, source, headlessShell } = await findBrowser({ explicit })
  return { executable, source, headlessShell, trial: await tried(() => tryBrowser(executable, { timeoutMs: 20_000 })) }
}

async function missingPackages(): Promise<string[]> {
  const wanted = (require('../../package.json') as { dependencies: Record<string, string> }).dependencies
  const found = await Promise.all(
    Object.entries(wanted).map(async ([name, version]) => {
      const text = await readFile(join(checkout, 'node_modules', name, 'package.json'), 'utf8').catch(() => '{}')
      return (JSON.parse(text) as { version?: string }).version === version ? null : `${name} ${version}`
    }),
  )
  return found.filter((name) => name !== null)
}

async function userNamespaceFacts(): Promise<MachineFacts['userNamespaces']> {
  const number = async (path: string): Promise<number | null> => readFile(path, 'utf8').then(Number, () => null)
  const [max, clone, restricts] = await Promise.all([
    number('/proc/sys/user/max_user_namespaces'),
    number('/proc/sys/kernel/unprivileged_userns_clone'),
    number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
  ])
  return { max, unprivilegedClone: clone === null ? null : clone === 1, appArmorRestricts: restricts === null ? null : restricts === 1 }
}

/** The folder, or the nearest above it that is there. */
async function existing(folder: string): Promise<string> {
  let path = resolve(folder)
  while (
    path !== '/' &&
    !(await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ))
  )
    path = dirname(path)
  return path
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function resolveOutside(name: string): Promise<string[]> {
  const resolver = systemResolver({ timeoutMs: 4_000 })
  try {
    return (await resolver.resolve(name)).addresses
  } finally {
    resolver.close()
  }
}

async function postgresVersion(): Promise<string> {
  const files = installation()
  const links = await mkdtemp(join(tmpdir(), 'assay-doctor-'))
  try {
    const { stdout, stderr, error } = spawnSync(files.postgres, ['--version'], {
      env: await files.environment(links),
      encoding: 'utf8',
      timeout: 10_000,
    })
    if (error) throw new AssayError('DATABASE_FAILED', `${files.postgres}: ${error.message}`)
    if (stdout.trim() === '') throw new AssayError('DATABASE_FAILED', stderr.trim().slice(0, 200))
    return stdout.trim()
  } finally {
    await rm(links, { recursive: true, force: true })
  }
}
