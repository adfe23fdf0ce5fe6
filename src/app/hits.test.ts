import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openFileStore } from '#ledger/file-store.ts'
import { openLedger } from '#ledger/ledger.ts'
import type { Observation } from '#model/observation.ts'
import { hitsText } from '#report/hits.ts'
import { temporaryData } from '../ledger/testing/data-folder.ts'
import { sampleCapture, sampleObservation } from '../ledger/testing/samples.ts'
import { hits } from './hits.ts'

/** The same visits in a folder with an index and in one without. */
let temporary: Awaited<ReturnType<typeof temporaryData>>
let folders: Record<'index' | 'files', string>

const similar = `s1:${'0a'.repeat(16)}`
const pages: Record<string, Partial<Observation>> = {
  'one.test': { trackers: [{ kind: 'google-analytics', id: 'UA-47110000', artifact: 'req-1' }] },
  'two.test': {
    trackers: [{ kind: 'google-analytics', id: 'UA-47110000', artifact: 'req-1' }],
    similarities: [{ digest: similar, artifact: 'script-1' }],
  },
  'three.test': { trackers: [{ kind: 'histats', id: '4192837', artifact: 'req-1' }] },
}

before(async () => {
  temporary = await temporaryData('hits')
  folders = { index: temporary.dir, files: join(temporary.dir, 'files') }
  const ledger = await openLedger(temporary.place)
  const files = await openFileStore(folders.files)
  for (const [site, over] of Object.entries(pages)) {
    const capture = sampleCapture({ url: `https://${site}/` })
    const observation = sampleObservation(capture, 'active', { account: `of-${site.slice(0, -5)}` }, { site, ...over })
    await ledger.files.putCapture(capture)
    await ledger.record(observation)
    await files.putCapture(capture)
    await files.appendObservation(observation)
  }
  await ledger.close()
})
after(() => temporary.remove())

const ask = (place: 'index' | 'files', subject: string) =>
  hits({ subject, data: folders[place], database: null }, { onProgress: () => {}, onNote: () => {} }, new AbortController().signal)

const cases: Record<string, { subject: string; sites: string[] }> = {
  'a tracker by its identifier': { subject: 'UA-47110000', sites: ['one.test', 'two.test'] },
  'a tracker with its kind': { subject: 'google-analytics UA-47110000', sites: ['one.test', 'two.test'] },
  'a number at one service': { subject: 'histats 4192837', sites: ['three.test'] },
  'the same number at another': { subject: 'statcounter 4192837', sites: [] },
  'similar code': { subject: similar, sites: ['two.test'] },
  'an account': { subject: 'of-three', sites: ['three.test'] },
}
for (const [name, { subject, sites }] of Object.entries(cases))
  for (const place of ['index', 'files'] as const)
    test(`${name}, from the ${place}: on ${sites.length} sites`, async () => {
      const answer = await ask(place, subject)
      assert.deepEqual(answer.sites.map(({ site }) => site).sort(), sites)
      assert.equal(answer.looked, 3)
    })

test('what was never seen is said with everything that it was looked for as', async () => {
  assert.match(hitsText(await ask('index', 'UA-1')), /Never seen, as an account or an identifier of a tracker: 3 captures looked at\./)
})
