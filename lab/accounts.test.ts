import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { drawAccount, keccak256, moneroAddress } from './accounts.ts'
import { Random } from './random.ts'

test('Keccak-256 of the empty message is the published one', () => {
  assert.equal(Buffer.from(keccak256(new Uint8Array())).toString('hex'), 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
})

test('a Monero address is encoded as the donation address of the Monero project', () => {
  // Keys that stand in https://www.getmonero.org's published donation address, decoded.
  const published = '44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A'
  const octets = decode(published)
  assert.equal(moneroAddress(octets.subarray(1, 33), octets.subarray(33, 65)), published)
})

test('drawn addresses have 95 characters and a checksum that holds', () => {
  for (let seed = 0; seed < 50; seed++) {
    const address = drawAccount('monero', new Random(seed))
    assert.equal(address.length, 95)
    const octets = decode(address)
    assert.deepEqual(Buffer.from(keccak256(octets.subarray(0, 65)).subarray(0, 4)), Buffer.from(octets.subarray(65)))
    assert.equal(octets[0], 18)
  }
})

for (const [form, pattern] of [
  ['site-key-32', /^[A-Za-z0-9]{32}$/],
  ['hex-44', /^[0-9a-f]{44}$/],
  ['hex-64', /^[0-9a-f]{64}$/],
  ['sk', /^SK_[A-Za-z0-9]{22}$/],
  ['username', /^[a-z0-9]{6,12}$/],
] as const) {
  test(`${form} has its published form`, () => assert.match(drawAccount(form, new Random(form)), pattern))
}

test('a bitcoin account has a base58check address that holds', () => {
  const address = drawAccount('bitcoin', new Random(3))
  let value = 0n
  for (const c of address) value = value * 58n + BigInt(alphabet.indexOf(c))
  const octets = Buffer.from(value.toString(16).padStart(50, '0'), 'hex')
  const twice = createHash('sha256')
    .update(createHash('sha256').update(octets.subarray(0, 21)).digest())
    .digest()
  assert.deepEqual(octets.subarray(21), twice.subarray(0, 4))
})

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** The other direction, written anew. */
function decode(address: string): Uint8Array {
  const out: number[] = []
  for (let at = 0; at < address.length; at += 11) {
    const block = address.slice(at, at + 11)
    const size = block.length === 11 ? 8 : 5
    let value = 0n
    for (const c of block) value = value * 58n + BigInt(alphabet.indexOf(c))
    out.push(...Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex'))
  }
  return Uint8Array.from(out)
}
