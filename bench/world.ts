/**
 * A whole study of a lab's world: `npm run bench -- world [--sites 1000] [--weeks 10] [--seed 1] [--lane http|both] [--workers 1] [--robots obey|ignore] [--keep DIR]`.
 * The lab is a process of its own and counted apart; `--workers` more take turns in the same crawl. Then its report beside the truth. A folder that is
 * kept is gone on with: a world that takes hours may be studied in parts (`--seconds`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { studyReport } from '#app/study-report.ts'
import { readStudy } from '#app/study-run.ts'
import { runWorldStudy } from '#app/testing/world-run.ts'
import { scoreOfWorld } from '#app/testing/world-score.ts'
import type { WorldTruth } from '#lab/world/truth.ts'
import { serversOf, untilStopped } from '#ledger/testing/data-folder.ts'
import { openLedger } from '#ledger/ledger.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { cpuSpent } from './process-usage.ts'

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '1000' },
    weeks: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    mining: { type: 'string', default: '0.1' },
    lane: { type: 'string', default: 'http' },
    sample: { type: 'string', default: '0.01' },
    hints: { type: 'string', default: '10' },
    robots: { type: 'string', default: 'obey' },
    jobs: { type: 'string', default: '2' },
    workers: { type: 'string', default: '0' },
    'http-jobs': { type: 'string', default: '16' },
    seconds: { type: 'string' },
    keep: { type: 'string' },
  },
})
const workers: ChildProcess[] = []
const startWorker = (): ChildProcess =>
  spawn(process.execPath, [cli, 'worker', '--data', data, '--lab', dir, '--http-jobs', values['http-jobs']], {
    stdio: ['ignore', 'inherit', 'ignore'],
  })
const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1)

const root = values.keep ?? (await mkdtemp(join(tmpdir(), 'assay-bench-world-')))
const [dir, data] = [join(root, 'lab'), join(root, 'data')]
const cli = join(import.meta.dirname, '../src/cli/main.ts')
const lab: ChildProcess = spawn(
  process.execPath,
  [cli, 'lab', '--world', values.sites, '--weeks', values.weeks, '--seed', values.seed, '--mining', values.mining, '--dir', dir],
  { stdio: ['ignore', 'inherit', 'pipe'] },
)
try {
  for await (const chunk of lab.stderr!) if (String(chunk).includes('Ready')) break
  const { study } = await readStudy(join(dir, 'study.yaml'))
  const stop = new AbortController()
  if (values.seconds !== undefined)
    setTimeout(
      () => {
        stop.abort()
        for (const worker of workers) worker.kill('SIGINT')
      },
      Number(values.seconds) * 1000,
    )
  const before = { own: cpuSpent(process.pid), lab: cpuSpent(lab.pid!), database: 0 }
  const started = performance.now()
  const lane = values.lane === 'both' ? 'both' : 'http'
  const result = await runWorldStudy(dir, data, {
    signal: stop.signal,
    more: {
      workshop: { allowPrivate: false, allow: [], lab: dir, browser: null, jobs: Number(values.jobs) },
      lanes: {
        lane,
        sample: lane === 'both' ? Number(values.sample) : 0,
        hintBudget: lane === 'both' ? Number(values.hints) : null,
        repeat: lane === 'both' ? 0.1 : 0,
        repeatWithinMs: 48 * 3_600_000,
        key: study.name,
      },
      manners: {
        robots: values.robots === 'ignore' ? 'ignore' : 'obey',
        never: emptyNeverList,
        perAddress: 4,
        retries: 2,
        dailyBudget: null,
      },
      httpJobs: Number(values['http-jobs']),
    },
    events: {
      onNote: console.error,
      onRound: async (round) => {
        console.log(`round ${round + 1} at ${seconds(started)} s, ${(cpuSpent(process.pid) - before.own).toFixed(1)} s of processor`)
        // They join what is there.
        if (round === 0) workers.push(...Array.from({ length: Number(values.workers) }, startWorker))
      },
    },
  })
  await Promise.all(workers.map(async (worker) => worker.exitCode ?? once(worker, 'exit')))
  const wallS = (performance.now() - started) / 1000
  const made = (await studyVisits()).length
  const servers = new Set((await serversOf(data)).map(({ pid }) => pid))
  const databaseS = [...servers].reduce((sum, pid) => sum + cpuSpent(pid), 0)
  const labS = cpuSpent(lab.pid!) - before.lab
  const allS = cpuSpent(process.pid) - before.own
  const each = (cpuS: number): string => `${((cpuS / made) * 1000).toFixed(1)} ms`
  console.log(
    `${made} visits (here ${result.visits}, ${result.failed} failed, ${result.retried} made again) in ${wallS.toFixed(1)} s: ${(made / wallS).toFixed(1)}/s; processor a visit: all but the lab ${each(allS - labS)} (with PostgreSQL's ${each(databaseS)} where it is a child), lab ${each(labS)}`,
  )
  const from = performance.now()
  const built = await studyReport({ data, database: null, crawl: study.name, asOf: null })
  console.log(`report ${seconds(from)} s`)
  const truth = JSON.parse(await readFile(join(dir, 'truth.json'), 'utf8')) as WorldTruth
  console.log(JSON.stringify(scoreOfWorld(built, truth), null, 1))
} finally {
  lab.kill('SIGTERM')
  if (lab.exitCode === null) await once(lab, 'exit')
  await untilStopped(data)
  if (values.keep === undefined && existsSync(root)) await rm(root, { recursive: true, force: true })
}
process.exit(0)

async function studyVisits(): Promise<unknown[]> {
  const ledger = await openLedger({ dataDir: data })
  try {
    return await ledger.listVisits({})
  } finally {
    await ledger.close()
  }
}
