import { openLedger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'
import type { StudySummary } from '#model/study.ts'
import { summarise } from '#study/summary.ts'

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
  const ledger = await openLedger({ dataDir: data, ...(database === null ? {} : { database }) })
  try {
    const crawls = await ledger.listCrawls()
    const names = crawls.map(({ name }) => name).join(', ')
    if (crawls.length === 0) throw new AssayError('NOT_FOUND', `nothing was crawled into ${data} yet`)
    if (crawl === null && crawls.length > 1)
      throw new AssayError('BAD_ARGUMENT', `several crawls are in ${data}: ${names}`, { hint: 'Name one of them.' })
    const chosen = crawl === null ? crawls[0] : crawls.find(({ name }) => name === crawl)
    if (chosen === undefined) throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"; there are ${names}`)
    const [pages, visits] = [
      await ledger.listSeeds(chosen.name),
      await ledger.listVisits({ crawl: chosen.name, ...(asOf == null ? {} : { asOf }) }),
    ]
    // Rounds that have begun: what is still to come is not "not visited".
    const begun = visits.reduce((most, { round }) => Math.max(most, (round ?? -1) + 1), 0)
    return summarise({ crawl: chosen.name, rounds: Math.max(begun, 1), pages, visits })
  } finally {
    await ledger.close()
  }
}
