import type { Command } from 'commander'
import { migrateFolder } from '#app/migrate.ts'
import { jsonLine } from '#report/answer-line.ts'
import { counted } from '#report/words.ts'
import { exit } from './exit.ts'
import { Progress } from './progress.ts'

interface Flags {
  from: string
  to?: string
  store?: string
  json?: boolean
}

export function define(command: Command): void {
  command
    .requiredOption('--from <dir>', 'the data folder')
    .option('--to <url>', 'from its embedded database to an empty one of a served PostgreSQL (15 or later): postgres://user@host/name')
    .option('--store <url>', 'its files to an object store: s3://bucket/prefix?endpoint=…&region=…')
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      '\nDatabase: crawls, their pages and where they stand, studies and caches are copied; the index is made from the files and compared. It stays as it was:\n' +
        'from then on give every command --database. Files: all that are the record are copied, those named by a digest are compared with it, and from then on the\n' +
        'folder keeps them there; what lay in it may be deleted. Interrupted, the same command goes on.\n' +
        'Exit: 0 moved and equal, 1 moved, and the index of before was not what the files say, 4 wrong use, 5 could not (STORE_BUSY: a crawl runs).',
    )
    .action(async ({ from, to, store, json }: Flags) => {
      const progress = new Progress()
      const { ledger, files } = await migrateFolder({ from, to: to ?? null, store: store ?? null }, (text) => progress.now(text))
      progress.clear()
      const isEqual = ledger === null || ledger.before === ledger.after
      if (json) process.stdout.write(jsonLine({ schema: 'assay.migration', schemaVersion: 2, ...ledger, files, isEqual }))
      else {
        if (files !== null) {
          const all = Object.values(files.files)
          const sum = (of: 'all' | 'copied'): number => all.reduce((total, each) => total + each[of], 0)
          process.stdout.write(
            `${counted(sum('all'), 'file', 'files')} of the record in ${files.store}, ${sum('copied')} copied now; the folder keeps them there from now on\n`,
          )
        }
        if (ledger !== null)
          process.stdout.write(
            `moved: ${ledger.rows['crawls'] ?? 0} crawls, ${ledger.rows['seeds'] ?? 0} pages of their lists; index of ${ledger.visits} visits and ${ledger.observations} answers ${isEqual ? 'equal' : 'made anew, other than before'}\nFrom now on give every command of this data folder --database.\n`,
          )
      }
      exit(isEqual ? 0 : 1)
    })
}
