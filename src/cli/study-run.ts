import type { Command } from 'commander'
import { crawl } from '#app/crawl.ts'
import { planCrawl } from '#app/crawl-policy.ts'
import { planOf, readStudy, simulatedTimeOf, visitSeconds, writeDown } from '#app/study-run.ts'
import { SimulatedClock, systemClock } from '#model/clock.ts'
import { inert } from '#report/escape.ts'
import { planText } from '#report/study-text.ts'
import { type CrawlFlags, crawlOptions, requestFrom } from './crawl-flags.ts'
import { costOptions, costText, planInput, type PlanFlags } from './crawl-plan.ts'
import { exit } from './exit.ts'
import { interruptible, Progress } from './progress.ts'
import { flagsOf } from './study-options.ts'

/** Name, list, rounds and profile are the file's: they are what was written down. How to reach the sites is the machine's. */
const ofTheFile = new Set(['--every', '--for', '--name', '--limit', '--dwell', '--tag', '--scope', '--depth', '--inner'])

/** Options of a crawl without those that the study file has. */
function studyOptions(command: Command): Command {
  const options = crawlOptions(command)
  for (const option of options.options) if (ofTheFile.has(option.long ?? '')) option.hideHelp()
  return options
}

export function definePlan(study: Command): void {
  const plan = costOptions(
    studyOptions(
      study
        .command('plan')
        .description('population, cadence, lanes, cost, and what the study will be able to show; visits nobody')
        .argument('<file>', 'a study file (YAML): docs/study.md'),
    ),
  ).option('--json', 'as JSON')
  plan.action(async (file: string) => {
    const given = flagsOf(plan) as PlanFlags
    const read = await readStudy(file)
    const { every, for: span } = read.study
    const browserTime = plan.getOptionValueSource('browserTime') === 'cli' ? given.browserTime : visitSeconds(read.study)
    const cost = planCrawl(
      planInput(read.list.seeds, {
        ...given,
        name: read.study.name,
        browserTime,
        ...(every === undefined ? {} : { every }),
        ...(span === undefined ? {} : { for: span }),
      }),
    )
    const planned = planOf(read, given.jobs, cost)
    process.stdout.write(given.json ? `${JSON.stringify(planned)}\n` : planText(planned, costText(cost)))
    exit(0)
  })
}

export function defineRun(study: Command): void {
  const run = studyOptions(
    study
      .command('run')
      .description('write the study down and run it; the same command goes on where it ended')
      .argument('<file>', 'a study file (YAML): docs/study.md'),
  )
  run.action(async (file: string) => {
    const given = flagsOf(run) as CrawlFlags
    const progress = new Progress()
    const { study: written, list } = await readStudy(file)
    for (const { line, reason } of list.bad.slice(0, 20)) progress.line(`line ${line}: ${inert(reason, 200)}`)
    const flags: CrawlFlags = { ...given, name: written.name }
    const request = await requestFrom(flags)
    const simulated = await simulatedTimeOf(written, flags.lab ?? null)
    const clock = simulated === null ? systemClock : new SimulatedClock(simulated.startsAt)
    const state = await writeDown(request, written, clock)
    if (state === 'changed') progress.line('assay: the study file differs from before; both versions are kept, and the report says so')
    const signal = interruptible(progress)
    const result = await crawl(
      {
        ...request,
        seeds: list.seeds,
        every: written.every ?? null,
        span: written.for ?? null,
        startsAt: simulated?.startsAt ?? null,
        clock,
        turn: simulated?.turn ?? null,
        visit: { profile: written.profile, ...(written.dwell === undefined ? {} : { dwellMs: written.dwell * 1000 }) },
      },
      {
        onNote: (text) => progress.line(text),
        onRound: async (round, at) => progress.line(`round ${round + 1}, ${at.toISOString().slice(0, 10)}`),
        onProgress: ({ done, due, running, perMinute }) =>
          progress.now(`${done} done, ${due} due, ${running} under way, ${perMinute.toFixed(0)} a minute`),
        onVisit: () => {},
      },
      signal,
    )
    progress.clear()
    process.stdout.write(
      `${result.visits} visits, ${result.failed} failed${result.ended === 'interrupted' ? '; interrupted, the same command goes on' : ''}\n`,
    )
    exit(result.ended === 'interrupted' ? 130 : 0)
  })
}
