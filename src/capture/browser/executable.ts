import { basename, delimiter, join, resolve } from 'node:path'
import { AssayError } from '#model/errors.ts'
import { type FoundBrowser, browserFolders, installedBrowser, isExecutable } from './installed-browser.ts'

export { installBrowser } from './install.ts'
export type { FoundBrowser } from './installed-browser.ts'

/** Where packages put it. Debian's bare binary stands before its wrapper in /usr/bin, which adds flags of its own. */
const knownPlaces: readonly (readonly [path: string, source: string])[] = [
  ['/usr/lib/chromium/chromium', "Debian's chromium"],
  ['/opt/google/chrome/chrome', 'Google Chrome'],
  ['/usr/lib/chromium-browser/chromium-browser', "the distribution's chromium"],
  ['/usr/lib64/chromium-browser/chromium-browser', "the distribution's chromium"],
  ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'Google Chrome'],
  ['/Applications/Chromium.app/Contents/MacOS/Chromium', 'Chromium'],
]

const namesInPath: readonly string[] = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'chrome',
  'chrome-headless-shell',
  'headless_shell',
]

/** A snap may not read a profile in /tmp, so it comes after a browser of our own. */
const lastPlaces: readonly (readonly [path: string, source: string])[] = [['/snap/bin/chromium', "snap's chromium"]]

export interface BrowserSearch {
  /** `--browser`; before ASSAY_BROWSER. */
  explicit?: string | null
  environment?: NodeJS.ProcessEnv
  /** For tests: other places than this machine's. */
  places?: readonly (readonly [path: string, source: string])[]
  folders?: readonly string[]
}

/**
 * The Chromium to visit with: the one that was asked for, else where packages put it, else in PATH, else what Assay installed
 * earlier. Nothing is started. Throws `BAD_ARGUMENT` for one that was named and is not there, else `BROWSER_MISSING`.
 */
export async function findBrowser(search: BrowserSearch = {}): Promise<FoundBrowser> {
  const environment = search.environment ?? process.env
  const asked = search.explicit ?? environment['ASSAY_BROWSER'] ?? ''
  if (asked !== '') return askedFor(asked, search.explicit === asked ? '--browser' : 'ASSAY_BROWSER', environment)

  const found =
    (await firstOf(search.places ?? knownPlaces)) ??
    (await firstOf(placesInPath(namesInPath, environment))) ??
    (await installedBrowser(search.folders ?? browserFolders(environment))) ??
    (await firstOf(search.places === undefined ? lastPlaces : []))
  if (found) return found
  throw new AssayError('BROWSER_MISSING', 'no Chromium or Chrome was found on this machine', { hint: whatToDo() })
}

/** The one thing to do where there is no browser. */
export function whatToDo(): string {
  return process.platform === 'linux'
    ? 'Install one (Debian: apt-get install chromium fonts-liberation), or name yours: --browser PATH.'
    : 'Install Chrome or Chromium, or name yours: --browser PATH.'
}

async function askedFor(asked: string, source: string, environment: NodeJS.ProcessEnv): Promise<FoundBrowser> {
  const places = asked.includes('/') ? [resolve(asked)] : placesInPath([asked], environment).map(([path]) => path)
  for (const path of places) if (await isExecutable(path)) return browserAt(path, source)
  throw new AssayError('BAD_ARGUMENT', `${source} names ${asked}, which is no program that can be started here`, {
    hint: 'Give the path of a Chromium or Chrome binary, or leave it out to let Assay find one.',
  })
}

async function firstOf(places: readonly (readonly [path: string, source: string])[]): Promise<FoundBrowser | null> {
  for (const [path, source] of places) if (await isExecutable(path)) return browserAt(path, source)
  return null
}

function placesInPath(names: readonly string[], environment: NodeJS.ProcessEnv): (readonly [path: string, source: string])[] {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => [join(folder, name), `${name} in PATH`] as const))
}

function browserAt(executable: string, source: string): FoundBrowser {
  return { executable, source, headlessShell: /headless[-_]shell/.test(basename(executable)) }
}
