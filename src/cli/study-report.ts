import { writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { exportFigures, exportStudy } from '#app/study-data.ts'
import { type StudyReportRequest, studyReport } from '#app/study-report.ts'
import { AssayError } from '#model/errors.ts'
import { csvFigures } from '#report/study-csv.ts'
import { htmlStudy } from '#report/study-html.ts'
import { explanationText } from '#report/study-text.ts'
import { exit } from './exit.ts'
import { positiveInteger } from './options.ts'
import { day, flagsOf, type PlaceFlags, placeFrom, placeOptions } from './study-options.ts'

interface WhichFlags extends PlaceFlags {
  crawl?: string
  source?: string
  endAfter?: number
  asOf?: Date
}

interface ReportFlags extends WhichFlags {
  format: 'html' | 'json' | 'csv' | 'parquet'
  out?: string
}

const whichOptions = (command: Command): Command =>
  placeOptions(command)
    .option('--crawl <name>', 'which crawl, where there are several')
    .option('--source <name>', 'observations of others that were imported, instead of a crawl')
    .option('--end-after <n>', 'of a source: looks in a row without the miner that are its end (2)', positiveInteger)
    .option('--as-of <date>', 'what was believed on that day (2026-01-31)', day)

const whichFrom = (flags: WhichFlags): StudyReportRequest => ({
  ...placeFrom(flags),
  crawl: flags.crawl ?? null,
  source: flags.source ?? null,
  endAfter: flags.endAfter ?? null,
  asOf: flags.asOf ?? null,
})

export function defineReport(study: Command): void {
  whichOptions(study.command('report').description('the whole report of a crawl: prevalence, longevity, coverage, and what it cannot show'))
    .addOption(
      new Option('--format <format>', 'html: one file without script; csv: the figures; parquet: a folder with figures and views')
        .choices(['html', 'json', 'csv', 'parquet'])
        .default('html'),
    )
    .option('--out <path>', 'file to write (else standard output); of parquet the folder')
    .action(async (_: unknown, command: Command) => {
      const flags = flagsOf(command) as ReportFlags
      const place = placeFrom(flags)
      if (flags.format === 'parquet' && flags.out === undefined)
        throw new AssayError('BAD_ARGUMENT', 'Parquet is written into a folder', { hint: '--out DIR' })
      const { report } = await studyReport(whichFrom(flags))
      if (flags.format === 'parquet') {
        const { dir } = await exportStudy(place, flags.out ?? null)
        await exportFigures(report, dir)
        process.stdout.write(`${dir}\n`)
        exit(0)
      }
      const text = flags.format === 'html' ? htmlStudy(report) : flags.format === 'csv' ? csvFigures(report) : `${JSON.stringify(report)}\n`
      if (flags.out === undefined) process.stdout.write(text)
      else await writeFile(flags.out, text)
      exit(0)
    })
}

export function defineExplain(study: Command): void {
  whichOptions(
    study
      .command('explain')
      .description('from a figure to the sites to the captures that it rests on')
      .argument('<figure>', 'its identifier, as the report has it'),
  )
    .option('--json', 'as JSON')
    .action(async (figure: string, _: unknown, command: Command) => {
      const flags = flagsOf(command) as WhichFlags & { json?: boolean }
      const built = await studyReport(whichFrom(flags))
      const explanation = built.explain(figure)
      if (explanation === null) {
        const start = figure.split('.').slice(0, 2).join('.')
        const like = built.report.figures.map(({ id }) => id).filter((id) => id.startsWith(start) || id.includes(figure))
        throw new AssayError('NOT_FOUND', `the report has no figure "${figure.slice(0, 80)}"`, {
          hint: `There are ${(like.length > 0 ? like : built.report.figures.map(({ id }) => id)).slice(0, 12).join(', ')} …`,
        })
      }
      process.stdout.write(flags.json ? `${JSON.stringify(explanation)}\n` : explanationText(explanation))
      exit(0)
    })
}
