import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssayError } from '#model/errors.ts'
import { hitsSchema } from '#model/hits.ts'
import type { Observation } from '#model/observation.ts'
import { sampleCapture, sampleObservation } from '../ledger/testing/samples.ts'
import { foldHits, hitIn, subjectOf } from './hits.ts'

const digest = `sha256:${'ab'.repeat(32)}` as const
const account = 'ef'.repeat(32)

/** A page of shop.test whose script of ads.example opens a socket to a pool, on a day of January. */
function observed(day: number, site = 'shop.test', over: Partial<Observation> = {}): Observation {
  const at = `2026-01-${String(day).padStart(2, '0')}T10:00:00.000Z`
  const capture = sampleCapture({ url: `https://${site}/`, finalUrl: `https://${site}/`, startedAt: at })
  return sampleObservation(
    capture,
    'active',
    { service: 'coinimp', account },
    {
      site,
      observedAt: at,
      components: [
        {
          slot: 's',
          artifact: 'script-1',
          url: 'https://cdn.ads.example/a.js#x',
          host: 'cdn.ads.example',
          registrableDomain: 'ads.example',
          party: 'third',
          entity: null,
          digest,
          size: 1,
          chain: [`https://${site}/`, 'https://tags.example/t.js'],
        },
      ],
      trackers: [
        { kind: 'google-analytics', id: 'UA-47110000', artifact: 'req-1' },
        { kind: 'google-adsense', id: 'pub-4928173650192837', artifact: 'script-1' },
        { kind: 'matomo', id: 'stats.verein.example 12', artifact: 'req-1' },
      ],
      similarities: [{ digest: `s1:${'0a'.repeat(16)}`, artifact: 'script-1' }],
      hostPairs: [{ parent: 'cdn.ads.example', child: 'ws1.pool.example', cause: 'websocket', count: 2 }],
      ...over,
    },
  )
}

const cases: Record<string, { subject: string; as: string | null; loadedBy?: string[] }> = {
  'code by its digest': { subject: digest, as: 'digest', loadedBy: ['tags.example'] },
  'code by its digest without the prefix, in capitals': { subject: 'AB'.repeat(32), as: 'digest' },
  'an account of 64 digits, which could be a digest': { subject: account, as: 'account' },
  'a host of a script': { subject: 'cdn.ads.example', as: 'host', loadedBy: ['tags.example'] },
  'the domain above it': { subject: 'ads.example', as: 'host' },
  'a host that ends like another': { subject: 's.example', as: null },
  'a pool behind a socket': { subject: 'pool.example', as: 'host', loadedBy: ['cdn.ads.example'] },
  'the page itself': { subject: 'shop.test', as: 'host', loadedBy: [] },
  'the address of a script, whatever its fragment': { subject: 'https://cdn.ads.example/a.js#y', as: 'url', loadedBy: ['tags.example'] },
  'the address of the page': { subject: 'https://shop.test', as: 'url' },
  'an address that nobody asked for': { subject: 'https://cdn.ads.example/b.js', as: null },
  'a digest of nothing': { subject: 'cd'.repeat(32), as: null },
  'a tracker by its identifier': { subject: 'UA-47110000', as: 'tracker', loadedBy: [] },
  'with the number of its property': { subject: 'UA-47110000-7', as: 'tracker' },
  'with its kind': { subject: 'google-analytics UA-47110000-7', as: 'tracker' },
  'with another kind': { subject: 'histats UA-47110000', as: null },
  'the beginning of one': { subject: 'UA-4711', as: null },
  'a place for advertisements, as pages have it': { subject: 'ca-pub-4928173650192837', as: 'tracker', loadedBy: ['tags.example'] },
  'a server of statistics and the site there': { subject: 'Stats.verein.example 12', as: 'tracker' },
  'the same with its kind': { subject: 'matomo stats.verein.example 12', as: 'tracker' },
  'another site there': { subject: 'stats.verein.example 13', as: null },
  'similar code': { subject: `s1:${'0A'.repeat(16)}`, as: 'similarity', loadedBy: ['tags.example'] },
  'similar code that nobody had': { subject: `s1:${'0b'.repeat(16)}`, as: null },
  'an account that is nobody’s': { subject: 'somebody', as: null },
}
for (const [name, { subject, as, loadedBy }] of Object.entries(cases)) {
  test(`${name}: ${as ?? 'not seen'}`, () => {
    const hit = hitIn(observed(5), subjectOf(subject))
    assert.equal(hit?.as ?? null, as)
    if (loadedBy !== undefined) assert.deepEqual(hit?.loadedBy, loadedBy)
    if (hit !== null) assert.ok(hit.where.length > 0)
  })
}

for (const text of ['', ' ', 'two words', 'https://'])
  test(`"${text}" names nothing`, () =>
    assert.throws(
      () => subjectOf(text),
      (error) => error instanceof AssayError && error.code === 'BAD_ARGUMENT',
    ))

test('since when is bounded by the looks before and after; what was blind is no look', () => {
  const subject = subjectOf('pool.example')
  const clean = (day: number, status: 'none' | 'inconclusive') =>
    sampleObservation(
      sampleCapture({ startedAt: `2026-01-0${day}T10:00:00.000Z` }),
      status,
      {},
      { site: 'shop.test', observedAt: `2026-01-0${day}T10:00:00.000Z` },
    )
  const all = [
    observed(4),
    observed(6, 'shop.test'),
    observed(5, 'other.test'),
    clean(2, 'none'),
    clean(3, 'inconclusive'),
    clean(8, 'none'),
    clean(9, 'none'),
  ]
  const hits = all.map((each) => hitIn(each, subject)).filter((hit) => hit !== null)
  const looks = all.map(({ captureId, site, observedAt, conclusion }) => ({ captureId, site, observedAt, status: conclusion.status }))
  const answer = hitsSchema.parse(foldHits(subject, hits, looks, { looked: all.length, unreadable: 0 }))
  assert.deepEqual([answer.captures, answer.firstSeen?.slice(0, 10), answer.lastSeen?.slice(0, 10)], [3, '2026-01-04', '2026-01-06'])
  assert.deepEqual(
    answer.sites.map(({ site, captures, lookedBefore, lookedAfter }) => [
      site,
      captures,
      lookedBefore?.slice(0, 10),
      lookedAfter?.slice(0, 10),
    ]),
    [
      ['shop.test', 2, '2026-01-02', '2026-01-08'],
      ['other.test', 1, undefined, undefined],
    ],
  )
  assert.deepEqual(answer.loadedBy, [{ host: 'cdn.ads.example', sites: 2, captures: 3 }])
})
