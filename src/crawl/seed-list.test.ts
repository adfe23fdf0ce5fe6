import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSeedList } from './seed-list.ts'

const read = (text: string) => parseSeedList(Buffer.from(text))
const short = (text: string) => read(text).seeds.map(({ rank, url }) => `${rank ?? '-'} ${url}`)

const good: Record<string, [string, string[]]> = {
  'Tranco and Alexa: rank,domain without a header': ['1,google.com\n2,youtube.com\n', ['1 https://google.com/', '2 https://youtube.com/']],
  'a header names the columns': ['rank,domain\r\n7,example.org\r\n', ['7 https://example.org/']],
  'Majestic: the third of many columns': [
    'GlobalRank,TldRank,Domain,TLD,RefSubNets\n1,1,google.com,com,500\n2,2,facebook.com,com,400',
    ['1 https://google.com/', '2 https://facebook.com/'],
  ],
  'rank,URL with commas in the URL': ['rank,url\n3,"https://a.test/x,y?z=1,2"\n', ['3 https://a.test/x,y?z=1,2']],
  'rank,URL without header or quotes, commas and all': ['3,https://a.test/x,y?z=1,2\n', ['3 https://a.test/x,y?z=1,2']],
  'plain domains, with a comment and an empty line': [
    '# my list\n\nexample.com\nwww.example.co.uk\n',
    ['- https://example.com/', '- https://www.example.co.uk/'],
  ],
  'plain URLs keep scheme, port and path, commas too': [
    'http://a.test:8080/x,y\nhttps://b.test/?q=1;2',
    ['- http://a.test:8080/x,y', '- https://b.test/?q=1;2'],
  ],
  'semicolons, tabs and quotes': ['"rank";"domain"\n"1";"a.test"', ['1 https://a.test/']],
  'tab separated': ['1\ta.test\n2\tb.test', ['1 https://a.test/', '2 https://b.test/']],
  'a byte order mark': ['\uFEFF1,a.test', ['1 https://a.test/']],
  'a header over one column': ['domain\na.test', ['- https://a.test/']],
  'an internationalised name and an address': [
    'bücher.de\n127.0.0.1\n[2001:db8::1]',
    ['- https://xn--bcher-kva.de/', '- https://127.0.0.1/', '- https://[2001:db8::1]/'],
  ],
  'the last line without its end': ['1,a.test', ['1 https://a.test/']],
  'an empty file': ['', []],
}
for (const [name, [text, seeds]] of Object.entries(good)) {
  test(name, () => {
    assert.deepEqual(short(text), seeds)
    assert.deepEqual(read(text).bad, [])
  })
}

const bad: Record<string, [string, number, RegExp]> = {
  'spaces in a name': ['1,a.test\n2,not a name\n3,b.test', 2, /not an address/],
  'a rank that is none': ['1,a.test\nx,oops.test\n3,b.test', 2, /"x" for a rank/],
  'a rank of zero': ['1,a.test\n0,oops.test\n3,b.test', 2, /"0" for a rank/],
  'no address': ['1,a.test\n2,\n3,b.test', 2, /no address/],
  'too few columns': ['rank,domain\n1,a.test\n2\n3,b.test', 3, /no address/],
  'a word without a dot': ['1,a.test\n2,com\n3,b.test', 2, /no dot/],
  'another scheme': ['a.test\nftp://c.test/\nb.test', 2, /not an address/],
  'a script': ['a.test\njavascript:alert(1)\nb.test', 2, /not an address/],
  'an address of a million characters': [`a.test\n${'x'.repeat(1e6)}.test\nb.test`, 2, /1000005 characters/],
  'the same again': ['a.test\nA.TEST\nb.test', 2, /repeats line 1/],
}
for (const [name, [text, line, reason]] of Object.entries(bad)) {
  test(`a bad line is named and the good ones are kept: ${name}`, () => {
    const list = read(text)
    assert.deepEqual(
      list.bad.map((entry) => entry.line),
      [line],
    )
    assert.match(list.bad[0]!.reason, reason)
    assert.ok(list.bad[0]!.text.length <= 120)
    assert.deepEqual(
      list.seeds.map((seed) => seed.url),
      ['https://a.test/', 'https://b.test/'],
    )
  })
}

test('a line in another encoding is named', () => {
  const list = parseSeedList(
    Buffer.concat([Buffer.from('a.test\n'), Buffer.from([0xfc, 0x62, 0x2e, 0x64, 0x65, 0x0a]), Buffer.from('b.test\n')]),
  )
  assert.deepEqual(
    list.bad.map(({ line, reason }) => [line, reason]),
    [[2, 'is not UTF-8']],
  )
  assert.equal(list.seeds.length, 2)
})

test('UTF-16 with its mark is read', () => {
  const list = parseSeedList(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('1,a.test\r\n2,b.test\r\n', 'utf16le')]))
  assert.deepEqual(
    list.seeds.map((seed) => seed.rank),
    [1, 2],
  )
})

test('tags of the list and of the call are kept, each once', () => {
  const { seeds } = parseSeedList(Buffer.from('rank,domain,tags\n1,a.gov,government top|gov\n2,b.test,'), {
    tags: ['top', '2018'],
    scope: 'host',
  })
  assert.deepEqual(seeds, [
    { url: 'https://a.gov/', rank: 1, tags: ['top', '2018', 'government', 'gov'], scope: 'host' },
    { url: 'https://b.test/', rank: 2, tags: ['top', '2018'], scope: 'host' },
  ])
})

test('whatever it is given, every line is a seed, a bad line or passed over', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.domain(),
          fc.string(),
          fc.webUrl(),
          fc.nat().map((rank) => `${rank},x${rank}.test`),
        ),
        { maxLength: 20 },
      ),
      (lines) => {
        const list = read(lines.join('\n'))
        assert.ok(list.seeds.length + list.bad.length <= lines.join('\n').split('\n').length)
        for (const seed of list.seeds) assert.equal(new URL(seed.url).href, seed.url)
      },
    ),
  )
})
