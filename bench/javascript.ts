import { readdirSync, readFileSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { triage } from '#derive/javascript/triage.ts'
import { contextOf } from '#judge/judge.ts'
import { loadSignatures } from '#judge/signatures.ts'

// The triage of scripts: how fast it reads, which share of them it sends on to be parsed. For folders of miners the latter is its recall.
// npm run bench -- javascript DIR [DIR …]

const { literals, version } = contextOf(await loadSignatures())
const rounds = 7
const perRound = 64e6

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?js$/.test(name))
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
}
const threadMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

for (const dir of process.argv.slice(2)) {
  const scripts = filesIn(dir).map((path) => readFileSync(path))
  if (scripts.length === 0) continue
  const octets = scripts.reduce((sum, { length }) => sum + length, 0)
  const sent = scripts.filter((script) => triage(script, literals, version).suspect)
  const sentOctets = sent.reduce((sum, { length }) => sum + length, 0)
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const repeats = Math.max(1, Math.round(perRound / octets))
    const before = threadMs()
    for (let repeat = 0; repeat < repeats; repeat++) for (const script of scripts) triage(script, literals, version)
    speeds.push((octets * repeats) / 1e3 / (threadMs() - before))
  }
  speeds.sort((a, b) => a - b)
  console.log(
    `${dir}: ${scripts.length} scripts, ${(octets / 1e6).toFixed(1)} MB; to be parsed ${sent.length} (${((100 * sent.length) / scripts.length).toFixed(1)} %; ${((100 * sentOctets) / octets).toFixed(0)} % of the octets); ${speeds[rounds >> 1]?.toFixed(0)} MB/s of thread time, median of ${rounds} rounds (${speeds[0]?.toFixed(0)} to ${speeds.at(-1)?.toFixed(0)}); load ${loadavg()[0]?.toFixed(1)}`,
  )
}
