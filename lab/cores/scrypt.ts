import { Assembly, type FunctionBody, type Variable, i32, load32, load64 } from '../machine/program.ts'
import { type Core, type CoreOptions, searchLoop } from './core.ts'
import { type Sha256, sha256 } from './sha256.ts'

/** `(to, from)`: 64 octets, `to` ^= nothing: to = salsa20/8(from) + from (RFC 7914, 3). */
function salsa(assembly: Assembly): FunctionBody {
  return assembly.function('salsa', { params: 2 }, (f, to, from) => {
    if (!to || !from) return
    const x: Variable[] = Array.from({ length: 16 }, (_, index) => f.let('i32', load32(from, index * 4)))
    const step = (target: number, a: number, b: number, rotation: number): void => {
      const [vt, va, vb] = [x[target], x[a], x[b]]
      if (vt && va && vb) vt.set(vt.xor(va.add(vb).rotl(rotation)))
    }
    const quarter = (a: number, b: number, c: number, d: number): void => {
      step(b, a, d, 7)
      step(c, b, a, 9)
      step(d, c, b, 13)
      step(a, d, c, 18)
    }
    f.times(0, 4, 1, () => {
      for (const [a, b, c, d] of [
        [0, 4, 8, 12],
        [5, 9, 13, 1],
        [10, 14, 2, 6],
        [15, 3, 7, 11],
        [0, 1, 2, 3],
        [5, 6, 7, 4],
        [10, 11, 8, 9],
        [15, 12, 13, 14],
      ] as const)
        quarter(a, b, c, d)
    })
    x.forEach((word, index) => f.store32(to, word.add(load32(from, index * 4)), index * 4))
  })
}

export interface Romix {
  block: number
  mix: FunctionBody
}

/** scryptROMix with r = 1 over 128 octets at `block` (RFC 7914, 5). */
export function romix(assembly: Assembly, n: number): Romix {
  const block = assembly.reserve(128, 64)
  const working = assembly.reserve(64, 64)
  const table = assembly.reserve(128 * n, 64)
  const core = salsa(assembly)
  const blockMix = assembly.function('blockMix', { params: 0 }, (f) => {
    f.times(0, 64, 8, (at) => f.store64(at.add(working), load64(at.add(block), 64).xor(load64(at.add(block)))))
    f.do(core, block, working)
    f.times(0, 64, 8, (at) => f.store64(at.add(working), load64(at.add(block)).xor(load64(at.add(block), 64))))
    f.do(core, block + 64, working)
  })
  const mix = assembly.function('romix', { params: 0 }, (f) => {
    f.times(0, n * 128, 128, (row) => {
      f.times(0, 128, 8, (at) => f.store64(row.add(at).add(table), load64(at.add(block))))
      f.do(blockMix)
    })
    f.times(0, n, 1, () => {
      const row = f.let(
        'i32',
        load32(i32(block), 64)
          .and(n - 1)
          .shl(7)
          .add(table),
      )
      f.times(0, 128, 8, (at) => f.store64(at.add(block), load64(at.add(block)).xor(load64(row.add(at)))))
      f.do(blockMix)
    })
  })
  return { block, mix }
}

/** In the shape of scrypt with N = 1024, r = 1 (Litecoin): SHA-256 spreads the header over 128 octets, ROMix, SHA-256 again. */
export function scrypt({ random }: CoreOptions): Core {
  const assembly = new Assembly(1024 + random.int(0, 40) * 16)
  const digest: Sha256 = sha256(assembly, random.fork('sha256'))
  const input = assembly.reserve(256)
  const output = assembly.reserve(32)
  const { block, mix } = romix(assembly, 1024)
  const hash = assembly.function('scryptHash', { params: 1 }, (f, length) => {
    if (!length) return
    f.do(digest.hash, block, input, length)
    f.times(32, 128, 32, (at) => f.do(digest.hash, at.add(block), at.add(block - 32), 32))
    f.do(mix)
    f.do(digest.hash, output, block, 128)
  })
  const search = searchLoop(assembly, { input, output, nonceAt: 76, word: 28, hash: (length) => [hash, length] }, { i32, load32 })
  const prepare = assembly.function('prepare', { params: 0 }, (f) => f.do(digest.start))
  return { family: 'scrypt', assembly, prepare, search, more: [], input, output, outputSize: 32, pages: 4, batch: 10 }
}
