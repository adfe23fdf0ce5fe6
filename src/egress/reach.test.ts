import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Address, formatAddress, parseAddress, parseHost, parseRange } from './address.ts'
import { everywhere, nameRefusal, portRefusal, reachPolicy, refusal } from './reach.ts'
import { specialBlocks } from './special-addresses.ts'

const open = reachPolicy()
const openPrivate = reachPolicy({ allowPrivate: true })

function verdict(text: string, policy = open): string | null {
  const host = parseHost(text)
  assert.equal(host?.kind, 'address', `${text} is an address`)
  return host?.kind === 'address' ? refusal(host.address, policy) : null
}

/** Address → what closes it, and whether `--allow-private` opens it. */
const refusedAddresses: [text: string, because: RegExp, openedByAllowPrivate: boolean][] = [
  ['127.0.0.1', /loopback/, true],
  ['127.255.255.254', /loopback/, true],
  ['2130706433', /loopback/, true],
  ['0x7f000001', /loopback/, true],
  ['017700000001', /loopback/, true],
  ['127.1', /loopback/, true],
  ['0', /this network/, false],
  ['0.0.0.0', /this network/, false],
  ['10.0.0.1', /RFC 1918/, true],
  ['172.16.0.1', /RFC 1918/, true],
  ['172.31.255.255', /RFC 1918/, true],
  ['192.168.1.1', /RFC 1918/, true],
  ['100.64.0.1', /carrier NAT/, true],
  ['169.254.1.1', /link-local/, true],
  ['169.254.169.254', /metadata/, false],
  ['169.254.170.2', /credentials/, false],
  ['100.100.100.200', /metadata/, false],
  ['192.0.0.192', /metadata/, false],
  ['168.63.129.16', /platform/, false],
  ['192.0.0.1', /protocol assignments/, false],
  ['192.0.2.1', /documentation/, false],
  ['198.51.100.1', /documentation/, false],
  ['203.0.113.1', /documentation/, false],
  ['198.18.0.1', /benchmarking/, false],
  ['198.19.255.255', /benchmarking/, false],
  ['192.88.99.1', /6to4 relay/, false],
  ['224.0.0.1', /multicast/, false],
  ['239.255.255.250', /multicast/, false],
  ['240.0.0.1', /reserved/, false],
  ['255.255.255.255', /broadcast/, false],
  ['[::1]', /loopback/, true],
  ['[::]', /unspecified/, false],
  ['[::ffff:127.0.0.1]', /loopback/, true],
  ['[::ffff:a9fe:a9fe]', /metadata/, false],
  ['[::ffff:10.0.0.1]', /RFC 1918/, true],
  ['[::ffff:0.0.0.0]', /this network/, false],
  ['[::127.0.0.1]', /IPv4-compatible/, false],
  ['[::8.8.8.8]', /IPv4-compatible/, false],
  ['[::ffff:0:127.0.0.1]', /IPv4-translated/, false],
  ['[64:ff9b::127.0.0.1]', /loopback.*NAT64/, true],
  ['[64:ff9b::169.254.169.254]', /metadata.*NAT64/, false],
  ['[64:ff9b::224.0.0.1]', /multicast.*NAT64/, false],
  ['[64:ff9b:1::8.8.8.8]', /local-use NAT64/, false],
  ['[2002:7f00:1::]', /loopback.*6to4/, true],
  ['[2002:a9fe:a9fe::1]', /metadata.*6to4/, false],
  ['[2001:0:808:808::]', /Teredo/, false],
  ['[fe80::1]', /link-local/, true],
  ['[fe80::1%25eth0]', /link-local/, true],
  ['[febf::1]', /link-local/, true],
  ['[fec0::1]', /site-local/, true],
  ['[fc00::1]', /unique local/, true],
  ['[fd12:3456::1]', /unique local/, true],
  ['[fd00:ec2::254]', /metadata/, false],
  ['[fd20:ce::254]', /metadata/, false],
  ['[ff02::1]', /multicast/, false],
  ['[100::1]', /discard/, false],
  ['[100:0:0:1::1]', /dummy/, false],
  ['[2001:db8::1]', /documentation/, false],
  ['[3fff::1]', /documentation/, false],
  ['[2001:2::1]', /benchmarking/, false],
  ['[2001:10::1]', /protocol assignments/, false],
  ['[5f00::1]', /segment routing/, false],
  ['[4000::1]', /not global unicast/, false],
  ['[2606:4700::5efe:127.0.0.1]', /loopback.*ISATAP/, true],
  ['[2606:4700::200:5efe:10.0.0.1]', /RFC 1918.*ISATAP/, true],
]
for (const [text, because, opened] of refusedAddresses) {
  test(`${text} is refused${opened ? ', and opened by --allow-private' : ', also with --allow-private'}`, () => {
    assert.match(verdict(text) ?? 'let through', because)
    assert.equal(verdict(text, openPrivate) === null, opened)
  })
}

for (const text of [
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '[2606:4700:4700::1111]',
  '[2a00::1]',
  '[64:ff9b::8.8.8.8]',
  '[::ffff:8.8.8.8]',
  '[2002:808:808::1]',
]) {
  test(`${text} is public`, () => assert.equal(verdict(text), null))
}

const allCases: [what: string, allow: string[], text: string, passes: boolean][] = [
  ['a range opens what is in it', ['10.1.0.0/16'], '10.1.2.3', true],
  ['a range opens nothing beside it', ['10.1.0.0/16'], '10.2.0.0', false],
  ['a range opens the mapped form of what is in it', ['127.0.0.0/8'], '[::ffff:127.0.0.1]', true],
  ['an address opens itself', ['169.254.169.254'], '169.254.169.254', true],
  ['a range opens no multicast', ['0.0.0.0/0'], '224.0.0.1', false],
  ['a range opens no multicast behind NAT64', ['::/0'], '[64:ff9b::224.0.0.1]', false],
  ['a range of IPv6 opens no IPv4', ['::/0'], '10.0.0.1', false],
]
for (const [what, allow, text, passes] of allCases) {
  test(`allow: ${what}`, () => assert.equal(verdict(text, reachPolicy({ allow })) === null, passes))
}

test('allow: what is neither a range nor a name is an error', () => {
  for (const bad of ['10.0.0.0/40', 'a b', '', 'http://x/'])
    assert.throws(() => reachPolicy({ allow: [bad] }), { code: 'BAD_ARGUMENT' }, bad)
})

test('names of this machine and its network are refused before they are resolved', () => {
  for (const name of ['localhost', 'a.localhost', 'printer.local', 'metadata.google.internal', 'nas.lan', 'router.home.arpa'])
    assert.notEqual(nameRefusal(name, open), null, name)
  for (const name of ['example.com', 'local.example', 'localhost.example', 'mylocal']) assert.equal(nameRefusal(name, open), null, name)
  assert.equal(nameRefusal('printer.local', openPrivate), null)
  assert.equal(nameRefusal('printer.local', reachPolicy({ allow: ['*.local'] })), null)
  assert.notEqual(nameRefusal('local', reachPolicy({ allow: ['*.local'] })), null)
})

test("ports where an HTTP request would be another protocol's command are refused, pools' usual ports are not", () => {
  for (const port of [0, 1, 22, 25, 6667, 65536, 1.5]) assert.notEqual(portRefusal(port, open), null, String(port))
  for (const port of [80, 443, 3333, 5555, 8080, 14444]) assert.equal(portRefusal(port, open), null, String(port))
})

const ipv4Value = fc.bigInt(0n, 2n ** 32n - 1n)
const at = (family: 4 | 6, value: bigint): Address => ({ family, value, zone: null })

test('property: an IPv4 address refused on its own is refused in every form that carries it', () => {
  fc.assert(
    fc.property(ipv4Value, (value) => {
      if (refusal(at(4, value), open) === null) return
      for (const prefix of ['::ffff:0:0', '64:ff9b::']) assert.notEqual(refusal(at(6, parseAddress(prefix)!.value | value), open), null)
      assert.notEqual(refusal(at(6, (0x2002n << 112n) | (value << 80n) | 1n), open), null)
      assert.notEqual(refusal(at(6, (0x2606n << 112n) | (0x5efen << 32n) | value), open), null)
    }),
    { numRuns: 500 },
  )
})

test('property: every address of every special block is refused; none of class never is ever let through', () => {
  for (const block of specialBlocks) {
    fc.assert(
      fc.property(fc.bigInt(block.range.first, block.range.last), (value) => {
        const address = at(block.range.family, value)
        assert.notEqual(refusal(address, open), null, formatAddress(address))
        if (block.closure === 'never') assert.notEqual(refusal(address, openPrivate, everywhere), null, formatAddress(address))
      }),
      { numRuns: 30 },
    )
  }
})

test('property: outside the blocks, IPv4 is let through, and IPv6 only within 2000::/3 and the mapped and NAT64 prefixes', () => {
  const blocks = specialBlocks.map((block) => block.range)
  fc.assert(
    fc.property(ipv4Value, (value) => {
      const isSpecial = blocks.some((range) => range.family === 4 && value >= range.first && value <= range.last)
      assert.equal(refusal(at(4, value), open) !== null, isSpecial, formatAddress(at(4, value)))
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => {
      if (refusal(at(6, value), open) !== null) return
      const passed = ['2000::/3', '::ffff:0:0/96', '64:ff9b::/96'].map((text) => parseRange(text)!)
      assert.ok(passed.some((range) => value >= range.first && value <= range.last))
    }),
    { numRuns: 1000 },
  )
})
