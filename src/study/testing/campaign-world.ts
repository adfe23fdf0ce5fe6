import { seededRandom } from '../estimators/random.ts'
import type { Trace } from '../infrastructure/traces.ts'
import type { SiteRounds } from '../site-rounds.ts'

export const worldStart = Date.UTC(2026, 0, 5)
export const worldWeek = 7 * 86_400_000

export interface CampaignWorld {
  sites: SiteRounds[]
  traces: Trace[]
  truth: {
    /** Who put the miner there, of every site that ever had one. */
    operatorOf: Map<string, string>
    supply: { host: string; at: number; sites: string[] }
    /** Code of an old library through which a part of the victims was broken into. */
    weakLibrary: string
    /** The service that shut down, and what its customers went on with. */
    moved: { from: string; to: string }
  }
}

interface Stay {
  operator: string
  /** Days from the start of the world. */
  start: number
  end: number
  /** Subjects beside the miner on a day. */
  at(day: number): [kind: string, subject: string][]
}

const endings = ['com', 'com', 'com', 'net', 'org', 'de']
const services = ['coin-a', 'coin-b', 'coin-c', 'coin-d']

/**
 * A web of sites with common CDNs, themes, libraries, shared hosting and owners of several sites, in which operators with one account and more, with and
 * without code and trackers of their own, come and go; one third party is compromised, one service shuts down, and visits miss some. Of a seed always the same.
 */
export function drawCampaignWorld(seed: number, { sites: count, rounds }: { sites: number; rounds: number }): CampaignWorld {
  const random = seededRandom(seed)
  // Whatever is drawn of trackers leaves the rest of the world as it is.
  const ofTrackers = seededRandom(seed + 1_000_000)
  const below = (n: number) => Math.floor(random() * n)
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!
  const names = Array.from({ length: count }, (_, at) => `s${at}.${pick(endings)}`)
  const common = Array.from({ length: 30 }, (_, at) => ({ host: `cdn${at}.test`, share: 0.6 / (at + 1) ** 0.7 }))
  const rare = Array.from({ length: 200 }, (_, at) => ({ host: `third${at}.test`, share: 0.0015 + random() * 0.008 }))
  const weakLibrary = 'sha256:weak-library'
  const manager = 'tags.manager.test'
  const managersTracker = 'google-analytics UA-manager'
  const isWeak = new Set(names.filter(() => random() < 0.06))
  const managed = names.filter(() => random() < 0.04)
  const standing = new Map(
    names.map((name, at) => {
      const its: [string, string][] = [['script', `sha256:own-${at}`]]
      for (const { host, share } of [...common, ...rare])
        if (random() < share)
          its.push(['host', host], ['script', `sha256:library-${host}-${below(3)}`], ['pair', `${name} → ${host} script`])
      // Themes on 2 to some 20 sites; hosters from a few sites to a tenth of all.
      if (random() < 0.6) its.push(['script', `sha256:theme-${Math.floor((count / 6) * random() ** 2)}`])
      const hoster = random() < 0.6 ? `shared-${Math.floor(40 * random() ** 2)}` : `own-${at}`
      its.push(['address', hoster], ['certificate', hoster], ['network', `AS${64500 + below(8)}`])
      if (isWeak.has(name)) its.push(['script', weakLibrary])
      // Two in five measure a site alone, one in four with others of their owner, an agency's with many.
      const measured = ofTrackers()
      if (measured < 0.4) its.push(['tracker', `google-analytics UA-${10_000 + at}`])
      else if (measured < 0.65) its.push(['tracker', `google-analytics UA-${Math.floor((count / 8) * ofTrackers() ** 2)}`])
      return [name, { subjects: its, hoster }] as const
    }),
  )
  const span = rounds * 7
  const shutdown = Math.floor(rounds * 0.75) * 7
  const stays = new Map<string, Stay>()
  const free = names.filter((name) => !managed.includes(name))
  /** A service gives its customers one of three versions, and one of four hosts. */
  const kitOf = (service: string, version: number, place: number): [string, string][] => [
    ['script', `sha256:${service}-version-${version}`],
    ['host', `w${place}.${service}.test`],
    ['service', service],
    ['host', `${service}.test`],
    ['script', `sha256:${service}-library`],
    ['wasm', `sha256:${service}-module`],
    // Its versions differ in names and hosts.
    ['similarity', `s1:${service}`],
  ]
  const infect = (
    site: string,
    operator: string,
    accounts: readonly string[],
    service: string,
    own: [string, string][],
    isAccountSeen: boolean,
  ) => {
    const start = random() * span * 1.4 - span * 0.5
    const first = pick(accounts)
    const change = random() < 0.25 && accounts.length > 1 ? start + 7 + random() * span * 0.5 : Infinity
    const second = pick(accounts)
    const [version, place] = [below(3), below(4)]
    stays.set(site, {
      operator,
      start: Math.max(0, start),
      end: start + 60 * (-Math.log(1 - random())) ** 1.4 + 10,
      at: (day) => {
        const used = service === services[0] && day >= shutdown ? services[1]! : service
        const account = `${day >= change ? second : first}${used === service ? '' : '-moved'}`
        return [...kitOf(used, version, place), ...own, ...(isAccountSeen ? [['account', account] as [string, string]] : [])]
      },
    })
  }
  for (let at = 0; at < 12; at++) {
    const operator = `operator-${at}`
    const accounts = Array.from({ length: random() < 0.4 ? 2 + below(2) : 1 }, (_, n) => `wallet-${at}-${n}`)
    const own: [string, string][] = []
    if (random() < 0.8) own.push(['script', `sha256:loader-${at}`], ['similarity', `s1:loader-${at}`])
    if (random() < 0.4) own.push(['host', `gate${at}.test`])
    // Some count how often their code is run.
    if (ofTrackers() < 0.5) own.push(['tracker', `histats 40${at}`])
    const hoster = `shared-${below(10)}`
    const service = services[at % services.length]!
    const victims = 2 + Math.floor(22 * random() ** 1.5)
    for (let n = 0; n < victims; n++) {
      // Some come in through a hoster, some through the old library.
      const open = free.filter((name) => !stays.has(name))
      const wanted =
        at < 3 && random() < 0.6
          ? open.filter((name) => standing.get(name)?.hoster === hoster)
          : random() < 0.3
            ? open.filter((name) => isWeak.has(name))
            : open
      infect(pick(wanted.length > 0 ? wanted : open), operator, accounts, service, own, random() < 0.92)
    }
  }
  for (let at = 0; at < 30; at++) {
    const site = pick(free.filter((name) => !stays.has(name)))
    infect(site, `alone-${at}`, [`purse-${at}`], pick(services), [], true)
  }
  const compromised = (3 + below(Math.max(1, rounds - 7))) * 7 - 1 - 5 * random()
  const cured = compromised + 14 + random() * 21
  for (const site of managed)
    stays.set(site, {
      operator: 'supply',
      start: compromised,
      end: cured,
      at: () => [...kitOf(services[2]!, 0, 0), ['account', 'wallet-supply'], ['pair', `${manager} → ${services[2]}.test script`]],
    })

  const seen = new Map<string, Trace & { rounds: number[] }>()
  const all = names.map((site, at): SiteRounds => {
    const states: SiteRounds['states'] = []
    const times: (number | null)[] = []
    const stay = stays.get(site)
    for (let round = 0; round < rounds; round++) {
      const day = round * 7 + random() * 0.8
      times.push(worldStart + day * 86_400_000)
      if (random() > 0.95) {
        states.push('not-observed')
        continue
      }
      const mines = stay !== undefined && stay.start <= day && day < stay.end
      states.push(mines && random() < 0.93 ? 'found' : 'clean')
      const subjects: [string, string][] = [...(standing.get(site)?.subjects ?? [])]
      if (managed.includes(site)) {
        const version = day < compromised ? 'before' : day < cured ? 'changed' : 'after'
        subjects.push(['host', manager], ['script', `sha256:manager-${version}`], ['tracker', managersTracker])
      }
      // What was missed was missed because the miner did not show: its code neither.
      if (mines && states[round] === 'found') subjects.push(...stay.at(day))
      for (const [kind, subject] of subjects) {
        const key = `${site} ${kind} ${subject}`
        const trace = seen.get(key) ?? { site, kind, subject, rounds: [] }
        if (trace.rounds.at(-1) !== round) trace.rounds.push(round)
        seen.set(key, trace)
      }
    }
    return { site, rank: at + 1, tags: [], states, at: times, visits: [] }
  })
  return {
    sites: all,
    traces: [...seen.values()],
    truth: {
      operatorOf: new Map([...stays].map(([site, { operator }]) => [site, operator])),
      supply: { host: manager, at: worldStart + compromised * 86_400_000, sites: managed },
      weakLibrary,
      moved: { from: services[0]!, to: services[1]! },
    },
  }
}
