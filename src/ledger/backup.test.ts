import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openFileStore } from './file-store.ts'

const page = fileURLToPath(new URL('../../docs/operating.md', import.meta.url))
const writer = fileURLToPath(new URL('./testing/writer.ts', import.meta.url))

test(
  'a folder that another process writes to is copied whole by the commands of docs/operating.md, and once more',
  { timeout: 120_000 },
  async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'assay-backup-'))
    t.after(() => rm(root, { recursive: true, force: true }))
    const script = /```sh backup\n([\s\S]*?)```/.exec(await readFile(page, 'utf8'))?.[1] ?? ''
    const writing = spawn(process.execPath, [writer, join(root, 'assay-data')], { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(writing, 'exit')
    let acknowledged = 0
    const lines = createInterface({ input: writing.stdout })
    lines.on('line', () => acknowledged++)
    const nextAcknowledged = async () => {
      await once(lines, 'line')
      return acknowledged
    }
    try {
      for (let turn = 0; turn < 3; turn++) {
        const wanted = acknowledged + 20
        while ((await nextAcknowledged()) < wanted);
        await promisify(execFile)('sh', ['-euc', script], { cwd: root })
        const copy = await openFileStore(join(root, 'backup'))
        const report = await copy.verify()
        assert.deepEqual(report.faults, [])
        assert.ok(report.captures >= wanted, `${report.captures} of ${wanted} captures`)
      }
    } finally {
      writing.kill('SIGKILL')
      await gone
    }
  },
)
