import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { crawl } from '#app/crawl.ts'
import { study } from '#app/study.ts'
import { type Lab } from '#lab/lab.ts'
import { compare } from '#lab/site/compare.ts'
import type { SiteTruth } from '#lab/site/site.ts'
import { startLab } from '#lab/start.ts'
import { SimulatedClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import type { Observation } from '#model/observation.ts'
import { seedOf } from '#model/seed.ts'
import { inert } from '#report/escape.ts'
import { terminalStudy } from '#report/study-terminal.ts'
import { exit } from './exit.ts'
import { milliseconds, positiveInteger } from './options.ts'
import { Progress, interruptible } from './progress.ts'

const firstDay = new Date('2026-01-05T00:00:00Z')

interface DemoFlags {
  seed: number
  data?: string
  jobs: number
  dwell: number
  json?: boolean
  browser?: string
}

export function define(command: Command): void {
  command
    .option('--seed <n>', 'what the sites are generated from', Number, 1)
    .option('--data <dir>', 'keep the captures and the ledger here (else in a folder that is removed)')
    .option('--jobs <n>', 'pages at a time', positiveInteger, 2)
    .option('--dwell <time>', 'how long to look at each page', milliseconds, 5_000)
    .option('--browser <path>', 'use this Chromium')
    .option('--json', 'study and truth as JSON')
    .action(run)
}

/** Twenty sites on loopback, three simulated weeks: crawl, judge, keep, study, and the lab's truth beside it. */
async function run(flags: DemoFlags): Promise<void> {
  if (!Number.isSafeInteger(flags.seed)) throw new AssayError('BAD_ARGUMENT', '--seed is a whole number')
  const progress = new Progress()
  const signal = interruptible(progress)
  const scratch = await mkdtemp(join(tmpdir(), 'assay-demo-'))
  const data = flags.data ?? join(scratch, 'data')
  const lab = await startLab({ dir: join(scratch, 'lab'), seed: flags.seed, sites: 'demo' })
  try {
    const truths = await truthsOfWeeks(lab)
    const started = performance.now()
    const sites = truths[0] ?? []
    progress.line(
      `A lab of ${sites.length} sites on loopback, ${truths.length} simulated weeks; captures in ${flags.data ?? 'a temporary folder'}`,
    )
    const answers = new Map<string, Observation>()
    const crawlName = `demo-${flags.seed}`
    const result = await crawl(
      {
        name: crawlName,
        seeds: sites.map((truth) => seedOf(truth.url, { tags: truth.tags })),
        every: '7d',
        span: `${truths.length}w`,
        startsAt: firstDay,
        data,
        database: null,
        delayMs: null,
        clock: new SimulatedClock(firstDay),
        workshop: { allowPrivate: false, allow: [], lab: join(scratch, 'lab'), browser: flags.browser ?? null, jobs: flags.jobs },
        visit: { profile: 'quick', dwellMs: flags.dwell },
      },
      {
        onNote: (text) => progress.line(text),
        onRound: async (round, at) => {
          await lab.setWeek(round + 1)
          progress.line(`week ${round + 1}, ${at.toISOString().slice(0, 10)}`)
        },
        onProgress: ({ running, perMinute }) =>
          progress.now(
            `${answers.size} of ${sites.length * truths.length} visits done, ${running} under way, ${perMinute.toFixed(0)} a minute`,
          ),
        onVisit: (observation, round) => answers.set(`${round} ${observation.url}`, observation),
      },
      signal,
    )
    progress.clear()
    if (result.ended === 'interrupted') {
      process.stderr.write(flags.data === undefined ? 'Interrupted.\n' : `Interrupted; the same command goes on.\n`)
      exit(130)
    }
    const summary = await study({ data, database: null, crawl: crawlName })
    const rows = truths.flatMap((week, round) => week.map((truth) => ({ round, truth, answer: answers.get(`${round} ${truth.url}`) })))
    if (flags.json) process.stdout.write(`${JSON.stringify({ study: summary, truth: truths })}\n`)
    else
      process.stdout.write(
        `${terminalStudy(summary)}\n${besideTruth(rows)}\n${result.visits} visits in ${Math.round((performance.now() - started) / 1000)} s\n`,
      )
    exit(0)
  } finally {
    await lab.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function truthsOfWeeks(lab: Lab): Promise<SiteTruth[][]> {
  const truths: SiteTruth[][] = []
  for (let week = 1; week <= lab.weeks; week++) {
    await lab.setWeek(week)
    truths.push([...lab.truth])
  }
  return truths
}

/** What each answer was, beside what the lab knows. Visits of an earlier run of the same crawl have no answer here. */
function besideTruth(rows: readonly { round: number; truth: SiteTruth; answer: Observation | undefined }[]): string {
  const compared = rows.flatMap(({ round, truth, answer }) =>
    answer ? [{ round, answer, ...compare(truth, answer.conditions.consent, answer) }] : [],
  )
  const lines = compared.flatMap(({ round, truth, expected, answer, wrong }) => {
    const account = answer.conclusion.accounts[0]?.account.slice(0, 16)
    return [
      `  ${wrong.length === 0 ? '=' : '≠'} week ${round + 1}  ${inert(truth.host, 40).padEnd(28)} truth ${expected.status.padEnd(12)} answer ${answer.conclusion.status.padEnd(12)} ${truth.content}${account ? `, paid to ${inert(account)}…` : ''}`,
      ...wrong.map((difference) => `      ${inert(difference, 200)}`),
    ]
  })
  const agreeing = compared.filter(({ wrong }) => wrong.length === 0).length
  return ['Beside the lab’s truth', ...lines, `  ${agreeing} of ${compared.length} answers as the truth has them`].join('\n')
}
