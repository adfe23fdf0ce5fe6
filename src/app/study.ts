import type { StudySummary } from '#model/study.ts'
import { summarise } from '#study/summary.ts'
import { chosenCrawl } from './chosen-crawl.ts'
import { withKeptLedger } from './data-folder.ts'

export interface StudyRequest {
  data: string
  database: string | null
  /** Name of the crawl; null where there is only one. */
  crawl: string | null
  /** What was believed on that day; now, where left out or null. */
  asOf?: Date | null
}

/** The short study of a crawl: which sites mined when, by whom, and the share of sites with its interval. Throws `NOT_FOUND`, `BAD_ARGUMENT`. */
export async function study({ data, database, crawl, asOf }: StudyRequest): Promise<StudySummary> {
  return withKeptLedger({ data, database }, async (ledger) => {
    const chosen = await chosenCrawl(ledger, data, crawl)
    const [pages, visits] = [
      await ledger.listSeeds(chosen.name),
      await ledger.listVisits({ crawl: chosen.name, ...(asOf == null ? {} : { asOf }) }),
    ]
    // Rounds that have begun: what is still to come is not "not visited".
    const begun = visits.reduce((most, { round }) => Math.max(most, (round ?? -1) + 1), 0)
    return summarise({ crawl: chosen.name, rounds: Math.max(begun, 1), pages, visits })
  })
}
