import { artifacts, type Capture } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import { loadIndex } from '#derive/load-chain.ts'
import { sameSite } from '#derive/party.ts'

const speaking = new Set(['xhr', 'fetch', 'eventsource', 'ping', 'websocket'])
const maxSources = 30

/**
 * Directives of a Content-Security-Policy (W3C CSP 3) that leave everything that this visit saw, but for the miner's way: its scripts, its
 * workers, its pool. What another visit needs is not known: to be tried as `Content-Security-Policy-Report-Only` first. Empty where no
 * directive could tell the miner from the page (its own file, a proxied pool).
 */
export function policyAgainst(capture: Capture, observation: Observation): string[] {
  const page = capture.manifest.finalUrl
  const { chain } = observation.conclusion
  const isForeign = (url: string): boolean => /^(https?|wss?):/i.test(url) && !sameSite(url, page)
  const index = loadIndex(capture)
  const cited = new Set(
    observation.findings.filter(({ kind }) => kind === 'mining').flatMap(({ evidence }) => evidence.map(({ artifact }) => artifact)),
  )
  const way = new Set(chain.filter(({ url }) => url !== page && !/^(ws|transport)-/.test(url)).map(({ url }) => url))
  const isMiners = (id: string): boolean => cited.has(id) || index.urls(id).some((url) => way.has(url) && isForeignOrMade(url))
  const isForeignOrMade = (url: string): boolean => isForeign(url) || /^(blob|data):/i.test(url)

  const frames = artifacts(capture, 'frame').items.filter(({ parentFrameId, url }) => parentFrameId !== undefined && isForeign(url))
  if (frames.some(({ url }) => way.has(url)))
    return [directive('frame-src', ["'self'", ...origins(frames.map(({ url }) => url).filter((url) => !way.has(url)))])]

  const requests = artifacts(capture, 'request').items
  const scripts = requests.filter(({ resourceType, url }) => resourceType === 'script' && isForeign(url))
  const directives: string[] = []
  if (scripts.some(({ url }) => way.has(url))) {
    const bad = new Set(origins(scripts.map(({ url }) => url).filter((url) => way.has(url))))
    const others = scripts.map(({ url }) => url).filter((url) => !way.has(url))
    const kept = others.map((url) => (bad.has(URL.parse(url)?.origin ?? '') ? url.replace(/[?#].*$/, '') : (URL.parse(url)?.origin ?? url)))
    directives.push(directive('script-src', ["'self'", "'unsafe-inline'", ...new Set(kept)]))
  }
  const talks = [...requests.filter(({ resourceType }) => speaking.has(resourceType)), ...artifacts(capture, 'websocket').items].filter(
    ({ url }) => isForeign(url),
  )
  if (talks.some(({ id }) => isMiners(id)))
    directives.push(directive('connect-src', ["'self'", ...origins(talks.filter(({ id }) => !isMiners(id)).map(({ url }) => url))]))
  const made = artifacts(capture, 'worker').items.filter(({ url }) => /^(blob|data):/i.test(url))
  if (made.some(({ id, url }) => way.has(url) || isMiners(id)) && made.every(({ id, url }) => way.has(url) || isMiners(id)))
    directives.push(directive('worker-src', ["'self'"]))
  return directives
}

const directive = (name: string, sources: readonly string[]): string => `${name} ${sources.slice(0, maxSources).join(' ')}`

const origins = (urls: readonly string[]): string[] => [...new Set(urls.flatMap((url) => URL.parse(url)?.origin ?? []))]
