import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { importCaptures } from '#app/captures.ts'
import { sampleCapture } from '#archive/testing/sample-capture.ts'
import { openFileStore } from '#ledger/file-store.ts'
import { captureOf } from '#model/capture.ts'
import type { Digest } from '#model/digest.ts'
import { folderExportSchema } from '#model/folder-export.ts'

/** A folder with a capture of January and one of February, exported and taken into another folder. */
const main = fileURLToPath(new URL('main.ts', import.meta.url))
let dir: string
const ids: Digest[] = []

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-export-'))
  const store = await openFileStore(join(dir, 'out'))
  for (const startedAt of ['2026-01-05T10:00:00.000Z', '2026-02-05T10:00:00.000Z']) {
    const capture = captureOf({ ...(await sampleCapture(store)).manifest, startedAt, keyId: await store.keyId() })
    await store.putCapture(capture)
    ids.push(capture.id)
  }
})
after(() => rm(dir, { recursive: true, force: true }))

async function assay(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, 'export', ...args], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, out, err }
}

test('WACZ: of a day and later, then the rest; signed captures come back as the same', async () => {
  const first = await assay('wacz', '--wacz', '--data', 'out', '--since', '2026-02-01', '--json')
  assert.deepEqual([first.code, first.err], [0, ''])
  const { written, there } = folderExportSchema.parse(JSON.parse(first.out))
  assert.deepEqual([written, there], [1, 0])
  const second = await assay('wacz', '--wacz', '--data', 'out')
  assert.match(second.out, /^1 wacz files written to wacz; 1 were there\n/)
  const files = await readdir(join(dir, 'wacz'))
  assert.deepEqual(files.filter((file) => file.endsWith('.wacz')).length, 2)
  const kept = await importCaptures(
    { dir: join(dir, 'back'), files: files.filter((file) => file.endsWith('.wacz')).map((file) => join(dir, 'wacz', file)) },
    (text) => assert.fail(text),
  )
  assert.deepEqual(new Set(kept.map(({ id }) => id)), new Set(ids))
  const back = await openFileStore(join(dir, 'back'))
  for (const id of ids) assert.equal((await back.getAttestation(id))?.captureId, id)
})

test('what is asked wrongly is told', async () => {
  for (const [args, says] of [
    [['x', '--data', 'out'], /BAD_ARGUMENT: one format/],
    [['x', '--data', 'out', '--parquet', '--since', '2026-02-01'], /BAD_ARGUMENT: Parquet tables are written whole/],
    [['x', '--data', 'nowhere', '--wacz'], /NOT_FOUND: nowhere is no data folder/],
  ] as const) {
    const { code, err } = await assay(...args)
    assert.match(err, says)
    assert.equal(code, 4)
  }
})
