import type { FlowFacts } from './flow-facts.ts'

/** Algorithms by the shape of their rounds, without any constant. */
export type StructureId =
  | 'keccak'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'blake2b'
  | 'blake2s'
  | 'blake512'
  | 'chacha'
  | 'salsa'
  | 'skein'
  | 'blamka'
  | 'md5'
  | 'aes-tables'
  | 'byte-box'
  | 'wide-tables'
  | 'xoshiro256'
  | 'pwxform'
  | 'product128'

const set32 = (...amounts: number[]): number => amounts.reduce((mask, amount) => mask | (1 << (amount & 31)), 0)
const popcount = (mask: number): number => {
  let count = 0
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++
  return count
}

/** Amounts of turns to the left. */
const shapes = {
  // FIPS 202 section 3.2.2, and the same in halves of 32 bits.
  keccak: [1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14],
  // FIPS 180-4 section 4.1.2 and 4.1.3 turn to the right.
  sha256: [2, 13, 22, 6, 11, 25, 7, 18, 17, 19].map((amount) => 32 - amount),
  sha512: [28, 34, 39, 14, 18, 41, 1, 8, 19, 61].map((amount) => 64 - amount),
  blake2b: [32, 24, 16, 63].map((amount) => 64 - amount),
  blake512: [32, 25, 16, 11].map((amount) => 64 - amount),
  blake2s: [16, 12, 8, 7].map((amount) => 32 - amount),
  chacha: [16, 12, 8, 7],
  salsa: [7, 9, 13, 18],
  skein: [46, 36, 19, 37, 33, 27, 14, 42, 17, 49, 39, 44, 9, 54, 56, 30, 34, 24, 13, 50, 10, 25, 29, 43, 8, 35, 22],
  md5: [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21],
  xoshiro256: [23, 45],
} as const

function has64(facts: FlowFacts, amounts: readonly number[]): number {
  let count = 0
  for (const amount of amounts) if (((amount < 32 ? facts.turns64Low : facts.turns64High) & (1 << (amount & 31))) !== 0) count++
  return count
}

const has32 = (facts: FlowFacts, amounts: readonly number[]): number => popcount(facts.turns32 & set32(...amounts))
const hasFunnels = (facts: FlowFacts, amounts: readonly number[]): number => popcount(facts.funnels & set32(...amounts))

/** Which shapes one function has. */
export function structuresOf(facts: FlowFacts): StructureId[] {
  const found: StructureId[] = []
  if (has64(facts, shapes.keccak) >= 18 || (hasFunnels(facts, shapes.keccak) >= 18 && facts.funnelCount >= 36)) found.push('keccak')
  if (has32(facts, shapes.sha256) >= 9) found.push('sha256')
  if (has32(facts, [5, 30]) === 2 && facts.turnCount >= 2) found.push('sha1')
  if (has64(facts, shapes.sha512) >= 9) found.push('sha512')
  if (has64(facts, shapes.blake2b) === 4) found.push(facts.wideMultiplies >= 4 ? 'blamka' : 'blake2b')
  if (has64(facts, shapes.blake512) === 4) found.push('blake512')
  if (has32(facts, shapes.blake2s) === 4) found.push('blake2s')
  if (has32(facts, shapes.chacha) === 4) found.push('chacha')
  if (has32(facts, shapes.salsa) === 4) found.push('salsa')
  if (has64(facts, shapes.skein) >= 22) found.push('skein')
  if (has32(facts, shapes.md5) >= 14) found.push('md5')
  if (has64(facts, shapes.xoshiro256) === 2) found.push('xoshiro256')
  if (facts.lookups[2]! >= 12) found.push('aes-tables')
  if (facts.lookups[0]! >= 12) found.push('byte-box')
  if (facts.lookups[3]! >= 16) found.push('wide-tables')
  if (facts.pairedMasks.length > 0 && facts.wideMultiplies > 0) found.push('pwxform')
  if (facts.wideMultiplies >= 4) found.push('product128')
  return found
}
