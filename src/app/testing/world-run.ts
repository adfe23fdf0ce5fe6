import { join } from 'node:path'
import { SimulatedClock } from '#model/clock.ts'
import { emptyNeverList } from '#model/never-list.ts'
import { crawl, type CrawlRequest } from '../crawl.ts'
import type { CrawlEvents, CrawlOutcome } from '../crawl-turns.ts'
import { readStudy, simulatedTimeOf, writeDown } from '../study-run.ts'

/** The study that a lab's world comes with, without a browser unless `more` says so; the same call goes on where an earlier one ended. */
export async function runWorldStudy(
  lab: string,
  data: string,
  o: { signal?: AbortSignal; more?: Partial<CrawlRequest>; events?: Partial<CrawlEvents> } = {},
): Promise<CrawlOutcome> {
  const { study, list } = await readStudy(join(lab, 'study.yaml'))
  const simulated = await simulatedTimeOf(study, lab)
  if (simulated === null) throw new RangeError('the study of a world runs in its days')
  const clock = new SimulatedClock(simulated.startsAt)
  await writeDown({ data, database: null }, study, clock)
  return crawl(
    {
      name: study.name,
      seeds: list.seeds,
      every: study.every ?? null,
      span: study.for ?? null,
      startsAt: simulated.startsAt,
      turn: simulated.turn,
      clock,
      data,
      database: null,
      delayMs: null,
      workshop: { allowPrivate: false, allow: [], lab, browser: null, jobs: 1 },
      visit: { profile: study.profile, ...(study.dwell === undefined ? {} : { dwellMs: study.dwell * 1000 }) },
      lanes: { lane: 'http', sample: 0, hintBudget: null, repeat: 0, repeatWithinMs: 0, key: study.name },
      manners: { robots: 'obey', never: emptyNeverList, perAddress: 4, retries: 2, dailyBudget: null },
      httpJobs: 16,
      contact: 'https://lab.invalid/',
      ...o.more,
    },
    { onNote: () => {}, onProgress: () => {}, onRound: async () => {}, onVisit: () => {}, ...o.events },
    o.signal ?? new AbortController().signal,
  )
}
