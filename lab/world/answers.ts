import type { History, Stay } from './history.ts'
import { carriedCode, loaderPath, loaderScript, serviceScript, snippetOf } from './miner-code.ts'
import { frontPage, ownScript, ownStyle, partyScript } from './page.ts'
import type { Population, ThirdParty, WorldSite } from './population.ts'
import { authedmine, serviceOf, services } from './services.ts'
import { isServed, type WorldState } from './state.ts'
import { operatorSnippet, siteSnippet } from './trackers.ts'

export interface WorldAnswer {
  status: number
  type: string
  /** Names the octets without making them; null: never asked for again. */
  etag: string | null
  body(): string | Uint8Array
}

/** Bodies of shared scripts kept; those of pages are made each time that they are asked for. */
const sharedKept = 500
const javascript = 'application/javascript; charset=utf-8'
const notFound: WorldAnswer = { status: 404, type: 'text/html', etag: null, body: () => '<!doctype html><title>Not found</title>' }
/** One pixel (GIF89a). */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** What each host of the world answers on the day that is set. */
export function worldAnswers(seed: number, population: Population, history: History) {
  const siteOf = new Map(population.sites.map((site) => [site.host, site]))
  const partyOf = new Map(population.parties.map((party) => [party.host, party]))
  const operatorOf = new Map(history.operators.flatMap((operator) => (operator.host === null ? [] : [[operator.host, operator] as const])))
  const serviceAt = new Map(
    [...services, authedmine].filter(({ host }) => host !== '').map((service) => [service.host + service.path, service]),
  )
  const kept = new Map<string, string>()
  /** Visits of a site within the week, counted by its front page. */
  const visits = new Map<number, number>()

  function shared(key: string, make: () => string): string {
    const known = kept.get(key)
    if (known !== undefined) return known
    const made = make()
    kept.set(key, made)
    if (kept.size > sharedKept) for (const oldest of kept.keys().take(1)) kept.delete(oldest)
    return made
  }

  function minerText({ by, operator: number, service, account }: Stay): string {
    const operator = history.operators[number]
    const counted = operator === undefined ? null : operatorSnippet(seed, operator)
    const miner =
      by === 'snippet' || operator?.host == null
        ? snippetOf(serviceOf(service), account)
        : `<script async src="//${operator.host}${loaderPath(operator.accounts.indexOf(account))}"></script>`
    return counted === null ? miner : `${miner}\n${counted}`
  }

  function frontPageOf(site: WorldSite, state: WorldState): WorldAnswer {
    const visit = visits.get(site.number) ?? 0
    visits.set(site.number, visit + 1)
    const miners = state.minersOf(site).filter((stay) => isServed(stay, Math.floor(state.day / 7), visit))
    const version = state.versionOf(site)
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      etag: `"p${site.number}-${version}-${miners.map(({ operator, account }) => `${operator}.${account.slice(0, 6)}`).join('-')}"`,
      body: () =>
        frontPage(
          seed,
          site,
          site.parties.flatMap((number) => population.parties[number] ?? []),
          version,
          [...miners.map(minerText), siteSnippet(seed, population, site)].filter((part) => part !== null),
        ),
    }
  }

  function ofSite(site: WorldSite, path: string, state: WorldState): WorldAnswer {
    if (path === '/') return frontPageOf(site, state)
    if (path === '/app.js') return { status: 200, type: javascript, etag: `"a${site.number}"`, body: () => ownScript(seed, site) }
    if (path === '/style.css') return { status: 200, type: 'text/css', etag: `"s${site.number}"`, body: () => ownStyle(seed, site) }
    if (path.endsWith('.png')) return { status: 200, type: 'image/gif', etag: '"i"', body: () => pixel }
    if (path === '/robots.txt' && site.robots !== 'none')
      return {
        status: 200,
        type: 'text/plain',
        etag: null,
        body: () =>
          site.robots === 'disallowed' ? 'User-agent: *\nDisallow: /\n' : 'User-agent: *\nDisallow: /admin/\nDisallow: /search\n',
      }
    return notFound
  }

  function ofParty(party: ThirdParty, path: string, state: WorldState): WorldAnswer {
    if (path !== party.path) return notFound
    const version = state.versionOf(party)
    const carried = state.carriedBy(party)
    const mark = carried === null ? '' : '-x'
    return {
      status: 200,
      type: javascript,
      etag: `"t${party.number}-${version}${mark}"`,
      body: () =>
        shared(
          `t${party.number}-${version}${mark}`,
          () => `${partyScript(seed, party, version)}${carried === null ? '' : carriedCode(carried.service, carried.account)}`,
        ),
    }
  }

  return {
    hosts: [
      ...siteOf.keys(),
      ...partyOf.keys(),
      ...operatorOf.keys(),
      ...[...services, authedmine].flatMap(({ host }) => (host === '' ? [] : [host])),
    ],
    siteAt: (host: string): WorldSite | undefined => siteOf.get(host),
    /** Visits are counted anew. */
    newDay: (): void => visits.clear(),
    answer(host: string, path: string, state: WorldState): WorldAnswer {
      const site = siteOf.get(host)
      if (site !== undefined) return ofSite(site, path, state)
      const party = partyOf.get(host)
      if (party !== undefined) return ofParty(party, path, state)
      const service = serviceAt.get(host + path)
      if (service !== undefined) {
        if (service.id === history.shutdown.service && state.day >= history.shutdown.day) return notFound
        return {
          status: 200,
          type: javascript,
          etag: `"v-${service.id}"`,
          body: () => shared(service.id, () => serviceScript(seed, service)),
        }
      }
      const operator = operatorOf.get(host)
      const account = operator?.accounts.findIndex((_, index) => loaderPath(index) === path) ?? -1
      if (operator !== undefined && account >= 0) {
        const pays = operator.accounts[account] ?? ''
        const id = serviceIdOf(operator.service, operator.accounts, account, history)
        return {
          status: 200,
          type: javascript,
          etag: `"o${operator.number}-${account}"`,
          body: () => shared(`o${operator.number}-${account}`, () => loaderScript(seed, operator, id, pays)),
        }
      }
      return notFound
    },
  }
}

/** An account that was added when the service shut down is one at the fork. */
function serviceIdOf(first: Stay['service'], accounts: readonly string[], index: number, { shutdown, stays }: History): Stay['service'] {
  if (first !== shutdown.service) return first
  for (const its of stays.values()) for (const stay of its) if (stay.account === accounts[index]) return stay.service
  return first
}
