import { drawHistory, type Stay } from '#lab/world/history.ts'
import { drawPopulation } from '#lab/world/population.ts'
import { serviceOf } from '#lab/world/services.ts'
import { isServed, stateOn } from '#lab/world/state.ts'
import { truthOf, type WorldTruth } from '#lab/world/truth.ts'
import type { VisitRow } from '#ledger/index/questions.ts'
import type { TraceRow } from '#ledger/index/study-questions.ts'
import type { ReportInput } from '#study/study-report.ts'

const startsAt = new Date('2018-02-05T00:00:00Z')
const dayMs = 86_400_000

/** What visits over http would keep of a world, without one being made: for studying many of them. */
export function looksAtWorld(o: { seed: number; sites: number; weeks: number }): { input: ReportInput; truth: WorldTruth } {
  const population = drawPopulation(o.seed, o.sites)
  const history = drawHistory(o.seed, population, o.weeks)
  const visits: VisitRow[] = []
  const traces = new Map<string, TraceRow>()
  for (let round = 0; round < o.weeks; round++) {
    const state = stateOn(round * 7, history)
    for (const site of population.sites) {
      const isDown = state.outageOf(site) !== null || site.robots === 'disallowed'
      const parties = isDown ? [] : site.parties.flatMap((number) => population.parties[number] ?? [])
      const miners = isDown
        ? []
        : [...state.minersOf(site).filter((stay) => isServed(stay, round, 0)), ...parties.flatMap((party) => state.carriedBy(party) ?? [])]
      const told = miners.filter(({ service }) => service !== 'own')
      visits.push({
        visitId: `${site.number}-${round}`,
        crawl: 'world',
        round,
        url: site.url,
        site: site.host,
        rank: site.rank,
        tags: site.tags,
        plannedAt: null,
        observedAt: new Date(startsAt.getTime() + round * 7 * dayMs),
        captureId: null,
        errorCode: null,
        lane: 'http',
        repeat: 0,
        inclusion: null,
        inclusionReason: null,
        failure: null,
        observed: {
          judgement: '',
          lane: 'http',
          vantage: 'local',
          reached: 'content',
          status: isDown ? 'not-observed' : miners.length > 0 ? 'hint' : 'no-hint',
          activity: 'none-seen',
          consent: 'unknown',
          placement: 'unknown',
          families: [],
          services: told.map(({ service }) => service),
          accounts: told.map(({ account }) => account),
        },
      })
      const add = (kind: string, subject: string): void => {
        const key = `${site.host} ${kind} ${subject}`
        let trace = traces.get(key)
        if (trace === undefined) traces.set(key, (trace = { site: site.host, lane: 'http', kind, subject, rounds: [] }))
        if (trace.rounds.at(-1) !== round) trace.rounds.push(round)
      }
      for (const party of parties) {
        add('host', party.host)
        add('script', `party ${party.number} ${state.versionOf(party)}${state.carriedBy(party) === null ? '' : ' carrying'}`)
      }
      for (const stay of miners) addMiner(add, stay, history.operators[stay.operator]?.host ?? null)
    }
  }
  return {
    truth: truthOf({ seed: o.seed, weeks: o.weeks, startsAt, population, history }),
    input: {
      study: 'world',
      crawl: 'world',
      asOf: null,
      madeAt: startsAt,
      pages: population.sites.map(({ host, url, rank, tags }) => ({ site: host, url, rank, tags })),
      visits,
      servers: [],
      instances: [],
      traces: [...traces.values()],
      retractions: [],
      imported: [],
      everyMs: 7 * dayMs,
      geoDate: null,
      source: null,
      isSimulated: true,
      endpoint: null,
      isCensus: true,
      endAfter: 2,
      correction: 'holm',
      replicates: 200,
      seed: 1,
      named: 0,
    },
  }
}

/** A miner of the operator's own shows no account to who runs no script. */
function addMiner(add: (kind: string, subject: string) => void, { service, account, by }: Stay, loaderHost: string | null): void {
  if (service !== 'own') {
    add('account', account)
    add('service', service)
    add('host', serviceOf(service).host)
    add('script', `service ${service}`)
  }
  if (by !== 'loader' || loaderHost === null) return
  add('host', loaderHost)
  add('script', `loader ${account}`)
}
