import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseImport } from './testing/parse-import.ts'

const header = 'source,date,site,subject_kind,subject\n'
const read = (text: string | Uint8Array) => parseImport(typeof text === 'string' ? Buffer.from(text) : text, '2026-11-26')
const good = { source: 'list', date: '2018-02-01', site: 'shop.example', subjectKind: 'service', subject: 'coinhive' }

const accepted: Record<string, string> = {
  'with a header': `${header}list,2018-02-01,shop.example,service,coinhive\n`,
  'without a header': 'list,2018-02-01,shop.example,service,coinhive',
  'columns in another order, and one more': 'date,subject,site,note,subject_kind,source\n2018-02-01,coinhive,shop.example,x,service,list\n',
  'quoted, with line ends of Windows and a mark': `\ufeff${header.replace('\n', '\r\n')}"list","2018-02-01","shop.example","service","coinhive"\r\n`,
  'a time whose day is another in UTC': 'list,2018-01-31T22:30:00-05:00,shop.example,service,coinhive',
  'the same to the east': 'list,2018-02-02 01:30+0200,shop.example,service,coinhive',
  'a leap second': 'list,2018-02-01T23:59:60Z,shop.example,service,coinhive',
  'an address for a site, a time for a date': 'list,2018-02-01T10:00:00Z,https://www.shop.example/page?x=1,Service,coinhive\n',
}
for (const [name, text] of Object.entries(accepted)) test(`read: ${name}`, () => assert.deepEqual(read(text), { rows: [good], bad: [] }))

const sites: Record<string, [written: string, site: string | null]> = {
  'an address in full': ['192.0.2.7', '192.0.2.7:443'],
  'an address in full in a URL with a port': ['http://192.0.2.7:8080/x', '192.0.2.7:8080'],
  'an address of version 6': ['[2001:db8::7]', '[2001:db8::7]:443'],
  'a name that begins with figures': ['163.example', '163.example'],
  'a name of labels that are numbers but one': ['1.2.3.shop.example', 'shop.example'],
  'a name in its own letters': ['b\u00fccher.example', 'xn--bcher-kva.example'],
  'a number': ['17', null],
  'a number of 32 bits': ['3221225991', null],
  'an address in short': ['127.1', null],
  'an address in short in hexadecimal': ['0x7f.1', null],
  'an address in hexadecimal': ['0x7f.0x0.0x0.0x1', null],
  'an address in octal': ['0300.0000.0002.0007', null],
  'an address in short in a URL': ['http://10.1/', null],
  'an address behind escapes': ['%31%37', null],
  'figures of another script': ['\uff11\uff17', null],
  'a name without a letter': ['1.-', null],
  'a name of one label and the root': ['localhost.', null],
}
for (const [name, [written, site]] of Object.entries(sites))
  test(`${name} is ${site === null ? 'no site' : 'a site'}: ${written}`, () => {
    const { rows, bad } = read(`list,2018-02-01,${written},service,coinhive`)
    assert.deepEqual(
      rows.map((row) => row.site),
      site === null ? [] : [site],
    )
    assert.equal(bad.length, site === null ? 1 : 0)
  })

test('read: a header below lines that are no rows; behind a good row it is a bad line', () => {
  const other = 'date,subject,site,subject_kind,source\n2018-02-01,coinhive,shop.example,service,list\n'
  const { rows, bad } = read(`Miners of 2018\n\nmade,by,hand\n${other}`)
  assert.deepEqual(rows, [good])
  assert.deepEqual(
    bad.map(({ line }) => line),
    [1, 3],
  )
  const behind = read(`list,2018-02-01,shop.example,service,coinhive\n${other}`)
  assert.deepEqual(behind.rows, [good])
  assert.deepEqual(
    behind.bad.map(({ line }) => line),
    [2, 3],
  )
})

test('read: UTF-16 with its mark', () => {
  const text = `${header}list,2018-02-01,shop.example,service,coinhive\n`
  assert.deepEqual(read(Buffer.from(`\ufeff${text}`, 'utf16le')).rows, [good])
})

test('read: a comma and a quotation mark inside quotation marks', () => {
  assert.equal(read('list,2018-02-01,shop.example,account,"a,""b"""').rows[0]?.subject, 'a,"b"')
})

const refused: Record<string, { line: string | Buffer; reason: RegExp }> = {
  'a date that no calendar has': { line: 'list,2018-02-30,shop.example,service,x', reason: /"2018-02-30" for a date/ },
  'a date of another form': { line: 'list,01.02.2018,shop.example,service,x', reason: /write it as/ },
  'a time that no clock has': { line: 'list,2018-01-01T99:99,shop.example,service,x', reason: /"2018-01-01T99:99" for a date/ },
  'a minute that no clock has': { line: 'list,2018-01-01T10:60Z,shop.example,service,x', reason: /for a date/ },
  'an offset that no place has': { line: 'list,2018-01-01T10:00+99:00,shop.example,service,x', reason: /for a date/ },
  'a time that is in the future in UTC': { line: 'list,2026-11-26T23:00-05:00,shop.example,service,x', reason: /2026-11-27.*future/ },
  'a time before years have four figures': { line: 'list,0000-01-01T00:00+01:00,shop.example,service,x', reason: /for a date/ },
  'a date in the future': { line: 'list,2027-01-01,shop.example,service,x', reason: /future/ },
  'a date before the web': { line: 'list,0001-01-01,shop.example,service,x', reason: /before there was a web/ },
  'no name of a site': { line: 'list,2018-02-01,not a site,service,x', reason: /for a site/ },
  'a site without a dot': { line: 'list,2018-02-01,localhost,service,x', reason: /for a site/ },
  'a kind that there is not': { line: 'list,2018-02-01,shop.example,miner,x', reason: /subject_kind; there are/ },
  'visited with a subject': { line: 'list,2018-02-01,shop.example,visited,x', reason: /only visited/ },
  'a kind without a subject': { line: 'list,2018-02-01,shop.example,service,', reason: /names no service/ },
  'no source': { line: ',2018-02-01,shop.example,service,x', reason: /no source/ },
  'too few fields': { line: 'list,2018-02-01,shop.example', reason: /has 3 fields/ },
  'too many fields': { line: 'list,2018-02-01,shop.example,service,x,y', reason: /has 6 fields/ },
  'a quotation mark left open': { line: 'list,2018-02-01,shop.example,service,"x', reason: /not closed/ },
  'octets that are no UTF-8': { line: Buffer.from([0x6c, 0xe4, 0x2c]), reason: /not UTF-8/ },
  'a field of a million characters': {
    line: `list,2018-02-01,shop.example,service,${'x'.repeat(1_000_000)}`,
    reason: /1000000 characters; 500/,
  },
  'a site of a million characters': { line: `list,2018-02-01,${'x'.repeat(1_000_000)},service,x`, reason: /1000000 characters/ },
  'an octet of zero': { line: 'list,2018-02-01,shop.example,service,a\0b', reason: /control character/ },
}
for (const [name, { line, reason }] of Object.entries(refused))
  test(`refused by line and reason, the next one kept: ${name}`, () => {
    const { rows, bad } = read(
      Buffer.concat([Buffer.from(header), Buffer.from(line), Buffer.from('\nlist,2018-02-01,shop.example,service,coinhive\n')]),
    )
    assert.deepEqual(rows, [good])
    assert.equal(bad.length, 1)
    assert.equal(bad[0]?.line, 2)
    assert.match(bad[0]?.reason ?? '', reason)
  })

test('of equal lines the first is kept, also where they are written otherwise', () => {
  const { rows, bad } = read('list,2018-02-01,shop.example,visited,\nlist,2018-02-01,"WWW.shop.example",visited,\n')
  assert.equal(rows.length, 1)
  assert.deepEqual(bad, [{ line: 2, reason: 'repeats line 1' }])
})

test('whatever octets: never an exception, and every line that is not empty is kept or named', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { rows, bad } = read(bytes)
      assert.ok(rows.length + bad.length <= bytes.filter((octet) => octet === 10).length + 1)
    }),
  )
})
