import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sampleCapture } from '../testing/samples.ts'
import { conditionsKey } from './rows.ts'

describe('conditions that a sighting is told apart by', () => {
  const { conditions } = sampleCapture().manifest
  const apart: Record<string, Partial<typeof conditions>> = {
    'who came from a search engine': { referrer: 'https://search.test/' },
    'who agreed': { consent: 'accept' },
    'who has a phone': { viewport: { ...conditions.viewport, mobile: true } },
  }
  for (const [name, change] of Object.entries(apart))
    it(`${name} is another visitor`, () => assert.notEqual(conditionsKey({ ...conditions, ...change }), conditionsKey(conditions)))

  it('another build of the browser is the same visitor', () =>
    assert.equal(conditionsKey({ ...conditions, browser: 'Chrome/157.0.0.0' }), conditionsKey(conditions)))
})
