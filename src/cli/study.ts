import type { Command } from 'commander'
import { study } from '#app/study.ts'
import { terminalStudy } from '#report/study-terminal.ts'
import { exit } from './exit.ts'

export function define(command: Command): void {
  command
    .option('--data <dir>', 'data folder', 'assay-data')
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--crawl <name>', 'which crawl, where there are several')
    .option('--json', 'as JSON')
    .action(async (flags: { data: string; database?: string; crawl?: string; json?: boolean }) => {
      const summary = await study({ data: flags.data, database: flags.database ?? null, crawl: flags.crawl ?? null })
      process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : terminalStudy(summary))
      exit(0)
    })
}
