import { Assembly, i32, load32, load64 } from '../machine/program.ts'
import { type Core, type CoreOptions, searchLoop } from './core.ts'

/** A memory-hard loop of no published algorithm: xorshift and multiplication over a pad at dependent addresses. Constants drawn by the seed. */
export function unknownCore({ random, light }: CoreOptions): Core {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const size = random.pick([1 << 18, 1 << 19, 1 << 20]) >> (light ? 1 : 0)
  const multiplier = (BigInt(random.word()) << 32n) | BigInt(random.word() | 1)
  const shifts = random.pick([
    [13, 7, 17],
    [12, 25, 27],
    [23, 17, 26],
    [21, 35, 4],
  ] as const)
  const iterations = light ? 1 << 14 : 1 << 17
  const input = assembly.reserve(256)
  const output = assembly.reserve(32)
  const pad = assembly.reserve(size, 64)
  const hash = assembly.function('hash', { params: 1 }, (f, length) => {
    if (!length) return
    const x = f.let('i64', multiplier)
    const step = (): void => {
      x.set(x.xor(x.shl(shifts[0])))
      x.set(x.xor(x.shr(shifts[1])))
      x.set(x.xor(x.shl(shifts[2])))
    }
    f.times(0, length.and(-8), 8, (at) => {
      x.set(x.xor(load64(at.add(input))).mul(multiplier))
      step()
    })
    f.times(0, size, 8, (at) => {
      step()
      f.store64(at.add(pad), x.mul(multiplier))
    })
    const y = f.let('i64', x.not())
    f.times(0, iterations, 1, () => {
      const at = f.let(
        'i32',
        x
          .wrap()
          .and(size - 8)
          .add(pad),
      )
      y.set(y.xor(load64(at)).mul(multiplier).rotl(29))
      f.store64(at, y.add(x))
      x.set(x.xor(y))
      step()
    })
    f.store64(i32(output), x)
    f.store64(i32(output), y, 8)
    f.store64(i32(output), x.mul(multiplier).xor(y), 16)
    f.store64(i32(output), y.mul(multiplier).xor(x.rotl(31)), 24)
  })
  const search = searchLoop(assembly, { input, output, nonceAt: 39, word: 28, hash: (length) => [hash, length] }, { i32, load32 })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => f.store32(i32(output), 0))
  return {
    family: 'unknown-core',
    assembly,
    prepare,
    search,
    more: [],
    input,
    output,
    outputSize: 32,
    pages: Math.ceil(size / 65536) + 2,
    batch: light ? 4 : 8,
  }
}
