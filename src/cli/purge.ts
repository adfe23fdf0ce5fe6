import type { Command } from 'commander'
import { purgeFrom } from '#app/retention.ts'
import type { PurgeReport } from '#model/retention.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { counted } from '#report/words.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'
import { repeated } from './options.ts'
import { Progress, interruptible } from './progress.ts'
import { spanOption } from './span.ts'

interface Flags {
  capture: string[]
  data: string
  database?: string
  reason?: string
  grace: number
  dryRun?: boolean
  json?: boolean
}

export function define(command: Command): void {
  command
    .argument('[subject]', 'URL of a page, or a host: its pages and those of all hosts below it')
    .option('--capture <id>', 'a capture by its identifier, or the beginning of it; may be given again', repeated, [])
    .option('--data <dir>', 'data folder (also one of scan --out)', crawlFolder)
    .option('--database <url>', 'the served PostgreSQL of this data folder, where it is not the embedded one')
    .option('--reason <text>', 'goes into the record of the purge')
    .addOption(spanOption('--grace <span>', 'leave blobs alone that were stored or named again since: 0 where no scan or crawl runs', '1h'))
    .option('--dry-run', 'say what would be removed, and remove nothing')
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      '\nRemoves captures, their answers, signatures and visits, blobs that only they name, rows of the index, and the pages from the lists of crawls.\n' +
        'What stays: a record in purges/ with identifiers and counts, imported observations (imports/), copies that you made, and names of sites in the queue\n' +
        'until it is done with them. Put the host on the never-list of running crawls first. Blobs that wait are removed by a later assay gc.\n' +
        'Exit: 0 purged, 1 nothing of it is kept, 4 wrong use, 5 could not, 130 interrupted before anything was removed.',
    )
    .action(async (subject: string | undefined, flags: Flags) => {
      const progress = new Progress()
      const signal = interruptible(progress)
      const { capture, data, database, reason, grace, dryRun, json } = flags
      const report = await purgeFrom(
        {
          data,
          database: database ?? null,
          subject: subject ?? null,
          captures: capture,
          reason: reason ?? null,
          graceMs: grace,
          dryRun: dryRun === true,
        },
        (text) => progress.now(text),
        signal,
      )
      progress.clear()
      process.stdout.write(json ? jsonLine(report) : shown(report))
      exit(report.interrupted ? 130 : report.captures.length + report.visits + report.seeds === 0 ? 1 : 0)
    })
}

function shown(report: PurgeReport): string {
  const { captures, observations, visits, seeds, blobs, dryRun, interrupted, purgeId } = report
  if (interrupted) return 'interrupted; nothing was removed\n'
  const parts = [
    counted(captures.length, 'capture', 'captures'),
    counted(observations, 'answer', 'answers'),
    counted(visits, 'visit', 'visits'),
    counted(blobs.removed, 'blob', 'blobs'),
    ...(seeds > 0 ? [`${counted(seeds, 'page', 'pages')} of crawls' lists`] : []),
  ]
  return [
    `${dryRun ? 'would be removed' : 'removed'} from ${inert(report.dir, 500)}: ${parts.join(', ')}`,
    ...captures.map((id) => `  ${id}`),
    ...(blobs.waiting > 0
      ? [`  ${counted(blobs.waiting, 'blob waits', 'blobs wait')}, too young: assay gc --grace 1h removes them later, --grace 0 now`]
      : []),
    ...(purgeId === null ? [] : [`  recorded as purges/${purgeId}.json`]),
    '',
  ].join('\n')
}
