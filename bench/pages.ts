import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { watchProcesses } from './process-usage.ts'

// `assay judge FOLDER` over saved pages, as somebody runs it who has a folder of them: each is one of those of DIR, with octets changed in its
// markup and in each of its scripts, so that nothing that was read before is read again. CPU-seconds and memory are of the command and all of
// its children.
// npm run bench -- pages DIR [DIR …] [--pages 10000]

const { values, positionals } = parseArgs({ options: { pages: { type: 'string', default: '10000' } }, allowPositionals: true })
const sources = positionals.flatMap((dir) =>
  readdirSync(dir)
    .filter((name) => /\.html?$/.test(name))
    .map((name) => join(dir, name)),
)
if (sources.length === 0) {
  console.error('npm run bench -- pages DIR [DIR …] [--pages 10000]: no saved pages there')
  process.exit(2)
}
const count = Number(values.pages)
const half = Math.ceil(count / 2)
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-pages-'))
try {
  let octets = 0
  for (let page = 0; page < count; page++) {
    // Every n-th, so that a small run has pages of all folders.
    const text = readFileSync(sources[(page * 7_919) % sources.length]!, 'latin1')
    const changed = Buffer.from(`<!--${page}-->${text.replace(/<script\b[^>]*>(?=[^<]*\S)/gi, (tag) => `${tag}/*${page}*/`)}`, 'latin1')
    octets += changed.length
    const part = join(folder, String(Math.floor(page / 500)))
    if (page % 500 === 0) mkdirSync(part)
    writeFileSync(join(part, `${page}.html`), changed)
  }
  console.log(`${count} pages of ${sources.length}, ${(octets / 1e6).toFixed(0)} MB; load ${loadavg()[0]?.toFixed(1)}`)
  const started = performance.now()
  const child = spawn(fileURLToPath(new URL('../assay', import.meta.url)), ['judge', '--json', folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const usage = watchProcesses(child.pid!)
  let later: ReturnType<typeof watchProcesses> | null = null
  let done = 0
  const statuses = new Map<string, number>()
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const status = (JSON.parse(line) as { status?: string }).status ?? 'error'
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      if (++done === half) later = watchProcesses(child.pid!)
    }
  })
  await new Promise((ended) => child.once('close', ended))
  const seconds = (performance.now() - started) / 1000
  const { cpuSeconds, rootCpuSeconds, peakPssBytes } = usage.stop()
  const second = (later as ReturnType<typeof watchProcesses> | null)?.stop().cpuSeconds ?? 0
  const judged = [...statuses.values()].reduce((sum, n) => sum + n, 0)
  const of = (cpu: number, n: number): string => `${((1000 * cpu) / Math.max(1, n)).toFixed(1)} CPU-ms a page`
  console.log(`judged ${judged}: ${[...statuses].map(([status, n]) => `${status} ${n}`).join(', ')}`)
  console.log(
    `${seconds.toFixed(0)} s; ${cpuSeconds.toFixed(0)} CPU-s = ${of(cpuSeconds, judged)}, of it ${of(rootCpuSeconds, judged)} in the program itself; second half ${of(second, judged - half)}`,
  )
  console.log(`highest memory of all processes together ${(peakPssBytes / 1e6).toFixed(0)} MB`)
  process.exitCode = judged === count ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
