import { Random } from '../random.ts'
import { type Endpoint, isUdp } from '../pool/endpoint.ts'
import { hostName, pathSegment } from '../text/identifiers.ts'
import { loadScript } from './loads.ts'
import { type MinerPaths, buildMinerScripts, drawMinerPaths } from './miner-scripts.ts'
import { type MinerSpec, expectedOf, needsOf, searchReferrer } from './miner-spec.ts'
import { type PageContext, addFrontPage } from './page.ts'
import { type SitePlan, type SiteTruth, emptyPlan, lazy, script, wasm } from './site.ts'
import type { ThirdParties } from './third-parties.ts'

export interface SiteName {
  key: string
  host: string
  /** Everything of the site follows from this. */
  seed: string
}

/** A port that the lab's name map sends to where nobody listens. */
export const refusingPort = 14444
const tlsPorts = [443, 8443, 3333] as const

/** The pool that a site's miner speaks to, by name only: cheap. */
export function endpointOf(site: SiteName, spec: MinerSpec): Endpoint {
  const random = new Random(`${site.seed}/pool`)
  // Sites that share a pool's name share its path and port.
  const shared = spec.poolHost === null ? random : new Random(`pool/${spec.poolHost}/${spec.dialect}/${spec.encoding}/${spec.transport}`)
  const host =
    spec.poolMode === 'first-party'
      ? site.host
      : (spec.poolHost ?? hostName(random, random.pick(['ws', 'pool', 'proxy', 'node', 'gate', 'live'])))
  const path = `/${shared.pick(['ws', 'proxy', 'socket', 'p', 'api'])}/${shared.hex(4)}`
  const port = spec.poolMode === 'refuses' ? refusingPort : spec.poolMode === 'first-party' ? 443 : shared.pick(tlsPorts)
  const scheme = spec.transport === 'websocket' ? 'wss' : 'https'
  return {
    url: `${scheme}://${host}${port === 443 ? '' : `:${port}`}${path}`,
    host,
    path,
    dialect: spec.dialect,
    encoding: spec.encoding,
    transport: spec.transport,
    family: spec.family,
    xorKey: 1 + (new Random(`xor/${spec.poolHost ?? site.seed}`).word() % 254),
    mode: spec.poolMode === 'dead' ? 'dead' : spec.poolMode === 'refuses' ? 'refuses' : 'answers',
  }
}

export function minerPlan(site: SiteName, spec: MinerSpec, thirdParties: ThirdParties): SitePlan {
  const random = new Random(site.seed)
  const plan = emptyPlan()
  const endpoint = endpointOf(site, spec)
  let paths: MinerPaths | null = null
  const scripts = lazy(() => {
    if (paths === null) throw new Error('paths are drawn before scripts')
    return buildMinerScripts(spec, endpoint, paths, random.fork('miner'))
  })
  const loaded = loadScript({ load: spec.load, host: site.host, key: site.key, random, thirdParties, main: () => scripts().main })
  paths = drawMinerPaths(loaded.documentHost, site.key, random.fork('paths'), loaded.documentHost !== site.host)
  // A service worker's script must stand above what it controls.
  if (spec.thread === 'service-worker') paths.worker = `/${pathSegment(random.fork('sw'))}.js`
  for (const [at, resource] of loaded.resources) plan.resources.set(at, resource)
  plan.resources.set(
    loaded.documentHost + paths.worker,
    script(() => scripts().worker ?? ''),
  )
  if (spec.module === 'streaming' || spec.module === 'fetched')
    plan.resources.set(
      loaded.documentHost + paths.wasm,
      wasm(() => scripts().wasm ?? new Uint8Array()),
    )
  if (endpoint.mode !== 'refuses' && !isUdp(endpoint.transport)) plan.endpoints.push(endpoint)
  const banner = spec.asking === 'cookie-banner' ? `<script src="https://${random.pick(thirdParties.consent)}/cmp.js"></script>` : ''
  addFrontPage(
    { random, host: site.host, key: site.key, thirdParties, plan },
    {
      head: () => loaded.head?.() ?? '',
      top: () => loaded.top?.() ?? '',
      bottom: () => `${banner}${loaded.bottom?.() ?? ''}`,
    },
  )
  if (spec.hiding === 'by-referrer-at-server') showToSearchers(plan, { random, host: site.host, key: site.key, thirdParties })
  return plan
}

/** The server sends the page with the miner to who comes from a search engine, and to all others the same page without it. */
function showToSearchers(plan: SitePlan, context: Omit<PageContext, 'plan'>): void {
  const at = `${context.host}/`
  const withMiner = plan.resources.get(at)
  const clean = emptyPlan()
  addFrontPage({ ...context, plan: clean }, {})
  const without = clean.resources.get(at)
  if (withMiner === undefined || without === undefined) throw new Error(`${at} has no page`)
  plan.resources.set(at, (request) => {
    const chosen = String(request.headers.referer ?? '').startsWith(searchReferrer) ? withMiner : without
    return typeof chosen === 'function' ? chosen(request) : chosen
  })
}

export function minerTruth(site: SiteName, spec: MinerSpec, week: number, tags: string[]): SiteTruth {
  const endpoint = endpointOf(site, spec)
  const needs = needsOf(spec)
  const under = (met: boolean): SiteTruth['underPolicy'] => ({
    ignore: expectedOf(spec, 'ignore', met),
    accept: expectedOf(spec, 'accept', met),
    reject: expectedOf(spec, 'reject', met),
  })
  return {
    week,
    host: site.host,
    url: `https://${site.host}/`,
    content: 'miner',
    expected: expectedOf(spec, 'ignore'),
    underPolicy: under(false),
    account: spec.account,
    family: spec.family,
    service: null,
    dialect: spec.dialect,
    encoding: spec.encoding,
    transport: spec.transport,
    load: spec.load,
    thread: spec.thread,
    module: spec.module,
    hiding: spec.hiding,
    asking: spec.asking,
    pool: endpoint.url,
    poolMode: spec.poolMode,
    tags,
    met: needs === null ? null : { needs, underPolicy: under(true) },
  }
}
