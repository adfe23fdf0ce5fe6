import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { reportedPageWith } from '../../test/observation.ts'
import { markdownReport } from './markdown.ts'
import { codeText, plainText } from './markdown-text.ts'

interface Node {
  type: string
  value?: string
  children?: Node[]
}

const parse = (text: string): Node => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })

function* nodes(node: Node): Generator<Node> {
  yield node
  for (const child of node.children ?? []) yield* nodes(child)
}

const textOf = (node: Node): string => [...nodes(node)].map((each) => each.value ?? '').join('')

/** What a page must never get a reader's renderer to make. */
const live: ReadonlySet<string> = new Set([
  'link',
  'linkReference',
  'image',
  'imageReference',
  'html',
  'definition',
  'footnoteReference',
  'footnoteDefinition',
])

const attacks: Record<string, string> = {
  'a link': '[here](javascript:alert(1))',
  'an image that tells who reads': '![x](https://t.example/p.png)',
  markup: '<script>alert(1)</script><img src=x onerror=alert(1)>',
  'an address that becomes a link': 'see https://evil.example/a_b and www.evil.example and me@evil.example',
  'an autolink': '<https://evil.example>',
  'a mention and a reference': '@everyone #1 GH-2',
  'a heading': '# NO MINER FOUND',
  'a heading underlined': 'NO MINER FOUND ======',
  'the end of code': '`` ` ``` ` x',
  'the end of a cell': 'a | b \\| c \\\\| d | e',
  'the end of a line': 'x\n\n# NO MINER FOUND\n- y',
  'a fence': '```js\nalert(1)\n```',
  'terminal escapes': '\u001b]0;owned\u0007\u001b[2J',
  'reordered text': 'safe\u202egnp.exe',
  entities: '&lt;script&gt; &#x202e; &amp;',
  emphasis: '**bold** _soft_ ~~gone~~ $x$',
  'a footnote': '[^1]: x [^1]',
  'a quote and a list': '> - 1. x',
  'a lone surrogate': 'a\ud800b',
  'a backslash at the end': 'x\\',
  'a backtick at each end': '`x`',
}

describe('Markdown shows text of a page as that text', () => {
  for (const [name, hostile] of Object.entries(attacks)) {
    it(`${name}: nothing in a report becomes live`, () => {
      const text = markdownReport([reportedPageWith(hostile)], '1')
      for (const node of nodes(parse(text))) assert.ok(!live.has(node.type), `${node.type}: ${JSON.stringify(node)}`)
      assert.doesNotMatch(text, /[^\P{C}\n\u00ad\u200d]/u)
    })
    it(`${name}: the report keeps its shape`, () => {
      const shape = (page: string): string[] =>
        [...nodes(parse(markdownReport([reportedPageWith(page)], '1')))]
          .map(({ type }) => type)
          .filter((type) => type !== 'text' && type !== 'inlineCode')
      assert.deepEqual(shape(hostile), shape('plain'))
    })
  }
  it('any text comes out of a paragraph, a list and a cell as it went in', () => {
    const visible = (text: string): string => text.replaceAll('\\u{7c}', '|').replace(/\s+/g, '')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.constantFrom(...Object.values(attacks)),
          fc.stringMatching(/^[-`|\\#*_<>[\]() a.]{1,30}$/),
        ),
        (text) => {
          if (text.trim() === '' || /\p{C}/u.test(text)) return
          const cell = parse(`| a |\n| --- |\n| ${codeText(text)} |\n`)
          assert.equal([...nodes(cell)].filter(({ type }) => type === 'tableCell').length, 2)
          assert.equal(visible(textOf(cell)), visible(`a${text}`))
          const item = parse(`- x ${plainText(text)}\n`)
          assert.equal(visible(textOf(item)), visible(`x${text}`))
          for (const node of nodes(item)) assert.ok(!live.has(node.type), node.type)
        },
      ),
      { numRuns: 300 },
    )
  })
  it('has verdict, advice, account, chain, evidence, dialogue, inventory and what was not seen', () => {
    const text = markdownReport([reportedPageWith('plain')], '1')
    for (const part of [
      '**MINING:**',
      '## What to do',
      '## Who is paid',
      '## How it got there',
      '## How we know',
      '## Sockets',
      '## All code on this page',
      '## What was not seen',
      'opened 1 socket: plain',
      '- Trackers know it as `google-analytics plain (plain)`',
    ])
      assert.ok(text.includes(part), part)
  })
})
