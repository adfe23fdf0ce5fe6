import { type Command, Option } from 'commander'
import { crawl } from '#app/crawl.ts'
import { type FollowUpUse, shareUsed } from '#app/follow-up-budget.ts'
import { planCrawl, scheduleOf } from '#app/crawl-policy.ts'
import type { Seed } from '#model/seed.ts'
import { AssayError } from '#model/errors.ts'
import {
  conditionsFrom,
  contactFrom,
  type CrawlFlags,
  crawlOptions,
  lanesFrom,
  linksFrom,
  mannersFrom,
  requestFrom,
} from './crawl-flags.ts'
import { definePlan, planInput } from './crawl-plan.ts'
import { exit } from './exit.ts'
import { Progress, interruptible } from './progress.ts'
import { readSeedList } from './seed-list.ts'

interface RunFlags extends CrawlFlags {
  dryRun?: boolean
  json?: boolean
}

export function define(command: Command): void {
  crawlOptions(command)
    .argument('[list]', 'addresses: one a line, or a top list (rank,domain); without it the seeds that the crawl has')
    .option('--dry-run', 'read the list and say what would be done; visit nobody')
    .addOption(new Option('--json', 'with --dry-run: as JSON').implies({ dryRun: true }))
    .action(run)
  definePlan(command)
}

async function run(list: string | undefined, flags: RunFlags): Promise<void> {
  const progress = new Progress()
  const request = await requestFrom(flags)
  const { seeds, bad } = list === undefined ? { seeds: [], bad: [] } : await readSeedList(list, progress, seedOptions(flags))
  if (flags.dryRun) return dryRun(seeds, bad.length, flags)
  const signal = interruptible(progress)
  const result = await crawl(
    {
      ...request,
      seeds,
      every: flags.every ?? null,
      span: flags.for ?? null,
      startsAt: null,
      visit: { profile: 'standard', ...(flags.dwell === undefined ? {} : { dwellMs: flags.dwell }) },
    },
    {
      onNote: (text) => progress.line(text),
      onRound: async (round, at) => progress.line(`round ${round + 1}, ${at.toISOString().slice(0, 10)}`),
      onProgress: ({ done, due, failed, held, running, perMinute, leftMs, paused }) =>
        progress.now(
          `${done} done, ${due} due, ${running} under way, ${failed} failed${held > 0 ? `, ${held} hints wait` : ''}, ${perMinute.toFixed(0)} a minute${leftMs === null ? '' : `, ${Math.ceil(leftMs / 60_000)} min left`}${paused ? `; waiting: ${paused}` : ''}`,
        ),
      onVisit: () => {},
    },
    signal,
  )
  progress.clear()
  process.stdout.write(
    `${result.visits} visits, ${result.failed} failed${result.retried > 0 ? `, ${result.retried} tried again` : ''}${result.ended === 'interrupted' ? '; interrupted, the same command goes on' : ''}\n`,
  )
  if (result.followUps !== null) process.stdout.write(followUpLine(result.followUps, flags.followUpShare))
  exit(result.ended === 'interrupted' ? 130 : 0)
}

function followUpLine(use: FollowUpUse, share: number): string {
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`
  return `second looks: ${use.made} made of ${use.asked} asked for${use.withoutChance > 0 ? `, ${use.withoutChance} without budget` : ''}; they cost ${percent(shareUsed(use))} of the short visits (at most ${percent(share)}), so a page cost ${(1 + shareUsed(use)).toFixed(2)} × its short visit\n`
}

export function seedOptions(flags: Pick<CrawlFlags, 'limit' | 'tag' | 'scope'>): { limit?: number; tags: string[]; scope: Seed['scope'] } {
  return { tags: flags.tag, scope: flags.scope, ...(flags.limit === undefined ? {} : { limit: flags.limit }) }
}

/** What would be done, from the list and the flags alone: no browser, no database, nobody is asked. */
async function dryRun(seeds: readonly Seed[], bad: number, flags: RunFlags): Promise<never> {
  if (seeds.length === 0) throw new AssayError('BAD_ARGUMENT', '--dry-run reads a list: name one')
  const manners = await mannersFrom(flags)
  const conditionsOf = await conditionsFrom(flags)
  const { rounds, everyMs } = scheduleOf(flags.every ?? null, flags.for ?? null)
  const listed = seeds.flatMap((seed) => {
    const reason = manners.never.refusal(new URL(seed.url).hostname)
    return reason === null ? [] : [{ url: seed.url, reason }]
  })
  const plan = planCrawl(planInput(seeds, flags))
  const first = seeds.slice(0, 10).map((seed) => ({ ...seed, conditions: withoutUsers(conditionsOf(seed)) }))
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ name: flags.name, everyMs, rounds: plan.rounds, lanes: lanesFrom(flags), links: linksFrom(flags), robots: manners.robots, contact: contactFrom(flags) ?? null, badLines: bad, neverListed: listed, plan, first })}\n`,
    )
  else {
    process.stdout.write(
      `${seeds.length} pages on ${plan.sites} sites${bad > 0 ? `; ${bad} lines are no addresses` : ''}, ${rounds > 1 ? `${plan.rounds ?? 'endless'} rounds, one every ${flags.every}` : 'once'}, lane ${flags.lane}, robots.txt: ${manners.robots}\n`,
    )
    for (const { url, reason } of listed.slice(0, 20)) process.stdout.write(`  not visited: ${url} (${reason})\n`)
    if (listed.length > 20) process.stdout.write(`  and ${listed.length - 20} more on the never-list\n`)
    for (const { url, rank, tags, conditions } of first)
      process.stdout.write(
        `  ${[rank ?? '', url, tags.join(' '), Object.keys(conditions).length === 0 ? '' : JSON.stringify(conditions)].filter((part) => part !== '').join('  ')}\n`,
      )
    if (seeds.length > first.length)
      process.stdout.write(`  and ${seeds.length - first.length} more; nobody was visited (assay crawl plan: cost and time)\n`)
  }
  exit(0)
}

/** A proxy's user and password are nobody's to read. */
function withoutUsers<T extends { proxy?: string }>(conditions: T): T {
  return conditions.proxy === undefined ? conditions : { ...conditions, proxy: conditions.proxy.replace(/\/\/[^@/]*@/, '//') }
}
