import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { importCaptures } from './captures.ts'
import { judgeFiles } from './judge.ts'
import { manifestIn } from './kept-captures.ts'

const noEvents = { onProgress: () => undefined, onNote: () => undefined }

test('a damaged capture in a data folder is one error, and the others are judged', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-judge-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const files = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => {
      const file = join(dir, `${name}.html`)
      await writeFile(file, `<!doctype html><title>${name}</title><p>Page ${name} of a shop that sells nothing but bread.</p>`)
      return file
    }),
  )
  const data = join(dir, 'data')
  const kept = await importCaptures({ dir: data, files }, () => undefined)
  await writeFile(manifestIn(data, kept[1]!.id), '{}')

  const judged = await Array.fromAsync(judgeFiles([data], noEvents, new AbortController().signal))
  assert.deepEqual(
    judged.map((each) => ('error' in each ? each.error.code : each.observation.conclusion.status)),
    ['none', 'STORE_CORRUPT', 'none'],
  )
})
