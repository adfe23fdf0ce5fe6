import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { profiles } from '#capture/visit-options.ts'
import { scheduleOf } from '#crawl/schedule.ts'
import type { SeedList } from '#crawl/seed-list.ts'
import { canonicalJson } from '#model/canonical.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { siteOf } from '#model/site.ts'
import type { CrawlPlan } from '#model/crawl-plan.ts'
import type { StudyPlanned } from '#model/study-texts.ts'
import { planStudy } from '#study/plan.ts'
import { parseStudyFile, type StudyFile } from '#study/study-file.ts'
import { daysOfLab, type SimulatedTime } from './lab-days.ts'
import { readSeedFile } from './seed-file.ts'
import { withLedger } from './data-folder.ts'

export interface ReadStudy {
  study: StudyFile
  list: SeedList
}

/** A study file and the list that it names. Throws `NOT_FOUND`, `BAD_INPUT_FILE`. */
export async function readStudy(path: string): Promise<ReadStudy> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `the study ${path} cannot be read`, {
      cause,
      hint: 'Name a study file; docs/study.md has an example.',
    })
  })
  const study = parseStudyFile(text, path)
  const list = await readSeedFile(resolve(dirname(path), study.list), study.limit === undefined ? {} : { limit: study.limit })
  return { study, list }
}

/** The days of a study that is simulated, from the lab that it visits; null where time is real. Throws `BAD_ARGUMENT`, `BAD_INPUT_FILE`. */
export async function simulatedTimeOf({ time, every, for: span }: StudyFile, lab: string | null): Promise<SimulatedTime | null> {
  if (time === 'real') return null
  const days = lab === null ? null : await daysOfLab(lab)
  if (days === null)
    throw new AssayError('BAD_ARGUMENT', 'the study says time: simulated, which only a lab that turns its days can be visited in', {
      hint: 'assay lab --world 500 --weeks 8 --dir DIR, and --lab DIR here.',
    })
  const { everyMs, rounds } = scheduleOf(every ?? null, span ?? null)
  if ((everyMs ?? 0) * (rounds - 1) >= days.lastsMs)
    throw new AssayError('BAD_ARGUMENT', `the lab has ${days.lastsMs / 86_400_000} days, and the study goes on for longer`)
  return days
}

/** Beside the dwell: one ordinary page, docs/crawling.md says from where. */
const loadSeconds = 6

/** Of one visit in the browser. */
export const visitSeconds = ({ dwell, profile }: StudyFile): number => (dwell ?? profiles[profile].dwellMs / 1000) + loadSeconds

/** What a study will cost and be able to show. */
export function planOf({ study, list }: ReadStudy, jobs: number, cost: CrawlPlan): StudyPlanned {
  const { everyMs, rounds } = scheduleOf(study.every ?? null, study.for ?? (study.every === undefined ? null : study.every))
  const sites = new Set(list.seeds.map(({ url }) => siteOf(url))).size
  const tags = Map.groupBy(
    list.seeds.flatMap(({ tags: its }) => its),
    (tag) => tag,
  )
  return {
    schema: 'assay.study-plan',
    schemaVersion: 1,
    name: study.name,
    endpoint: study.endpoint,
    population: {
      sites,
      pages: list.seeds.length,
      isCensus: study.census,
      badLines: list.bad.length,
      tags: [...tags].map(([tag, its]) => ({ tag, pages: its.length })).sort((a, b) => b.pages - a.pages || (a.tag < b.tag ? -1 : 1)),
    },
    rounds,
    every: study.every ?? null,
    profile: study.profile,
    jobs,
    cost,
    plan: planStudy({ sites, rounds, everyMs, endAfter: study.endAfter }),
  }
}

/** Keeps what was written down, before the first visit and whenever it changed. Answers whether it is another than before. */
export async function writeDown(
  place: { data: string; database: string | null },
  study: StudyFile,
  clock: Clock = systemClock,
): Promise<'first' | 'same' | 'changed'> {
  const digest = sha256(Buffer.from(canonicalJson(study)))
  return withLedger(place, async (ledger) => {
    const versions = await ledger.study.studyVersions(study.name)
    if (versions.at(-1)?.digest === digest) return 'same'
    await ledger.study.writeStudy({ name: study.name, writtenAt: clock.now(), digest, definition: study })
    return versions.length === 0 ? 'first' : 'changed'
  })
}
