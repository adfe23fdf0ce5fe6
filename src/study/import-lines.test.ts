import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ImportedRow } from '#ledger/imports.ts'
import { type BadLine, importKey } from './import-csv.ts'
import { importLines } from './import-lines.ts'
import { LineReader } from './lines.ts'
import { parseImport } from './testing/parse-import.ts'

const today = '2026-11-26'

async function* inPortions(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** A ledger's table of imports. */
function table() {
  const kept = new Map<string, ImportedRow>()
  const calls: number[] = []
  return {
    kept,
    calls,
    add: async (rows: readonly ImportedRow[]) => {
      calls.push(rows.length)
      const known = rows.flatMap((row, at) => (kept.has(importKey(row)) ? [at] : []))
      for (const row of rows) kept.set(importKey(row), row)
      return { known }
    },
  }
}

async function importOf(text: string, into: ReturnType<typeof table>, size = 1000) {
  const bad: BadLine[] = []
  const counts = await importLines(inPortions(Buffer.from(text), size), today, into.add, (each) => bad.push(each), 500)
  return { ...counts, bad }
}

const line = (at: number): string => `list,2018-02-01,zz--s${at % 500}.com,account,key-${at}\n`

test('a file of several portions: added once, bad lines named by their number, nothing twice on repetition', async () => {
  const into = table()
  const lines = Array.from({ length: 1200 }, (_, at) => (at === 700 ? 'list,2018-02-30,a.com,service,x\n' : line(at)))
  const text = lines.join('')
  const first = await importOf(text, into, 4096)
  assert.deepEqual([first.added, first.known], [1199, 0])
  assert.deepEqual(
    first.bad.map(({ line: number }) => number),
    [701],
  )
  assert.ok(into.calls.length > 1 && into.calls.every((rows) => rows < 700))
  const again = await importOf(text, into, 4096)
  assert.deepEqual([again.added, again.known, again.bad.length], [0, 1199, 1])
})

test('a line that repeats one of an earlier portion is named with it', async () => {
  const lines = Array.from({ length: 600 }, (_, at) => line(at))
  const { added, bad } = await importOf([...lines, line(7), line(601), line(601)].join(''), table(), 4096)
  assert.equal(added, 601)
  assert.deepEqual(bad, [
    { line: 601, reason: 'repeats line 8' },
    { line: 603, reason: 'repeats line 602' },
  ])
})

test('what was added stays when a later portion fails', async () => {
  const into = table()
  let calls = 0
  const add = (rows: readonly ImportedRow[]) => {
    if (++calls === 2) throw new RangeError('no space')
    return into.add(rows)
  }
  const text = Array.from({ length: 1200 }, (_, at) => line(at)).join('')
  await assert.rejects(
    importLines(inPortions(Buffer.from(text), 4096), today, add, () => {}, 500),
    /no space/,
  )
  assert.ok(into.kept.size >= 500)
  assert.equal((await importOf(text, into)).added, 1200 - into.calls[0]!)
})

const texts: Record<string, Buffer> = {
  'UTF-8 with a mark': Buffer.from(`\ufeffsource,date,site,subject_kind,subject\r\n${line(1)}\r\n${line(2)}`),
  'UTF-16': Buffer.from(`\ufeff${line(1)}${line(2)}list,2018-02-01,zz--ä.com,service,c`, 'utf16le'),
  'octets that are none': Buffer.concat([Buffer.from(line(1)), Buffer.from([0xe4, 0x0a, 0xf0, 0x9f]), Buffer.from(`\n${line(2)}`)]),
  'no end of a line': Buffer.from(line(1).trimEnd()),
  'one octet': Buffer.from('a'),
  nothing: Buffer.alloc(0),
}
for (const [name, bytes] of Object.entries(texts))
  test(`however it is cut, the same: ${name}`, async () => {
    const whole = parseImport(bytes, today)
    for (const size of [1, 2, 3, 7, 1000]) {
      const into = table()
      const bad: BadLine[] = []
      await importLines(inPortions(bytes, size), today, into.add, (each) => bad.push(each))
      assert.deepEqual({ rows: [...into.kept.values()], bad }, whole)
    }
  })

for (const [encoding, mark, portion] of [
  ['utf8', '', Buffer.alloc(1 << 20, 120)],
  ['utf16le', '\ufeff', Buffer.alloc(1 << 20, 'x', 'utf16le')],
] as const)
  test(`a line without end is named, not kept: ${encoding}`, () => {
    const reader = new LineReader()
    const lines = [...reader.read(Buffer.from(mark, encoding))]
    for (let portions = 0; portions < 20; portions++) lines.push(...reader.read(portion))
    lines.push(...reader.read(Buffer.from('\nshort\r\nlast\r', encoding)), ...reader.end())
    assert.deepEqual(
      lines.map(({ number, text, fault }) => [number, text, fault]),
      [
        [1, '', 'has 20971520 octets; 16777216 are the most'],
        [2, 'short', null],
        [3, 'last', null],
      ],
    )
  })

test('a portion may be written over once it was read', () => {
  const reader = new LineReader()
  const portion = Buffer.from('one\ntw')
  const lines = [...reader.read(portion)]
  portion.fill(120)
  lines.push(...reader.read(Buffer.from('o\n')))
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['one', 'two'],
  )
})

test('whatever octets, however cut: the same lines', () => {
  const linesOf = (portions: readonly Uint8Array[]) => {
    const reader = new LineReader()
    return [...portions.flatMap((portion) => [...reader.read(portion)]), ...reader.end()]
  }
  fc.assert(
    fc.property(
      fc.constantFrom([], [0xff, 0xfe], [0xfe, 0xff]),
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(60),
      fc.nat(60),
      (mark, rest, a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a]
        const bytes = new Uint8Array([...mark, ...rest])
        assert.deepEqual(linesOf([bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)]), linesOf([bytes]))
      },
    ),
  )
})
