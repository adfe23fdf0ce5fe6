/**
 * Divides the wasm rows of a sample manifest into a tuning and a test part, once: `node scripts/split-wasm.ts MANIFEST > eval/split-wasm.json`.
 * The unit is the lineage (the code base that a sample descends from). Lineages that hold more than a third of a label's rows are divided
 * further, by repository and, for the wasm-obf corpus, by the obfuscating transformation, so that each part meets transformations that the
 * other never saw. Within a label and family the units are sorted by the digest of their name and dealt alternately, the test part first.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readManifest, unitOf, type SampleRow } from './wasm-samples.ts'

const rows = readManifest(readFileSync(process.argv[2] ?? '', 'utf8')).filter((row) => row.kind === 'wasm')
const groups = new Map<string, Set<string>>()
const cryptonight = new Set(['webminerpool', 'deepminer', 'cryptoloot', 'crypto-webminer', 'cryptonight-other'])

function groupOf(row: SampleRow): string {
  const family = row.label === 'miner' ? (cryptonight.has(row.family) ? 'cryptonight' : row.family) : 'all'
  return `${row.label}/${family}/${row.variant === 'plain' ? 'plain' : 'transformed'}`
}

// A unit belongs to the first group that names it, so that no unit is in both parts.
const seen = new Set<string>()
for (const row of [...rows].sort((a, b) => (groupOf(a) < groupOf(b) ? -1 : 1))) {
  const unit = unitOf(row)
  if (seen.has(unit)) continue
  seen.add(unit)
  const group = groups.get(groupOf(row)) ?? new Set()
  group.add(unit)
  groups.set(groupOf(row), group)
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const parts: { tuning: string[]; test: string[] } = { tuning: [], test: [] }
for (const group of groups.values()) {
  const units = [...group].sort((a, b) => (digest(a) < digest(b) ? -1 : 1))
  const offset = units.length === 1 ? Number.parseInt(digest(units[0] ?? '').slice(0, 2), 16) % 2 : 0
  units.forEach((unit, index) => parts[(index + offset) % 2 === 0 ? 'test' : 'tuning'].push(unit))
}
process.stdout.write(`${JSON.stringify({ tuning: parts.tuning.sort(), test: parts.test.sort() }, null, 2)}\n`)
