import { type Command, InvalidArgumentError, Option } from 'commander'
import { gc } from '#app/retention.ts'
import { type GcReport, type KeepRule, keepRules } from '#model/retention.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { counted } from '#report/words.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'
import { Progress, interruptible } from './progress.ts'
import { spanOption } from './span.ts'

interface Flags {
  data: string
  database?: string
  keep: 'all' | KeepRule[]
  olderThan: number
  grace: number
  dryRun?: boolean
  json?: boolean
}

export function define(command: Command): void {
  command
    .option('--data <dir>', 'data folder (also one of scan --out)', crawlFolder)
    .option('--database <url>', 'the served PostgreSQL of this data folder, where it is not the embedded one')
    .addOption(
      new Option(
        '--keep <list>',
        `captures that stay whole, of a page under the same conditions: all, or a list of ${keepRules.join(', ')}`,
      )
        .argParser(keep)
        .default([...keepRules], keepRules.join(',')),
    )
    .addOption(spanOption('--older-than <span>', 'thin only captures that are older', '90d'))
    .addOption(spanOption('--grace <span>', 'leave blobs alone that are younger: a visit in progress may be about to name them', '1d'))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      '\nA thinned capture leaves a tombstone: what it was, and its answers; reports and studies count as before. Captures that were never judged, and those\n' +
        'that the evidence of a kept answer lies in, stay whole. Safe beside scans and crawls; --grace 0 only where none is running.\n' +
        'Exit: 0 done, 4 wrong use, 5 could not (STORE_BUSY: another gc runs; STORE_CORRUPT: assay verify DIR), 130 interrupted (what is done holds).',
    )
    .action(async (flags: Flags) => {
      const progress = new Progress()
      const signal = interruptible(progress)
      const { data, database, keep, olderThan, grace, dryRun, json } = flags
      const report = await gc(
        { data, database: database ?? null, keep, olderThanMs: olderThan, graceMs: grace, dryRun: dryRun === true },
        (text) => progress.now(text),
        signal,
      )
      progress.clear()
      process.stdout.write(json ? jsonLine(report) : shown(report))
      exit(report.interrupted ? 130 : 0)
    })
}

function keep(text: string): 'all' | KeepRule[] {
  if (text === 'all') return 'all'
  return text.split(',').map((word) => {
    const rule = keepRules.find((each) => each === word.trim())
    if (rule === undefined) throw new InvalidArgumentError(`all, or a list of: ${keepRules.join(', ')}.`)
    return rule
  })
}

function shown({ dir, dryRun, interrupted, captures, blobs }: GcReport): string {
  const stay = Object.entries(captures.kept).filter(([why, count]) => Number(count) > 0 && why !== 'policy')
  const staying = captures.all - captures.thinned
  return [
    `${dryRun ? 'would be done in' : interrupted ? 'interrupted in' : 'done in'} ${inert(dir, 500)}`,
    `  captures: ${captures.thinned} thinned of ${captures.all} whole (${captures.thinnedEarlier} thinned earlier); ${staying} stay${stay.length === 0 ? '' : `: ${stay.map(([why, count]) => `${String(count)} ${why}`).join(', ')}`}`,
    `  blobs: ${counted(blobs.removed, 'blob', 'blobs')} removed of ${blobs.all}, ${megabytes(blobs.octets)} free${blobs.waiting === 0 ? '' : `; ${blobs.waiting} wait, too young`}`,
    '',
  ].join('\n')
}

const megabytes = (octets: number): string => `${(octets / 1e6).toFixed(1)} MB`
