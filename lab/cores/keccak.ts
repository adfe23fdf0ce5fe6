import { type Assembly, type FunctionBody, i32, i64, load64, load8 } from '../machine/program.ts'
import type { Random } from '../random.ts'

/** Round constants of Keccak-f[1600] from its shift register (FIPS 202, algorithm 5). */
export const keccakRoundConstants: bigint[] = (() => {
  let register = 1
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << BigInt((1 << j) - 1)
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1
    }
    return constant
  })
})()

/** FIPS 202, 3.2.2, by lane x + 5y. */
const rotations = [0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14]

/** `(state)`: permutes 200 octets in place. */
export function keccakPermutation(assembly: Assembly, random: Random): FunctionBody {
  const style = random.pick(['table', 'inline'] as const)
  const rc = style === 'table' ? assembly.table(wordsOf(keccakRoundConstants)) : 0
  return assembly.function('keccak', { params: 1 }, (f, state) => {
    if (!state) return
    const a = Array.from({ length: 25 }, (_, index) => f.let('i64', load64(state, index * 8)))
    const lane = (index: number) => a[index] ?? i64(0)
    const c = Array.from({ length: 5 }, () => f.let('i64'))
    const b = Array.from({ length: 25 }, () => f.let('i64'))
    const d = f.let('i64')
    const round = (constantOf: () => ReturnType<typeof i64>): void => {
      for (let x = 0; x < 5; x++)
        c[x]?.set(
          lane(x)
            .xor(lane(x + 5))
            .xor(lane(x + 10))
            .xor(lane(x + 15))
            .xor(lane(x + 20)),
        )
      for (let x = 0; x < 5; x++) {
        d.set((c[(x + 4) % 5] ?? d).xor((c[(x + 1) % 5] ?? d).rotl(1)))
        for (let y = 0; y < 5; y++) {
          const from = x + 5 * y
          const to = y + 5 * ((2 * x + 3 * y) % 5)
          b[to]?.set(
            lane(from)
              .xor(d)
              .rotl(rotations[from] ?? 0),
          )
        }
      }
      for (let y = 0; y < 25; y += 5) {
        for (let x = 0; x < 5; x++) {
          const chi = (b[y + x] ?? d).xor((b[y + ((x + 1) % 5)] ?? d).not().and(b[y + ((x + 2) % 5)] ?? d))
          a[y + x]?.set(y + x === 0 ? chi.xor(constantOf()) : chi)
        }
      }
    }
    if (style === 'table') {
      f.times(0, 24 * 8, 8, (at) => round(() => load64(at.add(rc))))
    } else {
      for (const constant of keccakRoundConstants) round(() => i64(constant))
    }
    a.forEach((value, index) => f.store64(state, value, index * 8))
  })
}

/** `(state, input, length)`: absorbs one block of less than 136 octets with the padding of the original Keccak (0x01). */
export function keccakAbsorb(assembly: Assembly, permutation: FunctionBody, domain = 1): FunctionBody {
  return assembly.function('keccakAbsorb', { params: 3 }, (f, state, input, length) => {
    if (!state || !input || !length) return
    f.times(0, 200, 8, (at) => f.store64(state.add(at), i64(0)))
    f.times(0, length, 1, (at) => f.store8(state.add(at), load8(input.add(at))))
    f.store8(state.add(length), i32(domain))
    f.store8(state, load8(state, 135).xor(0x80), 135)
    f.do(permutation, state)
  })
}

export function wordsOf(words: readonly bigint[], size: 4 | 8 = 8): Uint8Array {
  const bytes = new Uint8Array(words.length * size)
  const view = new DataView(bytes.buffer)
  words.forEach((word, index) => (size === 8 ? view.setBigUint64(index * 8, word, true) : view.setUint32(index * 4, Number(word), true)))
  return bytes
}
