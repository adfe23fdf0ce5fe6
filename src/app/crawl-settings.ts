import { z } from 'zod'
import { noConditions } from '#crawl/conditions.ts'
import { laneChoices, type LanePolicy } from '#crawl/lanes.ts'
import { noLinks } from '#crawl/links.ts'
import { type Clock, SimulatedClock } from '#model/clock.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { emptyNeverList, type NeverList, parseNeverList } from '#model/never-list.ts'
import type { TurnsRequest } from './crawl-turns.ts'

const settingsSchema = z.looseObject({
  lanes: z.object({
    lane: z.enum(laneChoices),
    sample: z.number(),
    hintBudget: z.number().nullable(),
    repeat: z.number(),
    repeatWithinMs: z.number(),
    key: z.string(),
  }),
  links: z.object({ depth: z.number(), inner: z.number() }),
  delayMs: z.number(),
  followUpShare: z.number().nullable(),
  visit: z.object({ profile: z.string(), dwellMs: z.number().nullable() }),
  /** Identity of the data folder or of its object store: captures of one crawl lie in one. */
  folder: z.string(),
  isSimulated: z.boolean(),
  hasConditions: z.boolean(),
  contact: z.string().nullable(),
  manners: z
    .looseObject({
      robots: z.enum(['obey', 'ignore']),
      perAddress: z.number(),
      retries: z.number(),
      dailyBudget: z.number().nullable(),
    })
    .nullable(),
  never: z.array(z.string()),
})

type CrawlSettings = z.infer<typeof settingsSchema>

interface Started extends TurnsRequest {
  clock: Clock
  lanes: LanePolicy
  delayMs: number
  folder: Digest
}

/** What a crawl was started with, as plain JSON, for `assay status` and for workers that join: no secrets, no paths. */
export function settingsOf(request: Started): CrawlSettings {
  const { lanes, links, delayMs, followUpShare, visit, folder, clock, conditionsOf, contact, manners, workshop, httpJobs } = request
  const never = manners?.never ?? emptyNeverList
  return {
    lanes,
    links: links ?? noLinks,
    delayMs,
    followUpShare: followUpShare ?? null,
    visit: { profile: visit.profile ?? 'standard', dwellMs: visit.dwellMs ?? null },
    jobs: { browser: workshop.jobs, http: httpJobs ?? workshop.jobs },
    folder,
    isSimulated: clock instanceof SimulatedClock,
    hasConditions: (conditionsOf ?? noConditions) !== noConditions,
    contact: contact ?? null,
    manners:
      manners === undefined
        ? null
        : {
            robots: manners.robots,
            perAddress: manners.perAddress,
            retries: manners.retries,
            dailyBudget: manners.dailyBudget,
            neverListed: never.entries.length,
          },
    never: [...never.entries],
  }
}

type Joined = Pick<TurnsRequest, 'delayMs' | 'visit' | 'links' | 'manners' | 'contact' | 'followUpShare'> & {
  lanes: LanePolicy
  isSimulated: boolean
}

/** What a worker of its own adds: its folder, whom else it must not visit, whether it was told conditions. */
export interface Joining {
  folder: Digest
  never: NeverList
  hasConditions: boolean
  /** It visits in a lab that turns its days. */
  hasDays: boolean
}

/** How a joining worker visits, by what the crawl was started with. Throws `UNSUPPORTED`, `BAD_ARGUMENT`: visiting otherwise than the crawl says would be another crawl. */
export function joinedOf(name: string, settings: object, { folder, never, hasConditions, hasDays }: Joining): Joined {
  const parsed = settingsSchema.safeParse(settings)
  if (!parsed.success)
    throw new AssayError('UNSUPPORTED', `crawl ${name} was started by a version that did not keep what a worker needs to join`, {
      hint: 'Start it once more with this version, by the command that started it.',
    })
  const { lanes, links, delayMs, followUpShare, visit, contact, manners, never: listed, ...rest } = parsed.data
  if (rest.isSimulated && !hasDays)
    throw new AssayError('UNSUPPORTED', `crawl ${name} runs in simulated time, in the days of a lab`, {
      hint: 'Give --lab as it was started with.',
    })
  if (rest.folder !== folder)
    throw new AssayError('BAD_ARGUMENT', `crawl ${name} is kept in another data folder`, {
      hint: 'Workers of a crawl share its files: give --data the folder that it was started with, or --store its object store.',
    })
  if (rest.hasConditions && !hasConditions)
    throw new AssayError(
      'BAD_ARGUMENT',
      `crawl ${name} visits under conditions of its own, which may hold secrets and are not in the database`,
      {
        hint: 'Give the same --conditions, --proxy, --language, --user-agent, --viewport or --vantage here.',
      },
    )
  return {
    lanes,
    links,
    delayMs,
    followUpShare,
    isSimulated: rest.isSimulated,
    visit: { profile: visit.profile, ...(visit.dwellMs === null ? {} : { dwellMs: visit.dwellMs }) },
    ...(contact === null ? {} : { contact }),
    ...(manners === null ? {} : { manners: { ...manners, never: bothLists(listed, never) } }),
  }
}

function bothLists(listed: readonly string[], own: NeverList): NeverList {
  const entries = [...new Set([...listed, ...own.entries])]
  return entries.length === 0 ? emptyNeverList : parseNeverList(entries.join('\n'), 'the never-list of the crawl')
}
