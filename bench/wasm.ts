/**
 * `node bench/wasm.ts FOLDER…`: decoding against `wasmparser` in the same run on the same modules, and the analysis' milliseconds a module.
 * Both read every section and every instruction with its immediates: ours into numbers on a tape and a record of the module, `wasmparser` into
 * an object for each that `read` steps to. Figures hold for one core of the machine that runs it.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BinaryReader } from 'wasmparser'
import { decodeModule } from '#derive/wasm/decode.ts'
import { wasmDeriver } from '#derive/wasm/deriver.ts'
import { emptyContext } from '#derive/deriver.ts'

/** wasmparser's states; its enum is declared `const`, which does not exist at run time. */
const oracle = { operator: 30, end: 2, failed: -1 }

function modulesIn(path: string): Uint8Array[] {
  if (!statSync(path).isDirectory()) return path.endsWith('.wasm') ? [new Uint8Array(readFileSync(path))] : []
  return readdirSync(path)
    .sort()
    .flatMap((name) => modulesIn(join(path, name)))
}

function decodeOurs(bytes: Uint8Array): number {
  let sum = 0
  decodeModule(bytes, (_body, tape) => {
    sum += tape.length
  })
  return sum
}

function decodeTheirs(bytes: Uint8Array): number {
  const reader = new BinaryReader()
  reader.setData(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
  let sum = 0
  while (reader.read()) {
    const state = reader.state as number
    if (state === oracle.operator) sum++
    if (state === oracle.end || state === oracle.failed) break
  }
  return sum
}

/** Processor time of this thread since then: waiting for other work on the machine is not ours. */
function threadMicroseconds(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before)
  return user + system
}

interface Speed {
  /** Of each round, in their order. */
  rounds: number[]
  median: number
  least: number
  most: number
}

const rounds = 7
/** The clock of processor time may tick in steps of some milliseconds: a round is long against one. */
const roundMicroseconds = 700_000

/**
 * MB/s of thread time of each decoder over all modules: in every round each in turn makes whole passes until its time is up.
 * The first round warms both up and does not count.
 */
function speeds(modules: readonly Uint8Array[], decoders: readonly ((bytes: Uint8Array) => number)[]): Speed[] {
  const octets = modules.reduce((sum, module) => sum + module.length, 0)
  const measured = decoders.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    decoders.forEach((decode, which) => {
      globalThis.gc?.()
      const before = process.threadCpuUsage()
      let passes = 0
      let spent = 0
      while (spent < roundMicroseconds) {
        for (const module of modules) decode(module)
        passes++
        spent = threadMicroseconds(before)
      }
      if (round > 0) measured[which]?.push((octets * passes) / spent)
    })
  }
  return measured.map(summary)
}

function summary(measured: number[]): Speed {
  const sorted = measured.toSorted((a, b) => a - b)
  return { rounds: measured, median: sorted[sorted.length >> 1] ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 }
}

const all = process.argv.slice(2).flatMap(modulesIn)
// The oracle is slow and gives up on some modules: both read the same ones, about 20 MB of them, taken evenly from all, and both see as many instructions.
const every = Math.max(1, Math.ceil(all.reduce((sum, module) => sum + module.length, 0) / 20_000_000))
const shared = all.filter((module, index) => {
  if (index % every !== 0) return false
  try {
    return decodeTheirs(module) === decodeOurs(module)
  } catch {
    return false
  }
})
const [ours = summary([]), theirs = summary([])] = speeds(shared, [decodeOurs, decodeTheirs])
// Both halves of a round lie close together: their ratio is steadier than either when other work slows the machine.
const ratio = summary(ours.rounds.map((speed, round) => speed / (theirs.rounds[round] ?? speed)))

const times: { ms: number; octets: number }[] = []
for (const module of all.slice(0, 40)) wasmDeriver.derive(module, emptyContext)
for (const module of all) {
  const before = process.threadCpuUsage()
  try {
    wasmDeriver.derive(module, emptyContext)
  } catch {
    continue
  }
  times.push({ ms: threadMicroseconds(before) / 1_000, octets: module.length })
}
times.sort((a, b) => a.ms - b.ms)
const at = (share: number): string => (times[Math.min(times.length - 1, Math.floor(times.length * share))]?.ms ?? 0).toFixed(1)
console.log(
  `modules: ${all.length}; decoded by both: ${shared.length}, ${(shared.reduce((sum, module) => sum + module.length, 0) / 1e6).toFixed(1)} MB`,
)
const range = ({ median, least, most }: Speed): string => `${median.toFixed(0)} MB/s (${least.toFixed(0)} to ${most.toFixed(0)})`
console.log(
  `decode, median of ${rounds} rounds: ours ${range(ours)}, wasmparser ${range(theirs)}, ${ratio.median.toFixed(1)} times (${ratio.least.toFixed(1)} to ${ratio.most.toFixed(1)})`,
)
console.log(
  `analysis of ${times.length}: median ${at(0.5)} ms, 95 of 100 below ${at(0.95)} ms, worst ${at(1)} ms (${((times.at(-1)?.octets ?? 0) / 1e6).toFixed(1)} MB)`,
)
