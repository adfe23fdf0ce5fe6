import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { type BrowserSearch, findBrowser } from './executable.ts'
import { type InstallSituation, type InstallWay, installWays } from './install.ts'
import { browserFolders, launcherName } from './installed-browser.ts'

describe('finding a browser', () => {
  let root = ''
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'assay-find-'))
    for (const path of [
      'known/chromium',
      'path/google-chrome',
      'path/chromium',
      'path/chrome-headless-shell',
      'mine/chrome',
      `cache/chromium-9.0.0/${launcherName}`,
      `cache/chromium-153.0.0/${launcherName}`,
      `cache/.new-1/${launcherName}`,
    ]) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), '')
      await chmod(join(root, path), 0o755)
    }
    await writeFile(join(root, 'known/data'), '')
    await mkdir(join(root, 'shell'))
    await writeFile(join(root, 'shell/headless_shell'), '')
    await chmod(join(root, 'shell/headless_shell'), 0o755)
  })
  after(() => rm(root, { recursive: true, force: true }))

  const nothing: BrowserSearch = { environment: { PATH: '' }, places: [], folders: [] }
  const at = (...paths: string[]): string => join(root, ...paths)
  const cases: Record<string, { search: () => BrowserSearch; executable: string; source: RegExp; headlessShell?: boolean }> = {
    '--browser goes before all else': {
      search: () => ({
        explicit: at('mine/chrome'),
        environment: { ASSAY_BROWSER: at('path/chromium'), PATH: at('path') },
        places: [[at('known/chromium'), 'known']],
      }),
      executable: 'mine/chrome',
      source: /^--browser$/,
    },
    'ASSAY_BROWSER goes before known places': {
      search: () => ({ environment: { ASSAY_BROWSER: at('path/chromium') }, places: [[at('known/chromium'), 'known']] }),
      executable: 'path/chromium',
      source: /^ASSAY_BROWSER$/,
    },
    'a bare name is looked up in PATH': {
      search: () => ({ explicit: 'chromium', environment: { PATH: `${at('known/none')}:${at('path')}` } }),
      executable: 'path/chromium',
      source: /^--browser$/,
    },
    "a package's place goes before PATH": {
      search: () => ({
        environment: { PATH: at('path') },
        places: [
          [at('known/none'), 'gone'],
          [at('known/data'), 'no program'],
          [at('known/chromium'), 'known'],
        ],
      }),
      executable: 'known/chromium',
      source: /^known$/,
    },
    'Chrome goes before Chromium in PATH': {
      search: () => ({ ...nothing, environment: { PATH: at('path') } }),
      executable: 'path/google-chrome',
      source: /in PATH$/,
    },
    'a headless shell is told apart': {
      search: () => ({ ...nothing, environment: { PATH: at('shell') } }),
      executable: 'shell/headless_shell',
      source: /in PATH$/,
      headlessShell: true,
    },
    'the newest that was installed, no half one': {
      search: () => ({ ...nothing, folders: [at('none'), at('cache')] }),
      executable: `cache/chromium-153.0.0/${launcherName}`,
      source: /chromium-153\.0\.0/,
      headlessShell: true,
    },
  }
  for (const [title, { search, executable, source, headlessShell = false }] of Object.entries(cases)) {
    test(title, async () => {
      const found = await findBrowser(search())
      assert.equal(found.executable, at(executable))
      assert.match(found.source, source)
      assert.equal(found.headlessShell, headlessShell)
    })
  }

  test("a browser that was named and is not there is the caller's mistake, not a reason to take another", async () => {
    for (const explicit of [at('known/none'), at('known/data'), 'no-such-browser']) {
      await assert.rejects(
        findBrowser({ explicit, environment: { PATH: at('path') } }),
        (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT' && error.message.includes(explicit),
      )
    }
  })

  test('none at all: one thing to do', async () => {
    await assert.rejects(
      findBrowser(nothing),
      (error) => error instanceof AssayError && error.code === 'BROWSER_MISSING' && /--browser PATH/.test(error.hint ?? ''),
    )
  })

  test("root's browsers stand where the user that it is dropped to can read", () => {
    assert.equal(browserFolders({ HOME: '/root' }, 0)[0], '/var/cache/assay/browser')
    assert.equal(browserFolders({ HOME: '/h/me' }, 1000)[0], '/h/me/.cache/assay/browser')
    assert.equal(browserFolders({ HOME: '/h/me', XDG_CACHE_HOME: '/c' }, 1000)[0], '/c/assay/browser')
  })
})

describe('ways to install one', () => {
  const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
  const ubuntu = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n'
  const cases: Record<string, [Partial<InstallSituation>, InstallWay[]]> = {
    'root on Debian': [{ root: true, osRelease: debian }, ['apt', 'npm']],
    'root on a Debian derivative': [{ root: true, osRelease: 'ID=raspbian\nID_LIKE=debian\n', arch: 'arm64' }, ['apt']],
    'a user on Debian': [{ osRelease: debian }, ['npm']],
    'root on Ubuntu, whose package is a snap': [{ root: true, osRelease: ubuntu }, ['npm']],
    'root on Mint': [{ root: true, osRelease: 'ID=linuxmint\nID_LIKE="ubuntu debian"\n' }, ['npm']],
    'root on Fedora': [{ root: true, osRelease: 'ID=fedora\n' }, ['npm']],
    'a user on arm64': [{ arch: 'arm64', osRelease: debian }, ['none']],
    macOS: [{ platform: 'darwin', arch: 'arm64', osRelease: '' }, ['none']],
  }
  for (const [title, [situation, ways]] of Object.entries(cases)) {
    test(`${title}: ${ways.join(', then ')}`, () =>
      assert.deepEqual(installWays({ platform: 'linux', arch: 'x64', root: false, osRelease: '', ...situation }), ways))
  }
})
