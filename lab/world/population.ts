import { Random } from '../random.ts'
import { popularIndex } from './laws.ts'
import { endingCounts, hostings, rareEndings, restCount } from './shares.ts'

export type SiteKind = 'plain' | 'mention' | 'block-list' | 'spoof'

/** One site of the population: all that does not change with the weeks. */
export interface WorldSite {
  number: number
  host: string
  url: string
  rank: number
  tags: string[]
  kind: SiteKind
  hosting: number
  address: string
  /** Of third parties, by their number. */
  parties: number[]
  /** Weeks from one text of the front page to the next; null: the same all the time. */
  changesEvery: number | null
  pageBytes: number
  robots: 'none' | 'rules' | 'disallowed'
}

export type PartyRole = 'cdn' | 'analytics' | 'ads' | 'tags' | 'widget'

export interface ThirdParty {
  number: number
  role: PartyRole
  host: string
  path: string
  bytes: number
  address: string
  /** Weeks from one version to the next; null: one version. */
  changesEvery: number | null
}

export interface Population {
  sites: WorldSite[]
  parties: ThirdParty[]
}

/** Ranks of a smaller world are spread over as many as the real lists have here. */
const listed = 10_000
const words =
  'shop garden river maple north blue silver green stone cloud paper corner daily city metro travel photo music film sport recipe kitchen home auto bike house market craft studio school health forum radio planet harbor coast valley hill bridge tower pixel byte cable lemon olive apple cherry amber coral'.split(
    ' ',
  )
const partyCounts: Record<PartyRole, number> = { cdn: 60, analytics: 50, ads: 80, tags: 30, widget: 80 }
const strata: Record<string, string> = {
  gov: 'government',
  'gov.in': 'government',
  'gov.br': 'government',
  edu: 'education',
  'ac.uk': 'education',
}

/**
 * Sites and what they share, from the seed. Names have hyphens in their third and fourth place, which nobody can register (RFC 5890, 2.3.1):
 * a list of them that is crawled without the lab reaches nobody.
 */
export function drawPopulation(seed: number, count: number): Population {
  const random = new Random(`world/${seed}`)
  const parties = drawParties(random.fork('parties'))
  const endings = [...Object.entries(endingCounts), ...rareEndings.map((name): [string, number] => [name, restCount / rareEndings.length])]
  const draw = random.fork('sites')
  const taken = new Set<string>()
  const brands: string[] = []
  const sites = Array.from({ length: count }, (_, number): WorldSite => {
    const ending = weighted(draw, endings)
    const kind: SiteKind =
      draw.chance(0.01) && brands.length > 3 ? 'spoof' : draw.chance(0.006) ? 'mention' : draw.chance(0.003) ? 'block-list' : 'plain'
    let label = ''
    do
      label =
        kind === 'spoof'
          ? `${draw.pick(brands)}-${draw.pick(['login', 'free', 'online', 'hd', 'app'])}`
          : `zz--${draw.pick(words)}${draw.pick(words)}${draw.int(2, 999)}`
    while (taken.has(label))
    taken.add(label)
    if (number < 40 && kind === 'plain') brands.push(label)
    const hosting = hostings.indexOf(
      weighted(
        draw,
        hostings.map((one): [(typeof hostings)[number], number] => [one, one.count]),
      ),
    )
    const host = `${label}.${ending}`
    const stratum = strata[ending]
    return {
      number,
      host,
      url: `http://${host}/`,
      rank: count >= listed ? number + 1 : 1 + Math.floor((number * listed) / count),
      tags: [...(stratum === undefined ? [] : [stratum]), ...(kind === 'spoof' ? ['spoof'] : number < 40 ? ['brand'] : [])],
      kind,
      hosting,
      address: addressIn(hosting, draw.int(0, (hostings[hosting]?.addresses ?? 1) - 1)),
      parties: [...new Set(Array.from({ length: draw.int(3, 8) }, () => partyFor(draw, parties)))],
      changesEvery: draw.pick([1, 1, 1, 2, 4, 4, null, null, null, null]),
      pageBytes: draw.int(10_000, 40_000),
      robots: draw.chance(0.008) ? 'disallowed' : draw.chance(0.45) ? 'rules' : 'none',
    }
  })
  return { sites, parties }
}

/** Loopback of one network of the lab. */
export const addressIn = (hosting: number, number: number): string => `127.${hosting + 16}.${number >> 6}.${(number & 63) + 1}`

function drawParties(random: Random): ThirdParty[] {
  const roles = Object.entries(partyCounts).flatMap(([role, count]) => Array.from({ length: count }, () => role as PartyRole))
  return random.shuffle(roles).map((role, number): ThirdParty => {
    const hint = { cdn: 'cdn', analytics: 'metrics', ads: 'adserve', tags: 'tagging', widget: 'widgets' }[role]
    const host = `${random.chance(0.4) ? `${random.pick(['static', 'js', 'a', 'cdn'])}.` : ''}${hint}-${random.text(5, 'abcdefghijklmnopqrstuvwxyz0123456789')}.lab`
    return {
      number,
      role,
      host,
      path: `/${random.hex(4)}/${random.pick(['main', 'loader', 'lib', 'tag', 'core'])}.min.js`,
      bytes: random.int(8, 60) * 1000,
      address: addressIn(random.int(0, hostings.length - 1), random.int(0, 20)),
      changesEvery: random.pick([2, 5, 9, null, null, null]),
    }
  })
}

/** Of every role something, the popular ones far more often. */
const partyFor = (random: Random, parties: readonly ThirdParty[]): number => popularIndex(random, parties.length)

export function weighted<T>(random: Random, items: readonly (readonly [T, number])[]): T {
  let left = random.fraction() * items.reduce((sum, [, weight]) => sum + weight, 0)
  for (const [item, weight] of items) if ((left -= weight) < 0) return item
  const last = items.at(-1)
  if (last === undefined) throw new RangeError('nothing to draw from')
  return last[0]
}
