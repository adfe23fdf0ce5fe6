import { aesSbox, keccakRoundConstants, knownConstants } from '../../known-constants.ts'

/** A data segment of 32-bit words, little end first, as text. */
export function words(address: number, values: readonly number[], mask = 0): string {
  const octets = values.flatMap((value) =>
    [value ^ mask, (value ^ mask) >>> 8, (value ^ mask) >>> 16, (value ^ mask) >>> 24].map((octet) => octet & 0xff),
  )
  return `(data (i32.const ${address}) "${octets.map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join('')}")`
}

export function table(id: string): readonly number[] {
  const found = knownConstants().find((known) => known.id === id)
  if (found === undefined) throw new Error(`no table ${id}`)
  return found.words
}

export const keccakData = (address: number): string =>
  words(
    address,
    keccakRoundConstants.flatMap((value) => [Number(value & 0xffffffffn), Number(value >> 32n)]),
  )
export const sboxData = (address: number): string =>
  words(
    address,
    Array.from(
      { length: 64 },
      (_, index) =>
        aesSbox[index * 4]! | (aesSbox[index * 4 + 1]! << 8) | (aesSbox[index * 4 + 2]! << 16) | (aesSbox[index * 4 + 3]! << 24),
    ),
  )

/** How a scratchpad's index may be written: each takes `(local.get $a)`, an i64 or its low half, to an address below 2^21 that is a multiple of 16. */
export const maskings: Readonly<Record<string, string>> = {
  'and with the mask': '(i32.and (i32.wrap_i64 (local.get $a)) (i32.const 0x1ffff0))',
  shifts: '(i32.shl (i32.and (i32.shr_u (i32.wrap_i64 (local.get $a)) (i32.const 4)) (i32.const 0x1ffff)) (i32.const 4))',
  'shifts only': '(i32.shl (i32.shr_u (i32.wrap_i64 (local.get $a)) (i32.const 15)) (i32.const 4))',
  'a remainder': '(i32.shl (i32.rem_u (i32.wrap_i64 (local.get $a)) (i32.const 0x20000)) (i32.const 4))',
  'de morgan': '(i32.xor (i32.or (i32.xor (i32.wrap_i64 (local.get $a)) (i32.const -1)) (i32.const 0xffe0000f)) (i32.const -1))',
  'an instruction substitution':
    '(i32.and (i32.xor (local.tee $low (i32.wrap_i64 (local.get $a))) (i32.const 0xffe0000f)) (local.get $low))',
  'a mask that is calculated':
    '(i32.and (i32.wrap_i64 (local.get $a)) (i32.sub (i32.xor (i32.const 0x5a3c71f0) (i32.const 0x13572468)) (i32.const 0x494b55a8)))',
  'a mask in a global': '(i32.and (i32.wrap_i64 (local.get $a)) (global.get $mask))',
  'a function that masks': '(call $masked (i32.wrap_i64 (local.get $a)))',
  'an and of 64 bits': '(i32.wrap_i64 (i64.and (local.get $a) (i64.const 0x1ffff0)))',
}
export interface CoreShape {
  masking: string
  /** Leaves the store out: a table that is only read. */
  readsOnly?: boolean
  /** Leaves the loop out. */
  straight?: boolean
  data?: readonly string[]
  more?: string
  pages?: number
}

/** A module whose main function walks a scratchpad as CryptoNight does: masked index, two halves read, multiplied, written back, carried on. */
export function scratchpadModule({ masking, readsOnly = false, straight = false, data = [], more = '', pages = 64 }: CoreShape): string {
  const body = `
    (local.set $at (i32.add (local.get $pad) ${masking}))
    (local.set $x (i64.xor (i64.load (local.get $at)) (local.get $b)))
    (local.set $y (i64.mul (i64.and (local.get $x) (i64.const 0xffffffff)) (i64.shr_u (local.get $a) (i64.const 32))))
    ${readsOnly ? '' : '(i64.store (local.get $at) (local.get $x)) (i64.store offset=8 (local.get $at) (local.get $y))'}
    (local.set $b (i64.add (local.get $y) (i64.load offset=8 (local.get $at))))
    (local.set $a (i64.rotl (i64.xor (local.get $a) (local.get $x)) (i64.const 17)))`
  return `(module
    (memory (export "memory") ${pages})
    (global $mask i32 (i32.const 0x1ffff0))
    (func $masked (param i32) (result i32) (i32.and (local.get 0) (i32.const 0x1ffff0)))
    (func (export "f") (param $pad i32) (param $rounds i32) (result i64)
      (local $a i64) (local $b i64) (local $x i64) (local $y i64) (local $at i32) (local $low i32)
      (local.set $a (i64.load (local.get $pad)))
      ${straight ? body : `(loop $again ${body} (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))`}
      (local.get $b))
    ${data.join('\n')}
    ${more})`
}

/** Turns to the left of a 32-bit parameter, joined by xor: the skeleton of a hash's round. */
export function turns(name: string, amounts: readonly number[], wide = false): string {
  const type = wide ? 'i64' : 'i32'
  const sum = amounts.reduce(
    (text, amount) => `(${type}.xor ${text} (${type}.rotl (local.get 0) (${type}.const ${amount})))`,
    '(local.get 0)',
  )
  return `(func ${name} (param ${type}) (result ${type}) ${sum})`
}

/** A loop that counts a nonce up, hashes by `$hash`, and stops below a target. */
export const nonceLoop = `(func (export "search") (param $input i32) (param $target i32) (result i32) (local $nonce i32)
  (block $found (loop $next
    (i32.store (local.get $input) (local.tee $nonce (i32.add (local.get $nonce) (i32.const 1))))
    (i32.store offset=64 (local.get $input) (call $hash (i32.load (local.get $input))))
    (br_if $found (i32.lt_u (i32.load offset=64 (local.get $input)) (i32.load (local.get $target))))
    (br $next)))
  (local.get $nonce))`
