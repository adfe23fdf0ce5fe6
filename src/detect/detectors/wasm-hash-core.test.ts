import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { WasmFeatures } from '#derive/wasm/features.ts'
import type { DetectorInput } from '../contract.ts'
import { emptyContext } from '#derive/deriver.ts'
import { wasmDeriver } from '#derive/wasm/deriver.ts'
import { nonceLoop, sboxData, keccakData, maskings, scratchpadModule, table, turns, words } from '#derive/wasm/testing/shapes.ts'
import { assemble } from '#derive/wasm/testing/text.ts'
import { detector as library } from './wasm-crypto-library.ts'
import { detector as core } from './wasm-hash-core.ts'
import { detector as work } from './wasm-proof-of-work.ts'
import { detector as wallet } from './wasm-wallet.ts'

const captureId = `sha256:${'a'.repeat(64)}` as const

async function featuresOf(text: string): Promise<WasmFeatures> {
  return wasmDeriver.derive(await assemble(text), emptyContext).features
}

function inputOf(features: WasmFeatures, runs = true, within: string[] = []): DetectorInput<'wasm', 'wasm'> {
  return {
    captureId,
    url: 'https://shop.test/',
    finalUrl: 'https://shop.test/',
    reached: 'content',
    conditions: {} as DetectorInput['conditions'],
    artifacts: { wasm: { status: 'complete', items: [] } },
    features: {
      wasm: [
        {
          digest: captureId,
          size: features.octets,
          artifacts: [{ id: 'wasm-1', kind: 'wasm', url: 'https://shop.test/a.wasm', targetId: null, frameId: null }],
          within,
          runs,
          features,
        },
      ],
    },
    signatures: [],
    findings: [],
  } as unknown as DetectorInput<'wasm', 'wasm'>
}

const miner = scratchpadModule({ masking: maskings['shifts']!, data: [sboxData(4_096), keccakData(8_192)] })
const sha256 = turns('$hash', [30, 19, 10, 26, 21, 7, 25, 14, 15, 13])

describe('modules of a page', () => {
  it('a mining core is delivered mining, with function, rule and a sentence', async () => {
    const [finding, ...more] = core.detect(inputOf(await featuresOf(miner), true, ['base64 at offset 12']))
    assert.equal(more.length, 0)
    assert.equal(finding?.kind, 'mining')
    assert.equal(finding.weight, 'delivered')
    assert.equal(finding.family, 'cryptonight')
    assert.equal(finding.title, 'Holds a cryptonight mining core')
    assert.deepEqual(
      { ...finding.evidence[0] },
      {
        captureId,
        artifact: 'wasm-1',
        at: 'base64 at offset 12, function 1 (rule CN-1)',
        reason:
          'It reads and writes, in a loop, at an index that is masked to 0x1FFFF0: a scratchpad of 2 MiB, chosen by the data itself (2 reads, 2 writes).',
      },
    )
  })
  it('is silent on a file that no page runs', async () => assert.deepEqual(core.detect(inputOf(await featuresOf(miner), false)), []))
  it('each kind is named by its own detector only', async () => {
    const filler = `(func (param f64) (result f64) ${'(local.set 0 (f64.add (local.get 0) (f64.const 1)))\n'.repeat(40_000)} (local.get 0))`
    const walletText = scratchpadModule({
      masking: maskings['shifts']!,
      data: [
        sboxData(4_096),
        keccakData(8_192),
        words(50_000, table('curve25519-elements')),
        '(data (i32.const 60000) "wallet mnemonic ringct")',
      ],
      more: filler,
    })
    const cases: Record<string, string> = {
      'crypto-library': `(module ${sha256})`,
      wallet: walletText,
      'proof-of-work': `(module (memory 1) ${sha256} ${nonceLoop})`,
      mining: miner,
    }
    for (const [kind, text] of Object.entries(cases)) {
      const input = inputOf(await featuresOf(text))
      const findings = [core, library, work, wallet].flatMap((detector) => detector.detect(input))
      assert.deepEqual(
        findings.map((finding) => finding.kind),
        [kind],
      )
      assert.equal(findings[0]?.weight, kind === 'mining' ? 'delivered' : 'context')
      assert.ok((findings[0]?.evidence.length ?? 0) > 0)
    }
  })
  it('is silent on code that hashes nothing', async () => {
    const input = inputOf(await featuresOf('(module (func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'))
    assert.deepEqual(
      [core, library, work, wallet].flatMap((detector) => detector.detect(input)),
      [],
    )
  })
})
