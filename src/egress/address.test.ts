import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { formatAddress, inRange, parseAddress, parseAuthority, parseHost, parseRange } from './address.ts'

test('property: an address survives formatting and parsing', () => {
  const anyAddress = fc.oneof(
    fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n) }),
    fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n) }),
  )
  fc.assert(
    fc.property(anyAddress, ({ family, value }) => {
      const text = formatAddress({ family, value, zone: null })
      assert.equal(isIP(text), family)
      assert.deepEqual(parseAddress(text), { family, value, zone: null })
    }),
  )
})

test('property: IPv6 text parses to what the URL standard makes of it', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const parsed = parseAddress(text)
      assert.ok(parsed)
      assert.equal(`[${formatAddress(parsed)}]`, new URL(`http://[${text}]/`).hostname)
    }),
  )
})

test('property: no text makes a parser throw, and what is parsed as a host is a host to the URL standard too', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.webAuthority()), (text) => {
      parseAddress(text)
      parseRange(text)
      parseAuthority(text)
      const host = parseHost(text)
      if (host?.kind === 'name') assert.equal(new URL(`http://${host.text}/`).hostname, host.text)
    }),
  )
})

const hosts: Record<string, [text: string, host: string | null]> = {
  'decimal number': ['2130706433', '127.0.0.1'],
  'octal number': ['017700000001', '127.0.0.1'],
  'hexadecimal octets': ['0x7f.0.0.1', '127.0.0.1'],
  'short form': ['127.1', '127.0.0.1'],
  'mixed forms': ['0300.0xa8.1', '192.168.0.1'],
  'full-width digits': ['１２７.0.0.1', '127.0.0.1'],
  'ideographic full stops': ['127。0。0。1', '127.0.0.1'],
  'final dot': ['127.0.0.1.', '127.0.0.1'],
  'octet too large': ['127.0.0.256', null],
  'IPv6 in brackets': ['[::FFFF:127.0.0.1]', '::ffff:7f00:1'],
  'IPv6 without brackets': ['0:0:0:0:0:0:0:1', '::1'],
  'IPv6 with a zone': ['[fe80::1%25eth0]', 'fe80::1%eth0'],
  'name in capitals with a final dot': ['EXAMPLE.com.', 'example.com'],
  'international name': ['bücher.example', 'xn--bcher-kva.example'],
  'two final dots': ['example.com..', null],
  empty: ['', null],
  'user before the name': ['a@127.0.0.1', null],
  'path in the name': ['a/b', null],
  'NUL in the name': ['a\u0000b', null],
  'line end in the name': ['a\r\nb', null],
  'percent-encoded address': ['%31%32%37.0.0.1', null],
  'name in brackets': ['[localhost]', null],
}
for (const [name, [text, expected]] of Object.entries(hosts)) {
  test(`host: ${name}`, () => assert.equal(parseHost(text)?.text ?? null, expected))
}

const authorities: Record<string, [text: string, authority: string | null]> = {
  'name and port': ['example.com:443', 'example.com|443'],
  'IPv6 and port': ['[2001:db8::1]:80', '2001:db8::1|80'],
  'no port': ['example.com', null],
  'port 0': ['example.com:0', null],
  'port too large': ['example.com:65536', null],
  'port with a sign': ['example.com:+80', null],
  'IPv6 without brackets': ['::1:80', null],
  URL: ['http://example.com:80', null],
  user: ['a@example.com:80', null],
}
for (const [name, [text, expected]] of Object.entries(authorities)) {
  test(`authority: ${name}`, () => {
    const parsed = parseAuthority(text)
    assert.equal(parsed && `${parsed.host.text}|${parsed.port}`, expected)
  })
}

test('a range holds its ends and nothing beyond', () => {
  const range = parseRange('10.1.2.3/30')
  assert.ok(range)
  const held = ['10.1.1.255', '10.1.2.0', '10.1.2.3', '10.1.2.4'].map((text) => inRange(parseAddress(text)!, range))
  assert.deepEqual(held, [false, true, true, false])
  for (const bad of ['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0/8', '::/129', 'fe80::1%1/64', 'x'])
    assert.equal(parseRange(bad), null, bad)
})
