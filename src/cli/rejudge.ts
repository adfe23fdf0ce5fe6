import type { Command } from 'commander'
import { rejudge } from '#app/rejudge.ts'
import { type FailOn, defaultFailOn } from '#model/answer.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { rejudgedText, rejudgeFailureText, rejudgeSummaryText } from '#report/rejudgement.ts'
import { crawlFolder } from './folder-option.ts'
import { exit } from './exit.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { day, failOn } from './options.ts'
import { Progress, interruptible } from './progress.ts'

interface Flags extends KnowledgeFlags {
  data: string
  database?: string
  since?: Date
  json?: boolean
  failOn: FailOn
}

export function define(command: Command): void {
  knowledgeOptions(command)
    .option('--data <dir>', 'data folder (also one of scan --out)', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--since <date>', 'only visits of this day (2026-01-31) and later', day)
    .option('--json', 'one line of JSON a change, a summary last')
    .option(
      '--fail-on <list>',
      'statuses that make the exit code 1 where a capture has one now and had none before; "found", "never"',
      failOn,
      defaultFailOn,
    )
    .addHelpText(
      'after',
      '\nExit: 0 done, 1 something is found that was not before, 3 a capture could not be judged, 130 interrupted (the same command goes on).',
    )
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const progress = new Progress()
  const signal = interruptible(progress)
  let [found, failed, interrupted] = [false, false, false]
  const { data, database, since } = flags
  for await (const line of rejudge(
    { data, database: database ?? null, since: since ?? null, knowledge: knowledgeOf(flags) },
    { onProgress: (done, of) => progress.now(`${done} of ${of} captures`), onNote: (text) => progress.line(inert(text)) },
    signal,
  )) {
    progress.clear()
    if (flags.json) process.stdout.write(jsonLine(line))
    if (line.schema === 'assay.rejudged') {
      if (!flags.json) process.stdout.write(rejudgedText(line))
      const wanted = flags.failOn.statuses
      found ||= wanted.includes(line.after.status) && !(line.before !== null && wanted.includes(line.before.status))
    } else if (line.schema === 'assay.rejudge-failure') {
      if (!flags.json) process.stdout.write(rejudgeFailureText(line))
      failed = true
    } else {
      if (!flags.json) process.stdout.write(rejudgeSummaryText(line))
      interrupted = line.interrupted
    }
  }
  exit(interrupted ? 130 : found ? 1 : failed ? 3 : 0)
}
