import type { AlgorithmId } from '../known-constants.ts'
import { isRuntimeProgram } from './runtime-program.ts'
import type { FunctionFeature, TableFeature, WasmFeatures } from './features.ts'
import type { MaskedAccess } from './flow-facts.ts'
import type { StructureId } from './structures.ts'

export type CoreKind = 'mining' | 'proof-of-work' | 'wallet' | 'crypto-library'

export interface CoreReason {
  /** Index in the function index space; null for what holds of the module. */
  functionIndex: number | null
  /** A sentence that can be checked with a disassembler. */
  text: string
}

/** What a module's code is, by a stated rule: see docs/hash-cores.md. */
export interface HashCore {
  kind: CoreKind
  /** `cryptonight`, `randomx`, … or `unknown-core`; for libraries the algorithms, joined by `, `. */
  family: string
  /** Identifier of the rule that held, `CN-1`. */
  rule: string
  reasons: CoreReason[]
}

/** Everything the rules ask, worked out once. */
class Look {
  readonly features: WasmFeatures
  private readonly tables: Map<AlgorithmId, TableFeature>

  constructor(features: WasmFeatures) {
    this.features = features
    this.tables = new Map()
    for (const table of features.constants) {
      const before = this.tables.get(table.algorithm)
      if (before === undefined || before.found / before.of < table.found / table.of) this.tables.set(table.algorithm, table)
    }
  }

  table(algorithm: AlgorithmId): TableFeature | undefined {
    return this.tables.get(algorithm)
  }

  has(id: string): boolean {
    return this.features.constants.some((table) => table.id === id)
  }

  functionsWith(structure: StructureId): FunctionFeature[] {
    return this.features.hot.filter(({ structures }) => structures.includes(structure))
  }

  shaped(structure: StructureId): boolean {
    return this.features.hot.some(({ structures }) => structures.includes(structure))
  }

  words(purpose: string): string[] {
    return this.features.words.filter((word) => word.startsWith(`${purpose}:`)).map((word) => word.slice(purpose.length + 1))
  }

  /** Keccak by its round constants, its table of turns, or the shape of its permutation. */
  get keccak(): boolean {
    const { inCode, inData, turns } = this.features.keccak
    return inCode >= 12 || inData >= 8 || turns || this.shaped('keccak')
  }

  get aes(): boolean {
    return this.table('aes') !== undefined || this.functionsWith('aes-tables').length >= 2
  }

  /** Hashes that only chains of coins use beside AES and Keccak. */
  get finalists(): string[] {
    return (['groestl', 'jh', 'skein', 'blake256'] as const).filter((algorithm) => this.table(algorithm) !== undefined)
  }

  /** Functions that, in a loop, read and write memory through one masked index; the mask between two sizes. */
  scratchpads(
    bits: readonly [number, number],
    align: readonly [number, number],
    updates: number,
    octets: number,
  ): { at: FunctionFeature; access: MaskedAccess }[] {
    return this.features.hot.flatMap((at) =>
      at.masked
        .filter(
          (access) =>
            access.bits >= bits[0] &&
            access.bits <= bits[1] &&
            access.align >= align[0] &&
            access.align <= align[1] &&
            access.updates >= updates &&
            access.octets >= octets,
        )
        .map((access) => ({ at, access })),
    )
  }
}

const mask = ({ bits, align }: { bits: number; align: number } = { bits: 0, align: 0 }): string =>
  `0x${(2 ** bits - 2 ** align).toString(16).toUpperCase()}`
const size = (bits: number): string => (bits >= 20 ? `${2 ** (bits - 20)} MiB` : `${2 ** (bits - 10)} KiB`)
const scratchpadReason = ({ at, access }: { at: FunctionFeature; access: MaskedAccess }): CoreReason => ({
  functionIndex: at.index,
  text: `reads and writes, in a loop, at an index that is masked to ${mask(access)}: a scratchpad of ${size(access.bits)}, chosen by the data itself (${access.loads} reads, ${access.stores} writes)`,
})
const tableReason = (table: TableFeature): CoreReason => ({
  functionIndex: table.functions[0] ?? null,
  text: `holds ${table.found} of the ${table.of} words of ${table.id} in ${table.place === 'masked' ? 'data under a mask' : table.place}`,
})
const shapeReason = (feature: FunctionFeature, what: string): CoreReason => ({ functionIndex: feature.index, text: what })

type Rule = (look: Look) => HashCore | null
const core = (kind: CoreKind, family: string, rule: string, reasons: readonly (CoreReason | undefined)[]): HashCore => ({
  kind,
  family,
  rule,
  reasons: reasons.filter((reason) => reason !== undefined).slice(0, 8),
})

/** Tables that back a CryptoNight reading, as reasons. */
function cryptonightTables(look: Look): (CoreReason | undefined)[] {
  return (['aes', 'groestl', 'jh', 'skein', 'blake256'] as const).map((algorithm) => {
    const table = look.table(algorithm)
    return table === undefined ? undefined : tableReason(table)
  })
}

function keccakReason(look: Look): CoreReason | undefined {
  const { inCode, inData, turns, functions } = look.features.keccak
  if (inCode >= 12) return { functionIndex: functions[0] ?? null, text: `holds ${inCode} of Keccak's 24 round constants` }
  if (inData >= 8) return { functionIndex: null, text: `holds a run of ${inData} of Keccak's round constants in data` }
  if (turns) return { functionIndex: null, text: `holds Keccak's table of turns in data` }
  const shaped = look.functionsWith('keccak')[0]
  return shaped === undefined ? undefined : shapeReason(shaped, 'has the turns of Keccak-f[1600]')
}

const curve = (look: Look): TableFeature | undefined => look.table('curve25519') ?? look.table('secp256k1')

/** Share of the instructions that lie in functions dense in xor, shifts, turns and products. */
const denseShare = ({ totals, instructions }: WasmFeatures): number => (instructions === 0 ? 0 : totals.denseInstructions / instructions)

/** A wallet holds signatures and hundreds of kilobytes of other code around its hashes. */
const wallet: Rule = (look) => {
  const table = curve(look)
  const words = look.words('wallet')
  if (table === undefined || words.length < 3 || look.features.instructions < 150_000 || denseShare(look.features) > 0.6) return null
  return core('wallet', 'wallet', 'WA-1', [
    tableReason(table),
    { functionIndex: null, text: `speaks of ${words.slice(0, 4).join(', ')}` },
    {
      functionIndex: null,
      text: `is ${look.features.functions.toLocaleString('en')} functions, ${Math.round(denseShare(look.features) * 100)} % of their instructions in functions that mix bits`,
    },
  ])
}

const cryptonight: Rule = (look) => {
  const pads = look.scratchpads([17, 22], [4, 5], 1, 8)
  const { finalists } = look
  // One round of AES by look-up tables is enough where Keccak stands beside it: 16-octet lines of a scratchpad are its blocks.
  const rounds = look.functionsWith('aes-tables')
  if (pads.length > 0 && (look.aes ? finalists.length > 0 || look.keccak : rounds.length > 0 && look.keccak)) {
    return core('mining', 'cryptonight', 'CN-1', [
      ...pads.slice(0, 2).map(scratchpadReason),
      ...cryptonightTables(look),
      ...(look.table('aes') === undefined
        ? rounds.slice(0, 1).map((at) => shapeReason(at, `has the shape of ${shapeNames['aes-tables']}`))
        : []),
      keccakReason(look),
    ])
  }
  if (look.table('aes') !== undefined && look.keccak && finalists.length >= 3) {
    return core('mining', 'cryptonight', 'CN-2', [...cryptonightTables(look), keccakReason(look)])
  }
  const hidden = look.scratchpads([17, 22], [4, 4], 2, 4)
  const shapes = (['aes-tables', 'wide-tables', 'blake2s', 'skein', 'product128', 'keccak', 'byte-box'] as const).filter((shape) =>
    look.shaped(shape),
  )
  // Boxes of octets, wide tables and products are also codecs': one of the others must be there.
  const blockRounds = look.functionsWith('aes-tables').length >= 2
  const telling = blockRounds || (['blake2s', 'skein', 'keccak'] as const).some((shape) => look.shaped(shape))
  if (hidden.length > 0 && telling && (shapes.length >= 2 || blockRounds)) {
    return core('mining', 'cryptonight', 'CN-3', [
      ...hidden.slice(0, 2).map(scratchpadReason),
      ...shapes.map((shape) => shapeReason(look.functionsWith(shape)[0]!, `has the shape of ${shapeNames[shape]}`)),
    ])
  }
  return null
}

const shapeNames: Readonly<Record<StructureId, string>> = {
  keccak: 'Keccak-f[1600]',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha512: 'SHA-512',
  blake2b: 'BLAKE2b',
  blake2s: 'BLAKE-256 or BLAKE2s',
  blake512: 'BLAKE-512',
  chacha: 'ChaCha',
  salsa: 'Salsa20',
  skein: 'Skein',
  blamka: "Argon2's BlaMka",
  md5: 'MD5',
  'aes-tables': 'AES by look-up tables',
  'byte-box': 'a substitution box of octets',
  'wide-tables': 'look-up tables of 8 octets, as Groestl has',
  xoshiro256: 'xoshiro256',
  pwxform: "yescrypt's pwxform",
  product128: 'products of 64-bit numbers in halves',
}

const randomx: Rule = (look) => {
  const tables = (['randomx-superscalar', 'randomx-aes'] as const)
    .map((algorithm) => look.table(algorithm))
    .filter((table) => table !== undefined)
  const pads = look.scratchpads([21, 21], [3, 6], 1, 8)
  if (tables.length > 0) return core('mining', 'randomx', 'RX-1', [...tables.map(tableReason), ...pads.slice(0, 2).map(scratchpadReason)])
  const line = look.scratchpads([21, 21], [3, 3], 4, 8).filter(({ at }) => mixesMuch(at))
  if (line.length > 0) return core('mining', 'randomx', 'RX-2', line.slice(0, 2).map(scratchpadReason))
  const { memories, instructions, totals, functions } = look.features
  const memory = memories[0]
  if (!isRuntimeProgram(look.features) || memory === undefined) return null
  const masks = new Map<string, MaskedAccess>(
    look.features.hot.flatMap(({ masked }) => masked.map((access) => [`${access.bits}/${access.align}`, access] as const)),
  )
  const levels = ['14/3', '18/3', '21/3', '21/6'].flatMap((key) => masks.get(key) ?? [])
  const cache = masks.get('28/6')
  const program = levels.length >= 2 && totals.floats >= 10
  if (!program && (cache === undefined || totals.multiply < 16)) return null
  return core('mining', 'randomx', 'RX-3', [
    {
      functionIndex: null,
      text: `imports one memory of at least ${memory.minPages.toLocaleString('en')} pages (${Math.round(memory.minPages / 16)} MiB), has no data and ${functions} functions: a program made at run time`,
    },
    {
      functionIndex: null,
      text: `reads memory at indexes masked to ${[...levels, ...(cache === undefined ? [] : [cache])].map(mask).join(', ')}, RandomX's scratchpad levels and cache`,
    },
    {
      functionIndex: null,
      text: `is ${instructions.toLocaleString('en')} instructions, of which ${totals.floats} calculate with floating point and ${totals.multiply + totals.xor + totals.rotate} multiply, turn or xor`,
    },
  ])
}

const scrypt: Rule = (look) => {
  if (look.shaped('pwxform')) {
    const [shape] = look.functionsWith('pwxform')
    return core('mining', 'yescrypt', 'YS-1', [
      shapeReason(
        shape!,
        "multiplies halves and masks both halves of a 64-bit value with one constant, as yescrypt's and yespower's pwxform does",
      ),
      ...look
        .functionsWith('salsa')
        .slice(0, 1)
        .map((at) => shapeReason(at, 'has the turns of Salsa20')),
    ])
  }
  // A library takes N as a parameter; coins fix it, so that the index is masked by a constant (N = 1,024, r = 1: 0x1FF80).
  const rows = look.features.hot.flatMap((at) =>
    at.masked
      .filter((access) => access.align === 7 && access.bits >= 16 && access.bits <= 22 && access.loads > 0)
      .map((access) => ({ at, access })),
  )
  // Password hashing may fix another N; it counts no nonce.
  const isCoin = rows.some(({ access }) => access.bits === 17) || look.features.drivers.length > 0 || look.words('mining').length > 0
  if (rows.length > 0 && isCoin && look.shaped('salsa')) {
    return core('mining', 'scrypt', 'SC-1', [
      shapeReason(
        rows[0]!.at,
        `reads rows of 128 octets at an index that is masked to ${mask(rows[0]!.access)}, a fixed N of ${2 ** (rows[0]!.access.bits - 7)}`,
      ),
      shapeReason(look.functionsWith('salsa')[0]!, 'has the turns of Salsa20'),
    ])
  }
  return null
}

const chain: Rule = (look) => {
  const only = (['luffa', 'cubehash', 'shavite', 'simd', 'groestl', 'jh', 'skein'] as const)
    .map((algorithm) => look.table(algorithm))
    .filter((table) => table !== undefined)
  if (only.length >= 2) return core('mining', 'multi-hash', 'XH-1', [...only.map(tableReason), keccakReason(look)])
  const [single] = only
  const driver = look.features.drivers[0]
  const words = look.words('mining')
  if (single !== undefined && (driver !== undefined || words.length > 0)) {
    return core('mining', single.algorithm, 'XH-2', [
      tableReason(single),
      driver === undefined ? undefined : driverReason(driver),
      words.length === 0 ? undefined : { functionIndex: null, text: `speaks of ${words.join(', ')}` },
    ])
  }
  return null
}

const heavyhash: Rule = (look) => {
  const table = look.table('heavyhash')
  if (table !== undefined) return core('mining', 'kheavyhash', 'HH-1', [tableReason(table), keccakReason(look)])
  const [generator] = look.functionsWith('xoshiro256')
  if (generator !== undefined && look.keccak && !look.shaped('sha512'))
    return core('mining', 'kheavyhash', 'HH-2', [
      shapeReason(generator, 'has the turns of xoshiro256, which fills the matrix of HeavyHash'),
      keccakReason(look),
    ])
  return null
}

const ethash: Rule = (look) => {
  const mixes = look.features.hot.filter(({ fnvMixes }) => fnvMixes > 0)
  const count = mixes.reduce((sum, { fnvMixes }) => sum + fnvMixes, 0)
  if (count === 0 || !look.keccak) return null
  return core('mining', 'ethash', 'ET-1', [
    shapeReason(mixes[0]!, `mixes words by the 32-bit FNV prime (${count} places), as Ethash does between its data set's rows`),
    keccakReason(look),
  ])
}

const equihash: Rule = (look) => {
  const blake = look.functionsWith('blake2b')
  const table = look.table('equihash')
  const buckets = look.features.hot.filter(({ masked }) =>
    masked.some(({ bits, align, updates }) => bits >= 12 && bits <= 20 && align >= 2 && updates > 0),
  )
  const pages = Math.max(0, ...look.features.memories.map(({ minPages }) => minPages))
  if (blake.length === 0 && look.table('blake2b') === undefined) return null
  if (table === undefined && !(blake.length > 0 && buckets.length >= 3 && pages >= 1_024 && look.features.instructions < 80_000))
    return null
  if (buckets.length === 0) return null
  return core('mining', 'equihash', table === undefined ? 'EQ-2' : 'EQ-1', [
    table === undefined ? undefined : tableReason(table),
    ...blake.slice(0, 1).map((at) => shapeReason(at, 'has the turns of BLAKE2b')),
    ...buckets
      .slice(0, 3)
      .map((at) =>
        shapeReason(
          at,
          `sorts into buckets: counts and writes at an index that is masked to ${mask(at.masked.find(({ updates }) => updates > 0))}`,
        ),
      ),
  ])
}

const haraka: Rule = (look) => {
  const table = look.table('haraka')
  if (table === undefined || look.features.drivers.length === 0) return null
  return core('mining', 'verushash', 'VH-1', [tableReason(table), driverReason(look.features.drivers[0]!)])
}

const driverReason = ({ index, reaches }: WasmFeatures['drivers'][number]): CoreReason => ({
  functionIndex: index,
  text: `counts up in a loop, hashes (function ${reaches.join(', ')}) and compares the result without sign, as proof of work does`,
})

/** One instruction of 25 is an xor, a turn or a product: tables of games and codecs are walked without. */
const mixesMuch = ({ xor, rotate, multiply, instructions }: FunctionFeature): boolean =>
  xor > 0 && rotate + multiply > 0 && (xor + rotate + multiply) * 25 >= instructions

/** A core whose algorithm nobody here knows: memory that is read and written at data-chosen places of a fixed power of two, beside a hash. */
const unknown: Rule = (look) => {
  const pads = look.scratchpads([17, 22], [3, 7], 1, 8).filter(({ at }) => mixesMuch(at))
  const walks = pads.filter(({ access }) => access.updates >= 2)
  const hashes = (
    ['keccak', 'sha256', 'sha512', 'blake2b', 'blake2s', 'blake512', 'skein', 'salsa', 'chacha', 'blamka', 'aes-tables'] as const
  ).filter((shape) => look.shaped(shape))
  const hashed =
    hashes.length > 0 || look.keccak || (['sha256', 'aes', 'blake2b'] as const).some((algorithm) => look.table(algorithm) !== undefined)
  if (walks.length > 0 && hashed) {
    return core('mining', 'unknown-core', 'UC-1', [
      ...walks.slice(0, 3).map(scratchpadReason),
      ...hashes.slice(0, 3).map((shape) => shapeReason(look.functionsWith(shape)[0]!, `has the shape of ${shapeNames[shape]}`)),
      keccakReason(look),
    ])
  }
  // No hash that is known: then the loop that seeks a nonce must stand in the same module, and drive the walk.
  for (const driven of pads) {
    const driver = look.features.drivers.find(({ reaches }) => reaches.includes(driven.at.index))
    if (driver !== undefined) return core('mining', 'unknown-core', 'UC-2', [scratchpadReason(driven), driverReason(driver)])
  }
  return null
}

/** Hashes that everything uses: mining only where the module itself speaks of it and drives them as proof of work does. */
const namedMiner: Rule = (look) => {
  const [driver] = look.features.drivers
  const words = look.words('mining')
  if (driver === undefined || words.length < 2) return null
  const family = algorithmsOf(look)[0]
  if (family === undefined) return null
  return core('mining', family, 'NM-1', [driverReason(driver), { functionIndex: null, text: `speaks of ${words.join(', ')}` }])
}

/** Names of functions that only coins have. */
const coinFunctions =
  /heavyhash|cryptonight|cn_?slow_?hash|hash_?cn|equihash|yescrypt|yespower|randomx|verushash|ethash|hashimoto|scanhash|lyra2|autolykos|progpow/i

const familyOfName: Readonly<Record<string, string>> = {
  heavyhash: 'kheavyhash',
  cnslowhash: 'cryptonight',
  hashcn: 'cryptonight',
  hashimoto: 'ethash',
  scanhash: 'unknown-core',
}

/** A hash that anybody may use, exported under the name of a coin's. */
const namedFunction: Rule = (look) => {
  if (look.features.instructions > 150_000) return null
  const named = look.features.exports.find(({ kind, name }) => kind === 'function' && coinFunctions.test(name))
  const [reason] = algorithmReasons(look)
  if (named === undefined || (reason === undefined && look.functionsWith('aes-tables').length === 0)) return null
  const coin = (coinFunctions.exec(named.name)?.[0] ?? '').toLowerCase().replaceAll('_', '')
  return core('mining', familyOfName[coin] ?? coin, 'NM-2', [
    { functionIndex: named.index, text: `is exported as ${named.name.slice(0, 60)}, the name of a coin's hash` },
    reason,
  ])
}

const proofOfWork: Rule = (look) => {
  if (look.shaped('blamka') || look.words('library').includes('argon2')) return null
  const [driver] = look.features.drivers
  const words = look.words('pow')
  const algorithms = algorithmsOf(look)
  if (algorithms.length === 0 || (driver === undefined && words.length === 0)) return null
  if (look.features.instructions > 60_000) return null
  return core('proof-of-work', algorithms.slice(0, 3).join(', '), driver === undefined ? 'PW-2' : 'PW-1', [
    driver === undefined ? undefined : driverReason(driver),
    words.length === 0 ? undefined : { functionIndex: null, text: `speaks of ${words.join(', ')}` },
    ...algorithmReasons(look).slice(0, 2),
  ])
}

/** Algorithms that a module holds beyond doubt: both constants and shape where both exist. */
function algorithmsOf(look: Look): string[] {
  const found: string[] = []
  const { features } = look
  if (look.shaped('blamka')) found.push('argon2')
  if (look.has('sha256-round') || look.shaped('sha256')) found.push('sha256')
  if (look.has('sha512-round') || look.shaped('sha512')) found.push('sha512')
  if (look.shaped('blake2b') && !look.shaped('blamka')) found.push('blake2b')
  if (look.shaped('blake2s') && (look.has('sha256-start') || look.has('blake256-constants'))) found.push('blake2s')
  if (look.has('sha1-constants') && look.shaped('sha1')) found.push('sha1')
  if (features.keccak.inCode >= 12 || features.keccak.inData >= 8 || look.shaped('keccak')) found.push('keccak')
  if (look.table('aes') !== undefined) found.push('aes')
  if (look.shaped('salsa')) found.push('salsa20')
  if (look.shaped('chacha') && features.instructions < 40_000) found.push('chacha20')
  if (look.table('curve25519') !== undefined) found.push('curve25519')
  if (look.table('secp256k1') !== undefined) found.push('secp256k1')
  if (look.table('blowfish') !== undefined) found.push('blowfish')
  if (look.table('ripemd160') !== undefined) found.push('ripemd160')
  if (look.table('sm3') !== undefined) found.push('sm3')
  for (const algorithm of ['groestl', 'jh', 'skein', 'luffa', 'haraka'] as const)
    if (look.table(algorithm) !== undefined) found.push(algorithm)
  return found
}

function algorithmReasons(look: Look): CoreReason[] {
  const shapes = (['blamka', 'sha256', 'sha512', 'blake2b', 'blake2s', 'keccak', 'salsa', 'chacha'] as const).flatMap((shape) =>
    look
      .functionsWith(shape)
      .slice(0, 1)
      .map((at) => shapeReason(at, `has the turns of ${shapeNames[shape]}`)),
  )
  const tables = look.features.constants.filter(({ id }) => id !== 'sha256-start' && id !== 'sha512-start').map(tableReason)
  const keccak = look.features.keccak.inCode >= 12 || look.features.keccak.inData >= 8 ? keccakReason(look) : undefined
  return [...tables, ...(keccak === undefined ? [] : [keccak]), ...shapes]
}

const library: Rule = (look) => {
  const algorithms = algorithmsOf(look)
  if (algorithms.length === 0) return null
  return core('crypto-library', algorithms.join(', '), 'CL-1', algorithmReasons(look))
}

/** In this order; the first that holds. A wallet goes first because it holds what a miner holds. */
const rules: readonly Rule[] = [
  wallet,
  cryptonight,
  randomx,
  scrypt,
  chain,
  heavyhash,
  ethash,
  equihash,
  haraka,
  unknown,
  namedMiner,
  namedFunction,
  proofOfWork,
  library,
]

/** What the code of a module is, or null where no rule holds. */
export function hashCores(features: WasmFeatures): HashCore | null {
  const look = new Look(features)
  for (const rule of rules) {
    const found = rule(look)
    if (found !== null) return found
  }
  return null
}
