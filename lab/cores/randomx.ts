import { Assembly, i32, i64, load32, load64 } from '../machine/program.ts'
import { aes } from './aes.ts'
import { type Core, type CoreOptions, searchLoop } from './core.ts'
import { wordsOf } from './keccak.ts'
import { keccakAbsorb, keccakPermutation } from './keccak.ts'

/** Constants of SuperscalarHash's initial registers (RandomX specification, 7.3). */
const superscalar = [
  6364136223846793005n,
  9298411001130361340n,
  12065312585734608966n,
  9306329213124626780n,
  5281919268842080866n,
  10536153434571861004n,
  3398623926847679864n,
  9549104520008361294n,
]
/** Keys of AesGenerator1R (RandomX specification, 3.2). */
const generatorKeys = [
  0xb4f44917n,
  0xdbb5552bn,
  0x62716609n,
  0x6daca553n,
  0x0da1dc4en,
  0x1725d378n,
  0x846a710dn,
  0x6d7caf07n,
  0x3e20e345n,
  0xf4c0794fn,
  0x9f947ec6n,
  0x3f1262f1n,
  0x49169154n,
  0x16314c88n,
  0xb1ba317cn,
  0x6aef8135n,
]

/** Where the host's generated modules find their registers (8 × 64 bits) and the scratchpad. */
export interface RandomxLayout {
  registers: number
  scratchpad: number
  mask: number
  /** Seed of the next program: 128 words of 32 bits. */
  code: number
}

/**
 * In the shape of RandomX: a cache argon-filled here by SuperscalarHash's constants, a scratchpad of 2 MiB by AesGenerator1R, programs that the
 * host turns into small modules over the same memory (`more`: fill, blend), Keccak at the ends. Memory of 4,098 pages, of which little is touched.
 */
export function randomx({ random, light }: CoreOptions): Core & { layout: RandomxLayout } {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const cipher = aes(assembly, random.fork('aes'))
  const permutation = keccakPermutation(assembly, random.fork('keccak'))
  const absorb = keccakAbsorb(assembly, permutation)
  const keys = assembly.table(wordsOf(generatorKeys, 4))
  const salt = assembly.table(Uint8Array.from([...new TextEncoder().encode('RandomX'), 3]))
  const constants = assembly.table(wordsOf(superscalar))
  const input = assembly.reserve(256)
  const output = assembly.reserve(32)
  const state = assembly.reserve(208)
  const registers = assembly.reserve(64, 64)
  const code = assembly.reserve(512, 64)
  const size = light ? 1 << 18 : 1 << 21
  const scratchpad = assembly.reserve(size, 64)
  const items = light ? 1 << 10 : 1 << 14
  const dataset = assembly.reserve(items * 64, 64)
  const fill = assembly.function('generate', { params: 2 }, (f, to, length) => {
    if (!to || !length) return
    f.times(0, length, 64, (at) => {
      for (let column = 0; column < 4; column++) f.do(cipher.round, state + column * 16, state + column * 16, keys + column * 16)
      f.times(0, 64, 8, (word) => f.store64(to.add(at).add(word), load64(word.add(state))))
    })
  })
  const item = assembly.function('datasetItem', { params: 1 }, (f, number) => {
    if (!number) return
    const first = f.let(
      'i64',
      number
        .add(1)
        .extend()
        .mul(superscalar[0] ?? 0n),
    )
    const r = superscalar.map((constant, index) => (index === 0 ? first : f.let('i64', first.xor(constant))))
    f.times(0, 8, 1, (round) => {
      const line = f.let('i32', (r[0] ?? first).wrap().add(round).and(15).shl(3).and(56).add(constants))
      r.forEach((register, index) => {
        const next = r[(index + 3) % 8] ?? first
        register.set(
          index % 3 === 0
            ? register.mul(next.or(1)).xor(load64(line))
            : index % 3 === 1
              ? register.add(next.rotr(index * 7))
              : register.xor(next.add(superscalar[index] ?? 0n)).rotr(21),
        )
      })
    })
    r.forEach((register, index) => f.store64(number.shl(6).add(dataset), register, index * 8))
  })
  const start = assembly.function('startProgram', { params: 1 }, (f, length) => {
    if (!length) return
    f.do(absorb, state, input, length)
    f.store64(i32(state), load64(i32(state)).xor(load64(i32(salt))))
    f.do(fill, scratchpad, size)
    f.do(fill, code, 512)
    f.times(0, 64, 8, (at) => f.store64(at.add(registers), load64(at.add(state))))
  })
  // Between two programs: registers go through the scratchpad at masked addresses and through the dataset.
  const blend = assembly.function('blend', { params: 0 }, (f) => {
    const r = Array.from({ length: 8 }, (_, index) => f.let('i64', load64(i32(registers), index * 8)))
    const at = (index: number) => r[index % 8] ?? i64(0)
    f.times(0, light ? 512 : 2048, 1, () => {
      const read = f.let(
        'i32',
        at(0)
          .xor(at(2))
          .wrap()
          .and(size - 64)
          .add(scratchpad),
      )
      const write = f.let(
        'i32',
        at(1)
          .xor(at(3))
          .wrap()
          .and(size - 64)
          .add(scratchpad),
      )
      const row = f.let(
        'i32',
        at(5)
          .wrap()
          .and(items - 1)
          .shl(6)
          .add(dataset),
      )
      r.forEach((register, index) =>
        register.set(
          register
            .xor(load64(read, index * 8))
            .add(load64(row, index * 8))
            .rotr(index + 9)
            .mul(at(index + 1).or(1)),
        ),
      )
      r.forEach((register, index) => f.store64(write, register, index * 8))
    })
    r.forEach((register, index) => f.store64(i32(registers), register, index * 8))
    f.times(0, 64, 8, (word) => f.store64(word.add(state), load64(word.add(state)).xor(load64(word.add(registers)))))
    f.do(fill, code, 512)
  })
  const finish = assembly.function('finish', { params: 0 }, (f) => {
    f.do(permutation, state)
    f.times(0, 32, 8, (at) => f.store64(at.add(output), load64(at.add(state))))
  })
  const whole = assembly.function('wholeHash', { params: 1 }, (f, length) => {
    if (!length) return
    f.do(start, length)
    f.times(0, 8, 1, () => f.do(blend))
    f.do(finish)
  })
  const search = searchLoop(assembly, { input, output, nonceAt: 39, word: 28, hash: (length) => [whole, length] }, { i32, load32 })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => {
    f.do(cipher.fill)
    f.times(0, items, 1, (index) => f.do(item, index))
  })
  return {
    family: 'randomx',
    assembly,
    prepare,
    search,
    more: [
      { name: 'start', callee: start },
      { name: 'blend', callee: blend },
      { name: 'finish', callee: finish },
    ],
    input,
    output,
    outputSize: 32,
    pages: light ? 64 : 4098,
    batch: 1,
    layout: { registers, scratchpad, mask: size - 64, code },
  }
}
