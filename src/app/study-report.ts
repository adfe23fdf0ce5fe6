import { fileNetworks } from '#egress/network-lookup.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { type BuiltReport, buildReport } from '#study/study-report.ts'
import { defaultRules, studyFileSchema } from '#study/study-file.ts'
import { chosenCrawl } from './chosen-crawl.ts'
import { withKeptLedger } from './data-folder.ts'

export interface StudyReportRequest {
  data: string
  database: string | null
  /** Name of the crawl, which is that of its study; null where there is only one. */
  crawl: string | null
  /** What was believed on that day; null: now. */
  asOf: Date | null
  clock?: Clock
}

/** The whole report of a crawl, and what its figures rest on. Throws `NOT_FOUND`, `BAD_ARGUMENT`. */
export async function studyReport(request: StudyReportRequest): Promise<BuiltReport> {
  return withKeptLedger(request, (ledger) => reportFrom(ledger, request))
}

async function reportFrom(ledger: Ledger, { data, crawl, asOf, clock = systemClock }: StudyReportRequest): Promise<BuiltReport> {
  const chosen = await chosenCrawl(ledger, data, crawl)
  const filter = { crawl: chosen.name, ...(asOf === null ? {} : { asOf }) }
  const versions = await ledger.study.studyVersions(chosen.name)
  const written = studyFileSchema.safeParse(versions.at(-1)?.definition)
  const rules = written.success ? written.data : defaultRules
  // The question as it stood when it was first asked in these words.
  const first = written.success ? versions.find(({ definition }) => definition['endpoint'] === written.data.endpoint) : undefined
  return buildReport({
    study: chosen.name,
    crawl: chosen.name,
    asOf,
    madeAt: clock.now(),
    pages: await ledger.listSeeds(chosen.name),
    visits: await ledger.listVisits(filter),
    servers: await ledger.study.servers(filter),
    instances: await ledger.study.instances(filter),
    traces: await ledger.study.traces(filter),
    retractions: await ledger.study.retractions(),
    imported: await ledger.study.imported(),
    everyMs: chosen.everyMs,
    geoDate: fileNetworks().dataDate,
    isSimulated: rules.time === 'simulated',
    endpoint:
      written.success && first !== undefined
        ? { statement: written.data.endpoint, writtenAt: first.writtenAt.toISOString(), firstVisit: null, versions: versions.length }
        : null,
    isCensus: rules.census,
    endAfter: rules.endAfter,
    correction: rules.correction,
    replicates: rules.replicates,
    seed: rules.seed,
    named: 0,
  })
}
