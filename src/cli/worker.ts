import { type Command, Option } from 'commander'
import type { CrawlOutcome } from '#app/crawl.ts'
import { work } from '#app/worker.ts'
import type { CrawlLane } from '#model/inclusion.ts'
import type { WorkerLine } from '#model/worker-line.ts'
import { jsonLine } from '#report/answer-line.ts'
import { type ConditionFlags, conditionsFrom, type CrawlFlags, neverFrom, placeOptions, workshopFrom } from './crawl-flags.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'
import { interruptible, Progress } from './progress.ts'
import { version } from './version.ts'

interface WorkerFlags
  extends
    ConditionFlags,
    Pick<
      CrawlFlags,
      | 'data'
      | 'database'
      | 'jobs'
      | 'httpJobs'
      | 'allowPrivate'
      | 'allow'
      | 'dns'
      | 'lab'
      | 'browser'
      | 'never'
      | 'signatures'
      | 'blockList'
    > {
  crawl?: string
  lane?: CrawlLane
  keepOn?: boolean
  json?: boolean
}

export function define(command: Command): void {
  command
    .option('--database <url>', 'the served PostgreSQL that the crawl was started with; without it the embedded one of the folder')
    .option('--data <dir>', 'the data folder that the crawl was started with', crawlFolder)
    .option('--crawl <name>', 'join this one; without it every crawl that is there, each with its own pages at a time')
    .addOption(new Option('--lane <lane>', 'take turns in this lane alone').choices(['http', 'browser']))
    .option('--keep-on', 'wait for more when no page wants another visit')
    .option('--never <file>', 'names and ranges of addresses that nothing may reach, beside those of the crawl')
  placeOptions(command)
    .option('--json', 'one line of JSON for each crawl, when it leaves it')
    .addHelpText(
      'after',
      '\nTakes turns in crawls that assay crawl started, on this machine or another one: lanes, links, manners, contact, dwell and the never-list are the\n' +
        "crawl's. What this machine may reach, its browser and its conditions are told here. Any number of workers may come and go: docs/operating.md.\n" +
        'Exit: 0 no page wants another visit, 4 nothing to join, 5 could not work, 130 interrupted (what is done is kept, what was in flight is given back).',
    )
    .action(run)
}

async function run(flags: WorkerFlags): Promise<void> {
  const progress = new Progress()
  const request = {
    data: flags.data,
    database: flags.database ?? null,
    crawl: flags.crawl ?? null,
    lane: flags.lane ?? null,
    keepsOn: flags.keepOn === true,
    never: await neverFrom(flags),
    conditionsOf: await conditionsFrom(flags),
    workshop: workshopFrom(flags),
    httpJobs: flags.httpJobs,
    version,
  }
  const ended = await work(
    request,
    {
      onNote: (text) => progress.line(text),
      onJoined: (crawl, lanes) => progress.line(`${crawl}: joined, ${lanes.join(' and ')} lane`),
      onRound: (crawl, round, at) => progress.line(`${crawl}: round ${round + 1}, ${at.toISOString().slice(0, 10)}`),
      onProgress: (crawl, { done, due, failed, running, perMinute, paused }) =>
        progress.now(
          `${crawl}: ${done} done, ${due} due, ${failed} failed; here ${running} under way, ${perMinute.toFixed(0)} a minute${paused ? `; waiting: ${paused}` : ''}`,
        ),
      onLeft: (crawl, outcome) => {
        progress.clear()
        process.stdout.write(flags.json ? jsonLine(lineOf(crawl, outcome)) : wordsOf(crawl, outcome))
      },
    },
    interruptible(progress),
  )
  progress.clear()
  exit(ended === 'interrupted' ? 130 : 0)
}

const lineOf = (crawl: string, { followUps, ...counts }: CrawlOutcome): WorkerLine => ({
  schema: 'assay.worker',
  schemaVersion: 1,
  crawl,
  ...counts,
  followUps: followUps === null ? null : { ...followUps },
})

function wordsOf(crawl: string, { visits, failed, retried, fenced, ended }: CrawlOutcome): string {
  const more = `${retried > 0 ? `, ${retried} to be tried again` : ''}${fenced > 0 ? `, ${fenced} came too late and do not count` : ''}`
  return `${crawl}: ${visits} visits, ${failed} failed${more}${ended === 'interrupted' ? '; interrupted, the crawl goes on without it' : ''}\n`
}
