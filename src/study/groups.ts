import { parse } from 'tldts'
import type { ServerRow } from '#ledger/index/study-questions.ts'
import type { SiteRounds } from './site-rounds.ts'

const buckets: [number, string][] = [
  [100, '1–100'],
  [1_000, '101–1,000'],
  [10_000, '1,001–10,000'],
  [100_000, '10,001–100,000'],
  [1_000_000, '100,001–1,000,000'],
]

const beyond = 'over 1,000,000'
const unranked = 'no rank'
const rankNames = [...buckets.map(([, name]) => name), beyond, unranked]

export function rankBucket(rank: number | null): string {
  if (rank === null) return unranked
  return buckets.find(([highest]) => rank <= highest)?.[1] ?? beyond
}

/** The public suffix with its dot, as registries sell it: `.com`, `.co.uk`. Private ones (`github.io`) too. */
export function endingOf(site: string): string {
  const { publicSuffix, isIp } = parse(site, { allowPrivateDomains: true })
  return publicSuffix === null || isIp === true ? 'no ending' : `.${publicSuffix}`
}

/** Networks whose addresses answer from many places: their country is that of a registration, not of a server. By the name of the network. */
const anycast =
  /cloudflare|fastly|akamai|cloudfront|google|incapsula|imperva|sucuri|stackpath|cdn77|bunny|edgecast|limelight|vercel|netlify/i

/** Country of the addresses that served a site's own page. */
export function countriesOf(servers: readonly ServerRow[]): Map<string, string[]> {
  const countries = new Map<string, Set<string>>()
  for (const { site, country, organisation } of servers) {
    const known = countries.get(site) ?? new Set<string>()
    known.add(organisation !== null && anycast.test(organisation) ? 'CDN or anycast' : (country ?? 'unknown'))
    countries.set(site, known)
  }
  return new Map([...countries].map(([site, its]) => [site, [...its].sort()]))
}

export interface Dimension {
  name: string
  note: string
  /** Groups of a site; several for tags and countries. */
  groupsOf(site: SiteRounds): readonly string[]
  /** Place of a group among the others; where left out, the most found come first. */
  placeOf?(group: string): number
}

export function dimensions(countries: ReadonlyMap<string, readonly string[]>): Dimension[] {
  return [
    {
      name: 'rank',
      note: 'The best rank of the site in the seed list.',
      groupsOf: ({ rank }) => [rankBucket(rank)],
      placeOf: (group) => rankNames.indexOf(group),
    },
    { name: 'ending', note: 'The public suffix of the site.', groupsOf: ({ site }) => [endingOf(site)] },
    {
      name: 'country',
      note: 'Of the registration of the addresses that served the page itself; a CDN or anycast address is nowhere and says so.',
      groupsOf: ({ site }) => countries.get(site) ?? ['not known'],
    },
    {
      name: 'stratum',
      note: 'Tags of the seed list; a site counts in each of its own.',
      groupsOf: ({ tags }) => (tags.length === 0 ? ['none'] : tags),
    },
  ]
}
