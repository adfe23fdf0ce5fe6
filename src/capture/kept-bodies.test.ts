import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '#model/digest.ts'
import { AssayError, type ErrorCode } from '#model/errors.ts'
import { KeptBodies } from './kept-bodies.ts'

const octets = Buffer.from('octets')

async function faultAfter(code: ErrorCode | null): Promise<string | null> {
  const kept = new KeptBodies({
    put: async (bytes) => {
      if (code !== null && bytes.length > 1) throw new AssayError(code, 'no')
      return sha256(bytes)
    },
    get: async () => octets,
    has: async () => true,
  })
  await kept.put(octets).catch((error: unknown) => assert.equal((error as AssayError).code, code))
  // What was kept afterwards does not fill the hole.
  await kept.put(Buffer.of(1))
  return kept.fault?.code ?? null
}

const cases: [ErrorCode | null, string | null][] = [
  [null, null],
  ['DISK_FULL', 'DISK_FULL'],
  ['STORE_UNREACHABLE', 'STORE_UNREACHABLE'],
  ['INTERNAL', null],
]
for (const [code, fault] of cases)
  test(`a body that is ${code ?? 'kept'} ${fault === null ? 'leaves the visit as it is' : 'spoils the visit'}`, async () => {
    assert.equal(await faultAfter(code), fault)
  })
