import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Answer, type ExitCode, answerOf, exitCodeOf, worstExitCode } from './answer.ts'
import { canonicalJson } from './canonical.ts'
import { captureId, parseManifest } from './capture.ts'
import { toErrorRecord } from './errors.ts'
import type { Status } from './finding.ts'
import { parseSeedUrl } from './seed.ts'
import { observationWith } from '../../test/observation.ts'

describe('canonical JSON (RFC 8785)', () => {
  const cases: Record<string, [unknown, string]> = {
    'members by code unit, as in section 3.2.3': [
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 },
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}',
    ],
    'numbers as ECMAScript writes them': [
      [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0],
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    ],
    'nesting without white space': [{ b: [1, { d: null, c: true }], a: '' }, '{"a":"","b":[1,{"c":true,"d":null}]}'],
    'undefined members are left out': [{ a: undefined, b: 1 }, '{"b":1}'],
  }
  for (const [name, [value, text]] of Object.entries(cases)) it(name, () => assert.equal(canonicalJson(value), text))
  it('is a fixed point of reading and writing, whatever the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        assert.equal(canonicalJson(JSON.parse(text)), text)
      }),
    )
  })
  it('refuses what JSON has no form for', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1, 1n]) assert.throws(() => canonicalJson(value), TypeError)
  })
})

describe('manifests', () => {
  const { capture } = observationWith('x')
  const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  it('keep unknown members and kinds through reading', () => {
    const later = {
      ...capture.manifest,
      future: 1,
      artifacts: { ...capture.manifest.artifacts, hologram: { status: 'complete', items: [{ id: 'h-1', depth: 3 }] } },
    }
    assert.equal(captureId(parseManifest(bytes(later), 'later.json')), captureId(later as typeof capture.manifest))
  })
  const bad: Record<string, [unknown, string]> = {
    'no object': [[], 'BAD_INPUT_FILE'],
    'another schema': [{ ...capture.manifest, schema: 'har' }, 'BAD_INPUT_FILE'],
    'a later version': [{ ...capture.manifest, schemaVersion: 99 }, 'UNSUPPORTED'],
    'an artifact without identifier': [
      { ...capture.manifest, artifacts: { request: { status: 'complete', items: [{}] } } },
      'BAD_INPUT_FILE',
    ],
    'items in a kind that was not collected': [
      {
        ...capture.manifest,
        artifacts: { wasm: { status: 'not-collected', reason: '', items: [{ id: 'wasm-1', url: '', body: { status: 'none' } }] } },
      },
      'BAD_INPUT_FILE',
    ],
    'a blob that is no digest': [
      {
        ...capture.manifest,
        artifacts: {
          wasm: { status: 'complete', items: [{ id: 'wasm-1', url: '', body: { status: 'stored', digest: '../../etc/passwd', size: 1 } }] },
        },
      },
      'BAD_INPUT_FILE',
    ],
  }
  for (const [name, [value, code]] of Object.entries(bad))
    it(`with ${name} are refused as ${code}`, () => assert.throws(() => parseManifest(bytes(value), 'm.json'), { code }))
  it('that are no JSON are refused', () =>
    assert.throws(() => parseManifest(new Uint8Array([0xff, 0xfe]), 'm.json'), { code: 'BAD_INPUT_FILE' }))
})

describe('exit codes', () => {
  const answer = (status: Status, error: boolean): Answer => ({
    ...answerOf(observationWith('x').observation),
    status,
    error: error ? { code: 'DNS_FAILED', message: '' } : null,
    findings: [],
  })
  const cases: [Status, boolean, ExitCode][] = [
    ['none', false, 0],
    ['opt-in', false, 0],
    ['active', false, 1],
    ['loaded', false, 1],
    ['suspected', false, 1],
    ['active', true, 1],
    ['inconclusive', false, 2],
    ['not-observed', false, 2],
    ['not-observed', true, 3],
    ['hint', false, 1],
    ['no-hint', false, 0],
  ]
  for (const [status, error, code] of cases)
    it(`${status}${error ? ' with an error' : ''} exits ${code}`, () => assert.equal(exitCodeOf(answer(status, error)), code))
  it('over many pages: found, then errors, then inconclusive', () => {
    assert.equal(worstExitCode([0, 2, 3, 1]), 1)
    assert.equal(worstExitCode([0, 2, 3]), 3)
    assert.equal(worstExitCode([0, 2]), 2)
    assert.equal(worstExitCode([]), 0)
  })
  it('--fail-on adds kinds that are not mining', () => {
    const proxyware: Answer = {
      ...answer('none', false),
      findings: [{ detector: 'd', kind: 'proxyware', family: null, service: null, account: null, title: '', evidence: [] }],
    }
    assert.equal(exitCodeOf(proxyware), 0)
    assert.equal(exitCodeOf(proxyware, { statuses: [], kinds: ['proxyware'] }), 1)
  })
})

describe('addresses that people type', () => {
  const good: Record<string, string> = {
    'example.com': 'https://example.com/',
    ' http://a.example/x?y ': 'http://a.example/x?y',
    'example.com:8080/a': 'https://example.com:8080/a',
    'bücher.example': 'https://xn--bcher-kva.example/',
    'a_b.example.': 'https://a_b.example./',
    '[::1]:8080': 'https://[::1]:8080/',
    'localhost:3000': 'https://localhost:3000/',
    'http://a.example/{x}?ä=~': 'http://a.example/%7Bx%7D?%C3%A4=~',
  }
  for (const [typed, url] of Object.entries(good)) it(`${typed} is ${url}`, () => assert.equal(parseSeedUrl(typed), url))
  for (const typed of ['x'.repeat(254), `a.example/${'x'.repeat(40_000)}`])
    it(`one of ${typed.length} characters is refused`, () => assert.throws(() => parseSeedUrl(typed), { code: 'BAD_URL' }))
  for (const typed of [
    '',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ftp://a.example',
    'http://',
    'a b',
    'data:text/html,x',
    'https://jo:secret@a.example/',
    'jo@a.example',
    '~',
    '*.example.com',
    '{/x',
    "0.'}",
    'a.example/\u001b[2J',
    'a.\u0001example',
    'a\ufffd.example',
    'a.example/\ufffd',
  ])
    it(`"${typed}" is refused`, () => assert.throws(() => parseSeedUrl(typed), { code: 'BAD_URL' }))
})

describe('what the operating system says of a file', () => {
  const cases: Record<string, string> = { EACCES: 'STORE_DENIED', ENOSPC: 'DISK_FULL', ENOENT: 'NOT_FOUND', EIO: 'INTERNAL' }
  for (const [code, expected] of Object.entries(cases))
    it(`${code} is ${expected}`, () =>
      assert.equal(toErrorRecord(Object.assign(new Error('no'), { code, syscall: 'open' })).code, expected))
})
