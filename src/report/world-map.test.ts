import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PrevalenceRow } from '#model/study-report.ts'
import { worldMap } from './world-map.ts'

const row = (group: string, found: number, looked: number): PrevalenceRow => ({
  group,
  found,
  optIn: 0,
  looked,
  notLooked: 0,
  estimate: found / looked,
  low: null,
  high: null,
  bounds: { low: null, high: null },
  designEffect: 1,
})

/** Titles and radii of the circles, in the order that they are drawn in. */
const circlesOf = (text: string): [string, number][] =>
  [...text.matchAll(/r="([\d.]+)"\s*>\s*<title>([^<]+)<\/title>/g)].map(([, radius, title]) => [title!, Number(radius)])

test('circles grow in area with the sites found, the largest below the others', () => {
  const { text } = worldMap([row('DE', 25, 300), row('US', 100, 900), row('JP', 0, 40)])
  assert.deepEqual(circlesOf(text), [
    ['US: 100 of 900 sites', 26],
    ['DE: 25 of 300 sites', 13],
  ])
  // Looked at and nothing found: no circle, darker land.
  assert.equal(text.match(/class="looked"/g)?.length, 3)
})

test('France is in Europe, whatever lies overseas', () => {
  const places = (code: string) => {
    const [, x, y] = /<circle cx="([\d.]+)" cy="([\d.]+)"/.exec(worldMap([row(code, 1, 1)]).text) ?? []
    return [Number(x), Number(y)] as const
  }
  const [[frX, frY], [deX, deY], [usX]] = [places('FR'), places('DE'), places('US')]
  assert.ok(Math.hypot(frX - deX, frY - deY) < 30, `${frX},${frY} and ${deX},${deY}`)
  assert.ok(usX < frX - 100)
})

test('what is on no map is said in words; with nothing found there is none', () => {
  const { text } = worldMap([row('DE', 1, 10), row('CDN or anycast', 3, 40), row('SG', 2, 20), row('unknown', 0, 9)])
  assert.match(text, /Not on the map: CDN or anycast 3 of 40, SG 2 of 20\./)
  assert.equal(worldMap([row('DE', 0, 10), row('CDN or anycast', 3, 40)]).text, '')
})
