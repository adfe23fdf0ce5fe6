import { fileNetworks } from '#egress/network-lookup.ts'
import type { ImportedSource } from '#ledger/imports.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import { AssayError } from '#model/errors.ts'
import { importedStudy } from '#study/imported-visits.ts'
import { type BuiltReport, buildReport } from '#study/study-report.ts'
import { defaultRules, studyFileSchema } from '#study/study-file.ts'
import { chosenCrawl } from './chosen-crawl.ts'
import { withKeptLedger } from './data-folder.ts'

export interface StudyReportRequest {
  data: string
  database: string | null
  /** Name of the crawl, which is that of its study; null where there is only one. */
  crawl: string | null
  /** Whose imported observations, instead of a crawl; null: of a crawl, or of the only source where nothing was crawled. */
  source?: string | null
  /** What was believed on that day; null: now. */
  asOf: Date | null
  /** Looks in a row without the miner that are its end: of a source, for which no study file says it. */
  endAfter?: number | null
  clock?: Clock
}

/** The whole report of a crawl, and what its figures rest on. Throws `NOT_FOUND`, `BAD_ARGUMENT`. */
export async function studyReport(request: StudyReportRequest): Promise<BuiltReport> {
  return withKeptLedger(request, (ledger) => reportFrom(ledger, request))
}

async function reportFrom(ledger: Ledger, request: StudyReportRequest): Promise<BuiltReport> {
  const { data, crawl, asOf, clock = systemClock } = request
  const imported = await ledger.study.sources()
  const source = await chosenSource(ledger, imported, request)
  if (source !== null) return sourceReport(ledger, source, imported, request)
  if ((request.endAfter ?? null) !== null)
    throw new AssayError('BAD_ARGUMENT', 'how many looks without the miner are an end of a crawl is what its study file says: endAfter', {
      hint: 'Leave --end-after out, or name a source with --source.',
    })
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
    source: null,
    asOf,
    madeAt: clock.now(),
    pages: await ledger.listSeeds(chosen.name),
    visits: await ledger.listVisits(filter),
    servers: await ledger.study.servers(filter),
    instances: await ledger.study.instances(filter),
    traces: await ledger.study.traces(filter),
    retractions: await ledger.study.retractions(),
    imported,
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

/** The source that was asked for, or the only one where nothing was crawled. Throws `NOT_FOUND`, `BAD_ARGUMENT`. */
async function chosenSource(
  ledger: Ledger,
  imported: readonly ImportedSource[],
  { crawl, source = null }: StudyReportRequest,
): Promise<string | null> {
  if (source !== null && crawl !== null) throw new AssayError('BAD_ARGUMENT', 'a report is of a crawl or of a source: --crawl or --source')
  if (source === null && (crawl !== null || (await ledger.listCrawls()).length > 0)) return null
  const sources = imported.map((each) => each.source)
  if (source === null) {
    if (sources.length > 1)
      throw new AssayError('BAD_ARGUMENT', `nothing was crawled here, and observations of several sources are: ${sources.join(', ')}`, {
        hint: 'Name one of them with --source.',
      })
    return sources[0] ?? null
  }
  if (!sources.includes(source))
    throw new AssayError('NOT_FOUND', `nothing of "${source}" was imported`, {
      hint: sources.length === 0 ? 'assay study import FILE' : `There are ${sources.join(', ')}.`,
    })
  return source
}

async function sourceReport(
  ledger: Ledger,
  source: string,
  imported: readonly ImportedSource[],
  { asOf, endAfter = null, clock = systemClock }: StudyReportRequest,
): Promise<BuiltReport> {
  if (asOf !== null)
    throw new AssayError('BAD_ARGUMENT', 'what was believed on a day is known of our own observations alone', {
      hint: 'Leave --as-of out.',
    })
  const { pages, visits, traces, everyMs, hasFindsOnly } = importedStudy(source, await ledger.study.imported({ source }))
  return buildReport({
    study: source,
    crawl: source,
    source: { name: source, hasFindsOnly },
    asOf,
    madeAt: clock.now(),
    pages,
    visits,
    servers: [],
    instances: [],
    traces,
    retractions: [],
    imported,
    everyMs,
    geoDate: null,
    endpoint: null,
    named: 0,
    ...defaultRules,
    isSimulated: false,
    isCensus: false,
    endAfter: endAfter ?? defaultRules.endAfter,
  })
}
