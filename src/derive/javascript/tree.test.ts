import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJavaScript } from './tree.ts'

const noJavaScript = {
  'a text that ends in its escape': "track('\\",
  'a quote that never ends': "'a",
  'a bracket that is not opened': 'a)',
}
for (const [name, source] of Object.entries(noJavaScript)) {
  test(`${name} is no JavaScript`, () => assert.equal(parseJavaScript(source), null))
}

test('nesting that is too deep is told apart from what is no JavaScript', () => {
  assert.throws(() => parseJavaScript('['.repeat(1_000_000)), RangeError)
})
