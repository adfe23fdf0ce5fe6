import { type Assembly, type FunctionBody, type Value, i32, load32, load8 } from '../machine/program.ts'
import type { Random } from '../random.ts'

/** The S-box of AES (FIPS 197, 5.1.1): inverse in GF(2^8), then the affine map. */
export const aesSbox: Uint8Array = (() => {
  const box = new Uint8Array(256)
  const logarithm = new Uint8Array(256)
  const power = new Uint8Array(256)
  let x = 1
  for (let i = 0; i < 255; i++) {
    power[i] = x
    logarithm[x] = i
    x ^= (x << 1) ^ (x & 0x80 ? 0x11b : 0)
    x &= 0xff
  }
  for (let i = 0; i < 256; i++) {
    const inverse = i === 0 ? 0 : (power[(255 - (logarithm[i] ?? 0)) % 255] ?? 0)
    let s = inverse
    for (let k = 1; k < 5; k++) s ^= ((inverse << k) | (inverse >> (8 - k))) & 0xff
    box[i] = s ^ 0x63
  }
  return box
})()

export interface Aes {
  sbox: number
  /** T-table of 256 words: column (2s, s, s, 3s). */
  table: number
  /** Fills the table; to be called once before the rounds. */
  fill: FunctionBody
  /** `(to, from, key)`: one round over 16 octets. */
  round: FunctionBody
  /** `(keys, from)`: ten round keys of 16 octets from 32. */
  expand: FunctionBody
}

/** AES rounds over one table and rotations, table computed at start or delivered as data. */
export function aes(assembly: Assembly, random: Random): Aes {
  const style = random.pick(['table', 'sbox', 'computed'] as const)
  const sbox = style === 'computed' ? assembly.reserve(256) : assembly.table(aesSbox)
  const table = style === 'table' ? assembly.table(tableOf()) : assembly.reserve(1024)
  const double = (s: Value): Value => s.shl(1).xor(s.shr(7).mul(0x11b)).and(0xff)
  const fill = assembly.function('aesFill', { params: 0 }, (f) => {
    if (style === 'computed') {
      // p runs through all of the field by 3, q by its inverse: the S-box without a table.
      const p = f.let('i32', 1)
      const q = f.let('i32', 1)
      f.loop(
        () => {
          p.set(p.xor(p.shl(1)).xor(p.shr(7).mul(0x11b)).and(0xff))
          q.set(q.xor(q.shl(1)))
          q.set(q.xor(q.shl(2)))
          q.set(q.xor(q.shl(4)).and(0xff))
          q.set(q.xor(q.shr(7).mul(0x09)))
          const rotated = f.let(
            'i32',
            q
              .xor(q.shl(1).or(q.shr(7)))
              .xor(q.shl(2).or(q.shr(6)))
              .xor(q.shl(3).or(q.shr(5)))
              .xor(q.shl(4).or(q.shr(4))),
          )
          f.store8(p.add(sbox), rotated.xor(0x63))
        },
        () => p.ne(1),
      )
      f.store8(i32(sbox), 0x63)
    }
    if (style !== 'table') {
      f.times(0, 256, 1, (index) => {
        const s = f.let('i32', load8(index.add(sbox)))
        const twice = f.let('i32', double(s))
        f.store32(index.shl(2).add(table), twice.or(s.shl(8)).or(s.shl(16)).or(s.xor(twice).shl(24)))
      })
    }
    f.return()
  })
  const look = (word: Value, shift: number): Value => load32((shift === 0 ? word : word.shr(shift)).and(0xff).shl(2).add(table))
  const round = assembly.function('aesRound', { params: 3 }, (f, to, from, key) => {
    if (!to || !from || !key) return
    const words = [0, 4, 8, 12].map((offset) => f.let('i32', load32(from, offset)))
    const word = (index: number): Value => words[index % 4] ?? i32(0)
    for (let column = 0; column < 4; column++) {
      const mixed = look(word(column), 0)
        .xor(look(word(column + 1), 8).rotl(8))
        .xor(look(word(column + 2), 16).rotl(16))
        .xor(look(word(column + 3), 24).rotl(24))
        .xor(load32(key, column * 4))
      f.store32(to, mixed, column * 4)
    }
  })
  const expand = assembly.function('aesExpand', { params: 2 }, (f, keys, from) => {
    if (!keys || !from) return
    f.times(0, 32, 4, (at) => f.store32(keys.add(at), load32(from.add(at))))
    const constant = f.let('i32', 1)
    const substitute = (word: Value): Value =>
      load8(word.and(0xff).add(sbox))
        .or(load8(word.shr(8).and(0xff).add(sbox)).shl(8))
        .or(load8(word.shr(16).and(0xff).add(sbox)).shl(16))
        .or(load8(word.shr(24).add(sbox)).shl(24))
    f.times(32, 160, 4, (at) => {
      const before = f.let('i32', load32(keys.add(at), 0).and(0))
      before.set(load32(keys.add(at.sub(4))))
      f.if(
        at.and(31).eq(0),
        () => {
          before.set(substitute(before.rotr(8)).xor(constant))
          constant.set(constant.shl(1))
        },
        () => f.if(at.and(31).eq(16), () => before.set(substitute(before))),
      )
      f.store32(keys.add(at), before.xor(load32(keys.add(at.sub(32)))))
    })
  })
  return { sbox, table, fill, round, expand }
}

function tableOf(): Uint8Array {
  const bytes = new Uint8Array(1024)
  aesSbox.forEach((s, index) => {
    const twice = ((s << 1) ^ (s & 0x80 ? 0x11b : 0)) & 0xff
    bytes.set([twice, s, s, s ^ twice], index * 4)
  })
  return bytes
}
