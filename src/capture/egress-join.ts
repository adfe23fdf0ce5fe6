import type { ConnectionRecord } from '#egress/egress.ts'
import type { ConnectionArtifact, HostArtifact, RequestArtifact, ScriptArtifact, WasmArtifact } from '#model/artifact.ts'
import type { Collection } from '#model/collection.ts'
import { portOf } from '#model/port.ts'

/** Connections of the visit's lane, in visit time. */
export function connectionArtifacts(
  records: readonly ConnectionRecord[],
  dropped: number,
  startedEpochMs: number,
): Collection<ConnectionArtifact> {
  const items = records.map(({ openedAt, closedAt, ...record }, index) => ({
    id: `conn-${index + 1}`,
    ...record,
    openedAtMs: openedAt - startedEpochMs,
    ...(closedAt === undefined ? {} : { closedAtMs: closedAt - startedEpochMs }),
  }))
  return dropped === 0 ? { status: 'complete', items } : { status: 'truncated', items, dropped, reason: 'more connections than are kept' }
}

/**
 * CDP knows only the proxy's address: the true one is egress's. What egress answered itself was no answer of the site: over plain http by
 * its headers, which it takes off whatever a site answers. Inside a tunnel a site could forge them, so there only egress's log counts.
 */
export function joinRequests(requests: readonly RequestArtifact[], records: readonly ConnectionRecord[]): void {
  const addresses = addressesByPlace(records)
  for (const request of requests) {
    const { response } = request
    if (!response) {
      const place = placeOf(request.url)
      const refused =
        request.failure && place !== null
          ? records.find(({ host, port, outcome }) => outcome === 'refused' && `${host}:${port}` === place)
          : undefined
      if (refused) request.failure = { reason: `ADDRESS_REFUSED: ${refused.reason ?? ''}`, blocked: 'egress' }
      continue
    }
    const isPlain = request.url.startsWith('http:') && !response.fromServiceWorker
    const code = !isPlain ? undefined : headerOf(request, 'x-assay-code')
    if (code !== undefined) {
      request.failure = { reason: `${code}: ${headerOf(request, 'x-assay-refused') ?? ''}`, blocked: 'egress' }
      request.body = { status: 'none' }
      delete request.response
      continue
    }
    const place = response.fromCache || response.fromServiceWorker ? null : placeOf(request.url)
    response.remoteAddress = (place === null ? undefined : addresses.get(place)?.[0]) ?? null
  }
}

/**
 * The browser gives no body for a `blob:` worker's script, nor for a service worker's that it did not tell the request of, but V8 gives
 * its source: the same octets where the Content-Length says so, which a byte order mark or another charset would change.
 */
export function joinScriptBodies(requests: readonly RequestArtifact[], scripts: readonly ScriptArtifact[]): void {
  for (const request of requests) {
    if (request.body.status !== 'lost' || !(request.url.startsWith('blob:') || request.partial !== undefined)) continue
    if (headerOf(request, 'content-encoding') !== undefined) continue
    const length = Number.parseInt(headerOf(request, 'content-length') ?? '', 10)
    const script = scripts.find(({ url, body }) => url === request.url && body.status === 'stored' && body.size === length)
    if (script) request.body = script.body
  }
}

/**
 * A worker that compiles a module and ends takes the engine's copy with it. A streamed module has the address that it was fetched from, and
 * its octets are that answer's, where every answer from there had the same.
 */
export function joinModuleBodies(modules: readonly WasmArtifact[], requests: readonly RequestArtifact[]): void {
  for (const module of modules) {
    if (module.body.status !== 'lost' || !/^https?:/.test(module.url)) continue
    const bodies = requests.flatMap(({ url, method, body }) => (url === module.url && method === 'GET' ? [body] : []))
    const [first] = bodies
    if (first?.status === 'stored' && bodies.every((body) => body.status === 'stored' && body.digest === first.digest)) module.body = first
  }
}

export function joinHosts(hosts: readonly HostArtifact[], records: readonly ConnectionRecord[]): void {
  const addresses = addressesByPlace(records)
  for (const host of hosts) host.addresses = addresses.get(`${bare(host.host)}:${host.port}`) ?? []
}

function addressesByPlace(records: readonly ConnectionRecord[]): Map<string, string[]> {
  const places = new Map<string, string[]>()
  for (const { host, port, address, outcome } of records) {
    if (address === undefined || (outcome !== 'connected' && outcome !== 'cut')) continue
    const key = `${host}:${port}`
    const known = places.get(key)
    if (!known) places.set(key, [address])
    else if (!known.includes(address)) known.push(address)
  }
  return places
}

function placeOf(url: string): string | null {
  const parsed = /^(https?|wss?):/.test(url) ? URL.parse(url) : null
  if (!parsed) return null
  return `${bare(parsed.hostname)}:${portOf(parsed)}`
}

/** An IPv6 address without its brackets. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

const headerOf = (request: RequestArtifact, name: string): string | undefined =>
  request.response?.headers.find((header) => header.name.toLowerCase() === name)?.value
