import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { htmlDeriver } from './deriver.ts'
import { emptyContext } from '../deriver.ts'

const derive = (html: string) =>
  htmlDeriver.derive(new TextEncoder().encode(html), { ...emptyContext, elements: [{ attribute: 'class', value: 'widget' }] })

const runs: Record<string, [string, number]> = {
  'an inline script': ['<script>go()</script>', 1],
  'a module': ['<script type="module">go()</script>', 1],
  'the old attribute': ['<script language="JavaScript">go()</script>', 1],
  'a handler': ['<body onload="go()">', 1],
  'a javascript: address': ['<a href="javascript:startTheWholeThing()">x</a>', 1],
  'a frame’s own document': ['<iframe srcdoc="<script>go()</script>"></iframe>', 1],
  'a data: document': [`<iframe src="data:text/html;base64,${Buffer.from('<script>go()</script>').toString('base64')}"></iframe>`, 1],
  'a script in SVG': ['<svg><script>go()</script></svg>', 1],
  'a comment': ['<!-- <script>go()</script> -->', 0],
  'a template': ['<template><script>go()</script></template>', 0],
  'a shadow tree': ['<div><template shadowrootmode="open"><script>go()</script></template></div>', 1],
  'a text area': ['<textarea><script>go()</script></textarea>', 0],
  noscript: ['<noscript><script>go()</script></noscript>', 0],
  'plain text': ['<script type="text/plain">go()</script>', 0],
  'a data block': ['<script type="application/ld+json">{"a":1}</script>', 0],
  'quoted code': ['<pre><code>&lt;script&gt;go()&lt;/script&gt;</code></pre>', 0],
  'a title': ['<title><script>go()</script></title>', 0],
}
for (const [name, [html, count]] of Object.entries(runs)) {
  test(`${count === 0 ? 'does not run' : 'runs'}: ${name}`, () => assert.equal(derive(html).inner.length, count))
}

test('external scripts come with their address, what waits for consent does not run', () => {
  const { scripts } = derive(
    '<base href="https://cdn.example/"><script src=" a.js "></script><script type="text/plain" src="b.js"></script><script nomodule src="c.js"></script>',
  ).features
  assert.deepEqual(
    scripts.map(({ src, runs: does }) => [src, does]),
    [
      ['a.js', true],
      ['b.js', false],
      ['c.js', false],
    ],
  )
})
test('what a visitor reads, and what he is told of mining', () => {
  const { features } = derive(
    '<title>Shop</title><p>Hello</p><p hidden>secret</p><style>x{}</style><p>This site mines Monero in your browser instead of showing ads.</p><button>Stop mining</button><div class="a widget" data-key="k">',
  )
  assert.match(features.text, /^Hello This site mines/)
  assert.match(features.miningNotice ?? '', /mines Monero/)
  assert.deepEqual(
    features.miningControls.map(({ caption }) => caption),
    ['Stop mining'],
  )
  assert.equal(features.elements[0]?.attributes['data-key'], 'k')
})
test('any document is read without a fault', () => {
  const fragment = fc.constantFrom(
    '<script>',
    '</script>',
    '<div onclick="',
    '">',
    "<iframe srcdoc='",
    "'>",
    '<!--',
    '-->',
    '<svg>',
    '<template>',
    '<table>',
    '<a href=javascript:x>',
    '&lt;',
    'text',
    '<',
    '\u0000',
    '<select>',
    '<math>',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 500 }),
        fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join('')),
      ),
      (html) => (derive(html), true),
    ),
    { numRuns: 400 },
  )
})
test('deep nesting is read', () =>
  assert.equal(derive(`${'<div>'.repeat(20_000)}<script>go()</script>`).features.scripts.length <= 1, true))
