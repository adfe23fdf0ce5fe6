import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tagFor } from './origin.ts'

const page = 'https://shop.example/a/'
const wanted = 'https://cdn.example/lib.js?v=1&w=2'
const found: Record<string, { text: string; line: number }> = {
  'as it is written': { text: `<p>\n<script src="https://cdn.example/lib.js?v=1&w=2"></script>`, line: 2 },
  'with an entity': { text: `<script async src='https://cdn.example/lib.js?v=1&amp;w=2'>`, line: 1 },
  'without quotes and scheme': { text: `\n\n<SCRIPT SRC=//cdn.example/lib.js?v=1&w=2>`, line: 3 },
  'by the base': { text: `<base href="https://cdn.example/x/"><script src="../lib.js?v=1&w=2">`, line: 1 },
  'in a frame': { text: `<iframe width=1 src="https://cdn.example/lib.js?v=1&w=2">`, line: 1 },
}
const none: Record<string, string> = {
  'another address': '<script src="https://cdn.example/lib.js"></script>',
  'an attribute that ends alike': '<script data-nosrc="x" xsrc="https://cdn.example/lib.js?v=1&w=2">',
  'a tag that never ends': `<script ${'a'.repeat(10_000)}`,
}

describe('the tag that loads a file', () => {
  for (const [name, { text, line }] of Object.entries(found))
    it(`is found ${name}`, () => assert.equal(tagFor(text, page, wanted)?.line, line))
  for (const [name, text] of Object.entries(none)) it(`is not ${name}`, () => assert.equal(tagFor(text, page, wanted), null))
  it('is looked for in bounded time in a hostile document', () => {
    const started = performance.now()
    for (const text of ['<script '.repeat(300_000), `${'<script src='.repeat(300_000)}>`, '<base '.repeat(300_000)])
      assert.equal(tagFor(text, page, wanted), null)
    assert.ok(performance.now() - started < 20_000)
  })
})
