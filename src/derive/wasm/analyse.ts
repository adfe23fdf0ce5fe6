import type { Body, Module } from './decode.ts'
import type { FlowFacts } from './flow-facts.ts'
import type { DriverFeature, FunctionFeature, TableFeature, WasmFeatures } from './features.ts'
import type { FunctionScan } from './scan.ts'
import type { StructureId } from './structures.ts'
import { keccakRoundConstants } from '../known-constants.ts'
import { decodeExpression, Tape } from './decode-code.ts'
import { decodeModule } from './decode.ts'
import { constantIndex, findTables, TableHits } from './data-tables.ts'
import { Flow, maxInlineInstructions } from './flow.ts'
import { Reader } from './reader.ts'
import { isRuntimeProgram } from './runtime-program.ts'
import { scanBody } from './scan.ts'
import { ModuleSimilarity } from './similarity.ts'
import { structuresOf } from './structures.ts'
import { wordsIn } from './words.ts'

/**
 * Work on following values at most: instructions walked over and values joined. Counted, not timed, so that the same module always gives
 * the same features. Functions in which one instruction of 64 is an xor (half of a hash, next to none of anything else) may take the larger
 * amount; what calls them, and what else mixes bits, is followed while the smaller is not spent. Half of each is for the first pass.
 */
const followBudget = { strong: 1_200_000, weak: 120_000 } as const
/** A single body above this is passed over: no compiler writes one, and two passes over it would be most of the budget. */
const followBody = 200_000
const keep = { names: 200, hot: 96, drivers: 32, tableFunctions: 8, loopCallees: 16, masked: 12 } as const

const nothing = { params: 0, results: 0 }

/** Everything about one module. Bounded in time by its size and `followBudget`. */
export function analyseModule(bytes: Uint8Array): WasmFeatures {
  const codeHits = new CodeConstants()
  const scans: FunctionScan[] = []
  const similarity = new ModuleSimilarity()
  const bodyOf = new Map<number, Body>()
  const globalsSet = new Set<number>()
  const inlinable: { body: Body; words: Int32Array }[] = []
  const module = decodeModule(bytes, (body, tape) => {
    bodyOf.set(body.functionIndex, body)
    scans.push(scanBody(body.functionIndex, tape, codeHits, globalsSet))
    similarity.body(tape)
    if (tape.length <= maxInlineInstructions) inlinable.push({ body, words: tape.words.slice(0, tape.length * 3) })
  })
  const data = findTables(bytes, module.data)
  const dataOctets = module.data.reduce((sum, segment) => sum + segment.to - segment.from, 0)
  // Whoever makes a program at run time calls it in a loop of his own.
  const isProgram = isRuntimeProgram({ memories: module.memories, functions: module.functions.length, dataOctets })
  const inLoop = calledInLoops(scans)
  const exportedGlobals = new Set(module.exports.filter(({ kind }) => kind === 'global').map(({ index }) => index))

  const flow = new Flow({
    functionTypes: (index) => module.types[module.functions[index] ?? -1] ?? nothing,
    typeAt: (index) => module.types[index] ?? nothing,
    constantGlobal: (index) => {
      const global = module.globals[index]
      if (global === undefined || global.initial === null || (global.mutable && (globalsSet.has(index) || exportedGlobals.has(index))))
        return null
      return global.initial
    },
    dataWord: dataReader(bytes, module),
    constant: (index, low, high, wide) => codeHits.note(index, low, high, wide),
    calledInLoop: (index) => isProgram || inLoop.has(index),
  })
  for (const { body, words } of inlinable) flow.offerInline(body.functionIndex, words, body.locals)
  const chosen = choose(scans)
  const reader = new Reader(bytes)
  const tape = new Tape()
  const read = (index: number): Body => {
    const body = bodyOf.get(index)!
    reader.at = body.codeAt
    reader.end = body.end
    decodeExpression(reader, tape)
    return body
  }
  const learned: FunctionScan[] = []
  for (const scan of chosen) {
    if (flow.spent > (isStrong(scan) ? followBudget.strong : followBudget.weak) / 2) break
    learned.push(scan)
    // Without loops and calls there is nothing that a second pass would know better.
    if (scan.loops > 0 || scan.callees.length > 0) flow.learn(scan.functionIndex, tape, read(scan.functionIndex).locals)
  }
  for (const { kind, index } of module.exports) if (kind === 'function') flow.forgetParameters(index)
  for (const index of module.tableFunctions) flow.forgetParameters(index)
  const learnedAt = flow.spent
  const facts = new Map<number, FlowFacts>()
  for (const scan of learned) {
    if (flow.spent > (isStrong(scan) ? followBudget.strong : Math.max(followBudget.weak, learnedAt + followBudget.weak / 2))) break
    facts.set(scan.functionIndex, flow.follow(scan.functionIndex, tape, read(scan.functionIndex).locals))
  }
  const left = chosen.reduce((sum, scan) => sum + (facts.has(scan.functionIndex) ? 0 : scan.instructions), 0)

  const names = new Map<number, string>()
  for (const { kind, index, name } of module.exports) if (kind === 'function' && !names.has(index)) names.set(index, name)
  const hot = hotFunctions(scans, facts, inLoop, names)
  return {
    octets: bytes.length,
    complete: module.faultCount === 0,
    faults: module.faults,
    faultCount: module.faultCount,
    instructions: module.instructions,
    functions: module.functions.length,
    importCount: module.imports.length,
    exportCount: module.exports.length,
    imports: module.imports.slice(0, keep.names),
    exports: module.exports.slice(0, keep.names),
    memories: module.memories.slice(0, 16),
    tables: module.tables.slice(0, 16).map(({ min, max }) => ({ min, max })),
    dataOctets,
    dataSegments: module.data.length,
    constants: tableFeatures(data.plain, data.masked, codeHits),
    keccak: { inCode: codeHits.keccak.size, inData: data.keccakRun, turns: data.keccakTurns, functions: codeHits.keccakFunctions() },
    totals: {
      xor: sum(scans, 'xor'),
      rotate: sum(scans, 'rotate'),
      shift: sum(scans, 'shift'),
      logic: sum(scans, 'logic'),
      multiply: sum(scans, 'multiply'),
      loads: sum(scans, 'loads'),
      stores: sum(scans, 'stores'),
      floats: sum(scans, 'floats'),
      loops: sum(scans, 'loops'),
      denseFunctions: scans.filter(isDense).length,
      denseInstructions: scans.reduce((total, scan) => total + (isDense(scan) ? scan.instructions : 0), 0),
    },
    hot: hot.slice(0, keep.hot),
    drivers: driversOf(scans, facts, hot, names).slice(0, keep.drivers),
    followed: flow.spent,
    left,
    words: wordsIn(bytes, module),
    similarity: similarity.digest(module.faultCount === 0),
  }
}

const sum = (
  scans: readonly FunctionScan[],
  key: 'xor' | 'rotate' | 'shift' | 'logic' | 'multiply' | 'loads' | 'stores' | 'floats' | 'loops',
): number => scans.reduce((total, scan) => total + scan[key], 0)
const mixing = (scan: FunctionScan): number => scan.xor + scan.rotate + scan.shift + scan.logic + scan.multiply
const isDense = (scan: FunctionScan): boolean => mixing(scan) >= 24 && mixing(scan) * 8 >= scan.instructions && scan.xor > 0

/** Which functions' values to follow, the densest in mixing of bits first; small ones that call in loops are among them. */
function choose(scans: readonly FunctionScan[]): FunctionScan[] {
  return scans
    .filter(
      (scan) =>
        scan.instructions <= followBody &&
        (isDense(scan) ||
          (scan.loopCallees.length > 0 && scan.instructions <= 3_000) ||
          (scan.xor > 0 && mixing(scan) >= (scan.loops > 0 ? 4 : 8)) ||
          scan.fnv),
    )
    .sort((a, b) => priority(b) - priority(a) || a.functionIndex - b.functionIndex)
}

const isStrong = (scan: FunctionScan): boolean => scan.xor * 64 >= scan.instructions && scan.xor >= 6

function priority(scan: FunctionScan): number {
  return (
    (isStrong(scan) ? 100 : 0) +
    ((scan.xor * 3 + scan.rotate * 3 + scan.shift + scan.logic + scan.multiply) / (scan.instructions + 64) +
      (scan.loops > 0 ? 0.2 : 0) +
      (scan.fnv ? 1 : 0))
  )
}

/** Functions that run within a loop: called in one, or by such a function. */
function calledInLoops(scans: readonly FunctionScan[]): Set<number> {
  const byIndex = new Map(scans.map((scan) => [scan.functionIndex, scan]))
  const found = new Set<number>()
  const queue = scans.flatMap((scan) => scan.loopCallees)
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next)) continue
    found.add(next)
    queue.push(...(byIndex.get(next)?.callees ?? []))
  }
  return found
}

function dataReader(bytes: Uint8Array, module: Module): (address: number) => number | null {
  const segments = module.data.filter((segment) => segment.address !== null).sort((a, b) => a.address! - b.address!)
  return (address) => {
    let low = 0
    let high = segments.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const segment = segments[middle]!
      const offset = address - segment.address!
      if (offset < 0) high = middle - 1
      else if (offset + 4 > segment.to - segment.from) low = middle + 1
      else {
        const at = segment.from + offset
        return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      }
    }
    return null
  }
}

const keccakPositions = new Map(
  keccakRoundConstants.map((constant, position) => [Number(constant & 0xffffffffn) + (constant >> 63n === 1n ? 2 ** 33 : 0), position]),
)

/** Known constants that stand in instructions or that folding reached. */
class CodeConstants {
  private readonly index = constantIndex()
  readonly hits = new TableHits(this.index.tables)
  private readonly functions = new Map<number, Map<number, number>>()
  readonly keccak = new Set<number>()
  private readonly keccakBy = new Map<number, number>()

  note(functionIndex: number, low: number, high: number, wide: boolean): void {
    this.word(functionIndex, low)
    if (!wide) return
    if (high !== 0 && high !== -1) this.word(functionIndex, high)
    if (high === 0 || high === -0x80000000) {
      const position = keccakPositions.get((low >>> 0) + (high === 0 ? 0 : 2 ** 33))
      if (position !== undefined) {
        this.keccak.add(position)
        this.keccakBy.set(functionIndex, (this.keccakBy.get(functionIndex) ?? 0) + 1)
      }
    }
  }

  private word(functionIndex: number, word: number): void {
    const found = this.index.find(word)
    if (found < 0) return
    const table = this.hits.add(found)
    if (table < 0) return
    const by = this.functions.get(table) ?? new Map<number, number>()
    by.set(functionIndex, (by.get(functionIndex) ?? 0) + 1)
    this.functions.set(table, by)
  }

  holders(table: number): number[] {
    return mostFirst(this.functions.get(table) ?? new Map())
  }

  keccakFunctions(): number[] {
    return mostFirst(this.keccakBy)
  }
}

function mostFirst(counts: ReadonlyMap<number, number>): number[] {
  return [...counts]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, keep.tableFunctions)
    .map(([index]) => index)
}

function tableFeatures(plain: TableHits, masked: TableHits, code: CodeConstants): TableFeature[] {
  const found: TableFeature[] = []
  plain.tables.forEach((table, index) => {
    const inData = plain.counts[index]!
    const inCode = code.hits.counts[index]!
    const base = { id: table.id, algorithm: table.algorithm, of: table.words.length }
    if (Math.max(inData, inCode) >= table.enough) {
      const place = inData >= table.enough ? (inCode >= table.enough ? 'data and code' : 'data') : 'code'
      found.push({ ...base, found: Math.max(inData, inCode), place, functions: inCode >= table.enough ? code.holders(index) : [] })
    } else if (masked.counts[index]! >= Math.max(table.enough, 8))
      found.push({ ...base, found: masked.counts[index]!, place: 'masked', functions: [] })
  })
  return found
}

function hotFunctions(
  scans: readonly FunctionScan[],
  facts: ReadonlyMap<number, FlowFacts>,
  inLoop: ReadonlySet<number>,
  names: ReadonlyMap<number, string>,
): FunctionFeature[] {
  const features: { feature: FunctionFeature; weight: number }[] = []
  for (const scan of scans) {
    const flow = facts.get(scan.functionIndex)
    const structures: StructureId[] = flow === undefined ? [] : structuresOf(flow)
    const masked = flow?.masked ?? []
    if (structures.length === 0 && masked.length === 0 && (flow?.fnvMixes ?? 0) === 0 && !isDense(scan)) continue
    features.push({
      weight:
        structures.length * 4 +
        masked.filter(({ updates, bits, align }) => updates > 0 && bits <= 22 && align >= 2).length * 8 +
        (flow?.fnvMixes ?? 0) +
        mixing(scan) / (scan.instructions + 64),
      feature: {
        index: scan.functionIndex,
        name: names.get(scan.functionIndex) ?? null,
        instructions: scan.instructions,
        xor: scan.xor,
        rotate: scan.rotate,
        shift: scan.shift,
        logic: scan.logic,
        multiply: scan.multiply,
        loops: scan.loops,
        inLoop: inLoop.has(scan.functionIndex),
        loopCallees: scan.loopCallees.slice(0, keep.loopCallees),
        structures,
        masked: masked.toSorted((a, b) => b.updates - a.updates || b.loads + b.stores - a.loads - a.stores).slice(0, keep.masked),
        wideMultiplies: flow?.wideMultiplies ?? 0,
        andNots: flow?.andNots ?? 0,
        fnvMixes: flow?.fnvMixes ?? 0,
        lookups: flow?.lookups ?? [0, 0, 0, 0, 0],
        variableTurns: flow?.variableTurns ?? 0,
        counterStores: flow?.counterStores ?? 0,
        targetComparisons: flow?.targetComparisons ?? 0,
      },
    })
  }
  return features.sort((a, b) => b.weight - a.weight || a.feature.index - b.feature.index).map(({ feature }) => feature)
}

/** Shapes that only hashes and ciphers have; look-up tables alone are also codecs' and compressors'. */
const hashShapes: ReadonlySet<StructureId> = new Set([
  'keccak',
  'sha1',
  'sha256',
  'sha512',
  'blake2b',
  'blake2s',
  'blake512',
  'chacha',
  'salsa',
  'skein',
  'blamka',
  'md5',
  'pwxform',
])

/** Reads and writes 128 KiB and more at places that the data choose, and multiplies or turns what it finds. */
function walksScratchpad({ masked, multiply, rotate, xor }: FunctionFeature): boolean {
  return (
    xor > 0 &&
    multiply + rotate > 0 &&
    masked.some(({ bits, align, updates, octets }) => bits >= 17 && bits <= 22 && align >= 3 && align <= 7 && updates > 0 && octets >= 8)
  )
}

function driversOf(
  scans: readonly FunctionScan[],
  facts: ReadonlyMap<number, FlowFacts>,
  hot: readonly FunctionFeature[],
  names: ReadonlyMap<number, string>,
): DriverFeature[] {
  const hashing = new Set(
    hot
      .filter((feature) => feature.structures.some((structure) => hashShapes.has(structure)) || walksScratchpad(feature))
      .map(({ index }) => index),
  )
  const byIndex = new Map(scans.map((scan) => [scan.functionIndex, scan]))
  const drivers: DriverFeature[] = []
  for (const scan of scans) {
    const flow = facts.get(scan.functionIndex)
    if (flow === undefined || scan.loops === 0 || flow.counterStores === 0 || flow.targetComparisons === 0) continue
    const reaches = reached(scan, byIndex, hashing)
    if (reaches.length === 0) continue
    drivers.push({
      index: scan.functionIndex,
      name: names.get(scan.functionIndex) ?? null,
      reaches,
      counterStores: flow.counterStores,
      targetComparisons: flow.targetComparisons,
    })
  }
  return drivers
}

/** Hash functions that a function's loops reach within four calls, or itself. */
function reached(scan: FunctionScan, byIndex: ReadonlyMap<number, FunctionScan>, hashing: ReadonlySet<number>): number[] {
  const found = new Set<number>()
  if (hashing.has(scan.functionIndex)) found.add(scan.functionIndex)
  let level = scan.loopCallees
  const seen = new Set<number>()
  for (let depth = 0; depth < 4 && level.length > 0; depth++) {
    const next: number[] = []
    for (const callee of level) {
      if (seen.has(callee) || seen.size > 512) continue
      seen.add(callee)
      if (hashing.has(callee)) found.add(callee)
      next.push(...(byIndex.get(callee)?.callees ?? []))
    }
    level = next
  }
  return [...found].slice(0, 8)
}
