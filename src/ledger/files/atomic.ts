import { randomUUID } from 'node:crypto'
import { closeSync, constants, fdatasync, fsync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { AssayError } from '#model/errors.ts'

const sync = promisify(fsync)
const dataSync = promisify(fdatasync)

/** Errors of the file system that a reader can do something about, as typed ones; others stay what they are, inside `INTERNAL`. */
export function storeError(cause: unknown, doing: string): AssayError {
  if (cause instanceof AssayError) return cause
  const code = (cause as NodeJS.ErrnoException | null)?.code
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new AssayError('DISK_FULL', `no space left while ${doing}`, {
        cause,
        hint: 'Free some space; what was acknowledged is safe, and the same command goes on.',
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AssayError('STORE_DENIED', `not permitted while ${doing}`, {
        cause,
        hint: 'Check who owns the data folder and whether it may be written.',
      })
    case 'ENOENT':
      return new AssayError('NOT_FOUND', `missing while ${doing}`, { cause })
    case 'ENOTDIR':
    case 'EEXIST':
      return new AssayError('BAD_ARGUMENT', `a file stands where a folder is wanted, while ${doing}`, {
        cause,
        hint: 'Give another folder.',
      })
    case 'EMFILE':
    case 'ENFILE':
      return new AssayError('STORE_BUSY', `too many open files while ${doing}`, {
        cause,
        hint: 'Raise the limit of open files (ulimit -n).',
      })
    default:
      return new AssayError('INTERNAL', `${code ?? 'failed'} while ${doing}`, { cause })
  }
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Of each folder, the sync that runs and the one that waits for its end. */
const running = new Map<string, Promise<void>>()
const waiting = new Map<string, Promise<void>>()

/** Makes names in a folder survive a power cut (fsync of the folder itself). All who come before a sync begins share it. */
export function syncFolder(dir: string): Promise<void> {
  const next = waiting.get(dir) ?? syncNext(dir)
  waiting.set(dir, next)
  return next
}

async function syncNext(dir: string): Promise<void> {
  await running.get(dir)?.catch(() => {})
  waiting.delete(dir)
  const now = syncNow(dir)
  running.set(dir, now)
  try {
    await now
  } finally {
    running.delete(dir)
  }
}

async function syncNow(dir: string): Promise<void> {
  const folder = openSync(dir, 'r')
  try {
    await sync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * A file that is there whole or not at all: written beside, synced, renamed. The caller syncs the folder when the name must last.
 * `tmp` lies on the same file system. Without `lasts` a power cut may leave the name without its octets. Rejects with the file system's own error.
 * Only the sync waits in a thread of the pool: for the other calls the hop costs many times the call (decision 0060).
 */
export async function writeWhole(path: string, bytes: Uint8Array, tmp: string, lasts = true): Promise<void> {
  const beside = join(tmp, randomUUID())
  try {
    const file = openSync(beside, 'wx', 0o644)
    try {
      writeFileSync(file, bytes)
      if (lasts) await dataSync(file)
    } finally {
      closeSync(file)
    }
    try {
      renameSync(beside, path)
    } catch (error) {
      if (!isMissing(error)) throw error
      await makeFolder(dirname(path))
      renameSync(beside, path)
    }
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** A folder whose own name lasts, with its parents'. */
export async function makeFolder(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true })
  if (first === undefined) return
  for (let made = dir; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

/** Bytes of a file, or null where there is none. A folder from elsewhere may hold a pipe or a device there: `STORE_CORRUPT` at once, never a wait. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!(await file.stat()).isFile()) throw new AssayError('STORE_CORRUPT', `${path} is no file`)
    return await file.readFile()
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}
