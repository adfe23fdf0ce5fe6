import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { formatAddress, ipv4 } from './address.ts'
import { AsnTable } from './asn-table.ts'
import { fileNetworks } from './network-lookup.ts'

const networks = fileNetworks({ names: { networks: [{ cidr: '127.1.0.0/16', country: 'DE', asn: 64_500, organisation: 'Lab Host' }] } })

test('the data says its day', () => assert.match(networks.dataDate ?? '', /^20\d\d-[01]\d-[0-3]\d$/))

const known: Record<string, [asn: number | null, country: string | null]> = {
  '8.8.8.8': [15_169, 'US'],
  '193.0.6.139': [3333, 'NL'],
  '2001:4860:4860::8888': [15_169, 'US'],
  '::ffff:8.8.8.8': [15_169, 'US'],
  '64:ff9b::8.8.8.8': [15_169, 'US'],
  '127.1.2.3': [64_500, 'DE'],
}
for (const [address, [asn, country]] of Object.entries(known)) {
  test(`${address} is of AS${asn} in ${country}`, () => {
    const network = networks.lookup(address)
    assert.deepEqual([network?.asn, network?.country], [asn, country])
    assert.equal(networks.lookup(address), network, 'asked once')
  })
}
for (const address of ['10.0.0.1', '127.2.0.1', '::1', 'fe80::1%eth0', 'nonsense', '']) {
  test(`${address || 'nothing'} belongs to nobody`, () => assert.equal(networks.lookup(address), null))
}

test('the search in the file finds what reading the whole file finds', async () => {
  const path = fileURLToPath(new URL('asn-ipv4-num.csv', import.meta.resolve('@ip-location-db/asn/package.json')))
  const rows = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(',', 3).map(Number))
  const table = new AsnTable(path)
  try {
    for (const at of [0, 1, rows.length - 2, rows.length - 1]) assert.equal(table.lookup(ipv4(BigInt(rows[at]![0]!)))?.asn, rows[at]![2])
    fc.assert(
      fc.property(fc.nat(rows.length - 2), fc.constantFrom('first', 'last', 'before', 'after'), (at, where) => {
        const [first = 0, last = 0] = rows[at]!
        const value = { first, last, before: first - 1, after: last + 1 }[where]
        const holding = rows.slice(Math.max(0, at - 1), at + 2).filter((row) => row[0]! <= value && value <= row[1]!)
        const found = table.lookup(ipv4(BigInt(value)))?.asn ?? null
        assert.ok(holding.length === 0 ? found === null : holding.some((row) => row[2] === found), formatAddress(ipv4(BigInt(value))))
      }),
      { numRuns: 500 },
    )
  } finally {
    table.close()
  }
})

test('names in quotes, lines of any length, no last line end, an empty file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-asn-'))
  const path = join(folder, 'asn.csv')
  try {
    await writeFile(path, `10,19,1,"A ""quoted"", name"\n20,29,2,${'é'.repeat(300)}\n40,49,3,Last`)
    const table = new AsnTable(path)
    const at = (value: number): string | undefined => table.lookup(ipv4(BigInt(value)))?.organisation
    assert.deepEqual([9, 10, 19, 29, 30, 40, 49, 50].map(at), [
      undefined,
      'A "quoted", name',
      'A "quoted", name',
      'é'.repeat(300),
      undefined,
      'Last',
      'Last',
      undefined,
    ])
    table.close()
    await writeFile(path, '')
    const empty = new AsnTable(path)
    assert.equal(empty.lookup(ipv4(1n)), null)
    empty.close()
  } finally {
    await rm(folder, { recursive: true })
  }
})
