import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import Ajv, { type ValidateFunction } from 'ajv'
import fc from 'fast-check'
import { findingKinds } from '#model/finding.ts'
import type { Observation } from '#model/observation.ts'
import { observationWith } from '../../test/observation.ts'
import { sarif } from './sarif.ts'

/** The schema that OASIS published, as @microsoft/jest-sarif carries it. */
let fits: ValidateFunction

const json = async (at: string): Promise<object> => JSON.parse(await readFile(fileURLToPath(at), 'utf8')) as object

before(async () => {
  const ajv = new Ajv({ schemaId: 'auto', meta: false, validateSchema: false, unknownFormats: 'ignore', logger: false })
  ajv.addMetaSchema(await json(import.meta.resolve('ajv/lib/refs/json-schema-draft-04.json')))
  fits = ajv.compile(await json(import.meta.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')))
})

interface Log {
  runs: {
    tool: { driver: { rules: { id: string; properties: Record<string, unknown>; fullDescription: unknown; help: unknown }[] } }
    results: {
      ruleId: string
      ruleIndex: number
      level: string
      locations: { physicalLocation: { artifactLocation: { uri: string } } }[]
      partialFingerprints: Record<string, string>
    }[]
  }[]
}

function logOf(...observations: Observation[]): Log {
  const log: unknown = JSON.parse(sarif(observations, '1.0.0'))
  assert.ok(fits(log), JSON.stringify(fits.errors?.slice(0, 3)))
  return log as Log
}

const at = (finalUrl: string): Observation => ({ ...observationWith('plain').observation, finalUrl })

describe('SARIF fits the published schema', () => {
  const hostile = {
    nothing: '',
    markup: '<script>',
    escapes: '\u001b]0;x\u0007\u009b31m',
    brackets: '[a](javascript:1)',
    surrogate: 'a\ud800',
  }
  for (const [name, text] of Object.entries(hostile)) it(`with ${name} in every text`, () => void logOf(observationWith(text).observation))
  it('with any text', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => void logOf(observationWith(text).observation)),
      { numRuns: 50 },
    ))
  it('with no finding, and with no page', () => {
    logOf()
    logOf({ ...observationWith('plain').observation, findings: [], blindTo: [] })
  })
})

describe('SARIF has what code hosts ask for', () => {
  for (const kind of findingKinds)
    it(`a rule of ${kind} is described, has help and a severity where it harms`, () => {
      const { observation } = observationWith('plain')
      const { tool, results } = logOf({ ...observation, findings: observation.findings.map((finding) => ({ ...finding, kind })) }).runs[0]!
      const [rule] = tool.driver.rules
      assert.ok(rule?.fullDescription && rule.help)
      assert.equal(results[0]?.level === 'note', rule.properties['security-severity'] === undefined)
    })

  const places: Record<string, { url: string; uri: string }> = {
    'a page': { url: 'https://shop.example/a/b?x=1#y', uri: 'shop.example/a/b' },
    'a port': { url: 'https://shop.example:8443/', uri: 'shop.example%3A8443/' },
    'an address of version 6': { url: 'http://[::1]/', uri: '%5B%3A%3A1%5D/' },
    'what is no address': { url: 'page.html', uri: 'file/page.html' },
  }
  for (const [name, { url, uri }] of Object.entries(places))
    it(`${name} is a relative path`, () =>
      assert.equal(logOf(at(url)).runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri, uri))

  it('a finding is the same one in the next visit, and another one at another site', () => {
    const printOf = (observation: Observation): string | undefined =>
      logOf(observation).runs[0]?.results[0]?.partialFingerprints['primaryLocationLineHash']
    const first = at('https://shop.example/')
    assert.match(printOf(first) ?? '', /^[0-9a-f]{16}:1$/)
    assert.equal(printOf({ ...first, captureId: `sha256:${'0'.repeat(64)}`, observedAt: '2027-01-01T00:00:00.000Z' }), printOf(first))
    assert.notEqual(printOf({ ...first, site: 'other.example' }), printOf(first))
  })
})
