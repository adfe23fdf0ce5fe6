import type { Random } from './random.ts'

/** No case grows longer than this: long input is what the named cases of test/hostile-input.long.test.ts are for. */
const longest = 256 * 1024

const octets = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0x22, 0x27, 0x3c, 0x3e, 0x5b, 0x5c, 0x7b, 0x0a, 0x0d]
/** Lengths that lie: LEB128 and plain, largest, negative, endless. */
const numbers: readonly Uint8Array[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0x80, 0x80, 0x04],
  [0xff, 0xff, 0xff, 0x7f],
  [0x00, 0x00, 0x00, 0x80],
].map((list) => Uint8Array.from(list))
const texts = [
  '\u0000',
  '\ud800',
  '\ufeff',
  '\u2028',
  '-1',
  '1e999',
  '9007199254740993',
  '18446744073709551616',
  'NaN',
  'null',
  '__proto__',
  'constructor',
  '../../../../etc/passwd',
  '%00',
  '%ff%fe',
  '\r\n\r\n',
  '${x}',
  '&#x10ffff;',
  '&amp',
]

/** One to eight changes. `tokens` are words of the format, `other` is another seed to take a piece of. */
export function mutate(seed: Uint8Array, other: Uint8Array, tokens: readonly string[], random: Random): Uint8Array {
  let bytes = Buffer.from(seed)
  for (let left = 1 + random.below(8); left > 0; left--) bytes = Buffer.from(change(bytes, other, tokens, random).subarray(0, longest))
  return bytes
}

function change(bytes: Buffer, other: Uint8Array, tokens: readonly string[], random: Random): Buffer {
  const at = random.below(bytes.length + 1)
  const length = Math.min(bytes.length - at, random.chance(3) ? random.below(4_096) : random.below(16))
  const insert = (piece: Uint8Array): Buffer => Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
  switch (random.below(12)) {
    case 0: {
      const changed = Buffer.from(bytes)
      for (let index = at; index < at + Math.max(1, length) && index < changed.length; index++) changed[index] = random.below(256)
      return changed
    }
    case 1: {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = changed[at]! ^ (1 << random.below(8))
      return changed
    }
    case 2:
      return insert(Uint8Array.of(random.of(octets)))
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 4:
      return insert(bytes.subarray(at, at + length))
    case 5:
      return bytes.subarray(0, at)
    case 6:
      return insert(random.of(numbers))
    case 7: {
      const changed = Buffer.from(bytes)
      random.of(numbers).forEach((octet, index) => {
        if (at + index < changed.length) changed[at + index] = octet
      })
      return changed
    }
    case 8:
      return insert(Buffer.from(random.of(texts)))
    case 9:
      return insert(Buffer.from(tokens.length === 0 ? random.of(texts) : random.of(tokens)))
    case 10: {
      const from = random.below(other.length + 1)
      return insert(other.subarray(from, from + random.below(2_048)))
    }
    default: {
      // Deep or long: the same piece again and again.
      const piece =
        tokens.length > 0 && random.chance(2) ? Buffer.from(random.of(tokens)) : bytes.subarray(at, at + Math.max(1, random.below(24)))
      const times = 1 << random.below(14)
      return piece.length === 0 ? bytes : insert(Buffer.alloc(Math.min(longest, piece.length * times), piece))
    }
  }
}
