import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dnsServer } from '../../test/guard/dns-server.ts'
import { loadNameMap, nameMapFileResolver, nameMapResolver } from './name-map.ts'
import { isDnsName, systemResolver } from './resolver.ts'

async function withServer(
  answer: Parameters<typeof dnsServer>[0],
  use: (servers: string[], asked: string[]) => Promise<void>,
): Promise<void> {
  const server = await dnsServer(answer)
  try {
    await use([server.address], server.asked)
  } finally {
    await server.close()
  }
}

test('both families are asked at once and answered together', () =>
  withServer({ 'a.test': { a: ['192.0.2.1'], aaaa: ['2001:db8::1'], ttl: 60 } }, async (servers, asked) => {
    const resolver = systemResolver({ servers })
    assert.deepEqual((await resolver.resolve('a.test')).addresses.sort(), ['192.0.2.1', '2001:db8::1'])
    assert.deepEqual(asked.sort(), ['A a.test', 'AAAA a.test'])
    resolver.close()
  }))

test('an answer is kept for its TTL within bounds, and many askers share one query', () =>
  withServer({ 'a.test': { a: ['192.0.2.1'], aaaa: [], ttl: 86_400 } }, async (servers, asked) => {
    let nowMs = 0
    const resolver = systemResolver({ servers, maxCacheSeconds: 60, nowMs: () => nowMs })
    await Promise.all(Array.from({ length: 20 }, () => resolver.resolve('a.test')))
    nowMs = 59_000
    await resolver.resolve('a.test')
    assert.equal(asked.length, 2)
    nowMs = 61_000
    await resolver.resolve('a.test')
    assert.equal(asked.length, 4)
    resolver.close()
  }))

test('a name that does not exist is remembered as such, a server that fails is asked again', () =>
  withServer({ 'broken.test': 'servfail' }, async (servers, asked) => {
    const resolver = systemResolver({ servers })
    for (const _ of [1, 2]) await assert.rejects(resolver.resolve('gone.test'), { code: 'DNS_FAILED', message: /^NXDOMAIN/ })
    assert.equal(asked.filter((each) => each.endsWith('gone.test')).length, 2)
    for (const _ of [1, 2]) await assert.rejects(resolver.resolve('broken.test'), { code: 'DNS_FAILED', message: /^SERVFAIL/ })
    assert.ok(asked.filter((each) => each.endsWith('broken.test')).length >= 4)
    resolver.close()
  }))

test('one family that never answers delays the other by the stated time only', () =>
  withServer({ 'half.test': { a: ['192.0.2.1'], aaaa: 'silent', ttl: 60 } }, async (servers) => {
    const resolver = systemResolver({ servers, otherFamilyMs: 30, timeoutMs: 5_000 })
    const started = performance.now()
    assert.deepEqual((await resolver.resolve('half.test')).addresses, ['192.0.2.1'])
    assert.ok(performance.now() - started < 2_000)
    resolver.close()
  }))

test('a server that is silent ends in a timeout', () =>
  withServer({ 'silent.test': 'silent' }, async (servers) => {
    const resolver = systemResolver({ servers, timeoutMs: 300 })
    await assert.rejects(resolver.resolve('silent.test'), { code: 'DNS_FAILED', message: /^TIMEOUT/ })
    resolver.close()
  }))

test('the cache is bounded: the name longest unused goes first', () =>
  withServer({ '*': { a: ['192.0.2.1'], aaaa: [], ttl: 60 } }, async (servers, asked) => {
    const resolver = systemResolver({ servers, maxCacheEntries: 2 })
    for (const name of ['a.test', 'b.test', 'c.test', 'c.test', 'a.test']) await resolver.resolve(name)
    assert.deepEqual(
      asked.filter((each) => each.startsWith('A ')),
      ['A a.test', 'A b.test', 'A c.test', 'A a.test'],
    )
    resolver.close()
  }))

test('localhost is loopback without a query; what cannot be in the DNS is not asked', () =>
  withServer({}, async (servers, asked) => {
    const resolver = systemResolver({ servers })
    assert.deepEqual((await resolver.resolve('x.localhost')).addresses, ['127.0.0.1', '::1'])
    for (const name of ['a b', 'x.onion', 'x.invalid', `${'a'.repeat(64)}.test`, 'a..b', ''])
      await assert.rejects(resolver.resolve(name), { code: 'DNS_FAILED' }, name)
    assert.deepEqual(asked, [])
    resolver.close()
  }))

test('names of DNS', () => {
  for (const name of ['a', 'a-b.c_d.test', 'xn--bcher-kva.example']) assert.ok(isDnsName(name), name)
  for (const name of ['', '.', 'a.', 'a b', 'a\0b', `${'a.'.repeat(127)}ab`]) assert.ok(!isDnsName(name), name)
})

const map = {
  hosts: { 'shop.lab': ['127.1.0.1'], '*.shop.lab': ['127.1.0.2'], '*.cdn.shop.lab': ['127.1.0.3', '::1'], '127.9.9.9': ['127.9.9.9'] },
  ports: { '443': 8443 },
  allow: ['127.0.0.0/8'],
  spki: null,
  authorityPem: null,
  networks: [{ cidr: '127.1.0.0/16', country: 'DE', asn: 64_500, organisation: 'Lab' }],
}
const named: Record<string, string[] | null> = {
  'shop.lab': ['127.1.0.1'],
  'a.shop.lab': ['127.1.0.2'],
  'a.b.shop.lab': ['127.1.0.2'],
  'x.cdn.shop.lab': ['127.1.0.3', '::1'],
  'other.lab': null,
  lab: null,
  '127.9.9.9': ['127.9.9.9'],
  '127.0.0.1': null,
  constructor: null,
}
for (const [name, expected] of Object.entries(named)) {
  test(`name map: ${name} is ${expected?.join(' and ') ?? 'unknown'}`, async () => {
    const answer = nameMapResolver(map).resolve(name)
    if (expected) assert.deepEqual((await answer).addresses, expected)
    else await assert.rejects(answer, { code: 'DNS_FAILED', message: /^NXDOMAIN/ })
  })
}

test('name map: ports are mapped, unmapped ones stay', () => {
  const resolver = nameMapResolver(map)
  assert.deepEqual([resolver.portOf(443), resolver.portOf(80)], [8443, 80])
})

test('name map: a file is read and checked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-names-'))
  const path = join(folder, 'names.json')
  try {
    await writeFile(path, JSON.stringify(map))
    assert.deepEqual(await loadNameMap(path), map)
    const bad: unknown[] = [
      'x',
      { hosts: { a: ['nowhere'] } },
      { hosts: { A: ['127.0.0.1'] } },
      { hosts: { a: [] } },
      { hosts: {}, allow: ['x'] },
      { hosts: {}, ports: { '80': 0 } },
      { hosts: {}, spki: 'x' },
      { hosts: {}, networks: [{ cidr: '127.0.0.0/8', country: 'Germany', asn: 1, organisation: '' }] },
    ]
    for (const value of bad) {
      await writeFile(path, JSON.stringify(value))
      await assert.rejects(loadNameMap(path), { code: 'BAD_INPUT_FILE' }, JSON.stringify(value))
    }
    await writeFile(path, '{')
    await assert.rejects(loadNameMap(path), { code: 'BAD_INPUT_FILE' })
    await assert.rejects(loadNameMap(join(folder, 'absent.json')), { code: 'BAD_INPUT_FILE' })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a map in a file is followed as it changes, and outlives its file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-names-'))
  const path = join(folder, 'names.json')
  const write = async (hosts: Record<string, string[]>): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify({ hosts, allow: ['127.0.0.0/8'] }))
    await rename(`${path}.new`, path)
  }
  try {
    await write({ 'a.lab': ['127.0.0.2'] })
    const { resolver } = await nameMapFileResolver(path)
    assert.deepEqual((await resolver.resolve('a.lab')).addresses, ['127.0.0.2'])
    await write({ 'b.lab': ['127.0.0.3'] })
    await assert.rejects(resolver.resolve('a.lab'), { code: 'DNS_FAILED' })
    assert.deepEqual((await resolver.resolve('b.lab')).addresses, ['127.0.0.3'])
    await rm(path)
    assert.deepEqual((await resolver.resolve('b.lab')).addresses, ['127.0.0.3'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
