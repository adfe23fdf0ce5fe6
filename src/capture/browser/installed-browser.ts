import { constants } from 'node:fs'
import { access, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A browser that was found: ready to be started as it is, whatever it needs to find its libraries stands in the executable. */
export interface FoundBrowser {
  executable: string
  /** Why this one: `--browser`, `Debian's chromium`, `chrome in PATH` … */
  source: string
  /** A headless shell: no window system, no extensions, `--headless` has no say. */
  headlessShell: boolean
  /** More arguments that it wants. */
  args?: string[]
}

/** The script that starts a browser which Assay installed. */
export const launcherName = 'assay-chromium'

const checkout = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Folders that may hold browsers which Assay installed, the preferred one first. Root's home is closed to the user that the
 * browser is dropped to, so root's stands outside it; the checkout serves who has no home.
 */
export function browserFolders(environment: NodeJS.ProcessEnv = process.env, uid: number | undefined = process.getuid?.()): string[] {
  const own =
    uid === 0 ? '/var/cache/assay' : join(environment['XDG_CACHE_HOME'] || join(environment['HOME'] || homedir(), '.cache'), 'assay')
  return [join(own, 'browser'), join(checkout, '.assay', 'browser')]
}

/** The newest browser that an earlier `installBrowser` left. */
export async function installedBrowser(folders: readonly string[] = browserFolders()): Promise<FoundBrowser | null> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    // A name with a dot in front is an installation that never ended.
    const versions = names.filter((name) => /^chromium-\d/.test(name)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    for (const name of versions) {
      const executable = join(folder, name, launcherName)
      if (await isExecutable(executable)) return { executable, source: `installed by Assay from npm, ${name}`, headlessShell: true }
    }
  }
  return null
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
