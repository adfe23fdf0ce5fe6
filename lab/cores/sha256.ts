import { Assembly, type FunctionBody, type Value, type Variable, i32, load32, load8, swap32 } from '../machine/program.ts'
import type { Random } from '../random.ts'
import { type Core, type CoreOptions, searchLoop } from './core.ts'
import { sha256Initial } from './finalists.ts'
import { wordsOf } from './keccak.ts'

/** Fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2), by whole-number roots. */
export const sha256Constants: bigint[] = (() => {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < 64; n++) if (primes.every((p) => n % p !== 0n)) primes.push(n)
  return primes.map((p) => {
    const scaled = p << 96n
    let low = 0n
    let high = 1n << 40n
    while (low + 1n < high) {
      const middle = (low + high) >> 1n
      if (middle * middle * middle <= scaled) low = middle
      else high = middle
    }
    return low & 0xffffffffn
  })
})()

export interface Sha256 {
  /** Eight words of chaining value. */
  chain: number
  start: FunctionBody
  /** `(block)`: 64 octets. */
  compress: FunctionBody
  /** `(to, from, length)`: whole messages. */
  hash: FunctionBody
}

export function sha256(assembly: Assembly, random: Random): Sha256 {
  const k = assembly.table(wordsOf(sha256Constants, 4))
  const unrolled = random.chance(0.4)
  const w = assembly.reserve(256)
  const chain = assembly.reserve(32)
  const tail = assembly.reserve(128)
  const start = assembly.function('sha256Start', { params: 0 }, (f) =>
    sha256Initial.forEach((word, index) => f.store32(i32(chain), word, index * 4)),
  )
  const compress = assembly.function('sha256Compress', { params: 1 }, (f, block) => {
    if (!block) return
    f.times(0, 64, 4, (at) => f.store32(at.add(w), swap32(load32(block.add(at)))))
    f.times(64, 256, 4, (at) => {
      const x = f.let('i32', load32(at.add(w - 60)))
      const y = f.let('i32', load32(at.add(w - 8)))
      const s0 = x.rotr(7).xor(x.rotr(18)).xor(x.shr(3))
      const s1 = y.rotr(17).xor(y.rotr(19)).xor(y.shr(10))
      f.store32(
        at.add(w),
        load32(at.add(w - 64))
          .add(s0)
          .add(load32(at.add(w - 28)))
          .add(s1),
      )
    })
    const v: Variable[] = Array.from({ length: 8 }, (_, index) => f.let('i32', load32(i32(chain), index * 4)))
    const [a, b, c, d, e, g1, g, h] = v
    if (!a || !b || !c || !d || !e || !g1 || !g || !h) return
    const round = (constant: Value, word: Value): void => {
      const t1 = f.let(
        'i32',
        h
          .add(e.rotr(6).xor(e.rotr(11)).xor(e.rotr(25)))
          .add(e.and(g1).xor(e.not().and(g)))
          .add(constant)
          .add(word),
      )
      const t2 = f.let(
        'i32',
        a
          .rotr(2)
          .xor(a.rotr(13))
          .xor(a.rotr(22))
          .add(a.and(b).xor(a.and(c)).xor(b.and(c))),
      )
      h.set(g)
      g.set(g1)
      g1.set(e)
      e.set(d.add(t1))
      d.set(c)
      c.set(b)
      b.set(a)
      a.set(t1.add(t2))
    }
    if (unrolled) sha256Constants.forEach((constant, index) => round(i32(constant), load32(i32(w), index * 4)))
    else f.times(0, 256, 4, (at) => round(load32(at.add(k)), load32(at.add(w))))
    v.forEach((word, index) => f.store32(i32(chain), load32(i32(chain), index * 4).add(word), index * 4))
  })
  const hash = assembly.function('sha256', { params: 3 }, (f, to, from, length) => {
    if (!to || !from || !length) return
    f.do(start)
    const at = f.let('i32', 0)
    f.if(length.gt(63), () =>
      f.loop(
        () => {
          f.do(compress, from.add(at))
          at.set(at.add(64))
        },
        () => length.sub(at).gt(63),
      ),
    )
    const rest = f.let('i32', length.sub(at))
    f.times(0, 128, 4, (word) => f.store32(word.add(tail), 0))
    f.if(rest.ne(0), () => f.times(0, rest, 1, (octet) => f.store8(octet.add(tail), load8(from.add(at).add(octet)))))
    f.store8(rest.add(tail), 0x80)
    const end = f.let('i32', 60)
    f.if(rest.gt(55), () => end.set(124))
    f.store32(end.add(tail), swap32(length.shl(3)))
    f.do(compress, tail)
    f.if(end.eq(124), () => f.do(compress, tail + 64))
    f.times(0, 32, 4, (word) => f.store32(to.add(word), swap32(load32(word.add(chain)))))
  })
  return { chain, start, compress, hash }
}

/** Double SHA-256 of a block header of 80 octets, nonce at its end: the hash loop of Bitcoin and its kin. */
export function sha256d({ random }: CoreOptions): Core {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const inner = sha256(assembly, random.fork('sha256'))
  const input = assembly.reserve(256)
  const middle = assembly.reserve(32)
  const output = assembly.reserve(32)
  const twice = assembly.function('sha256Twice', { params: 1 }, (f, length) => {
    if (!length) return
    f.do(inner.hash, middle, input, length)
    f.do(inner.hash, output, middle, 32)
  })
  const search = searchLoop(assembly, { input, output, nonceAt: 76, word: 28, hash: (length) => [twice, length] }, { i32, load32 })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => f.do(inner.start))
  return { family: 'sha256', assembly, prepare, search, more: [], input, output, outputSize: 32, pages: 2, batch: 4000 }
}
