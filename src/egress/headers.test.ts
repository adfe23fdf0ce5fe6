import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { forwarded, framing, parseAbsoluteForm } from './headers.ts'

const cases: Record<string, [raw: string[], on: string[]]> = {
  'end-to-end fields keep order, case and repetition': [
    ['X-B', '1', 'x-a', '2', 'X-B', '3'],
    ['X-B', '1', 'x-a', '2', 'X-B', '3'],
  ],
  'hop-by-hop fields stay here': [
    ['Connection', 'keep-alive', 'Keep-Alive', '5', 'TE', 'trailers', 'Upgrade', 'h2c', 'HTTP2-Settings', 'x', 'Trailer', 'y', 'A', '1'],
    ['A', '1'],
  ],
  'fields that Connection names stay here': [
    ['Connection', 'close, X-Secret', 'x-secret', '1', 'B', '2'],
    ['B', '2'],
  ],
  'Connection cannot take cookies or Host away': [
    ['Connection', 'cookie, host, content-type', 'Cookie', 'a', 'Host', 'h', 'Content-Type', 't'],
    ['Cookie', 'a', 'Host', 'h', 'Content-Type', 't'],
  ],
  'credentials for a proxy are never passed on': [
    ['Proxy-Authorization', 'Basic x', 'Proxy-Connection', 'keep-alive', 'proxy-anything', '1', 'Authorization', 'y'],
    ['Authorization', 'y'],
  ],
  'marks of our own cannot be forged': [['X-Assay-Refused', 'no', 'x-assay-code', 'no'], []],
  'a name that is no token is dropped': [
    ['Bad Name', '1', 'Content-Length ', '3', '', 'x', 'Good', '1'],
    ['Good', '1'],
  ],
  'line ends in a value are taken out': [
    ['A', 'b\r\nSet-Cookie: c'],
    ['A', 'bSet-Cookie: c'],
  ],
}
for (const [name, [raw, expected]] of Object.entries(cases)) test(name, () => assert.deepEqual(forwarded(raw), expected))

test('a chunked body wins over a length; a length that is no number is none', () => {
  assert.deepEqual(framing(['Content-Length', '5', 'Transfer-Encoding', 'chunked']), ['Transfer-Encoding', 'chunked'])
  assert.deepEqual(framing(['Content-Length', ' 5 ']), ['Content-Length', '5'])
  assert.deepEqual(framing(['Content-Length', '+5']), [])
  assert.deepEqual(framing(['Content-Length', '5, 6']), [])
})

test('property: what goes on holds no hop-by-hop field, nothing that Connection names, no control character', () => {
  const name = fc.oneof(
    fc.constantFrom('Connection', 'TE', 'upgrade', 'Transfer-Encoding', 'proxy-x', 'X-A', 'X-B', 'Keep-Alive'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  )
  const value = fc.oneof(fc.constantFrom('x-a', 'X-A, x-b', 'close'), fc.string({ unit: 'binary', maxLength: 30 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (fields) => {
      const out = forwarded(fields.flat())
      const connection = fields.filter(([each]) => each.toLowerCase() === 'connection').map(([, each]) => each.toLowerCase())
      const named = new Set(connection.flatMap((each) => each.split(',').map((part) => part.trim())))
      for (let at = 0; at < out.length; at += 2) {
        const lower = out[at]!.toLowerCase()
        assert.ok(!['connection', 'te', 'upgrade', 'transfer-encoding', 'keep-alive', 'content-length'].includes(lower))
        assert.ok(!lower.startsWith('proxy-'))
        assert.ok(!(['x-a', 'x-b'].includes(lower) && named.has(lower)))
        assert.match(out[at]!, /^[\x21-\x7e]+$/)
        assert.doesNotMatch(out[at + 1]!, /[\r\n\0]/)
      }
    }),
  )
})

const targets: Record<string, [target: string, parsed: string | null]> = {
  plain: ['http://a.test/x?y=1', 'a.test:80 /x?y=1'],
  'port and no path': ['http://a.test:8080', 'a.test:8080 /'],
  'query and no path': ['http://a.test?x', 'a.test:80 /?x'],
  'capitals in the scheme': ['HTTP://a.test/', 'a.test:80 /'],
  'user and password are not passed on': ['http://u:p@a.test/', 'a.test:80 /'],
  IPv6: ['http://[::1]:81/', '[::1]:81 /'],
  'IPv6 without a port': ['http://[::1]/', '[::1]:80 /'],
  'octets of the path stay as they are': ['http://a.test/%7e/../b|c"', 'a.test:80 /%7e/../b|c"'],
  'an @ in the path is no user': ['http://a.test/@b.test/', 'a.test:80 /@b.test/'],
  'https is no absolute form here': ['https://a.test/', null],
  'origin form': ['/x', null],
  asterisk: ['*', null],
  'no host': ['http:///x', null],
}
for (const [name, [target, expected]] of Object.entries(targets)) {
  test(`target: ${name}`, () => {
    const parsed = parseAbsoluteForm(target)
    assert.equal(parsed && `${parsed.authority} ${parsed.path}`, expected)
  })
}
