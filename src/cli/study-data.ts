import { type Command, Option } from 'commander'
import { importObservations, listRetractions, queryStudy } from '#app/study-data.ts'
import { inert } from '#report/escape.ts'
import { csvOf } from '#report/study-csv.ts'
import { retractionsText } from '#report/study-text.ts'
import { exit } from './exit.ts'
import { count, milliseconds } from './options.ts'
import { flagsOf, type PlaceFlags, placeFrom, placeOptions } from './study-options.ts'

export function defineQuery(study: Command): void {
  placeOptions(
    study
      .command('query')
      .description('one SELECT (DuckDB) over the views visits, observations, subjects, findings, servers, sightings, sites, imported')
      .argument('<sql>', 'such as "select status, count(*) from observations group by status"; docs/study.md has the columns'),
  )
    .addOption(new Option('--format <format>').choices(['json', 'csv']).default('json'))
    .option('--limit <n>', 'rows at most', count, 100_000)
    .option('--timeout <time>', 'how long it may take', milliseconds, 30_000)
    .action(async (sql: string, _: unknown, command: Command) => {
      const flags = flagsOf(command) as PlaceFlags & { format: 'json' | 'csv'; limit: number; timeout: number }
      const { columns, rows, isCut } = await queryStudy(placeFrom(flags), sql, { timeoutMs: flags.timeout, maxRows: flags.limit })
      const names = columns.map(({ name }) => name)
      if (flags.format === 'csv') process.stdout.write(csvOf([names, ...rows]))
      else
        process.stdout.write(
          `${JSON.stringify({ schema: 'assay.study-query', schemaVersion: 1, columns, rows: rows.map((row) => Object.fromEntries(row.map((value, at) => [names[at] ?? String(at), value]))), isCut })}\n`,
        )
      if (isCut) process.stderr.write(`assay: only the first ${flags.limit} rows; --limit gives more\n`)
      exit(0)
    })
}

export function defineImport(study: Command): void {
  placeOptions(
    study
      .command('import')
      .description("others' observations: CSV with the columns source,date,site,subject_kind,subject")
      .argument('<file>', 'UTF-8 or UTF-16; subject_kind visited, without a subject: looked at, nothing found'),
  )
    .option('--json', 'as JSON, with the bad lines')
    .action(async (file: string, _: unknown, command: Command) => {
      const flags = flagsOf(command) as PlaceFlags & { json?: boolean }
      const report = await importObservations(placeFrom(flags), file)
      if (flags.json) process.stdout.write(`${JSON.stringify({ schema: 'assay.study-import', schemaVersion: 1, ...report })}\n`)
      else {
        for (const { line, reason } of report.bad) process.stderr.write(`line ${line}: ${inert(reason, 300)}\n`)
        if (report.badLines > report.bad.length) process.stderr.write(`and ${report.badLines - report.bad.length} more\n`)
        process.stdout.write(`${report.added} observations added, ${report.known} were there, ${report.badLines} lines not taken\n`)
      }
      exit(0)
    })
}

export function defineRetractions(study: Command): void {
  placeOptions(study.command('retractions').description('what was said of captures and later judgements say otherwise'))
    .option('--json', 'one line a capture, as JSON')
    .action(async (_: unknown, command: Command) => {
      const flags = flagsOf(command) as PlaceFlags & { json?: boolean }
      const rows = await listRetractions(placeFrom(flags))
      process.stdout.write(
        flags.json
          ? rows.map((row) => `${JSON.stringify({ schema: 'assay.study-retraction', schemaVersion: 1, ...row })}\n`).join('')
          : retractionsText(rows),
      )
      exit(0)
    })
}
