import type { Command } from 'commander'
import { reindex } from '#app/reindex.ts'
import { exit } from './exit.ts'
import { Progress } from './progress.ts'

export function define(command: Command): void {
  command
    .requiredOption('--data <dir>', 'data folder')
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .action(async (flags: { data: string; database?: string }) => {
      const progress = new Progress()
      const report = await reindex(flags, (done) => progress.now(`${done} visits read`))
      progress.clear()
      process.stdout.write(`${JSON.stringify(report)}\n`)
      exit(0)
    })
}
