import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hits } from './hits.ts'
import { status } from './status.ts'
import { study } from './study.ts'
import { listRetractions } from './study-data.ts'
import { studyReport } from './study-report.ts'

const signal = new AbortController().signal
const events = { onProgress: () => {}, onNote: () => {} }
const questions = {
  hits: (data: string) => hits({ subject: 'pool.example', data, database: null }, events, signal),
  status: (data: string) => status({ data, database: null, crawl: null }),
  study: (data: string) => study({ data, database: null, crawl: null }),
  'study report': (data: string) => studyReport({ data, database: null, crawl: null, asOf: null }),
  'study retractions': (data: string) => listRetractions({ data, database: null }),
}
for (const [name, ask] of Object.entries(questions))
  test(`${name}: a folder that is not there is told, and none is made`, async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'assay-nowhere-'))
    context.after(() => rm(dir, { recursive: true }))
    await assert.rejects(ask(join(dir, 'data')), { code: 'NOT_FOUND' })
    assert.deepEqual(await readdir(dir), [])
  })
