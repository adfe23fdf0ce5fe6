import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parse, type Token } from 'parse5'
import { MarkupTokenizer, readDocument } from './markup-reader.ts'

const options = { sourceCodeLocationInfo: true, scriptingEnabled: true }

/** Everything of a tree but the ways back to the parents; of places the lines of elements. */
function plain(document: DefaultTreeAdapterTypes.Document): unknown {
  const stack: DefaultTreeAdapterTypes.Node[] = [document]
  const seen: unknown[] = []
  while (stack.length > 0) {
    const node = stack.pop()!
    const { nodeName } = node
    const content = 'content' in node ? node.content : null
    const line = 'attrs' in node ? node.sourceCodeLocation?.startLine : undefined
    const children = 'childNodes' in node ? node.childNodes : []
    seen.push([
      nodeName,
      'value' in node ? node.value : '',
      'data' in node ? node.data : '',
      'attrs' in node ? node.attrs : [],
      line,
      children.length,
    ])
    if (content) stack.push(content)
    stack.push(...children)
  }
  return seen
}
const same = (html: string): void => assert.deepEqual(plain(readDocument(html)), plain(parse(html, options)))

const documents: Record<string, string> = {
  'text with blanks and entities': 'a b\t c\n d&amp;e &notin; f\r\ng\r h\fi',
  'scripts with every end of line': '<script>\r\nvar a = "x y";\n\r\nif (a < b && c) {\t}\n<!-- x\n y --></script >z',
  'a script that ends the document': '<script>a b c',
  'a style, a frame, noscript': '<style>a { b: c }\n\n</style><iframe> a b </iframe><noscript> <p> </noscript>',
  'nothing where there should be something': '<script>\u0000 a\u0000b</script>\u0000 c<p a="\u0000 x" b=\'\u0000 y\'>',
  'values of attributes': `<p a="x y 'z' > <" b='x y "z"' c=x&amp;y d="&quot;&" e="\r\n\n x">`,
  comments: '<!-- a -b --c - -> <x> <!-- y --><!---><!-- z',
  'text in tables': '<table> a <tr> b <td> c\n</table> d',
  'first lines of pre and textarea': '<pre>\n a</pre><textarea>\n\r\n b &amp; c</textarea><listing>\r\n d',
  'signs beyond the first plane': 'a 😀b\ud800 c\udc00😀😀 <p a="😀 x\ud83d">😀<script>"😀 x"</script>',
  'foreign script': '<svg><script> a &amp; b </script><style> c </style><![CDATA[ d\n e ]]></svg><math> x',
  'names in any case': '<P aB-c_d:e=1 A<b=2 \u00e9=3 X\u0000y=4 a=5 a=6><İx-Y z/><custom-Element/></p\n></P x=1>',
  'formatting that is opened again': '<a href=1>\n<b>x<p>y</b>z\n<a href=2></p>w<table><a href=3>v',
  frames: '<frameset> a <noframes> b c </noframes></frameset> d',
  'plain text': '<title> a &amp; b </title><plaintext> c <p> d',
  'a long one': `${'<p class="a b c">text and more text\n'.repeat(6_000)}<script>${'let x = 1;\n'.repeat(12_000)}</script>`,
}
for (const [name, html] of Object.entries(documents)) test(`the same tree: ${name}`, () => same(html))

/** What is between the tags, joined, and how many pieces it came in. */
function textOf(html: string, wholeText: boolean): { parts: string[]; pieces: number } {
  const parts: string[] = ['']
  let pieces = 0
  const onText = ({ chars }: Token.CharacterToken): void => {
    parts[parts.length - 1] += chars
    pieces++
  }
  const onTag = ({ tagName }: Token.TagToken): void => void parts.push(tagName, '')
  const tokenizer = new MarkupTokenizer(
    {
      onCharacter: onText,
      onWhitespaceCharacter: onText,
      onNullCharacter: onText,
      onStartTag: onTag,
      onEndTag: onTag,
      onComment: ({ data }) => void parts.push(data, ''),
      onDoctype() {},
      onEof() {},
      onParseError: null,
    },
    { wholeText },
  )
  tokenizer.write(html, true)
  return { parts, pieces }
}
for (const [name, html] of Object.entries(documents))
  test(`the same text in whole pieces: ${name}`, () => assert.deepEqual(textOf(html, true).parts, textOf(html, false).parts))
test('whole text is one piece, not one a word', () => {
  const html = '<p>one two\tthree\n four</p>'
  assert.deepEqual([textOf(html, true).pieces, textOf(html, false).pieces], [1, 7])
})

const piece = fc.constantFrom(
  '<p>',
  '<script>',
  '</script>',
  '<style>',
  '</style>',
  '<a b="',
  "<a b='",
  '"',
  "'",
  '>',
  '<!--',
  '-->',
  '--',
  '<',
  '&',
  '&amp;',
  ' ',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\f',
  '\u0000',
  'x',
  'word',
  '😀',
  '\ud800',
  '\udc00',
  '<table>',
  '<svg>',
  '<![CDATA[',
  ']]>',
  '<textarea>',
  '</textarea>',
  '<title>',
  '<plaintext>',
)
test('any document has the same tree', () =>
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (parts) => same(parts.join(''))),
    { numRuns: 1_500 },
  ))
test('any document has the same text in whole pieces', () =>
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (parts) => {
      const html = parts.join('')
      assert.deepEqual(textOf(html, true).parts, textOf(html, false).parts)
    }),
    { numRuns: 1_500 },
  ))
