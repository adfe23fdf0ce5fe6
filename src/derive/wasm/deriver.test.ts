import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from '#model/canonical.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { emptyContext } from '../deriver.ts'
import { wasmDeriver } from './deriver.ts'
import { keccakData, maskings, nonceLoop, sboxData, scratchpadModule, table, turns, words } from './testing/shapes.ts'
import { assemble } from './testing/text.ts'
import { wasmFeatures } from './version.ts'

const fixtures: Record<string, string> = {
  empty: '(module)',
  ...Object.fromEntries(Object.entries(maskings).map(([name, masking]) => [name, scratchpadModule({ masking })])),
  'with tables': scratchpadModule({ masking: maskings['shifts'] ?? '', data: [keccakData(0), sboxData(4096)] }),
  'a nonce and turns': `(module (memory (export "memory") 2) ${words(0, table('sha256-round'))} ${nonceLoop} ${turns('$hash', [7, 18, 25, 6, 11])})`,
}

test('what the deriver says of the same octets changes with its version only', async () => {
  const outputs: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(fixtures)) outputs[name] = wasmDeriver.derive(await assemble(text), emptyContext).features
  const broken = (await assemble(fixtures['with tables'] ?? '')).subarray(0, 300)
  outputs['breaks off'] = wasmDeriver.derive(broken, emptyContext).features
  const digest = sha256(new TextEncoder().encode(canonicalJson({ version: wasmDeriver.version, outputs })))
  assert.equal(
    digest,
    wasmFeatures.outputs,
    `The features of the fixtures are others than those of version ${wasmFeatures.version}: raise it in src/derive/wasm/version.ts, run again, and put the digest there.`,
  )
})

test('octets that are no module are of another form, which is no failure to read one', () => {
  assert.throws(
    () => wasmDeriver.derive(new TextEncoder().encode('<html>not found'), emptyContext),
    (error: unknown) => error instanceof AssayError && error.code === 'UNSUPPORTED',
  )
})
