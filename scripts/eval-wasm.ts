/**
 * `node scripts/eval-wasm.ts MANIFEST SAMPLES [--part test|tuning] [--variants N] [--largest OCTETS] [--label NAME] [--wrong]`: how the rules of docs/hash-cores.md do on
 * labelled modules (SAMPLES as the manifest's `materialise` writes it), by the split in eval/split-wasm.json. `--variants` rewrites up to N
 * modules of every unit (of at most OCTETS) by binaryen (several lists of passes) and by scripts/mutate-wasm.ts and judges these too.
 */
import binaryen from 'binaryen'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { analyseModule } from '#derive/wasm/analyse.ts'
import { type HashCore, hashCores } from '#derive/wasm/hash-cores.ts'
import { mutateModule } from './mutate-wasm.ts'
import { readManifest, type SampleRow, unitOf } from './wasm-samples.ts'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}
const [manifest = '', samples = ''] = process.argv.slice(2)
const part = option('part', 'test')
const perUnit = Number(option('variants', '0'))
const largest = Number(option('largest', '600000'))
const onlyLabel = option('label', '')
const split = JSON.parse(readFileSync(new URL('../eval/split-wasm.json', import.meta.url), 'utf8')) as Record<string, string[]>
const units = new Set(split[part])

const passes: Readonly<Record<string, string[] | null>> = {
  optimised: null,
  flattened: ['flatten', 'simplify-locals-notee-nostructure', 'vacuum'],
  'in single assignment': ['ssa', 'const-hoisting', 'reorder-functions', 'reorder-locals'],
  'inlined and cleaned': ['dae-optimizing', 'inlining-optimizing', 'precompute-propagate', 'local-cse', 'licm', 'coalesce-locals'],
}

function transformed(bytes: Uint8Array, list: string[] | null): Uint8Array | null {
  let module: binaryen.Module | null = null
  try {
    module = binaryen.readBinary(bytes)
    module.setFeatures(binaryen.Features.All)
    binaryen.setOptimizeLevel(2)
    binaryen.setShrinkLevel(1)
    if (list === null) module.optimize()
    else module.runPasses(list)
    return module.emitBinary()
  } catch {
    return null
  } finally {
    module?.dispose()
  }
}

/** Bound that 95 of 100 such trials stay under when none of n failed. */
const ruleOfThree = (n: number): string => (n === 0 ? '–' : `${Math.min(100, (100 * 3) / n).toFixed(1)} %`)

interface Tally {
  n: number
  right: number
  family: number
  units: Map<string, boolean>
}
const tallies = new Map<string, Tally>()
const wrong: string[] = []

const families: readonly (readonly [RegExp, RegExp])[] = [
  [/webminer|deepminer|cryptoloot|cryptonight/, /^cryptonight$/],
  [/randomx/, /^randomx$/],
  [/yescrypt/, /^yescrypt$/],
  [/equihash/, /^equihash$/],
]

function count(group: string, row: SampleRow, core: HashCore | null): void {
  const tally = tallies.get(group) ?? { n: 0, right: 0, family: 0, units: new Map<string, boolean>() }
  tallies.set(group, tally)
  const right = row.label === 'miner' ? core?.kind === 'mining' : core?.kind !== 'mining'
  tally.n++
  if (right) tally.right++
  const expected = families.find(([name]) => name.test(row.family))?.[1]
  if (row.label === 'miner' ? core?.kind === 'mining' && (expected?.test(core.family) ?? true) : core !== null && core.kind !== 'mining')
    tally.family++
  const unit = row.label === 'miner' && /plain/.test(group) ? row.lineage : unitOf(row)
  tally.units.set(unit, (tally.units.get(unit) ?? true) && right)
  if (!right)
    wrong.push(
      `${group}: ${unitOf(row)} ${row.repo} ${row.path} ${row.sha256.slice(0, 12)} → ${core === null ? 'nothing' : `${core.kind} ${core.family} ${core.rule}`}`,
    )
}

const varied = new Map<string, number>()
let absent = 0
for (const row of readManifest(readFileSync(manifest, 'utf8'))) {
  if (row.kind !== 'wasm' || !units.has(unitOf(row)) || (onlyLabel !== '' && row.label !== onlyLabel)) continue
  const path = join(samples, row.label, `${row.sha256}.wasm`)
  if (!existsSync(path)) {
    absent++
    continue
  }
  const bytes = new Uint8Array(readFileSync(path))
  count(
    `${row.label}, ${row.label === 'miner' && row.variant !== 'plain' ? 'obfuscated or mutated' : 'plain'}`,
    row,
    hashCores(analyseModule(bytes)),
  )
  const unit = unitOf(row)
  if (perUnit === 0 || bytes.length > largest || (varied.get(unit) ?? 0) >= perUnit) continue
  varied.set(unit, (varied.get(unit) ?? 0) + 1)
  for (const [name, list] of Object.entries(passes)) {
    const variant = transformed(bytes, list)
    if (variant !== null) count(`${row.label}, ${name} by binaryen`, row, hashCores(analyseModule(variant)))
  }
  for (const seed of [1, 2]) {
    const variant = mutateModule(bytes, seed * 7_919)
    if (variant !== null) count(`${row.label}, rewritten by our mutator`, row, hashCores(analyseModule(variant)))
    const both = variant === null ? null : transformed(variant, seed === 1 ? null : (passes['flattened'] ?? null))
    if (both !== null) count(`${row.label}, rewritten, then ${seed === 1 ? 'optimised' : 'flattened'}`, row, hashCores(analyseModule(both)))
  }
}

console.log(`part: ${part}; absent samples: ${absent}`)
console.log(
  '| label, variant | modules | right | by lineage | family or kind named | bound on the rest |\n| --- | --- | --- | --- | --- | --- |',
)
for (const [group, { n, right, family, units: byUnit }] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const good = [...byUnit.values()].filter(Boolean).length
  console.log(
    `| ${group} | ${n} | ${right} (${((100 * right) / n).toFixed(1)} %) | ${good} of ${byUnit.size} | ${family} | ${right === n ? ruleOfThree(n) : ''} |`,
  )
}
if (process.argv.includes('--wrong')) for (const line of wrong) console.log(line)
