import { type Assembly, type FunctionBody, type Value, type Variable, i32, i64, load32, load64, load8, swap32 } from '../machine/program.ts'
import type { Random } from '../random.ts'
import type { Aes } from './aes.ts'
import { wordsOf } from './keccak.ts'

/** A finalist of the SHA-3 contest over 200 octets, as CryptoNight ends with one: `(to, from)`, 32 octets to `to`. */
export interface Finalist {
  name: 'blake256' | 'groestl' | 'skein'
  hash: FunctionBody
  fill: FunctionBody | null
}

const pi = [
  0x243f6a88n,
  0x85a308d3n,
  0x13198a2en,
  0x03707344n,
  0xa4093822n,
  0x299f31d0n,
  0x082efa98n,
  0xec4e6c89n,
  0x452821e6n,
  0x38d01377n,
  0xbe5466cfn,
  0x34e90c6cn,
  0xc0ac29b7n,
  0xc97c50ddn,
  0x3f84d5b5n,
  0xb5470917n,
]
/** Message schedule of BLAKE (submission to NIST, 2.1.2). */
const sigma = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]
export const sha256Initial = [0x6a09e667n, 0xbb67ae85n, 0x3c6ef372n, 0xa54ff53an, 0x510e527fn, 0x9b05688cn, 0x1f83d9abn, 0x5be0cd19n]

export function blake256(assembly: Assembly): Finalist {
  const schedule = assembly.table(Uint8Array.from(sigma.flat()))
  const constants = assembly.table(wordsOf(pi, 4))
  const block = assembly.reserve(64)
  const chain = assembly.reserve(32)
  const compress = assembly.function('blakeCompress', { params: 2 }, (f, from, bits) => {
    if (!from || !bits) return
    f.times(0, 64, 4, (at) => f.store32(at.add(block), swap32(load32(from.add(at)))))
    const v: Variable[] = Array.from({ length: 16 }, (_, index) =>
      f.let(
        'i32',
        index < 8
          ? load32(i32(chain), index * 4)
          : index < 12
            ? i32(pi[index - 8] ?? 0n)
            : index < 14
              ? bits.xor(pi[index - 8] ?? 0n)
              : i32(pi[index - 8] ?? 0n),
      ),
    )
    const mix = (row: Value, step: number, a: number, b: number, c: number, d: number): void => {
      const [va, vb, vc, vd] = [v[a], v[b], v[c], v[d]]
      if (!va || !vb || !vc || !vd) return
      const x = f.let('i32', load8(row, step * 2))
      const y = f.let('i32', load8(row, step * 2 + 1))
      const input = (m: Value, k: Value): Value => load32(m.shl(2).add(block)).xor(load32(k.shl(2).add(constants)))
      va.set(va.add(vb).add(input(x, y)))
      vd.set(vd.xor(va).rotr(16))
      vc.set(vc.add(vd))
      vb.set(vb.xor(vc).rotr(12))
      va.set(va.add(vb).add(input(y, x)))
      vd.set(vd.xor(va).rotr(8))
      vc.set(vc.add(vd))
      vb.set(vb.xor(vc).rotr(7))
    }
    f.times(0, 14, 1, (round) => {
      const row = f.let('i32', round.rem(10).shl(4).add(schedule))
      for (let column = 0; column < 4; column++) mix(row, column, column, column + 4, column + 8, column + 12)
      for (let d = 0; d < 4; d++) mix(row, d + 4, d, 4 + ((d + 1) % 4), 8 + ((d + 2) % 4), 12 + ((d + 3) % 4))
    })
    for (let index = 0; index < 8; index++) {
      f.store32(
        i32(chain),
        load32(i32(chain), index * 4)
          .xor(v[index] ?? 0)
          .xor(v[index + 8] ?? 0),
        index * 4,
      )
    }
  })
  const hash = assembly.function('blake', { params: 2 }, (f, to, from) => {
    if (!to || !from) return
    sha256Initial.forEach((word, index) => f.store32(i32(chain), word, index * 4))
    f.times(0, 192, 64, (at) => f.do(compress, from.add(at), at.add(64).shl(3)))
    f.do(compress, from.add(136), 1600)
    f.times(0, 32, 4, (at) => f.store32(to.add(at), swap32(load32(at.add(chain)))))
  })
  return { name: 'blake256', hash, fill: null }
}

/** Rotations of Threefish-512 (Skein 1.3, table 4). */
const threefish = [
  [46, 36, 19, 37],
  [33, 27, 14, 42],
  [17, 49, 36, 39],
  [44, 9, 54, 56],
  [39, 30, 34, 24],
  [13, 50, 10, 17],
  [25, 29, 39, 43],
  [8, 35, 56, 22],
]
/** Chaining value of Skein-512-256. */
const skeinInitial = [
  0xccd044a12fdb3e13n,
  0xe83590301a79a9ebn,
  0x55aea0614f816e6fn,
  0x2a2767a4ae9b94dbn,
  0xec06025e74dd7683n,
  0xe7a436cdc4746251n,
  0xc36fbaf9393ad185n,
  0x3eedba1833edfc13n,
]

export function skein(assembly: Assembly): Finalist {
  const key = assembly.reserve(9 * 8)
  const compress = assembly.function('skeinCompress', { params: 2 }, (f, from, count) => {
    if (!from || !count) return
    const parity = f.let('i64', 0x1bd11bdaa9fc1a22n)
    const k = Array.from({ length: 8 }, (_, index) => {
      const word = f.let('i64', load64(i32(key), index * 8))
      parity.set(parity.xor(word))
      return word
    })
    k.push(parity)
    const tweak = [f.let('i64', count.extend()), f.let('i64', 0x3000000000000000n)]
    tweak.push(f.let('i64', (tweak[0] ?? i64(0)).xor(tweak[1] ?? 0)))
    const x = Array.from({ length: 8 }, (_, index) => f.let('i64', load64(from, index * 8)))
    const inject = (subkey: number): void =>
      x.forEach((word, index) => {
        let sum: Value = word.add(k[(subkey + index) % 9] ?? 0)
        if (index === 5) sum = sum.add(tweak[subkey % 3] ?? 0)
        if (index === 6) sum = sum.add(tweak[(subkey + 1) % 3] ?? 0)
        if (index === 7) sum = sum.add(subkey)
        word.set(sum)
      })
    let order = [0, 1, 2, 3, 4, 5, 6, 7]
    for (let round = 0; round < 72; round++) {
      if (round % 4 === 0) inject(round / 4)
      for (let pair = 0; pair < 4; pair++) {
        const a = x[order[pair * 2] ?? 0]
        const b = x[order[pair * 2 + 1] ?? 0]
        if (!a || !b) continue
        a.set(a.add(b))
        b.set(b.rotl(threefish[round % 8]?.[pair] ?? 0).xor(a))
      }
      order = [2, 1, 4, 7, 6, 5, 0, 3].map((index) => order[index] ?? 0)
    }
    inject(18)
    x.forEach((word, index) => f.store64(i32(key), word.xor(load64(from, index * 8)), index * 8))
  })
  const hash = assembly.function('skein', { params: 2 }, (f, to, from) => {
    if (!to || !from) return
    skeinInitial.forEach((word, index) => f.store64(i32(key), i64(word), index * 8))
    f.times(0, 192, 64, (at) => f.do(compress, from.add(at), at.add(64)))
    f.do(compress, from.add(136), 200)
    f.times(0, 32, 8, (at) => f.store64(to.add(at), load64(at.add(key))))
  })
  return { name: 'skein', hash, fill: null }
}

/** Groestl-256: two permutations of 64 octets over the S-box of AES, MixBytes with (2, 2, 3, 4, 5, 3, 5, 7). */
export function groestl(assembly: Assembly, aes: Aes): Finalist {
  const table = assembly.reserve(2048)
  const chain = assembly.reserve(64)
  const p = assembly.reserve(64)
  const q = assembly.reserve(64)
  const moved = assembly.reserve(64)
  const fill = assembly.function('groestlFill', { params: 0 }, (f) => {
    f.times(0, 256, 1, (index) => {
      const s = f.let('i32', load8(index.add(aes.sbox)))
      const times = (by: number, from: Value): Value => {
        const doubled = from.shl(1).xor(from.shr(7).mul(0x11b)).and(0xff)
        const quadrupled = doubled.shl(1).xor(doubled.shr(7).mul(0x11b)).and(0xff)
        let sum: Value = i32(0)
        if (by & 1) sum = sum.xor(from)
        if (by & 2) sum = sum.xor(doubled)
        if (by & 4) sum = sum.xor(quadrupled)
        return sum
      }
      ;[2, 7, 5, 3, 5, 4, 3, 2].forEach((factor, row) => f.store8(index.shl(3).add(table), times(factor, s), row))
    })
  })
  const permute = assembly.function('groestlPermute', { params: 2 }, (f, state, isQ) => {
    if (!state || !isQ) return
    f.times(0, 10, 1, (round) => {
      f.times(0, 64, 8, (column) => {
        f.if(
          isQ.eq(0),
          () => f.store8(state.add(column), load8(state.add(column)).xor(column.shl(1)).xor(round)),
          () => {
            f.store64(state.add(column), load64(state.add(column)).not())
            f.store8(state.add(column), load8(state.add(column), 7).xor(column.shl(1)).xor(round), 7)
          },
        )
      })
      f.times(0, 64, 8, (column) => {
        const mixed = f.let('i64')
        for (let row = 0; row < 8; row++) {
          const shift = f.let('i32', row)
          // P shifts row r by r, Q by (1, 3, 5, 7, 0, 2, 4, 6).
          f.if(isQ.ne(0), () => shift.set([1, 3, 5, 7, 0, 2, 4, 6][row] ?? 0))
          const octet = f.let('i32', load8(state.add(column.add(shift.shl(3)).and(63)), row))
          mixed.set(mixed.xor(load64(octet.shl(3).add(table)).rotl(row * 8)))
        }
        f.store64(column.add(moved), mixed)
      })
      f.times(0, 64, 8, (column) => f.store64(state.add(column), load64(column.add(moved))))
    })
  })
  const hash = assembly.function('groestl', { params: 2 }, (f, to, from) => {
    if (!to || !from) return
    f.times(0, 64, 8, (at) => f.store64(at.add(chain), i64(0)))
    f.store8(i32(chain), 1, 62)
    f.times(0, 256, 64, (block) => {
      const source = f.let('i32', from.add(block))
      f.if(block.gt(191), () => source.set(from.add(136)))
      f.times(0, 64, 8, (at) => {
        f.store64(at.add(p), load64(at.add(chain)).xor(load64(source.add(at))))
        f.store64(at.add(q), load64(source.add(at)))
      })
      f.do(permute, p, 0)
      f.do(permute, q, 1)
      f.times(0, 64, 8, (at) =>
        f.store64(
          at.add(chain),
          load64(at.add(chain))
            .xor(load64(at.add(p)))
            .xor(load64(at.add(q))),
        ),
      )
    })
    f.times(0, 32, 8, (at) => f.store64(to.add(at), load64(at.add(chain), 32)))
  })
  return { name: 'groestl', hash, fill }
}

export function drawFinalist(assembly: Assembly, aes: Aes, random: Random): Finalist {
  return random.pick([() => blake256(assembly), () => skein(assembly), () => groestl(assembly, aes)])()
}
