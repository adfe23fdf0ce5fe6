import type { Assembly, FunctionBody } from '../machine/program.ts'
import { i64, load64 } from '../machine/program.ts'
import type { Random } from '../random.ts'
import { moduleContent } from './computing.ts'

/**
 * A chess engine in the shape of all of them: boards of 64 bits, rays by multiplication with magic numbers, a Zobrist key, and a table of
 * transpositions of two megabytes that the key indexes by a mask. It runs on every core and never stops.
 */
export const chess = moduleContent(
  'chess engine in wasm',
  'Analysis board',
  'Engine, depth 30, all cores.',
  (assembly: Assembly, random: Random): FunctionBody => {
    const keys = assembly.table(random.bytes(12 * 64 * 8))
    const magics = assembly.table(random.bytes(64 * 8))
    const rays = assembly.table(random.bytes(4096 * 8))
    const tableSize = 1 << 21
    const table = assembly.reserve(tableSize, 64)
    const moves = assembly.reserve(256 * 8)
    const attacks = assembly.function('attacks', { params: 2 }, (f, square, at) => {
      if (!square || !at) return
      const occupied = f.let('i64', load64(at))
      const product = f.let('i64', occupied.and(load64(square.shl(3).add(rays))).mul(load64(square.shl(3).add(magics))))
      f.store64(at, load64(product.shr(52).wrap().shl(3).add(rays)), 8)
    })
    return assembly.function('think', { params: 1, result: true }, (f, seed) => {
      if (!seed) return
      const key = f.let('i64', seed.extend().mul(0x9e3779b97f4a7c15n))
      const own = f.let('i64', i64(0xffff).xor(key.and(0xff00)))
      const other = f.let('i64', i64(0xffff000000000000n))
      const best = f.let('i32')
      f.times(0, 4096, 1, (node) => {
        const square = f.let('i32', node.add(best).and(63))
        f.store64(square.and(31).shl(4).add(moves), own.xor(other))
        f.do(attacks, square, square.and(31).shl(4).add(moves))
        const targets = f.let('i64', load64(square.and(31).shl(4).add(moves), 8).and(own.not()))
        const score = f.let('i32')
        // Population count by halves, as engines had it before there was an instruction.
        const count = f.let('i64', targets.sub(targets.shr(1).and(0x5555555555555555n)))
        count.set(count.and(0x3333333333333333n).add(count.shr(2).and(0x3333333333333333n)))
        count.set(count.add(count.shr(4)).and(0x0f0f0f0f0f0f0f0fn).mul(0x0101010101010101n).shr(56))
        score.set(count.wrap())
        key.set(key.xor(load64(node.rem(768).shl(3).add(keys))))
        const slot = f.let(
          'i32',
          key
            .wrap()
            .and(tableSize - 16)
            .add(table),
        )
        f.if(
          load64(slot).eq(key),
          () => score.set(load64(slot, 8).wrap()),
          () => {
            f.store64(slot, key)
            f.store64(slot, score.extend(), 8)
          },
        )
        f.if(score.gt(best), () => best.set(score))
        own.set(own.xor(targets.and(own.add(1))))
      })
      f.return(best)
    })
  },
  { workers: 'cores' },
)
