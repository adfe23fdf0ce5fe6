import { type ChildProcess, spawn } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { AssayError } from '#model/errors.ts'
import { CdpConnection } from './connection.ts'
import { browserFlags } from './flags.ts'
import { createHome, removeHome, unprivileged } from './home.ts'

export interface LaunchOptions {
  executable: string
  /** More flags: egress's, a lab's. */
  flags?: readonly string[]
  startTimeoutMs?: number
}

/** A Chromium of ours: its own process group, its own home, which both go when it is killed. */
export interface LaunchedBrowser {
  readonly connection: CdpConnection
  readonly pid: number
  /** Whether Chromium's sandbox is on. */
  readonly sandbox: boolean
  /** `Chrome/156.0.0.0`, and the user agent as the browser would send it. */
  readonly product: string
  readonly userAgent: string
  /** Resolves when the process has ended, by itself or by `kill`. */
  readonly ended: Promise<void>
  /** Kills the whole process group and removes its files. May be called often. */
  kill(): Promise<void>
}

/** Throws `BROWSER_MISSING` or `BROWSER_FAILED`. */
export async function launchBrowser(options: LaunchOptions): Promise<LaunchedBrowser> {
  const user = unprivileged()
  if (user === null) return launchWithFallback(options, null)
  try {
    return await launch(options, { user, sandbox: true })
  } catch (error) {
    // A container without the right to change user, or a browser that this user cannot read.
    if (error instanceof AssayError && error.code === 'BROWSER_MISSING') throw error
    return launch(options, { user: null, sandbox: false })
  }
}

async function launchWithFallback(options: LaunchOptions, user: null): Promise<LaunchedBrowser> {
  try {
    return await launch(options, { user, sandbox: true })
  } catch (error) {
    if (error instanceof AssayError && /sandbox/i.test(error.message)) return launch(options, { user, sandbox: false })
    throw error
  }
}

async function launch(
  options: LaunchOptions,
  how: { user: { uid: number; gid: number } | null; sandbox: boolean },
): Promise<LaunchedBrowser> {
  const home = await createHome(how.user)
  const flags = [
    ...browserFlags,
    ...(options.flags ?? []),
    ...(how.sandbox ? [] : ['--no-sandbox']),
    ...(sharedMemoryIsSmall() ? ['--disable-dev-shm-usage'] : []),
    `--user-data-dir=${home}/profile`,
  ]
  const child = spawn(options.executable, flags, {
    cwd: home,
    // A group of its own: one signal reaches every process that it started.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      LANG: 'en_US.UTF-8',
      HOME: home,
      TMPDIR: `${home}/tmp`,
      XDG_CONFIG_HOME: home,
      XDG_CACHE_HOME: home,
      ...fontEnvironment(),
    },
    ...how.user,
  })
  const complaints = lastLines(child)
  const killer = groupKiller(child, home)
  try {
    if (child.pid === undefined) {
      const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException]
      throw new AssayError(
        error.code === 'ENOENT' ? 'BROWSER_MISSING' : 'BROWSER_FAILED',
        `${options.executable} could not be started: ${error.message}`,
        { cause: error },
      )
    }
    const connection = new CdpConnection(child.stdio[4] as Readable, child.stdio[3] as Writable)
    void killer.ended.then(() => connection.close())
    const version = await answerInTime(connection, options.startTimeoutMs ?? 30_000, complaints)
    return {
      connection,
      pid: child.pid,
      sandbox: how.sandbox,
      product: version.product,
      userAgent: version.userAgent,
      ended: killer.ended,
      kill: killer.kill,
    }
  } catch (error) {
    await killer.kill()
    throw error
  }
}

async function answerInTime(
  connection: CdpConnection,
  timeoutMs: number,
  complaints: () => string,
): Promise<{ product: string; userAgent: string }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AssayError('BROWSER_FAILED', `the browser did not answer in ${timeoutMs} ms${complaints()}`)),
      timeoutMs,
    )
  })
  try {
    return await Promise.race([connection.browser.send('Browser.getVersion'), late])
  } catch (cause) {
    if (cause instanceof AssayError && cause.code === 'BROWSER_FAILED') throw cause
    throw new AssayError('BROWSER_FAILED', `the browser ended while it started${complaints()}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

/** The last that the browser wrote to its standard error, for the message of a failed start. */
function lastLines(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8')
  child.stderr?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-4_000)
  })
  child.stderr?.on('error', () => undefined)
  return () => {
    const lines = text.split('\n').filter((line) => /sandbox|error|fatal|cannot|failed/i.test(line))
    return lines.length === 0 ? '' : `: ${lines.slice(-2).join(' ').slice(0, 500)}`
  }
}

function groupKiller(child: ChildProcess, home: string): { ended: Promise<void>; kill(): Promise<void> } {
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const signal = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // ESRCH: the whole group is gone already.
    }
  }
  // Nothing of the browser outlives this process, however it ends; what SIGKILL leaves is swept at the next start (see home.ts).
  const atExit = (): void => {
    signal()
    removeHome.now(home)
  }
  process.once('exit', atExit)
  let killed: Promise<void> | null = null
  const kill = (): Promise<void> =>
    (killed ??= (async () => {
      signal()
      if (child.pid !== undefined) await ended
      // A process that was just being forked may have missed the first signal.
      signal()
      process.off('exit', atExit)
      await removeHome.later(home)
    })())
  void ended.then(() => kill())
  return { ended, kill }
}

/** Containers often give 64 MB, in which a large page crashes. */
function sharedMemoryIsSmall(): boolean {
  try {
    const { bsize, blocks } = statfsSync('/dev/shm')
    return bsize * blocks < 512 * 1024 * 1024
  } catch {
    return true
  }
}

/** A browser that comes as an npm package brings its own libraries and fonts. */
function fontEnvironment(): Record<string, string> {
  const passed = ['LD_LIBRARY_PATH', 'FONTCONFIG_PATH', 'FONTCONFIG_FILE', 'TZ'] as const
  return Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])))
}
