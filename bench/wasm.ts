/**
 * `node bench/wasm.ts FOLDER…`: decoding against `wasmparser` in the same run on the same modules, and the analysis' milliseconds a module.
 * Prints one table; figures hold for one core of the machine that runs it.
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

/** Best of interleaved passes over all modules, in MB/s: other work on the machine only ever slows a pass. */
function throughputs(modules: readonly Uint8Array[], decoders: readonly ((bytes: Uint8Array) => number)[]): number[] {
  const octets = modules.reduce((sum, module) => sum + module.length, 0)
  const best = decoders.map(() => 0)
  for (let pass = 0; pass < 6; pass++) {
    decoders.forEach((decode, which) => {
      const before = process.threadCpuUsage()
      for (const module of modules) decode(module)
      best[which] = Math.max(best[which] ?? 0, octets / threadMicroseconds(before))
    })
  }
  return best
}

const all = process.argv.slice(2).flatMap(modulesIn)
// The oracle is slow and gives up on some modules: both read the same ones, at most 20 MB of them.
let budget = 20_000_000
const shared = all.filter((module) => {
  if (module.length > budget) return false
  try {
    decodeTheirs(module)
  } catch {
    return false
  }
  budget -= module.length
  return true
})
const [ours = 0, theirs = 0] = throughputs(shared, [decodeOurs, decodeTheirs])

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
console.log(`decode: ours ${ours.toFixed(0)} MB/s, wasmparser ${theirs.toFixed(0)} MB/s, ${(ours / theirs).toFixed(1)} times`)
console.log(
  `analysis of ${times.length}: median ${at(0.5)} ms, 95 of 100 below ${at(0.95)} ms, worst ${at(1)} ms (${((times.at(-1)?.octets ?? 0) / 1e6).toFixed(1)} MB)`,
)
