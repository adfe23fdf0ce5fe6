import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { linesOf } from './lines.ts'

const read = (chunks: Iterable<string | Buffer>, signal = new AbortController().signal): Promise<string[]> =>
  Array.fromAsync(linesOf(Readable.from(chunks, { objectMode: false }), signal))

describe('lines that somebody hands in', () => {
  const cases: Record<string, { chunks: (string | Buffer)[]; lines: string[] }> = {
    'are parted at their ends': { chunks: ['a\nb\n', 'c'], lines: ['a', 'b', 'c'] },
    'may come in pieces': { chunks: ['exam', 'ple.com\nb', 'c\n'], lines: ['example.com', 'bc'] },
    'may be empty': { chunks: ['\n\na\n'], lines: ['', '', 'a'] },
    'may have a letter in two pieces': { chunks: [Buffer.from([0x62, 0xc3]), Buffer.from([0xbc, 0x0a])], lines: ['bü'] },
    'may be none': { chunks: [], lines: [] },
  }
  for (const [name, { chunks, lines }] of Object.entries(cases)) it(name, async () => assert.deepEqual(await read(chunks), lines))

  it('are a million, and each comes', async () => {
    let count = 0
    const chunks = Array.from({ length: 1000 }, (_, i) => Array.from({ length: 1000 }, (__, n) => `site-${i}-${n}.example\n`).join(''))
    for await (const line of linesOf(Readable.from(chunks, { objectMode: false }), new AbortController().signal))
      if (line.endsWith('.example')) count++
    assert.equal(count, 1_000_000)
  })

  it('without an end are held up to the longest that an address can be', async () => {
    const megabyte = 'a'.repeat(1 << 20)
    const endless = function* (): Generator<string> {
      for (let i = 0; i < 100; i++) yield megabyte
      yield '\nexample.com'
    }
    const before = process.memoryUsage().rss
    const [long, next] = await read(endless())
    assert.deepEqual([long?.length, next], [64 * 1024, 'example.com'])
    assert.ok(process.memoryUsage().rss - before < 60e6)
  })

  it('end when the signal is given, though nothing comes', async () => {
    const interrupt = new AbortController()
    const stream = new Readable({ read: () => undefined })
    const lines = Array.fromAsync(linesOf(stream, interrupt.signal))
    stream.push('a\n')
    setImmediate(() => interrupt.abort())
    assert.deepEqual(await lines, ['a'])
  })

  it('that are no text are refused', () => assert.rejects(read([Buffer.from([1, 2, 0, 3])]), { code: 'BAD_INPUT_FILE' }))
})
