/**
 * Constants by which algorithms of hashing are known, made from their definitions where they have one (roots of primes, digits of π,
 * multiplication in GF(2⁸), shift registers) and copied from their specifications where not. One table for wasm, asm.js and JavaScript.
 */
export type AlgorithmId =
  | 'aes'
  | 'keccak'
  | 'groestl'
  | 'jh'
  | 'skein'
  | 'blake256'
  | 'blake2b'
  | 'sha1'
  | 'sha256'
  | 'sha512'
  | 'blowfish'
  | 'ripemd160'
  | 'luffa'
  | 'cubehash'
  | 'shavite'
  | 'simd'
  | 'haraka'
  | 'randomx-superscalar'
  | 'randomx-aes'
  | 'heavyhash'
  | 'curve25519'
  | 'secp256k1'
  | 'whirlpool'
  | 'md5'
  | 'sm3'
  | 'equihash'

export interface KnownConstants {
  id: string
  algorithm: AlgorithmId
  /** `words`: 32-bit words, any order and endianness of them. 64-bit constants stand as their halves. */
  words: readonly number[]
  /** How many distinct words must be found: far above what chance gives in a megabyte. */
  enough: number
}

const mask64 = (1n << 64n) - 1n

function primes(count: number): bigint[] {
  const found: bigint[] = []
  for (let candidate = 2n; found.length < count; candidate++) if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate)
  return found
}

/** Largest integer whose `power` is at most `value`. */
function root(value: bigint, power: bigint): bigint {
  let low = 0n
  let high = 1n << (BigInt(value.toString(2).length) / power + 1n)
  while (low < high) {
    const middle = (low + high + 1n) >> 1n
    if (middle ** power <= value) low = middle
    else high = middle - 1n
  }
  return low
}

/** First 64 bits of the fraction of a root, FIPS 180-4. */
const fraction = (prime: bigint, power: bigint): bigint => root(prime << (64n * power), power) & mask64

const halves = (value: bigint): number[] => [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)]
const top = (value: bigint): number => Number(value >> 32n)

/** 32-bit words of π's fraction, Machin's formula. */
function piWords(count: number): number[] {
  const bits = BigInt(count * 32 + 64)
  const arctangentOfInverse = (x: bigint): bigint => {
    let power = (1n << bits) / x
    let sum = power
    for (let n = 3n, sign = -1n; power !== 0n; n += 2n, sign = -sign) {
      power /= x * x
      sum += (sign * power) / n
    }
    return sum
  }
  const pi = 4n * (4n * arctangentOfInverse(5n) - arctangentOfInverse(239n)) - (3n << bits)
  const text = pi.toString(16).padStart(Number(bits) / 4, '0')
  return Array.from({ length: count }, (_, index) => Number.parseInt(text.slice(index * 8, index * 8 + 8), 16))
}

const times = (a: number, b: number): number => {
  let product = 0
  for (let x = a, y = b; y > 0; y >>= 1, x = (x << 1) ^ (x & 0x80 ? 0x11b : 0)) if (y & 1) product ^= x
  return product & 0xff
}

/** FIPS 197, section 5.1.1. */
export const aesSbox: Uint8Array = (() => {
  const box = new Uint8Array(256)
  for (let value = 0; value < 256; value++) {
    let inverse = 0
    for (let candidate = 1; candidate < 256; candidate++) if (times(value, candidate) === 1) inverse = candidate
    let out = 0x63
    for (let turn = 0; turn < 5; turn++) out ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff
    box[value] = out
  }
  return box
})()

function inverseOf(box: Uint8Array): Uint8Array {
  const inverse = new Uint8Array(256)
  box.forEach((value, index) => (inverse[value] = index))
  return inverse
}

function wordsOfBytes(bytes: ArrayLike<number>): number[] {
  return Array.from(
    { length: bytes.length >> 2 },
    (_, index) => (bytes[index * 4]! | (bytes[index * 4 + 1]! << 8) | (bytes[index * 4 + 2]! << 16) | (bytes[index * 4 + 3]! << 24)) >>> 0,
  )
}

/** Four octets out of a column, in all rotations: the T-tables of every arrangement. */
function columnTable(box: Uint8Array, factors: readonly number[], octets = 4): number[] {
  const words: number[] = []
  for (let value = 0; value < 256; value++) {
    const column = factors.map((factor) => times(box[value]!, factor))
    for (let turn = 0; turn < column.length; turn++) {
      words.push(wordsOfBytes(Array.from({ length: octets }, (_, index) => column[(turn + index) % column.length]!))[0]!)
    }
  }
  return words
}

/** Round constants of Keccak-f[1600] by its shift register, FIPS 202 section 3.2.5. */
export const keccakRoundConstants: readonly bigint[] = (() => {
  let register = 1
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) {
      if (register & 1) constant |= 1n << ((1n << BigInt(j)) - 1n)
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0)
    }
    return constant
  })
})()

/** CubeHash16/32-512: the state after ten times sixteen rounds from its parameters (Bernstein 2009). */
function cubeHashStart(): number[] {
  const x = new Uint32Array(32)
  x[0] = 64
  x[1] = 32
  x[2] = 16
  const turn = (value: number, by: number): number => (value << by) | (value >>> (32 - by))
  for (let round = 0; round < 160; round++) {
    for (const [by, a, b, c] of [
      [7, 16, 8, 2],
      [11, 16, 4, 1],
    ] as const) {
      for (let i = 0; i < 16; i++) x[16 + i] = x[16 + i]! + x[i]!
      const turned = x.slice(0, 16).map((value) => turn(value, by))
      for (let i = 0; i < 16; i++) x[i] = turned[i ^ b]! ^ x[16 + i]!
      const moved = x.slice(16)
      for (let i = 0; i < 16; i++) x[16 + i] = moved[i ^ c]!
      void a
    }
  }
  return [...x]
}

const hexWords = (hex: string): number[] =>
  wordsOfBytes(Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (octet) => Number.parseInt(octet, 16)))
const of64 = (...values: bigint[]): number[] => values.flatMap(halves)

/** RandomX specification 3.4 and 3.5 (AesGenerator1R, AesGenerator4R, AesHash1R): keys and states. */
const randomxAes = hexWords(`
  53a5ac6d096671622b55b5db1749f4b4 07af7c6d0d716a8478d325174edca10d f162123fc67e949f4f79c0f445e3203e 3581ef6a7c31bab1884c311654911649
  ddaa2164db3d83d12b6d542f3fd2e599 50340eb2553f91b6539df706e5cddfa5 04d93e5caf7b5e519f67a40abf021c17 63376285085d8fe7853767cd91d2ded8
  736f82b5a6a7d6e36d8b513db4ff9e22 f36b56c7d9b3109c4e4d02e9d2b772b2 e7c973f28ba365f70a66a92ba7ef3bf6 09d67c7ade395891fdd1060c2d76b0c0
  0d2cb592de56a89f47db82ccad3a98d7 6e998d3398b7c7155a129ef55780e7ac 1700776ad0c762ae6b507950e47ca0e8 0c240a638d82ad070500a1794849997e
  8983faf69f94248bbf56dc9001028906 d163b2613ce0f451c64310ee9bf918ed`)

const superscalar = of64(
  6364136223846793005n,
  9298411001130361340n,
  12065312585734608966n,
  9306329213124626780n,
  5281919268842080866n,
  10536153434571861004n,
  3398623926847679864n,
  9549104520008361294n,
)

/** JH's starting value for 256 bits, and the first of its round constants (submission, 2011). */
const jh = hexWords(`
  eb98a3412c20d3eb92cdbe7b9cb245c11c93519160d4c7fa260082d67e508a03a4239e267726b945e0fb1a48d41a9477cdb5ab26026b177a56f024420fff2fa8
  71a396897f2e4d751d144908f77de262277695f776248f9487d5b6574780296c5c5e272dac8e0d6c518450c657057a0f7be4d367702412ea89e3ab13d31cd769
  72d5dea2df15f8677b84150ab723155781abd6904d5a87f64e9f4fc5c3d12b40ea983ae05c45fa9c03c5d29966b2999a660296b4f2bb538ab556141a88dba231
  03a35a5c9a190edb403fb20a87c144101c051980849e951d6f33ebad5ee7cddc10ba139202bf6b41dc786515f7bb27d00a2c813937aa78503f1abfd2410091d3
  422d5a0df6cc7e90dd629f9c92c097ce185ca70bc72b44acd1df65d663c6fc23976e6c039ee0b81a2105457e446ceca8eef103bb5d8e61fafd9697b294838197
  4a8e8537db03302f2a678d2dfb9f6a958afe7381f8b8696c8ac77246c07f421464c5f4b9b0a3a0bc5b5d3e2b`)

const skein = of64(
  0x1bd11bdaa9fc1a22n,
  0xccd044a12fdb3e13n,
  0xe83590301a79a9ebn,
  0x55aea0614f816e6fn,
  0x2a2767a4ae9b94dbn,
  0xec06025e74dd7683n,
  0xe7a436cdc4746251n,
  0xc36fbaf9393ad185n,
  0x3eedba1833edfc13n,
  0x4903adff749c51cen,
  0x0d95de399746df03n,
  0x8fd1934127c79bcen,
  0x9a255629ff352cb1n,
  0x5db62599df6ca7b0n,
  0xeabe394ca9d1c3f4n,
  0x991112c71a75b523n,
  0xae18a40b660fcc33n,
)

const luffa = [
  0x6d251e69, 0x44b051e0, 0x4eaa6fb4, 0xdbf78465, 0x6e292011, 0x90152df4, 0xee058139, 0xdef610bb, 0xc3b44b95, 0xd9d2f256, 0x70eee9a0,
  0xde099fa3, 0x5d9b0557, 0x8fc944b3, 0xcf1ccf0e, 0x746cd581, 0xf7efc89d, 0x5dba5781, 0x04016ce5, 0xad659c05, 0x0306194f, 0x666d1836,
  0x24aa230a, 0x8b264ae7, 0x858075d5, 0x36d79cce, 0xe571f7d7, 0x204b1f67, 0x35870c6a, 0x57e9e923, 0x14bcb808, 0x7cde72ce, 0x6c68e9be,
  0x5ec41e22, 0xc825b7c7, 0xaffb4363, 0xf5df3999, 0x0fc688f1, 0xb07224cc, 0x03e86cea,
]

const shavite = [
  0x72fccdd8, 0x79ca4727, 0x128a077b, 0x40d55aec, 0xd1901a06, 0x430ae307, 0xb29f5cd1, 0xdf07fbfc, 0x8e45d73d, 0x681ab538, 0xbde86578,
  0xdd577e47, 0xe275eade, 0x502d9fcd, 0xb9357178, 0x022a4b9a,
]
const simd = [0x0ba16b95, 0x72f999ad, 0x9fecc2ae, 0xba3264fc, 0x5e894929, 0x8e9f30e5, 0x2f1daa37, 0xf0f2c558]
const haraka = [
  0x0684704c, 0xe620c00a, 0xb2c5fef0, 0x75817b9d, 0x8b66b4e1, 0x88f3a06b, 0x640f6ba4, 0x2f08f717, 0x3402de2d, 0x53f28498, 0xcf029d60,
  0x9f029114, 0x0ed6eae6, 0x2e7b4f08, 0xbbf3bcaf, 0xfd5b4f79,
]

/** States of cSHAKE256 after absorbing `ProofOfWorkHash` and `HeavyHash`, which Kaspa's miners start from. */
const heavyhash = of64(
  1242148031264380989n,
  3008272977830772284n,
  2188519011337848018n,
  1992179434288343456n,
  8876506674959887717n,
  5399642050693751366n,
  1745875063082670864n,
  8605242046444978844n,
  17936695144567157056n,
  3343109343542796272n,
  1123092876221303306n,
  4963925045340115282n,
  17037383077651887893n,
  16629644495023626889n,
  12833675776649114147n,
  3784524041015224902n,
  4239941492252378377n,
  8746723911537738262n,
  8796936657246353646n,
  1272090201925444760n,
  16654558671554924254n,
  8270816933120786537n,
  13907396207649043898n,
  6782861118970774626n,
  9239690602118867528n,
  11582319943599406348n,
  17596056728278508070n,
  15212962468105129023n,
  7812475424661425213n,
  3370482334374859748n,
  5690099369266491460n,
  8596393687355028144n,
)

/** Field elements of ref10 (d, √-1, the base point) in ten limbs of 25 and 26 bits and in five limbs of 51, and the group's order in octets. */
const curve25519 = [
  ...[-10913610, 13857413, -15372611, 6949391, 114729, -8787816, -6275908, -3247719, -18696448, -12055116].map((limb) => limb >>> 0),
  ...[-21827239, -5839606, -30745221, 13898782, 229458, 15978800, -12551817, -6495438, 29715968, 9444199].map((limb) => limb >>> 0),
  ...[-32595792, -7943725, 9377950, 3500415, 12389472, -272473, -25146209, -2005654, 326686, 11406482].map((limb) => limb >>> 0),
  ...of64(
    929955233495203n,
    466365720129213n,
    1662059464998953n,
    2033849074728123n,
    1442794654840575n,
    1718705420411056n,
    234908883556509n,
    2233514472574048n,
    2117202627021982n,
    765476049583133n,
  ),
  ...of64(1859910466990425n, 932731440258426n, 1072319116312658n, 1815898335770999n, 633789495995903n),
  ...hexWords(
    'edd3f55c1a631258d69cf7a2def9de14 a3785913ca4deb75abd841414d0a700098e879777940c78c73fe6f2bee6c0352 b0a00e4a271beec478e42fad0618432fa7d7fb3d99004d2b0bdfc14f8024832b',
  ),
]

/** Group order and generator (SEC 2), as octets in either direction, and limbs of 26 and 52 bits of the generator. */
const secp256k1 = hexWords(`
  79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798 483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8
  baaedce6af48a03bbfd25e8cd0364141`)

const ripemd160 = [0x50a28be6, 0x5c4dd124, 0x6d703ef3, 0x7a6d76e9, 0xa953fd4e]
const sm3 = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e]
const md5 = Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32))

/** Shorter than this, or repeating one octet: says nothing. */
function telling(word: number): boolean {
  const octets = [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]
  return word > 0xffff && word < 0xffff0000 && (word & 0xffff) !== 0 && new Set(octets).size >= 3
}

function build(): KnownConstants[] {
  const pi = piWords(18 + 1024)
  const firstPrimes = primes(80)
  const tables: Record<string, [AlgorithmId, number[], number]> = {
    'aes-sbox': ['aes', wordsOfBytes(aesSbox), 24],
    'aes-inverse-sbox': ['aes', wordsOfBytes(inverseOf(aesSbox)), 24],
    'aes-table': ['aes', columnTable(aesSbox, [2, 1, 1, 3]), 96],
    'aes-inverse-table': ['aes', columnTable(inverseOf(aesSbox), [14, 9, 13, 11]), 96],
    // A column of eight, in either direction.
    'groestl-table': [
      'groestl',
      [...columnTable(aesSbox, [2, 2, 3, 4, 5, 3, 5, 7]), ...columnTable(aesSbox, [7, 5, 3, 5, 4, 3, 2, 2])],
      128,
    ],
    'jh-constants': ['jh', jh, 12],
    'skein-start': ['skein', skein, 8],
    'blake256-constants': ['blake256', pi.slice(0, 16), 10],
    'blowfish-boxes': ['blowfish', pi.slice(18), 96],
    'sha256-round': ['sha256', firstPrimes.slice(0, 64).map((prime) => top(fraction(prime, 3n))), 24],
    'sha256-start': ['sha256', firstPrimes.slice(0, 8).map((prime) => top(fraction(prime, 2n))), 5],
    'sha512-round': ['sha512', firstPrimes.flatMap((prime) => halves(fraction(prime, 3n))), 80],
    'sha512-start': ['blake2b', firstPrimes.slice(0, 8).flatMap((prime) => halves(fraction(prime, 2n))), 7],
    'sha1-constants': ['sha1', [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6], 4],
    'md5-constants': ['md5', md5, 40],
    'ripemd160-constants': ['ripemd160', ripemd160, 5],
    'sm3-start': ['sm3', sm3, 6],
    'luffa-start': ['luffa', luffa, 12],
    'cubehash-start': ['cubehash', cubeHashStart(), 10],
    'shavite-start': ['shavite', shavite, 8],
    'simd-start': ['simd', simd, 5],
    'haraka-constants': ['haraka', haraka, 8],
    'randomx-superscalar': ['randomx-superscalar', superscalar, 8],
    'randomx-aes': ['randomx-aes', randomxAes, 16],
    'heavyhash-states': ['heavyhash', heavyhash, 16],
    // Names that personalise BLAKE2b for Equihash: Zcash, Bitcoin Gold, BitcoinZ, Zero and others.
    'equihash-names': [
      'equihash',
      ['ZcashPoW', 'BgoldPoW', 'BitcoinZ', 'ZERO_PoW', 'Safecoin', 'AION0PoW'].flatMap((name) =>
        wordsOfBytes(new TextEncoder().encode(name)),
      ),
      2,
    ],
    'curve25519-elements': ['curve25519', curve25519, 8],
    'secp256k1-elements': ['secp256k1', secp256k1, 5],
  }
  return Object.entries(tables).map(([id, [algorithm, words, enough]]) => ({
    id,
    algorithm,
    words: [...new Set(words.map((word) => word >>> 0))].filter(telling),
    enough,
  }))
}

/** All tables, in a fixed order; made on first use (about 20 ms). */
export const knownConstants: () => readonly KnownConstants[] = (() => {
  let made: KnownConstants[] | null = null
  return () => (made ??= build())
})()

const swap = (word: number): number => (((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0

/**
 * Finds which table a 32-bit word belongs to, in either endianness: a hash table without deletions, keys and values side by side.
 * A word of several tables is counted for the first only (the S-box is also Groestl's, but their tables differ).
 */
export class ConstantIndex {
  private readonly keys: Int32Array
  private readonly values: Int32Array
  private readonly filter = new Uint32Array(1 << 13)
  private readonly mask: number
  readonly tables: readonly KnownConstants[]

  constructor(tables: readonly KnownConstants[] = knownConstants()) {
    this.tables = tables
    const total = tables.reduce((sum, table) => sum + table.words.length, 0) * 2
    const size = 1 << Math.ceil(Math.log2(total * 4))
    this.mask = size - 1
    this.keys = new Int32Array(size)
    this.values = new Int32Array(size).fill(-1)
    tables.forEach((table, which) => {
      table.words.forEach((word, position) => {
        this.add(word, which, position)
        this.add(swap(word), which, position)
      })
    })
  }

  private add(word: number, table: number, position: number): void {
    if (this.find(word) !== -1) return
    let slot = this.slotOf(word)
    while (this.values[slot] !== -1) slot = (slot + 1) & this.mask
    this.keys[slot] = word | 0
    this.values[slot] = (table << 16) | position
    const bit = (word ^ (word >>> 16)) & 0x3ffff
    this.filter[bit >> 5]! |= 1 << (bit & 31)
  }

  private slotOf(word: number): number {
    return (Math.imul(word, 0x9e3779b1) >>> 7) & this.mask
  }

  /** `table << 16 | position`, or -1. */
  find(word: number): number {
    const bit = (word ^ (word >>> 16)) & 0x3ffff
    if ((this.filter[bit >> 5]! & (1 << (bit & 31))) === 0) return -1
    let slot = this.slotOf(word)
    for (;;) {
      const value = this.values[slot]!
      if (value === -1 || this.keys[slot] === (word | 0)) return value
      slot = (slot + 1) & this.mask
    }
  }
}
