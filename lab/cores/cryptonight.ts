import { Assembly, type FunctionBody, i32, load32, load64 } from '../machine/program.ts'
import { aes } from './aes.ts'
import { type Core, type CoreOptions, searchLoop } from './core.ts'
import { drawFinalist } from './finalists.ts'
import { keccakAbsorb, keccakPermutation } from './keccak.ts'

/**
 * In the shape of CryptoNight (CNS008): Keccak, a scratchpad of 1 or 2 MiB filled by AES, a loop that reads and writes it at masked
 * addresses with one AES round and one 64 × 64 product, AES again, Keccak, and one finalist of the SHA-3 contest instead of the four.
 */
export function cryptonight({ random, light }: CoreOptions): Core {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const megabytes = light ? 1 : random.pick([1, 2, 2])
  const size = megabytes << 20
  const mask = size - 16
  const iterations = light ? 1 << 15 : random.pick([1 << 17, 1 << 18, 1 << 19])
  const cipher = aes(assembly, random.fork('aes'))
  const permutation = keccakPermutation(assembly, random.fork('keccak'))
  const absorb = keccakAbsorb(assembly, permutation)
  const finalist = drawFinalist(assembly, cipher, random.fork('finalist'))
  const input = assembly.reserve(256)
  const state = assembly.reserve(208)
  const output = assembly.reserve(32)
  const keys = assembly.reserve(160)
  const text = assembly.reserve(128)
  const work = assembly.reserve(48)
  const product = assembly.reserve(16)
  const pad = assembly.reserve(size, 64)
  const multiply = multiplyWide(assembly)

  const rounds = assembly.function('tenRounds', { params: 1 }, (f, block) => {
    if (!block) return
    f.times(0, 160, 16, (key) => f.do(cipher.round, block, block, key.add(keys)))
  })
  const explode = assembly.function('explode', { params: 0 }, (f) => {
    f.do(cipher.expand, keys, state)
    f.times(0, 128, 8, (at) => f.store64(at.add(text), load64(at.add(state), 64)))
    f.times(0, size, 128, (at) => {
      f.times(0, 128, 16, (block) => f.do(rounds, block.add(text)))
      f.times(0, 128, 8, (word) => f.store64(at.add(word).add(pad), load64(word.add(text))))
    })
  })
  const implode = assembly.function('implode', { params: 0 }, (f) => {
    f.do(cipher.expand, keys, state + 32)
    f.times(0, 128, 8, (at) => f.store64(at.add(text), load64(at.add(state), 64)))
    f.times(0, size, 128, (at) => {
      f.times(0, 128, 8, (word) => f.store64(word.add(text), load64(word.add(text)).xor(load64(at.add(word).add(pad)))))
      f.times(0, 128, 16, (block) => f.do(rounds, block.add(text)))
    })
    f.times(0, 128, 8, (at) => f.store64(at.add(state), load64(at.add(text)), 64))
  })
  const main = assembly.function('mix', { params: 0 }, (f) => {
    const s = i32(state)
    const a0 = f.let('i64', load64(s).xor(load64(s, 32)))
    const a1 = f.let('i64', load64(s, 8).xor(load64(s, 40)))
    const b0 = f.let('i64', load64(s, 16).xor(load64(s, 48)))
    const b1 = f.let('i64', load64(s, 24).xor(load64(s, 56)))
    f.times(0, iterations, 1, () => {
      const first = f.let('i32', a0.wrap().and(mask).add(pad))
      f.store64(i32(work), a0)
      f.store64(i32(work), a1, 8)
      f.do(cipher.round, work + 16, first, work)
      const c0 = f.let('i64', load64(i32(work), 16))
      const c1 = f.let('i64', load64(i32(work), 24))
      f.store64(first, b0.xor(c0))
      f.store64(first, b1.xor(c1), 8)
      const second = f.let('i32', c0.wrap().and(mask).add(pad))
      const d0 = f.let('i64', load64(second))
      const d1 = f.let('i64', load64(second, 8))
      f.store64(i32(work), c0)
      f.store64(i32(work), d0, 8)
      f.do(multiply, product, work)
      a0.set(a0.add(load64(i32(product), 8)))
      a1.set(a1.add(load64(i32(product))))
      f.store64(second, a0)
      f.store64(second, a1, 8)
      a0.set(a0.xor(d0))
      a1.set(a1.xor(d1))
      b0.set(c0)
      b1.set(c1)
    })
  })
  const hash = assembly.function('slowHash', { params: 1 }, (f, length) => {
    if (!length) return
    f.do(absorb, state, input, length)
    f.do(explode)
    f.do(main)
    f.do(implode)
    f.do(permutation, state)
    f.do(finalist.hash, output, state)
  })
  const search = searchLoop(assembly, { input, output, nonceAt: 39, word: 28, hash: (length) => [hash, length] }, { i32, load32 })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => {
    f.do(cipher.fill)
    if (finalist.fill) f.do(finalist.fill)
  })
  return {
    family: 'cryptonight',
    assembly,
    prepare,
    search,
    more: [],
    input,
    output,
    outputSize: 32,
    pages: random.pick([33, 64, 256]) + megabytes,
    batch: 1,
  }
}

/** `(to, from)`: two 64-bit factors at `from`, 128 bits of product at `to`, by halves of 32 bits. */
function multiplyWide(assembly: Assembly): FunctionBody {
  return assembly.function('multiplyWide', { params: 2 }, (f, to, from) => {
    if (!to || !from) return
    const x = f.let('i64', load64(from))
    const y = f.let('i64', load64(from, 8))
    const x0 = f.let('i64', x.and(0xffffffffn))
    const x1 = f.let('i64', x.shr(32))
    const y0 = f.let('i64', y.and(0xffffffffn))
    const y1 = f.let('i64', y.shr(32))
    const low = f.let('i64', x0.mul(y0))
    const middle = f.let('i64', x1.mul(y0).add(low.shr(32)))
    const other = f.let('i64', x0.mul(y1).add(middle.and(0xffffffffn)))
    f.store64(to, low.and(0xffffffffn).or(other.shl(32)))
    f.store64(to, x1.mul(y1).add(middle.shr(32)).add(other.shr(32)), 8)
  })
}
