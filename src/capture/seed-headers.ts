import type { RequestArtifact, WebSocketArtifact } from '#model/artifact.ts'
import type { CdpSession } from './browser/cdp.ts'
import type { VisitContext } from './collector.ts'

/**
 * Adds the visit's own headers to requests of the seed's origin and to no others: they may be secrets, and a page asks third
 * parties too. `Network.setExtraHTTPHeaders` would send them everywhere.
 */
export function headersFor(context: VisitContext, session: CdpSession): void {
  const origin = URL.parse(context.seedUrl)?.origin
  if (origin === undefined) return
  const names = new Set(context.plan.headers.map(({ name }) => name.toLowerCase()))
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    if (URL.parse(request.url)?.origin !== origin) {
      session.post('Fetch.continueRequest', { requestId })
      return
    }
    const kept = Object.entries(request.headers).flatMap(([name, value]) => (names.has(name.toLowerCase()) ? [] : [{ name, value }]))
    session.post('Fetch.continueRequest', { requestId, headers: [...kept, ...context.plan.headers] })
  })
  session.post('Fetch.enable', { patterns: [{ urlPattern: `${origin}/*`, requestStage: 'Request' }] })
}

/** The values of the visit's own headers never reach a manifest: they may be secrets. Their names stand in its conditions. */
export function redactHeaders(names: readonly string[], requests: readonly RequestArtifact[], sockets: readonly WebSocketArtifact[]): void {
  if (names.length === 0) return
  const secret = new Set(names.map((name) => name.toLowerCase()))
  for (const headers of [
    ...requests.map(({ requestHeaders }) => requestHeaders),
    ...sockets.map(({ handshake }) => handshake?.requestHeaders ?? []),
  ]) {
    for (const header of headers) if (secret.has(header.name.toLowerCase())) header.value = '[redacted]'
  }
}
