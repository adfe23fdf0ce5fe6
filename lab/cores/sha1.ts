import { Assembly, type Variable, i32, load32, load8, swap32 } from '../machine/program.ts'
import type { Core, CoreOptions } from './core.ts'

/** SHA-1 of a text and a decimal counter against an expected digest: the loop of Duino-Coin miners. One block (less than 56 octets). */
export function sha1({ random }: CoreOptions): Core {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const input = assembly.reserve(64)
  const block = assembly.reserve(64)
  const w = assembly.reserve(320)
  const output = assembly.reserve(20)
  const compress = assembly.function('sha1Compress', { params: 0 }, (f) => {
    f.times(0, 64, 4, (at) => f.store32(at.add(w), swap32(load32(at.add(block)))))
    f.times(64, 320, 4, (at) =>
      f.store32(
        at.add(w),
        load32(at.add(w - 12))
          .xor(load32(at.add(w - 32)))
          .xor(load32(at.add(w - 56)))
          .xor(load32(at.add(w - 64)))
          .rotl(1),
      ),
    )
    const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
    const v: Variable[] = initial.map((word) => f.let('i32', word))
    const [a, b, c, d, e] = v
    if (!a || !b || !c || !d || !e) return
    const quarters = [
      { constant: 0x5a827999, mix: () => b.and(c).or(b.not().and(d)) },
      { constant: 0x6ed9eba1, mix: () => b.xor(c).xor(d) },
      { constant: 0x8f1bbcdc, mix: () => b.and(c).or(b.and(d)).or(c.and(d)) },
      { constant: 0xca62c1d6, mix: () => b.xor(c).xor(d) },
    ]
    quarters.forEach(({ constant, mix }, quarter) =>
      f.times(quarter * 80, quarter * 80 + 80, 4, (at) => {
        const t = f.let(
          'i32',
          a
            .rotl(5)
            .add(mix())
            .add(e)
            .add(constant)
            .add(load32(at.add(w))),
        )
        e.set(d)
        d.set(c)
        c.set(b.rotl(30))
        b.set(a)
        a.set(t)
      }),
    )
    v.forEach((word, index) => f.store32(i32(output), swap32(word.add(initial[index] ?? 0)), index * 4))
  })
  const hash = assembly.function('sha1Counted', { params: 2 }, (f, length, counter) => {
    if (!length || !counter) return
    f.times(0, 64, 4, (at) => f.store32(at.add(block), 0))
    f.times(0, length, 1, (at) => f.store8(at.add(block), load8(at.add(input))))
    const digits = f.let('i32', 1)
    const power = f.let('i32', 10)
    f.if(counter.gt(9), () =>
      f.loop(
        () => {
          digits.set(digits.add(1))
          power.set(power.mul(10))
        },
        () => counter.div(power).ne(0),
      ),
    )
    const left = f.let('i32', counter)
    const at = f.let('i32', length.add(digits))
    f.store8(at.add(block), 0x80)
    f.store32(i32(block), swap32(at.shl(3)), 60)
    f.loop(
      () => {
        at.set(at.sub(1))
        f.store8(at.add(block), left.rem(10).add(48))
        left.set(left.div(10))
      },
      () => at.gt(length),
    )
    f.do(compress)
  })
  const search = assembly.function('search', { params: 4, result: true }, (f, length, nonce, count, target) => {
    if (!length || !nonce || !count || !target) return
    const n = f.let('i32', nonce)
    const end = f.let('i32', nonce.add(count))
    f.loop(
      () => {
        f.do(hash, length, n)
        f.if(load32(i32(output)).eq(target), () => f.return(n))
        n.set(n.add(1))
      },
      () => n.ne(end),
    )
    f.return(i32(-1))
  })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => f.store32(i32(output), 0))
  return { family: 'sha1', assembly, prepare, search, more: [], input, output, outputSize: 20, pages: 1, batch: 8000 }
}
