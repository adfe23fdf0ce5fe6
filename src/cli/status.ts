import type { Command } from 'commander'
import { status } from '#app/status.ts'
import type { CrawlStatus } from '#model/crawl-status.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'

export function define(command: Command): void {
  command
    .argument('[crawl]', 'name of a crawl; without it all')
    .option('--data <dir>', 'data folder', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--json', 'one line of JSON a crawl')
    .action(async (crawl: string | undefined, flags: { data: string; database?: string; json?: boolean }) => {
      const found = await status({ data: flags.data, database: flags.database ?? null, crawl: crawl ?? null })
      for (const one of found) process.stdout.write(flags.json ? `${JSON.stringify(one)}\n` : statusText(one))
      exit(0)
    })
}

function statusText(s: CrawlStatus): string {
  const visits = s.lanes.reduce((sum, lane) => sum + lane.visits, 0)
  const round = s.round === null ? 'not begun' : `round ${s.round + 1}${s.rounds === null ? '' : ` of ${s.rounds}`}`
  const state = { done: 'done', waiting: `waits until ${s.nextDue}`, due: 'under way or due' }[s.state]
  return [
    `${s.crawl}: ${round}, ${state}`,
    `  ${s.pages} pages on ${s.sites} sites; ${s.due} due, ${s.underWay} under way${s.held > 0 ? `, ${s.held} hints wait for the draw` : ''}; ${visits} visits made, ${s.visitsLastHour} in the last hour${s.leftMs === null ? '' : `, ${Math.ceil(s.leftMs / 60_000)} min left`}`,
    ...s.lanes.map((lane) => `  ${lane.lane}${lane.repeat > 0 ? ' (repeated)' : ''}: ${lane.visits} visits`),
    ...groups(s.statuses.map(({ lane, status, visits }) => ({ lane, name: status, visits }))).map((text) => `  answers, ${text}`),
    ...groups(s.failures.map(({ lane, failure, visits }) => ({ lane, name: failure, visits }))).map((text) => `  not observed, ${text}`),
    ...(s.budget === null ? [] : [`  budget: ${s.budget.usedToday} of ${s.budget.perDay} visits today (UTC)`]),
    '',
  ].join('\n')
}

function groups(rows: readonly { lane: string; name: string; visits: number }[]): string[] {
  return [...Map.groupBy(rows, ({ lane }) => lane)].map(
    ([lane, its]) => `${lane}: ${its.map(({ name, visits }) => `${visits} ${name}`).join(', ')}`,
  )
}
