import type { Command } from 'commander'
import { study } from '#app/study.ts'
import { terminalStudy } from '#report/study-terminal.ts'
import { exit } from './exit.ts'
import { day, type PlaceFlags, placeFrom, placeOptions } from './study-options.ts'
import { defineImport, defineQuery, defineRetractions } from './study-data.ts'
import { defineExplain, defineReport } from './study-report.ts'
import { definePlan, defineRun } from './study-run.ts'

interface SummaryFlags extends PlaceFlags {
  crawl?: string
  asOf?: Date
  json?: boolean
}

export function define(command: Command): void {
  placeOptions(command)
    .option('--crawl <name>', 'which crawl, where there are several')
    .option('--as-of <date>', 'what was believed on that day (2026-01-31)', day)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nWithout a subcommand: the short study of a crawl, who mined when, for whom and what share.\n')
    .action(async (flags: SummaryFlags) => {
      const summary = await study({ ...placeFrom(flags), crawl: flags.crawl ?? null, asOf: flags.asOf ?? null })
      process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : terminalStudy(summary))
      exit(0)
    })
  for (const add of [definePlan, defineRun, defineReport, defineExplain, defineQuery, defineImport, defineRetractions]) add(command)
}
