import type { StudyReport } from '#model/study-report.ts'

/** What the report cannot show, as it stands: a sentence each. */
export function limitsOf({ conditions, longevity, population, coverage, endpoint, prevalence, source }: StudyReport): string[] {
  const limits: string[] = []
  const { cadenceDays, lanes, rounds } = conditions
  if (source !== null)
    limits.push(
      `These are observations of ${source.name}, imported: how it looked, and what its finds rest on, is not known here. A site on a day is one look; that it looked and failed it does not say.`,
    )
  if (source?.hasFindsOnly)
    limits.push(
      'The source names finds alone: of how many sites it looked at no share can be made, no stay is seen to end, and its size is a list’s. Shares in this report are of the sites that it names.',
    )
  limits.push(
    'A page is seen from one place, once a round, for seconds: a miner that keeps still for such a visitor, or runs on other pages of the site, is not seen.',
  )
  if (conditions.isSimulated)
    limits.push(
      'The sites are those of a lab and the days are simulated: nothing here is about the web. What is true of them lies beside the lab.',
    )
  if (cadenceDays !== null)
    limits.push(
      `Stays shorter than ${days(cadenceDays)} may fall between two rounds; they are in no curve, and no estimate is made of them.`,
    )
  if (rounds < 3) limits.push('With fewer than three rounds no stay has both ends: there is no length of stays to speak of.')
  limits.push(
    longevity.endAfter === 1
      ? 'One look without the miner is taken for its end: where looks miss it (see the misses), stays come out too short.'
      : `One look without the miner is taken for a miss, ${longevity.endAfter} in a row for its end; a stay that pauses for less is one stay, a shorter one at the very end of the study is cut.`,
  )
  limits.push(
    'A missed visit is no end. A site that is lost for good counts to its last look: where sites are lost because their miner went, stays come out too long.',
  )
  if (longevity.misses.repeated.detection === null)
    limits.push(`A visit's own misses were not measured: ${longevity.misses.repeated.reason ?? 'no page was visited twice in a round'}.`)
  if (lanes.some(({ lane }) => lane === 'http') && prevalence.corrected.every(({ sample }) => sample === 0))
    limits.push('The lane without JavaScript points to miners and shows none; without a sample in the browser its misses are not known.')
  if (!population.isCensus)
    limits.push(
      'The list is a sample of a larger population: intervals are of the sample, and hold for the population if the list was drawn from it at random.',
    )
  else
    limits.push(
      'The list is the population: shares are counts of it. Intervals say how far they would move in a list like it, not how far they are from the whole web.',
    )
  if (coverage.sitesNeverLookedAt > 0)
    limits.push(
      `${coverage.sitesNeverLookedAt} of the sites ${coverage.sitesNeverLookedAt === 1 ? 'was' : 'were'} never looked at: the bounds say what that could change at most.`,
    )
  limits.push(
    'The country is that of the registration of the address that served the page. It is not that of the owner, and of a CDN it says nothing.',
  )
  if (endpoint === null)
    limits.push(
      'No main question was written down before the visits: every comparison is one of several, and their p values are corrected as such.',
    )
  else if (endpoint.firstVisit !== null && endpoint.firstVisit < endpoint.writtenAt)
    limits.push('The main question was written down after the first visit.')
  return limits
}

const days = (value: number): string =>
  value === 1 ? 'a day' : value >= 1 ? `${Number(value.toFixed(1))} days` : `${Math.round(value * 24)} hours`
