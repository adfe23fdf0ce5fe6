import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seedOf } from '#model/seed.ts'
import { parseConditions } from './conditions.ts'

const file = `
default: { language: 'en-US,en' }
rules:
  - sites: [special.test]
    userAgent: Mozilla/5.0 (special)
  - tags: ['country:de']
    vantage: de
    proxy: socks5://127.0.0.1:1080
    language: de-DE,de
    viewport: { width: 412, height: 915, mobile: true }
`

describe('conditions of a crawl', () => {
  const of = parseConditions(file, 'conditions.yaml')
  it('by tag', () =>
    assert.deepEqual(of(seedOf('a.test', { tags: ['country:de', 'shop'] })), {
      language: 'de-DE,de',
      vantage: 'de',
      proxy: 'socks5://127.0.0.1:1080',
      viewport: { width: 412, height: 915, mobile: true, deviceScaleFactor: 1 },
    }))
  it('the first rule that matches counts', () =>
    assert.deepEqual(of(seedOf('www.special.test', { tags: ['country:de'] })), {
      language: 'en-US,en',
      userAgent: 'Mozilla/5.0 (special)',
    }))
  it('the others have the default', () => assert.deepEqual(of(seedOf('b.test')), { language: 'en-US,en' }))
  const bad: Record<string, string> = {
    'a rule for nobody': 'rules: [{ vantage: de }]',
    'a word that is not known': 'default: { proxi: socks5://x:1 }',
    'a proxy of another kind': 'default: { proxy: ftp://x }',
    'a header smuggled in': 'default: { userAgent: "a\\r\\nX: y" }',
    'no YAML': 'default: [',
  }
  for (const [name, text] of Object.entries(bad))
    it(`${name} is refused`, () => assert.throws(() => parseConditions(text, 'c.yaml'), { code: 'BAD_INPUT_FILE' }))
})
