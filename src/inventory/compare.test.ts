import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Component } from '#model/component.ts'
import { sha256 } from '#model/digest.ts'
import { similarity, similarityDigest } from '#derive/similarity.ts'
import { observationWith } from '../../test/observation.ts'
import { compareCaptures, type ComparedSide } from './compare.ts'

interface Piece {
  url: string
  text: string | null
  inline?: true
}

const long = (seed: number): string =>
  Array.from(
    { length: 300 },
    (_, i) => `function step${seed}_${i}(value) { return value * ${seed * 7 + i} + table${seed}[${i % 13}] }`,
  ).join('\n')

function side(pieces: readonly Piece[]): ComparedSide {
  const { observation, capture } = observationWith('x')
  const components = pieces.map(({ url, text, inline }, i): Component => {
    const parsed = /^https?:/.test(url) ? URL.parse(url) : null
    const place = parsed === null ? 'blob:' : `${parsed.host}${parsed.pathname.replace(/\d+\.\d+/g, '*')}`
    const digest = text === null ? null : sha256(Buffer.from(text))
    return {
      slot: `shop.example/ > ${inline ? `inline #${i}` : `${place} #0`}`,
      artifact: `script-${i}`,
      url,
      host: URL.parse(url)?.hostname ?? '',
      registrableDomain: null,
      party: inline ? 'inline' : 'third',
      entity: null,
      digest,
      size: text?.length ?? null,
      chain: [],
    }
  })
  return {
    capture,
    observation: { ...observation, components },
    conversations: [],
    similarities: new Map(
      pieces.flatMap(({ text }) => (text === null ? [] : [[sha256(Buffer.from(text)), similarityDigest(Buffer.from(text))]])),
    ),
  }
}

const small = (text: string): string => text.replace('step1_20(value)', 'step1_20(worth)').replace('return value * 40', 'return value * 41')
const a = { url: 'https://cdn.example/a.js', text: long(1) }
const b = { url: 'https://cdn.example/b.js', text: long(2) }

describe('what came, went and changed', () => {
  const cases: Record<string, { before: Piece[]; after: Piece[]; changes: string[]; same: number }> = {
    nothing: { before: [a, b], after: [b, a], changes: [], same: 2 },
    'a script came': { before: [a], after: [a, b], changes: ['came b.js'], same: 1 },
    'a script went': { before: [a, b], after: [b], changes: ['went a.js'], same: 1 },
    'a small change at one address': { before: [a], after: [{ ...a, text: small(a.text) }], changes: ['changed a.js'], same: 0 },
    'another text at one address': { before: [a], after: [{ ...a, text: long(3) }], changes: ['changed a.js'], same: 0 },
    'a new build under another name, little changed': {
      before: [{ url: 'https://cdn.example/main.8f3a.js', text: a.text }],
      after: [{ url: 'https://cdn.example/main.77b2.js', text: small(a.text) }],
      changes: ['changed main.77b2.js'],
      same: 0,
    },
    'a new version in its path': {
      before: [{ url: 'https://cdn.example/lib/1.2/lib.js', text: a.text }],
      after: [{ url: 'https://cdn.example/lib/1.3/lib.js', text: long(4) }],
      changes: ['changed lib.js'],
      same: 0,
    },
    'the same octets from another host': {
      before: [a],
      after: [{ ...a, url: 'https://evil.example/a.js' }],
      changes: ['moved a.js'],
      same: 0,
    },
    'one went and quite another came': { before: [a], after: [b], changes: ['came b.js', 'went a.js'], same: 0 },
    'a block put in before others': {
      before: [{ url: 'https://shop.example/', text: long(5), inline: true }],
      after: [
        { url: 'https://shop.example/', text: 'mine()', inline: true },
        { url: 'https://shop.example/', text: long(5), inline: true },
      ],
      changes: ['came '],
      same: 1,
    },
    'a blob has another address each time': {
      before: [{ url: 'blob:https://shop.example/1', text: a.text }],
      after: [{ url: 'blob:https://shop.example/2', text: a.text }],
      changes: [],
      same: 1,
    },
    'two of one text, one of which went': {
      before: [a, { ...a, url: 'https://x.example/a.js' }],
      after: [a],
      changes: ['went a.js'],
      same: 1,
    },
    'octets that were not collected on one side': { before: [a], after: [{ ...a, text: null }], changes: ['changed a.js'], same: 0 },
  }
  for (const [name, { before, after, changes, same }] of Object.entries(cases)) {
    it(name, () => {
      const { code, isChanged } = compareCaptures(side(before), side(after))
      assert.deepEqual(
        code.changes.map(({ change, before, after }) => `${change} ${((after ?? before)?.url ?? '').split('/').at(-1)}`),
        changes,
      )
      assert.equal(code.same, same)
      assert.equal(isChanged, changes.length > 0)
    })
  }

  it('says how much of a changed script is alike, and nothing where it cannot know', () => {
    const share = (text: string | null): number | null | undefined =>
      compareCaptures(side([a]), side([{ ...a, text }])).code.changes[0]?.similarity
    assert.ok(share(small(a.text))! > 0.9)
    assert.ok(share(long(3))! < 0.5)
    assert.equal(share(null), null)
  })

  it('names conditions that differ and lists that are not whole', () => {
    const [before, after] = [side([a]), side([a])]
    const other = {
      ...after,
      observation: {
        ...after.observation,
        conditions: { ...after.observation.conditions, consent: 'accept' as const, referrer: 'https://search.example/', wallet: true },
      },
    }
    const comparison = compareCaptures(before, other)
    assert.deepEqual(comparison.conditions, [
      { name: 'consent', before: 'ignore', after: 'accept' },
      { name: 'referrer', before: '', after: 'https://search.example/' },
      { name: 'wallet shown', before: '', after: 'yes' },
    ])
    assert.deepEqual(
      comparison.notWhole.map(({ side, artifact }) => `${side} ${artifact}`),
      ['before wasm', 'after wasm'],
    )
  })
})

describe('similarity of texts', () => {
  it('is 1 of a text with itself, and the same both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 }), (one, other) => {
        const [x, y] = [similarityDigest(one), similarityDigest(other)]
        assert.equal(similarity(x, x), 1)
        assert.equal(similarity(x, y), similarity(y, x))
      }),
      { numRuns: 100 },
    )
  })
  const near = (one: string, other: string): number => similarity(similarityDigest(Buffer.from(one)), similarityDigest(Buffer.from(other)))
  it('stays high when a minifier deals short names anew', () =>
    assert.ok(near(long(1).replaceAll('value', 'a'), long(1).replaceAll('value', 'q')) > 0.95))
  it('is low of two scripts that have nothing but the language in common', () => assert.ok(near(long(1), long(2)) < 0.4))
  it('falls with what is changed', () => {
    const half = long(1).slice(0, long(1).length / 2)
    assert.ok(near(long(1), half + long(9).slice(0, half.length)) < near(long(1), small(long(1))))
  })
})
