import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildReport } from '#study/study-report.ts'
import { looksAtWorld } from './testing/world-looks.ts'
import { scoreOfWorld } from './testing/world-score.ts'

const worlds = Array.from({ length: 12 }, (_, number) => {
  const { input, truth } = looksAtWorld({ seed: 100 + number, sites: 500, weeks: 8 })
  return scoreOfWorld(buildReport(input), truth)
})
const sum = (of: (score: (typeof worlds)[number]) => number): number => worlds.reduce((total, score) => total + of(score), 0)

test('in twelve worlds every round’s interval holds what was true', () => {
  assert.equal(
    sum(({ rounds }) => rounds.right),
    sum(({ rounds }) => rounds.all),
  )
})

test('every compromised third party is named, its day within one cadence, and nothing else', () => {
  assert.equal(
    sum(({ compromise }) => Number(compromise?.isFound === true && compromise.days === 7)),
    worlds.length,
  )
  assert.equal(
    sum(({ compromise }) => compromise?.others ?? 0),
    0,
  )
})

test('campaigns: no pair is wrong, and nine in ten are found', () => {
  const [said, right, pairs, found] = [
    sum(({ campaigns }) => campaigns.said),
    sum(({ campaigns }) => campaigns.right),
    sum(({ campaigns }) => campaigns.true),
    sum(({ campaigns }) => campaigns.found),
  ]
  assert.equal(right, said)
  assert.ok(pairs > 300 && found / pairs >= 0.9, `${found} of ${pairs}`)
})

test('the band of the median holds the true one in most worlds, small as their cohorts are', () => {
  const right = worlds.filter(({ median: { truth, low, high } }) => truth !== null && (low ?? 0) <= truth && truth <= (high ?? Infinity))
  assert.ok(right.length >= 10, `${right.length} of ${worlds.length}`)
})
