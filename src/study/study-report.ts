import type { Comparison, StudyExplanation, StudyReport } from '#model/study-report.ts'
import { studyReportSchemaVersion } from '#model/study-report.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { InstanceRow, RetractionRow, ServerRow, TraceRow } from '#ledger/index/study-questions.ts'
import type { ImportedSource } from '#ledger/imports.ts'
import { campaignsOf } from './campaigns.ts'
import { comparisonsOf } from './comparisons.ts'
import { benjaminiHochberg, holm } from './estimators/multiple.ts'
import { explanationOf } from './explanation.ts'
import { Figures, slug } from './figures.ts'
import { countriesOf, dimensions } from './groups.ts'
import { infrastructureOf } from './infrastructure/infrastructure.ts'
import { limitsOf } from './limits.ts'
import { lengthView, missesOf, simpleView, type SiteStay, siteStays } from './longevity.ts'
import { amongFound, byDimension, correctedRounds, everRow, instanceCounts, roundRows, serverCounts } from './prevalence.ts'
import { everOf, isFound, isLook, type Page, type SiteRounds, siteRoundsOf } from './site-rounds.ts'
import { stateOf } from './summary.ts'

const dayMs = 86_400_000

export interface ReportInput {
  study: string
  crawl: string
  /** Whose observations these are; null: our own. */
  source: { name: string; hasFindsOnly: boolean } | null
  asOf: Date | null
  madeAt: Date
  pages: readonly Page[]
  visits: readonly VisitRow[]
  servers: readonly ServerRow[]
  instances: readonly InstanceRow[]
  traces: readonly TraceRow[]
  retractions: readonly RetractionRow[]
  imported: readonly ImportedSource[]
  /** Milliseconds from round to round; null for a crawl of one. */
  everyMs: number | null
  geoDate: string | null
  /** The days are a lab's. */
  isSimulated: boolean
  endpoint: StudyReport['endpoint']
  /** Whether every site of the population was to be visited, or the list is a sample of a larger one. */
  isCensus: boolean
  endAfter: number
  correction: 'holm' | 'benjamini-hochberg'
  /** How often campaigns are drawn again for the bands, and from which seed. */
  replicates: number
  seed: number
  named: number
}

/** A report and what each of its figures rests on. */
export interface BuiltReport {
  report: StudyReport
  explain(id: string): StudyExplanation | null
  sites: readonly SiteRounds[]
  /** Of every campaign its sites: the report has rows of the largest. */
  campaignSites: readonly (readonly string[])[]
}

/** Rows of the ledger → the report. Pure: the same rows in any order give the same report. */
export function buildReport(input: ReportInput): BuiltReport {
  const visits = input.visits.filter(({ crawl, round }) => crawl === input.crawl && round !== null)
  const rounds = visits.reduce((most, { round }) => Math.max(most, (round ?? 0) + 1), 1)
  const mainLane = mostUsed(visits.map(({ lane }) => lane))
  const sites = siteRoundsOf(input.pages, visits, rounds, mainLane)
  const figures = new Figures()
  const found = sites.filter((site) => isFound(everOf(site)))
  const foundNames = new Set(found.map(({ site }) => site))
  const clusterOf = clustersOf(visits)
  const lane = mainLane === 'http' ? ', pointed to by the lane without JavaScript' : ''

  const ever = everRow(sites, clusterOf)
  const neverLookedAt = sites.filter((site) => !isLook(everOf(site)))
  figures.add(
    {
      id: 'prevalence.ever.found',
      title: `Sites found mining at any time${lane}`,
      unit: 'sites',
      value: ever.found,
      of: ever.looked,
      method: 'count',
    },
    foundNames,
  )
  figures.add(
    {
      id: 'prevalence.ever.share',
      title: `Share of the sites looked at that were found mining at any time${lane}`,
      unit: 'share',
      value: ever.estimate,
      low: ever.low,
      high: ever.high,
      of: ever.looked,
      method: 'Wilson, campaigns as clusters',
    },
    foundNames,
  )
  figures.add(
    { id: 'prevalence.ever.opt-in', title: 'Sites that ask first', unit: 'sites', value: ever.optIn, of: ever.looked, method: 'count' },
    sites.filter((site) => everOf(site) === 'opt-in').map(({ site }) => site),
  )
  figures.add(
    {
      id: 'coverage.never-looked-at',
      title: 'Sites never looked at',
      unit: 'sites',
      value: ever.notLooked,
      of: sites.length,
      method: 'count',
    },
    neverLookedAt.map(({ site }) => site),
  )
  const perRound = roundRows(sites, rounds, clusterOf)
  perRound.forEach((row, round) =>
    figures.add(
      {
        id: `prevalence.round.${round + 1}.share`,
        title: `Share found mining in round ${round + 1}`,
        unit: 'share',
        value: row.estimate,
        low: row.low,
        high: row.high,
        of: row.looked,
        method: 'Wilson, campaigns as clusters',
      },
      sites.filter(({ states }) => states[round] === 'found').map(({ site }) => site),
    ),
  )
  const allDimensions = dimensions(countriesOf(input.servers))
  const by = allDimensions.map((dimension) => {
    const table = byDimension(sites, dimension, clusterOf)
    for (const row of table.rows)
      figures.add(
        {
          id: `prevalence.by.${dimension.name}.${slug(row.group)}`,
          title: `Share found mining, ${dimension.name} ${row.group}`,
          unit: 'share',
          value: row.estimate,
          low: row.low,
          high: row.high,
          of: row.looked,
          method: 'Wilson, campaigns as clusters',
        },
        found.filter((site) => dimension.groupsOf(site).includes(row.group)).map(({ site }) => site),
      )
    return table
  })
  const among = amongFound(sites)
  for (const { dimension, groups } of among)
    for (const { group, sites: its } of groups)
      figures.add(
        {
          id: `among.${dimension}.${slug(group)}`,
          title: `Sites found mining, ${dimension} ${group}`,
          unit: 'sites',
          value: its.length,
          of: found.length,
          method: 'count',
        },
        its,
      )
  const corrected = correctedRounds(visits, rounds, clusterOf)
  for (const row of corrected)
    figures.add(
      {
        id: `prevalence.corrected.round.${row.round + 1}`,
        title: `Share mining in round ${row.round + 1}, the lane without JavaScript put right by the browser's sample`,
        unit: 'share',
        value: row.estimate,
        low: row.low,
        high: row.high,
        of: row.httpLooked,
        method: 'difference estimator with Horvitz–Thompson weights',
      },
      row.sampled,
    )
  const servers = serverCounts(input.servers, foundNames)
  const withServer = input.servers.filter(({ site }) => foundNames.has(site)).map(({ site }) => site)
  figures.add(
    {
      id: 'servers.addresses',
      title: 'Addresses that served pages found mining',
      unit: 'addresses',
      value: servers.addresses,
      method: 'count',
    },
    withServer,
  )
  figures.add(
    { id: 'servers.networks', title: 'Networks (AS) of these addresses', unit: 'networks', value: servers.networks, method: 'count' },
    withServer,
  )
  const mining = input.instances.filter((row) => row.lane === mainLane)
  const instances = instanceCounts(mining, foundNames)
  figures.add(
    {
      id: 'instances.all',
      title: 'Instances: pages × components that mine',
      unit: 'instances',
      value: instances.counts.instances,
      method: 'count',
    },
    mining.map(({ site }) => site).filter((site) => foundNames.has(site)),
  )
  figures.add(
    {
      id: 'instances.largest-site',
      title: 'Share of the instances on the site that has most',
      unit: 'share',
      value: instances.counts.largestSite?.share ?? null,
      of: instances.counts.instances,
      method: 'count',
    },
    instances.largest === null ? [] : [instances.largest],
  )

  const times = visits.map(({ observedAt }) => observedAt.getTime())
  const [from, to] = times.length === 0 ? [null, null] : [min(times), max(times)]
  const cadenceDays = input.everyMs === null ? null : input.everyMs / dayMs
  const settings = {
    spanDays: spanOf(input.source === null, cadenceDays, rounds, from, to),
    cadenceDays: cadenceDays ?? 1,
    replicates: input.replicates,
    seed: input.seed,
    clusterOf,
  }
  const stays = siteStays(sites, { endAfter: input.endAfter })
  const cohortStays = stays.filter(({ lookedBefore }) => lookedBefore !== null)
  const thereStays = stays.filter(({ lookedBefore }) => lookedBefore === null)
  const cohort = lengthView(cohortStays, settings)
  const alreadyThere = lengthView(thereStays, settings)
  const simple = simpleView(cohortStays)
  addLength(
    figures,
    'longevity.cohort',
    'Stays whose start was seen',
    cohort.quantiles,
    cohortStays,
    'Turnbull, both ends interval-censored; campaigns drawn again',
  )
  addLength(
    figures,
    'longevity.already-there',
    'Stays already there at the first look, time after it',
    alreadyThere.quantiles,
    thereStays,
    'Turnbull; campaigns drawn again',
  )
  addLength(
    figures,
    'longevity.simple',
    'Stays whose start was seen, simple view',
    simple.quantiles,
    cohortStays,
    'Kaplan–Meier, Greenwood, log-log',
  )
  const misses = missesOf(sites, stays)
  figures.add(
    {
      id: 'misses.detection',
      title: "A look's own chance to see a miner that is there",
      unit: 'share',
      value: misses.repeated.detection,
      low: misses.repeated.low,
      high: misses.repeated.high,
      of: misses.repeated.twice,
      method: 'occupancy model from pages visited twice in a round',
    },
    sites.flatMap(({ site, visits: its }) => (its.some(({ repeat }) => repeat > 0) ? [site] : [])),
  )

  const rows = comparisonsOf(by, cohortStays, sites, allDimensions, among)
  const adjusted = (input.correction === 'holm' ? holm : benjaminiHochberg)(rows.map(({ p }) => p))
  const comparisons = rows.map((row, at): Comparison => ({ ...row, corrected: adjusted[at] ?? 1 }))
  for (const row of comparisons)
    figures.add(
      {
        id: `compare.${row.question}.${row.by}`,
        title: `Whether ${row.question} differs by ${row.by}`,
        unit: 'p',
        value: row.corrected,
        method: row.question === 'prevalence' ? 'chi-square, corrected' : 'log-rank, corrected',
      },
      row.question === 'prevalence' ? foundNames : cohortStays.map(({ site }) => site),
    )

  const { pointers, infrastructure, campaignSites } = infrastructureOf(
    input.traces.filter((trace) => trace.lane === mainLane),
    sites,
    clusterOf,
    figures,
  )

  const reasons = Map.groupBy(
    visits.filter((visit) => stateOf(visit) === 'not-observed'),
    (visit) => visit.failure ?? visit.errorCode ?? visit.observed?.reached ?? 'unknown',
  )
  const counted = (state: string, round: number) => sites.filter(({ states }) => states[round] === state).length
  const ranks = sites.flatMap(({ rank }) => (rank === null ? [] : [rank]))
  const withdrawn = input.retractions.filter(({ kind }) => kind === 'withdrawn')
  figures.add(
    {
      id: 'retractions.withdrawn',
      title: 'Captures that an earlier judgement called mining and the latest does not',
      unit: 'visits',
      value: withdrawn.length,
      method: 'count',
    },
    withdrawn.map(({ site }) => site),
  )

  const report: StudyReport = {
    schema: 'assay.study-report',
    schemaVersion: studyReportSchemaVersion,
    study: input.study,
    crawl: input.crawl,
    source: input.source,
    asOf: input.asOf?.toISOString() ?? null,
    madeAt: input.madeAt.toISOString(),
    endpoint: input.endpoint === null ? null : { ...input.endpoint, firstVisit: from === null ? null : new Date(from).toISOString() },
    population: {
      sites: sites.length,
      pages: new Set([...input.pages, ...visits].map(({ url }) => url)).size,
      visits: visits.length,
      isCensus: input.isCensus,
      ranks: ranks.length === 0 ? null : { lowest: min(ranks), highest: max(ranks) },
      tags: countBy(sites.flatMap(({ tags }) => tags)).map(([tag, count]) => ({ tag, sites: count })),
    },
    conditions: {
      from: from === null ? null : new Date(from).toISOString(),
      to: to === null ? null : new Date(to).toISOString(),
      cadenceDays,
      rounds,
      lanes: countBy(visits.map((visit) => `${visit.lane}\0${visit.observed?.vantage ?? 'local'}`)).map(([key, count]) => ({
        lane: key.split('\0')[0] ?? '',
        vantage: key.split('\0')[1] ?? '',
        visits: count,
      })),
      mainLane,
      geoDate: input.geoDate,
      isSimulated: input.isSimulated,
    },
    coverage: {
      rounds: Array.from({ length: rounds }, (_, round) => {
        const when = sites.flatMap(({ at }) => at[round] ?? [])
        return {
          round: round + 1,
          day: when.length === 0 ? null : new Date(min(when)).toISOString().slice(0, 10),
          found: counted('found', round),
          optIn: counted('opt-in', round),
          clean: counted('clean', round),
          blind: counted('blind', round),
          notObserved: counted('not-observed', round),
          notVisited: counted('not-visited', round),
        }
      }),
      reasons: [...reasons]
        .map(([reason, its]) => ({ reason, visits: its.length }))
        .sort((a, b) => b.visits - a.visits || (a.reason < b.reason ? -1 : 1)),
      sitesNeverLookedAt: ever.notLooked,
    },
    versions: countBy(visits.flatMap(({ observed }) => (observed === null ? [] : [observed.judgement]))).map(([judgement, count]) => ({
      judgement,
      visits: count,
    })),
    retractions: {
      withdrawn: withdrawn.length,
      late: input.retractions.filter(({ kind }) => kind === 'late').length,
      renamed: input.retractions.filter(({ kind }) => kind === 'renamed').length,
    },
    naming: {
      named: input.named,
      notNamed: found.length - input.named,
      why: 'A site that mines is often the victim, and its owner is told before a list with names is published (docs/ethics.md). `assay study explain` names the sites behind a figure to whoever holds the captures.',
    },
    prevalence: {
      ever,
      rounds: perRound,
      by,
      among: among.map(({ dimension, groups }) => ({
        dimension,
        rows: groups.map(({ group, sites: its, share }) => ({ group, sites: its.length, share })),
      })),
      corrected: corrected.map(({ sampled: _, ...row }) => row),
      servers,
      instances: instances.counts,
    },
    longevity: { endAfter: input.endAfter, shortestDays: cadenceDays, cohort, alreadyThere, simple, misses },
    comparisons: { correction: input.correction, rows: comparisons },
    pointers,
    infrastructure,
    imported: [...input.imported],
    limits: [],
    figures: figures.list(),
  }
  report.limits = limitsOf(report)
  return { report, sites, campaignSites, explain: (id) => explanationOf(figures, visits, id) }
}

/** Days: of a schedule its own, else those between the first look and the last. */
function spanOf(isScheduled: boolean, cadenceDays: number | null, rounds: number, from: number | null, to: number | null): number {
  if (cadenceDays === null) return 1
  return isScheduled ? cadenceDays * Math.max(1, rounds - 1) : Math.max(1, ((to ?? 0) - (from ?? 0)) / dayMs)
}

function addLength(
  figures: Figures,
  id: string,
  title: string,
  quantiles: readonly { share: number; estimate: number | null; low: number | null; high: number | null }[],
  stays: readonly SiteStay[],
  method: string,
): void {
  const names = new Map([
    [0.25, 'a quarter has ended'],
    [0.5, 'half have ended'],
    [0.75, 'three quarters have ended'],
  ])
  figures.add(
    { id: `${id}.stays`, title, unit: 'visits', value: stays.length, method: 'count of stays' },
    stays.map(({ site }) => site),
  )
  for (const { share, estimate, low, high } of quantiles)
    figures.add(
      {
        id: `${id}.q${share * 100}`,
        title: `${title}: days until ${names.get(share) ?? ''}`,
        unit: 'days',
        value: estimate,
        low,
        high,
        of: stays.length,
        method,
      },
      stays.map(({ site }) => site),
    )
}

/** Sites that one account pays for stand and fall together; all others are on their own. */
function clustersOf(visits: readonly VisitRow[]): (site: string) => string {
  const payments = visits.flatMap((visit) =>
    visit.observed === null
      ? []
      : visit.observed.accounts.map((account) => ({ site: visit.site, account, services: [], at: visit.observedAt.toISOString() })),
  )
  const clusters = new Map(campaignsOf(payments).flatMap(({ id, sites }) => sites.map((site) => [site, `account ${id}`])))
  return (site) => clusters.get(site) ?? site
}

function mostUsed(lanes: readonly string[]): string {
  // Of equals the one that sees more.
  return countBy(lanes).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? 'browser'
}

function countBy(values: readonly string[]): [string, number][] {
  return [...Map.groupBy(values, (value) => value)]
    .map(([value, its]): [string, number] => [value, its.length])
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
}

/** Of any number of values: more than a call takes arguments. */
const min = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity)
const max = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity)
