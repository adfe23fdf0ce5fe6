import type { Command } from 'commander'
import { hits } from '#app/hits.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { hitsText } from '#report/hits.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'
import { Progress, interruptible } from './progress.ts'

export function define(command: Command): void {
  command
    .argument(
      '<subject>',
      'digest of a file or of similar code (s1:…), host (and all below it), account, URL, or identifier of a tracker (UA-…; with its kind in quotation marks)',
    )
    .option('--data <dir>', 'data folder (also one of scan --out)', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--json', 'one line of JSON')
    .addHelpText('after', '\nExit: 0 never seen, 1 seen, 2 never seen and something could not be read, 4 wrong use, 130 interrupted.')
    .action(async (subject: string, flags: { data: string; database?: string; json?: boolean }) => {
      const progress = new Progress()
      const signal = interruptible(progress)
      const answer = await hits(
        { subject, data: flags.data, database: flags.database ?? null },
        { onProgress: (text) => progress.now(text), onNote: (text) => progress.line(inert(text)) },
        signal,
      )
      progress.clear()
      process.stdout.write(flags.json ? jsonLine(answer) : hitsText(answer))
      exit(answer.captures > 0 ? 1 : answer.unreadable > 0 ? 2 : 0)
    })
}
