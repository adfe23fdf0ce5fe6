import type { Command } from 'commander'
import { crawl } from '#app/crawl.ts'
import { exit } from './exit.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { count, milliseconds, positiveInteger, repeated } from './options.ts'
import { Progress, interruptible } from './progress.ts'
import { readSeedList } from './seed-list.ts'

interface CrawlFlags extends KnowledgeFlags {
  data: string
  database?: string
  name: string
  every?: string
  for?: string
  jobs: number
  dwell?: number
  limit?: number
  allowPrivate?: boolean
  allow: string[]
  lab?: string
  browser?: string
}

export function define(command: Command): void {
  knowledgeOptions(command)
    .argument('<list>', 'addresses: one a line, or a top list (rank,domain)')
    .option('--every <span>', 'visit again after this time (7d, 12h); without it once')
    .option('--for <span>', 'how long (23w); without it until it is stopped')
    .option('--name <name>', 'the same name goes on with the same crawl', 'crawl')
    .option('--data <dir>', 'data folder', 'assay-data')
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--limit <n>', 'only the first of the list', count)
    .option('--jobs <n>', 'pages at a time', positiveInteger, 2)
    .option('--dwell <time>', 'how long to look after loading', milliseconds)
    .option('--allow-private', 'let pages reach private and loopback addresses')
    .option('--allow <cidr or host>', 'let pages reach this one; may be given again', repeated, [])
    .option('--lab <dir>', 'resolve names in this running lab')
    .option('--browser <path>', 'use this Chromium')
    .action(run)
}

async function run(list: string, flags: CrawlFlags): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  const { seeds } = await readSeedList(list, progress, flags.limit === undefined ? {} : { limit: flags.limit })
  const result = await crawl(
    {
      name: flags.name,
      seeds,
      every: flags.every ?? null,
      span: flags.for ?? null,
      startsAt: null,
      data: flags.data,
      database: flags.database ?? null,
      delayMs: null,
      workshop: {
        allowPrivate: flags.allowPrivate === true,
        allow: flags.allow,
        lab: flags.lab ?? null,
        browser: flags.browser ?? null,
        jobs: flags.jobs,
        knowledge: knowledgeOf(flags),
      },
      visit: { profile: 'standard', ...(flags.dwell === undefined ? {} : { dwellMs: flags.dwell }) },
    },
    {
      onNote: (text) => progress.line(text),
      onRound: async (round, at) => progress.line(`round ${round + 1}, ${at.toISOString().slice(0, 10)}`),
      onProgress: ({ done, due, failed, running, perMinute, leftMs, paused }) =>
        progress.now(
          `${done} done, ${due} due, ${running} under way, ${failed} failed, ${perMinute.toFixed(0)} a minute${leftMs === null ? '' : `, ${Math.ceil(leftMs / 60_000)} min left`}${paused ? `; waiting: ${paused}` : ''}`,
        ),
      onVisit: () => {},
    },
    signal,
  )
  progress.clear()
  process.stdout.write(
    `${result.visits} visits, ${result.failed} failed${result.ended === 'interrupted' ? '; interrupted, the same command goes on' : ''}\n`,
  )
  exit(result.ended === 'interrupted' ? 130 : 0)
}
