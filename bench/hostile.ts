import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { visit } from '#app/visit.ts'
import { openWorkshop } from '#app/workshop.ts'
import { killBrowserProcesses, leftovers } from '#capture/testing/browser-processes.ts'
import { attacks } from '#lab/hostile/all.ts'
import { serveWorld } from '#lab/lab.ts'
import { benchWorld } from '#lab/worlds/bench.ts'
import { hostileWorld, urlOfAttack } from '#lab/worlds/hostile.ts'
import { type Capture } from '#model/capture.ts'
import { seedOf } from '#model/seed.ts'
import { cpuSpent } from './process-usage.ts'

// Each hostile site of the lab, then an ordinary page, with the same browser and store: how each visit ended, what was kept, how long the
// next one took, what is left at the end.
// npm run bench -- hostile [--rounds 3] [--only NAME,…] [--keep FILE] [--seconds N]
// --keep: a line of JSON a visit is added to FILE, and what stands there is not done again. --seconds: begin nothing after so many.

interface Row {
  round: number
  name: string
  ended: string
  detail: string
  error: string | null
  seconds: number
  cut: string[]
  /** The ordinary visit after it, one more where that cost a tenth more, and the median of those before any hostile page of the same run. */
  next: Cost
  again: Cost | null
  before: Cost
  load: number
}

interface Cost {
  seconds: number
  /** Of our process, the browser and all else that it started: what other programs of the machine do hardly counts. */
  cpuSeconds: number
}

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string' }, keep: { type: 'string' }, seconds: { type: 'string' } },
})
const rounds = Number(flags.rounds)
const until = performance.now() + Number(flags.seconds ?? 1e6) * 1e3
const hungAfterMs = 180_000
const calmVisits = 7
const only = flags.only?.split(',')
const rows: Row[] =
  flags.keep !== undefined && existsSync(flags.keep)
    ? readFileSync(flags.keep, 'utf8')
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    : []

const dir = mkdtempSync(join(tmpdir(), 'hosts-'))
// Its own folder for temporary files, so that whatever is left in it is ours. The browser runs as somebody else.
process.env['TMPDIR'] = join(dir, 'tmp')
chmodSync(dir, 0o755)
mkdirSync(join(dir, 'tmp'))
chmodSync(join(dir, 'tmp'), 0o1777)
const crashed = { page: 'renderer', 'gpu-process': 'gpu-process', browser: 'browser' } as const
const ordinary = benchWorld(7).sites.find((site) => site.truth(1).tags.includes('realistic'))
if (!ordinary) throw new Error('the lab has no ordinary page')
const hostile = hostileWorld(7, (what) => killBrowserProcesses(crashed[what]))
const lab = await serveWorld({ dir: join(dir, 'lab'), world: { ...hostile, sites: [...hostile.sites, ordinary] }, maxLogged: 0 })
const line = await openWorkshop(
  { dir: join(dir, 'store'), lab: join(dir, 'lab'), allowPrivate: false, allow: [], browser: null, jobs: 1 },
  (note) => console.log(note),
)

const seconds = (ms: number): number => Math.round(ms / 10) / 100
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const calm = async (): Promise<Cost> => {
  const [started, cpu] = [performance.now(), cpuSpent(process.pid)]
  const { capture } = await visit(line, seedOf(ordinary.url), { dwellMs: 500 })
  if (capture.manifest.error) throw new Error(capture.manifest.error.message)
  return { seconds: seconds(performance.now() - started), cpuSeconds: seconds((cpuSpent(process.pid) - cpu) * 1e3) }
}

/** Kinds that are not whole, with how many were dropped or why. */
function cutOf({ manifest }: Capture): string[] {
  return Object.entries(manifest.artifacts).flatMap(([kind, found]) => {
    if (found.status === 'complete' || found.status === 'not-collected') return []
    return [`${kind} ${found.status}${found.status === 'truncated' ? ` (${found.items.length} kept, ${found.dropped} not)` : ''}`]
  })
}

await calm()
const first = await Array.fromAsync({ length: calmVisits }, () => calm())
const before: Cost = { seconds: median(first.map((it) => it.seconds)), cpuSeconds: median(first.map((it) => it.cpuSeconds)) }
console.log(`before any hostile page: median ${before.seconds} s, ${before.cpuSeconds} CPU-s`)
for (let round = 1; round <= rounds; round++) {
  for (const attack of attacks) {
    if (only && !only.includes(attack.name)) continue
    if (rows.some((row) => row.round === round && row.name === attack.name) || performance.now() > until) continue
    const started = performance.now()
    const found = await visit(
      line,
      seedOf(urlOfAttack(attack)),
      { dwellMs: 1_500, loadTimeoutMs: 5_000 },
      AbortSignal.timeout(hungAfterMs),
    ).then(({ capture }) => capture, String)
    const took = seconds(performance.now() - started)
    const ended =
      typeof found === 'string'
        ? { ended: 'hung', detail: found, error: null, cut: [] }
        : {
            ended: found.manifest.ended.reason,
            detail: found.manifest.ended.detail,
            error: found.manifest.error?.code ?? null,
            cut: cutOf(found),
          }
    const next = await calm()
    const row: Row = {
      round,
      name: attack.name,
      ...ended,
      seconds: took,
      next,
      again: next.cpuSeconds > before.cpuSeconds * 1.1 ? await calm() : null,
      before,
      load: Math.round(loadavg()[0] ?? 0),
    }
    rows.push(row)
    if (flags.keep !== undefined) appendFileSync(flags.keep, `${JSON.stringify(row)}\n`)
    console.log(
      `${round} ${row.name}: ${row.ended}${row.error ? ` ${row.error}` : ''} in ${row.seconds} s; next ${row.next.seconds} s, ${row.next.cpuSeconds} CPU-s (${(row.next.cpuSeconds / before.cpuSeconds).toFixed(2)})${row.again ? `, again ${row.again.seconds} s, ${row.again.cpuSeconds} CPU-s` : ''}; load ${row.load} | ${row.detail} | ${row.cut.join(', ')}`,
    )
  }
}
await line[Symbol.asyncDispose]()
await lab.close()
const left = leftovers()
const files = readdirSync(join(dir, 'tmp'))
rmSync(dir, { recursive: true, force: true })

/** The next visit against those before any hostile page; the median over rounds. */
const ratio = (of: readonly Row[], unit: keyof Cost): number => median(of.map((row) => row.next[unit] / row.before[unit]))
const sites = attacks.flatMap((attack) => {
  const of = rows.filter((row) => row.name === attack.name)
  return of.length === 0 ? [] : [{ attack, of, cpu: ratio(of, 'cpuSeconds'), time: ratio(of, 'seconds') }]
})
console.log('\n| attack | site | ended | longest, s | not whole | next visit, CPU | time |\n| --- | --- | --- | --- | --- | --- | --- |')
for (const { attack, of, cpu, time } of sites) {
  const ends = [...new Set(of.map((row) => `${row.ended}${row.error ? ` (${row.error})` : ''}`))].join(', ')
  const cut = [...new Set(of.flatMap((row) => row.cut.map((text) => text.replace(/ \(.*/, ''))))].join(', ')
  const longest = Math.max(...of.map((row) => row.seconds))
  console.log(`| ${attack.kind} | ${attack.name} | ${ends} | ${longest} | ${cut} | ${cpu.toFixed(2)} | ${time.toFixed(2)} |`)
}
const [hung, leftFiles] = [rows.filter((row) => row.ended === 'hung').length, left.folders.length + files.length]
console.log(
  `\n${rows.length} hostile visits to ${sites.length} sites: ${hung} hung; left: ${left.processes.length} processes, ${leftFiles} temporary files or folders`,
)
for (const [what, of] of [
  ['CPU-s', sites.map(({ attack, cpu }) => ({ name: attack.name, ratio: cpu }))],
  ['seconds', sites.map(({ attack, time }) => ({ name: attack.name, ratio: time }))],
] as const) {
  const worst = of.toSorted((a, b) => b.ratio - a.ratio).slice(0, 3)
  console.log(
    `next visit against the median before any hostile page, ${what}: median over sites ${median(of.map((site) => site.ratio)).toFixed(2)}, worst ${worst.map((site) => `${site.name} ${site.ratio.toFixed(2)}`).join(', ')}`,
  )
}
