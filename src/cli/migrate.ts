import type { Command } from 'commander'
import { migrateLedger } from '#app/migrate.ts'
import { jsonLine } from '#report/answer-line.ts'
import { exit } from './exit.ts'
import { Progress } from './progress.ts'

export function define(command: Command): void {
  command
    .requiredOption('--from <dir>', 'data folder with an embedded database')
    .requiredOption('--to <url>', 'an empty database of a served PostgreSQL (15 or later): postgres://user@host/name')
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      '\nCrawls, their pages and where they stand, studies and caches are copied; the index is made from the files and compared. The data folder stays where it\n' +
        'is, and its embedded database as it was: from then on give every command --database. Interrupted, the same command goes on.\n' +
        'Exit: 0 moved and equal, 1 moved, and the index of before was not what the files say, 4 wrong use, 5 could not (STORE_BUSY: a crawl runs).',
    )
    .action(async ({ from, to, json }: { from: string; to: string; json?: boolean }) => {
      const progress = new Progress()
      const report = await migrateLedger(from, to, (text) => progress.now(text))
      progress.clear()
      const isEqual = report.before === report.after
      const { rows, visits, observations } = report
      process.stdout.write(
        json
          ? jsonLine({ schema: 'assay.migration', schemaVersion: 1, ...report, isEqual })
          : `moved: ${rows['crawls'] ?? 0} crawls, ${rows['seeds'] ?? 0} pages of their lists; index of ${visits} visits and ${observations} answers ${isEqual ? 'equal' : 'made anew, other than before'}\nFrom now on give every command of this data folder --database.\n`,
      )
      exit(isEqual ? 0 : 1)
    })
}
