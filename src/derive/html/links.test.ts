import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linksOf } from './links.ts'

describe('links of a document', () => {
  const cases: Record<string, [string, string[]]> = {
    'relative ones are resolved': ['<a href="b">x</a><area href=/c>', ['https://a.test/dir/b', 'https://a.test/c']],
    'by the first base': ['<base href="https://cdn.test/x/"><base href="/y/"><a href="b">', ['https://cdn.test/x/b']],
    'in scripts, comments and text areas there are none': [
      '<script>"<a href=/s>"</script><!-- <a href=/c> --><textarea><a href=/t></textarea><a href=/real>',
      ['https://a.test/real'],
    ],
    'other schemes lead to no page': ['<a href="mailto:x@a.test"><a href="javascript:go()"><a href="tel:1">', []],
    'what a site asks robots to leave is left': ['<a rel="ugc NoFollow" href="/x"><a rel=noopener href="/y">', ['https://a.test/y']],
    'an empty page has none': ['', []],
  }
  for (const [name, [html, expected]] of Object.entries(cases))
    it(name, () => assert.deepEqual(linksOf(html, 'https://a.test/dir/page'), expected))
})
