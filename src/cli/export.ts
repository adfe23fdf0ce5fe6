import type { Command } from 'commander'
import { exportParquetFolder, exportWaczFolder } from '#app/export-folder.ts'
import { AssayError } from '#model/errors.ts'
import type { FolderExport } from '#model/folder-export.ts'
import { jsonLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { crawlFolder } from './folder-option.ts'
import { exit } from './exit.ts'
import { day } from './options.ts'
import { Progress, interruptible } from './progress.ts'
import { version } from './version.ts'

interface Flags {
  data: string
  database?: string
  wacz?: boolean
  parquet?: boolean
  since?: Date
  json?: boolean
}

export function define(command: Command): void {
  command
    .argument('<dir>', 'where to write')
    .option('--data <dir>', 'data folder (for --wacz also one of scan --out)', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--wacz', 'a WACZ a capture, named by its identifier, its signature beside it; what is there already is left')
    .option('--parquet', 'the views of docs/study.md: visits, observations, subjects, findings, servers, sightings, sites, imported')
    .option('--since <day>', 'captures of this day and later (WACZ)', day)
    .option('--json', 'one line of JSON')
    .addHelpText(
      'after',
      '\nExit: 0 written, 3 a capture could not be read, 4 wrong use, 5 could not, 130 interrupted (the same command goes on).',
    )
    .action(async (out: string, flags: Flags) => {
      if ((flags.wacz === true) === (flags.parquet === true))
        throw new AssayError('BAD_ARGUMENT', 'one format is written at a time', { hint: 'Give --wacz or --parquet.' })
      if (flags.parquet && flags.since !== undefined)
        throw new AssayError('BAD_ARGUMENT', 'Parquet tables are written whole', {
          hint: 'Every table with a time has it as a column: select by that.',
        })
      const progress = new Progress()
      const signal = interruptible(progress)
      const report = flags.wacz
        ? await exportWaczFolder(
            { data: flags.data, out, since: flags.since ?? null, software: `Assay ${version}` },
            (text) => progress.now(text),
            (name, message) => progress.line(`assay: ${name}: ${inert(message)}`),
            signal,
          )
        : await exportParquetFolder({ data: flags.data, database: flags.database ?? null, out })
      progress.clear()
      process.stdout.write(flags.json ? jsonLine(report) : shown(report))
      exit(report.interrupted ? 130 : report.failed > 0 ? 3 : 0)
    })
}

function shown({ dir, format, written, there, failed, removed, rows }: FolderExport): string {
  const parts = [
    `${written} ${format} files written to ${inert(dir, 500)}`,
    ...(there > 0 ? [`${there} were there`] : []),
    ...(failed > 0 ? [`${failed} captures could not be read`] : []),
    ...(removed > 0 ? [`${removed} captures are thinned or purged`] : []),
  ]
  const tables = Object.entries(rows ?? {}).map(([view, count]) => `  ${view}: ${String(count)} rows\n`)
  return `${parts.join('; ')}${format === 'parquet' && written === 0 ? ' (up to date)' : ''}\n${tables.join('')}`
}
