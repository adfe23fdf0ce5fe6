import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressBook } from './addresses.ts'

it('hosts share addresses where there are many, but never the one of a host that is to be alone', () => {
  const book = addressBook()
  const hosts = Array.from({ length: 1_000 }, (_, index) => `host-${index}.lab`)
  const addresses = hosts.map((host, index) => book.addressOf(host, index % 300 === 7))
  assert.ok(new Set(addresses).size < hosts.length)
  for (const index of [7, 307, 607, 907])
    assert.equal(addresses.filter((address) => address === addresses[index]).length, 1, hosts[index] ?? '')
  assert.deepEqual(
    hosts.map((host) => book.addressOf(host)),
    addresses,
  )
})
