import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { captureOf } from '#model/capture.ts'
import type { Component } from '#model/component.ts'
import type { Digest } from '#model/digest.ts'
import type { Status } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import type { CodeOrigin } from '#model/origin.ts'
import { observationWith } from '../../test/observation.ts'
import { withHistory } from './code-history.ts'

const url = 'https://cdn.example/lib.js'
let dir: string
let store: FileStore

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-history-'))
  store = await openFileStore(dir)
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** A visit to the page on that day of November, with these octets at the library's address; null: it was not loaded. */
async function visited(day: number, octets: string | null, status: Status, page = 'https://shop.example/'): Promise<Observation> {
  const { observation, capture } = observationWith('plain')
  const at = `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`
  const digest = octets === null ? null : await store.put(Buffer.from(octets))
  const seen = captureOf({
    ...capture.manifest,
    url: page,
    startedAt: at,
    artifacts: {
      request: {
        status: 'complete',
        items:
          digest === null
            ? []
            : [
                {
                  id: 'req-1',
                  targetId: 'target-1',
                  url,
                  method: 'GET',
                  resourceType: 'script',
                  requestHeaders: [],
                  requestBody: { status: 'none' },
                  initiator: { type: 'parser', url: page },
                  startedAtMs: 0,
                  body: { status: 'stored', digest, size: 1 },
                },
              ],
      },
    },
  })
  await store.putCapture(seen)
  const component: Component = { ...observation.components[0]!, url, digest }
  const answer: Observation = {
    ...observation,
    captureId: seen.id,
    url: page,
    observedAt: at,
    error: null,
    components: digest === null ? [] : [component],
    conclusion: { ...observation.conclusion, status },
  }
  await store.appendObservation(answer)
  return answer
}

const originWith = (digest: Digest | null): CodeOrigin => ({
  files: [{ artifact: 'req-1', url, owner: 'cdn.example', party: 'third', digest, size: 1, lastModified: null, history: null }],
  entry: null,
  policy: [],
  trusted: null,
})

type Visit = [day: number, octets: string | null, status: Status]
const cases: Record<
  string,
  { visits: Visit[]; looked: number | null; since: number | null; before: [number, string] | null; trusted: boolean }
> = {
  'the first visit knows nothing': { visits: [[9, 'bad', 'active']], looked: null, since: null, before: null, trusted: false },
  'a file that was changed': {
    visits: [
      [1, 'good', 'none'],
      [5, 'bad', 'active'],
      [9, 'bad', 'active'],
    ],
    looked: 2,
    since: 5,
    before: [1, 'other'],
    trusted: true,
  },
  'a file that is new with this visit': {
    visits: [
      [1, null, 'none'],
      [9, 'bad', 'active'],
    ],
    looked: 1,
    since: null,
    before: [1, 'absent'],
    trusted: false,
  },
  'a copy that mined too is not trusted': {
    visits: [
      [1, 'worse', 'active'],
      [9, 'bad', 'active'],
    ],
    looked: 1,
    since: null,
    before: [1, 'other'],
    trusted: false,
  },
  'a file that was always so': {
    visits: [
      [1, 'bad', 'active'],
      [9, 'bad', 'active'],
    ],
    looked: 1,
    since: 1,
    before: null,
    trusted: false,
  },
}

describe('since when a file mines, by what was kept', () => {
  for (const [name, { visits, looked, since, before, trusted }] of Object.entries(cases))
    it(name, async () => {
      await visited(2, 'another site', 'none', 'https://other.example/')
      let last: Observation | undefined
      for (const visit of visits) last = await visited(...visit)
      const origin = await withHistory(originWith(last!.components[0]!.digest), last!, store)
      const { history } = origin.files[0]!
      const dayOf = (at: string): number => Number(at.slice(8, 10))
      assert.equal(history?.looked ?? null, looked)
      assert.equal(history?.since ? dayOf(history.since.at) : null, since)
      assert.deepEqual(history?.before ? [dayOf(history.before.at), history.before.was] : null, before)
      assert.equal(origin.trusted?.integrity, trusted ? `sha384-${createHash('sha384').update('good').digest('base64')}` : undefined)
    })
})
