import { drawAccount } from '../accounts.ts'
import { Random } from '../random.ts'
import { hostName } from '../text/identifiers.ts'
import { draw, heavySize, type Law } from './laws.ts'
import { type Population, type WorldSite, weighted } from './population.ts'
import { authedmine, type Service, serviceOf, services } from './services.ts'

/** A miner on a site, from a day to a day after the first visit; both may lie outside of the study. */
export interface Stay {
  site: number
  from: number
  to: number
  operator: number
  service: Service['id']
  account: string
  /** How it stands in the page: its service's snippet, the operator's own loader, or inside a third party's script. */
  by: 'snippet' | 'loader' | 'third-party'
  /** Share of visits to which it is served. */
  served: number
}

export interface Operator {
  number: number
  service: Service['id']
  accounts: string[]
  /** Serves the operator's loader; null where the service's snippet stands in the page. */
  host: string | null
  sites: number[]
}

export type Outage = 'server-error' | 'unresolved' | 'connection-refused'

export interface History {
  operators: Operator[]
  /** By site, in the order of time. */
  stays: ReadonlyMap<number, readonly Stay[]>
  /** Site and week (from 0) → why it could not be reached in that week. */
  outages: ReadonlyMap<number, ReadonlyMap<number, Outage>>
  /** Day from which a site is gone for good. */
  dark: ReadonlyMap<number, number>
  compromise: { party: number; from: number; to: number; operator: number } | null
  shutdown: { service: Service['id']; day: number; fork: Service['id'] }
}

const lengths: Law[] = [
  { law: 'lognormal', median: 32, sigma: 1.1 },
  { law: 'weibull', shape: 0.6, scale: 60 },
  { law: 'mixture', share: 0.3, first: { law: 'weibull', shape: 1.6, scale: 9 }, second: { law: 'lognormal', median: 75, sigma: 0.8 } },
]
const arrivals: Law = {
  law: 'mixture',
  share: 0.6,
  first: { law: 'weibull', shape: 0.8, scale: 10 },
  second: { law: 'lognormal', median: 45, sigma: 0.9 },
}
const returnGap: Law = { law: 'weibull', shape: 0.8, scale: 35 }
/** Sites to which an operator comes at some time, of all: far more than in the wild, so that a world of hundreds has something to show. */
export const usualMiningShare = 0.1
const optInShare = 0.008

/** What happens to a population in so many weeks, from the seed. */
export function drawHistory(seed: number, population: Population, weeks: number, miningShare = usualMiningShare): History {
  const random = new Random(`world-history/${seed}`)
  const days = weeks * 7
  const { sites } = population
  const stays = new Map<number, Stay[]>()
  const add = (stay: Stay): void => void stays.set(stay.site, [...(stays.get(stay.site) ?? []), stay])
  const operators: Operator[] = []
  const shutdown = { service: 'crypto-loot', day: Math.round(days * (0.55 + 0.2 * random.fraction())), fork: 'coinimp' } as const
  // A plug-in that lets strangers in.
  const weak = partyUsedBy(population, 0.03)
  const free = new Set(sites.filter(({ kind }) => kind === 'plain' || kind === 'spoof').map(({ number }) => number))
  const tag = tagToCompromise(population)
  // Most of its sites have no other miner: what the tag manager brings is then the first.
  for (const { number } of sites) if (tag !== null && usesIt(sites[number], tag) && random.chance(0.8)) free.delete(number)
  const choice = random.fork('victims')
  const queues = [choice.shuffle([...free].filter((number) => usesIt(sites[number], weak))), choice.shuffle([...free])]
  /** One in three came in by the plug-in, while there are sites with it. */
  const victim = (): number | undefined => {
    for (const queue of choice.chance(0.35) ? queues : queues.slice(1))
      for (let number = queue.pop(); number !== undefined; number = queue.pop()) if (free.delete(number)) return number
    return undefined
  }
  const wanted = Math.max(6, Math.round(sites.length * miningShare))
  for (let count = 0; count < wanted && free.size > 0;) {
    const own = random.fork(`operator/${operators.length}`)
    const service = weighted(
      own,
      services.map((one): [Service, number] => [one, one.share]),
    )
    const size = Math.min(wanted - count, heavySize(own, 1.15, Math.max(9, Math.round(sites.length * 0.012))))
    const accounts = Array.from({ length: size > 4 && own.chance(0.3) ? 2 : 1 }, () => drawAccount(service.account, own))
    const hasHost = service.id === 'own' || accounts.length > 1 || (size > 2 && own.chance(0.3))
    const operator: Operator = {
      number: operators.length,
      service: service.id,
      accounts,
      host: hasHost ? hostName(own, own.pick(['static', 'jslib', 'api', 'edge', 'stat'])) : null,
      sites: [],
    }
    operators.push(operator)
    const begins = own.int(-120, Math.round(days * 0.95))
    const length = own.pick(lengths)
    const takenDown = own.chance(0.15) ? begins + draw({ law: 'lognormal', median: 60, sigma: 0.8 }, own) : Infinity
    for (let at = 0; at < size; at++, count++) {
      const site = victim()
      if (site === undefined) break
      operator.sites.push(site)
      const account = own.pick(accounts)
      const served = own.chance(0.88) ? 1 : 0.6 + 0.3 * own.fraction()
      let from = begins + (size === 1 ? 0 : draw(arrivals, own))
      for (let turn = 0; turn < 4; turn++) {
        const to = Math.min(from + draw(length, own), takenDown)
        if (to <= from) break
        live(
          add,
          own,
          { site, from, to, operator: operator.number, service: service.id, account, by: hasHost ? 'loader' : 'snippet', served },
          shutdown,
          operator,
        )
        if (!own.chance(0.15)) break
        from = to + Math.max(3, draw(returnGap, own))
      }
    }
  }
  const asking = random.fork('asking')
  for (const site of asking.shuffle([...free]).slice(0, Math.max(2, Math.round(sites.length * optInShare)))) {
    free.delete(site)
    const account = drawAccount(authedmine.account, asking)
    operators.push({ number: operators.length, service: 'authedmine', accounts: [account], host: null, sites: [site] })
    const from = asking.int(-100, Math.round(days * 0.5))
    add({
      site,
      from,
      to: from + draw({ law: 'lognormal', median: 120, sigma: 0.7 }, asking),
      operator: operators.length - 1,
      service: 'authedmine',
      account,
      by: 'snippet',
      served: 1,
    })
  }
  const compromise = tag === null ? null : compromised(random.fork('compromise'), tag, sites, days, operators, add)
  const absences = absencesOf(random.fork('absences'), sites, weeks, stays)
  for (const its of stays.values()) its.sort((a, b) => a.from - b.from)
  return { operators, stays, ...absences, compromise, shutdown }
}

const usesIt = (site: WorldSite | undefined, party: number): boolean => site?.parties.includes(party) === true

/** A stay, cut and gone on with elsewhere where its service shuts down within it. */
function live(add: (stay: Stay) => void, random: Random, stay: Stay, shutdown: History['shutdown'], operator: Operator): void {
  if (stay.service !== shutdown.service || stay.to <= shutdown.day) return add(stay)
  if (stay.from < shutdown.day) add({ ...stay, to: shutdown.day })
  if (!random.chance(0.45)) return
  const fork = serviceOf(shutdown.fork)
  const from = Math.max(stay.from, shutdown.day) + random.int(1, 12)
  if (from >= stay.to) return
  // The operator has one account at the fork.
  const account = drawAccount(fork.account, new Random(`fork/${operator.accounts[0]}`))
  if (!operator.accounts.includes(account)) operator.accounts.push(account)
  add({ ...stay, from, to: stay.to, service: fork.id, account })
}

/** The third party that about this share of the sites has. */
function partyUsedBy({ sites, parties }: Population, share: number): number {
  const counts = parties.map(({ number }) => sites.filter((site) => usesIt(site, number)).length)
  const distance = (count: number) => Math.abs(count - sites.length * share)
  return counts.reduce((best, count, number) => (distance(count) < distance(counts[best] ?? 0) ? number : best), 0)
}

/** The tag manager that about one site in eighty has, five at least; null where there is none. */
function tagToCompromise({ sites, parties }: Population): number | null {
  const users = parties
    .filter(({ role }) => role === 'tags')
    .map(({ number }) => ({ number, count: sites.filter((site) => usesIt(site, number)).length }))
    .filter(({ count }) => count >= 5)
  const distance = ({ count }: { count: number }) => Math.abs(count - sites.length / 80)
  return users.toSorted((a, b) => distance(a) - distance(b))[0]?.number ?? null
}

/** From one day on a tag manager brings a miner to all its sites, until its owner notices. */
function compromised(
  random: Random,
  party: number,
  sites: readonly WorldSite[],
  days: number,
  operators: Operator[],
  add: (stay: Stay) => void,
): History['compromise'] {
  const from = Math.round(days * (0.3 + 0.3 * random.fraction())) + 0.5
  const to = from + 14 + random.int(1, 20)
  const account = drawAccount('site-key-32', random)
  const number = operators.length
  // Everybody who names it gets it, also who mines already.
  const its = sites.filter((site) => usesIt(site, party)).map((site) => site.number)
  operators.push({ number, service: 'coinhive', accounts: [account], host: null, sites: its })
  for (const site of its) add({ site, from, to, operator: number, service: 'coinhive', account, by: 'third-party', served: 1 })
  return { party, from, to, operator: number }
}

/** Outages of a week, and sites that go for good: three times as often while they mine. */
function absencesOf(
  random: Random,
  sites: readonly WorldSite[],
  weeks: number,
  stays: ReadonlyMap<number, readonly Stay[]>,
): Pick<History, 'outages' | 'dark'> {
  const outages = new Map<number, Map<number, Outage>>()
  const dark = new Map<number, number>()
  for (const { number } of sites) {
    for (let week = 0; week < weeks; week++) {
      const day = week * 7
      const mines = (stays.get(number) ?? []).some(({ from, to }) => from <= day && day < to)
      if (random.chance(mines ? 0.006 : 0.002)) {
        dark.set(number, day)
        break
      }
      if (!random.chance(0.012)) continue
      const its = outages.get(number) ?? new Map<number, Outage>()
      outages.set(number, its.set(week, random.pick(['server-error', 'server-error', 'unresolved', 'connection-refused'])))
    }
  }
  return { outages, dark }
}
