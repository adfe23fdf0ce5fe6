import { artifacts, type Capture } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import { loadIndex } from '#derive/load-chain.ts'
import { sameSite } from '#derive/party.ts'

const speaking = new Set(['xhr', 'fetch', 'eventsource', 'ping', 'websocket'])
const maxSources = 40

/**
 * Directives of a Content-Security-Policy (W3C CSP 3) that leave everything that this visit saw, but for the miner's way: its scripts, its
 * workers, its pool. What another visit needs is not known: to be tried as `Content-Security-Policy-Report-Only` first. Empty where no
 * directive could tell the miner from the page (its own file, a proxied pool).
 */
export function policyAgainst(capture: Capture, observation: Observation): string[] {
  const page = capture.manifest.finalUrl
  const { chain } = observation.conclusion
  const host = URL.parse(page)?.host
  const isWeb = (url: string): boolean => /^(https?|wss?):/i.test(url)
  const isForeign = (url: string): boolean => isWeb(url) && !sameSite(url, page)
  // A site's other hosts are not 'self'.
  const isOutside = (url: string): boolean => isWeb(url) && URL.parse(url)?.host !== host
  const index = loadIndex(capture)
  const cited = new Set(
    observation.findings.filter(({ kind }) => kind === 'mining').flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)),
  )
  const way = new Set(chain.filter(({ url, artifact }) => url !== page && !/^(ws|transport)-/.test(artifact ?? '')).map(({ url }) => url))
  // Who made a worker of its own octets is known to the inventory, which has read the scripts.
  const made = observation.components.filter(({ chain: loaders }) => loaders.some((url) => way.has(url)))
  const madeIds = new Set(made.map(({ artifact }) => artifact))
  const madeUrls = new Set(made.map(({ url }) => url))
  const isMiners = (id: string): boolean =>
    cited.has(id) || madeIds.has(id) || index.urls(id).some((url) => way.has(url) && (isForeign(url) || /^(blob|data):/i.test(url)))

  const frames = artifacts(capture, 'frame').items.filter(({ parentFrameId, url }) => parentFrameId !== undefined && isOutside(url))
  if (frames.some(({ url }) => way.has(url)))
    return directive(
      'frame-src',
      frames.filter(({ url }) => !way.has(url)).map(({ url }) => originOf(url)),
    )

  const requests = artifacts(capture, 'request').items
  const scripts = requests.filter(({ resourceType, url }) => resourceType === 'script' && isOutside(url))
  const ways = scripts.filter(({ url }) => way.has(url) && isForeign(url)).map(({ url }) => originOf(url))
  const others = scripts.filter(({ url }) => !way.has(url)).map(({ url }) => url)
  const usesWasm = artifacts(capture, 'wasm').items.some(({ id }) => !isMiners(id))
  const usesEval = artifacts(capture, 'script').items.some(({ id, source }) => source === 'eval' && !isMiners(id))
  const talks = [...requests.filter(({ resourceType }) => speaking.has(resourceType)), ...artifacts(capture, 'websocket').items].filter(
    ({ url }) => isOutside(url),
  )
  const workers = artifacts(capture, 'worker').items.filter(({ url }) => /^(blob|data):/i.test(url))
  return [
    ...(ways.length === 0
      ? []
      : directive('script-src', [
          "'unsafe-inline'",
          ...(usesWasm ? ["'wasm-unsafe-eval'"] : []),
          ...(usesEval ? ["'unsafe-eval'"] : []),
          // Where the miner's host serves what the page needs, only the files that it needs.
          ...others.map((url) => (ways.includes(originOf(url)) ? url.replace(/[?#].*$/, '') : originOf(url))),
        ])),
    ...(talks.some(({ id }) => isMiners(id))
      ? directive(
          'connect-src',
          talks.filter(({ id }) => !isMiners(id)).map(({ url }) => originOf(url)),
        )
      : []),
    ...(workers.length > 0 && workers.every(({ id, url }) => way.has(url) || madeUrls.has(url) || isMiners(id))
      ? directive('worker-src', [])
      : []),
  ]
}

/** None where it would be too long to be kept by anybody. */
function directive(name: string, sources: readonly string[]): string[] {
  const all = [...new Set(sources)]
  return all.length > maxSources ? [] : [[name, "'self'", ...all].join(' ')]
}

const originOf = (url: string): string => URL.parse(url)?.origin ?? url
