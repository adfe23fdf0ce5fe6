import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { parsePoolFrame } from '#derive/pool-protocol.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { headersOf, initiatorOf } from '../initiator.ts'
import { BodyReader } from '../request-bodies.ts'
import { ExtraInfo } from '../request-extra-info.ts'

/** One request of the browser's: several artifacts where it was redirected. */
interface Exchange {
  hops: RequestArtifact[]
  target: Target
  extra: ExtraInfo
  /** The request that this one is the preflight of, by the browser's identifier: it is told after its preflight. */
  preflightOf: string | undefined
  /** Octets of the body that came in, content-decoded. */
  received: number
  finished: boolean
}

/**
 * Requests and responses of every target, with headers as they went over the wire, redirects hop by hop, initiators, and bodies by digest.
 * The browser's request identifiers are its own across targets, so a request that changes process is still one.
 */
export function requestCollector(context: VisitContext): Collector<'request'> {
  const list = new BoundedList<RequestArtifact>(context.plan.limits.maxRequests, 'requests')
  const exchanges = new Map<string, Exchange>()
  const bodies = new BodyReader(context)

  function exchangeOf(requestId: string, target: Target): Exchange {
    const known = exchanges.get(requestId)
    if (known) return known
    const made: Exchange = { hops: [], target, extra: new ExtraInfo(), preflightOf: undefined, received: 0, finished: false }
    exchanges.set(requestId, made)
    return made
  }

  function started(target: Target, event: Protocol.Network.RequestWillBeSentEvent): void {
    // Pictures of the browser's own error page.
    if (event.documentURL.startsWith('chrome-error:') && event.request.url.startsWith('data:')) return
    if (list.isFull && !exchanges.has(event.requestId)) {
      list.drop(1, `more than ${context.plan.limits.maxRequests} requests`)
      return
    }
    const exchange = exchangeOf(event.requestId, target)
    const before = exchange.hops.at(-1)
    // The same request is told by the old and by the new process of a navigation.
    if (before && !event.redirectResponse) return
    exchange.target = target
    exchange.preflightOf = event.initiator.requestId
    const startedAtMs = context.fromMonotonic(event.timestamp)
    if (before && event.redirectResponse) {
      before.endedAtMs = startedAtMs
      before.response = responseOf(event.redirectResponse)
      before.body = { status: 'none' }
      exchange.extra.hasResponse(exchange.hops.length - 1, event.redirectHasExtraInfo)
    }
    const first = exchange.hops[0]
    const frameId = context.frameIdOf(event.frameId)
    const request: RequestArtifact = {
      id: context.nextId('request'),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      url: event.request.url + (event.request.urlFragment ?? ''),
      method: event.request.method,
      resourceType: (event.type ?? 'Other').toLowerCase(),
      requestHeaders: headersOf(event.request.headers),
      requestBody: { status: 'none' },
      // A redirect has lost who asked: the first hop's cause stays.
      initiator:
        first && before
          ? { ...first.initiator, type: 'redirect', requestId: before.id }
          : initiatorOf(event.initiator, target.id, context.scripts),
      startedAtMs,
      body: { status: 'lost', reason: 'still loading when the visit ended' },
    }
    exchange.hops.push(request)
    exchange.extra.apply(exchange.hops)
    if (list.add(request)) context.noteRequest(request)
    if (event.request.hasPostData) keepPostData(target, event, request)
  }

  function keepPostData(target: Target, event: Protocol.Network.RequestWillBeSentEvent, request: RequestArtifact): void {
    const entries = event.request.postDataEntries ?? []
    const parts = entries.map(({ bytes }) => (bytes === undefined ? null : Buffer.from(bytes, 'base64')))
    if (parts.length > 0 && parts.every((part) => part !== null)) bodies.keepSent(request, Buffer.concat(parts))
    else bodies.askSent(target, event.requestId, request)
    const text = event.request.postData
    const share = parsePoolFrame(
      text === undefined ? { base64: Buffer.concat(parts.filter((part) => part !== null)).toString('base64') } : { text },
    )
    if (share?.role === 'submit') context.cutPool(request.url, `a share was submitted (${share.dialect} over HTTP)`)
  }

  /**
   * A service worker's own script is asked for by the browser, and the request has the worker's identifier. Where a frame of another site
   * registers it, nothing holds the request back until somebody listens: only the response is heard of.
   */
  function noteWorkerScript(target: Target, event: Protocol.Network.ResponseReceivedEvent): void {
    if (target.type !== 'service_worker' || event.requestId !== target.cdpTargetId || exchanges.has(event.requestId)) return
    const request: RequestArtifact = {
      id: context.idFor('request', list),
      targetId: target.id,
      url: event.response.url,
      method: 'GET',
      resourceType: 'script',
      requestHeaders: headersOf(event.response.requestHeaders),
      requestBody: { status: 'none' },
      initiator: { type: 'other' },
      startedAtMs: target.attachedAtMs,
      body: { status: 'lost', reason: 'still loading when the visit ended' },
      partial: 'a service worker of a frame: the request was sent before it could be recorded, its headers and who asked are not known',
    }
    if (!list.add(request)) return
    exchangeOf(event.requestId, target).hops.push(request)
    context.noteRequest(request)
  }

  function responded(target: Target, event: Protocol.Network.ResponseReceivedEvent): void {
    noteWorkerScript(target, event)
    const exchange = exchanges.get(event.requestId)
    const request = exchange?.hops.at(-1)
    if (!exchange || !request) return
    exchange.target = target
    request.response = responseOf(event.response)
    if (event.type !== undefined) request.resourceType = event.type.toLowerCase()
    exchange.extra.hasResponse(exchange.hops.length - 1, event.hasExtraInfo)
    exchange.extra.apply(exchange.hops)
  }

  function finished(target: Target, requestId: string, timestamp: number): void {
    const exchange = exchanges.get(requestId)
    const request = exchange?.hops.at(-1)
    if (!exchange || !request || exchange.finished) return
    exchange.finished = true
    request.endedAtMs = context.fromMonotonic(timestamp)
    bodies.ask(target, requestId, request, exchange.received)
  }

  function failed(event: Protocol.Network.LoadingFailedEvent): void {
    const exchange = exchanges.get(event.requestId)
    const request = exchange?.hops.at(-1)
    if (!exchange || !request) return
    exchange.finished = true
    request.endedAtMs = context.fromMonotonic(event.timestamp)
    request.failure = { reason: event.errorText, ...blockedOf(event) }
    request.body = request.response === undefined ? { status: 'none' } : { status: 'lost', reason: event.errorText }
  }

  return {
    kind: 'request',
    attach(target) {
      const { session } = target
      session.on('Network.requestWillBeSent', (event) => started(target, event))
      session.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => {
        const exchange = list.isFull ? exchanges.get(requestId) : exchangeOf(requestId, target)
        exchange?.extra.sent(headersOf(headers), exchange.hops)
      })
      session.on('Network.responseReceivedExtraInfo', ({ requestId, headers, statusCode }) => {
        const exchange = list.isFull ? exchanges.get(requestId) : exchangeOf(requestId, target)
        exchange?.extra.received({ headers: headersOf(headers), status: statusCode }, exchange.hops)
      })
      session.on('Network.responseReceived', (event) => responded(target, event))
      session.on('Network.requestServedFromCache', ({ requestId }) => exchanges.get(requestId)?.extra.cached())
      session.on('Network.dataReceived', ({ requestId, dataLength }) => {
        const exchange = exchanges.get(requestId)
        if (exchange) exchange.received += dataLength
      })
      session.on('Network.loadingFinished', ({ requestId, timestamp }) => finished(target, requestId, timestamp))
      session.on('Network.loadingFailed', failed)
    },
    async snapshot() {
      // A response that never ends (a stream that carries jobs) is taken as far as it came.
      await Promise.all(
        [...exchanges].map(async ([requestId, exchange]) => {
          const request = exchange.hops.at(-1)
          if (request?.response && !exchange.finished) await bodies.askSoFar(exchange.target, requestId, request)
        }),
      )
    },
    async finish() {
      await bodies.settled()
      for (const { hops, preflightOf, extra } of exchanges.values()) {
        extra.apply(hops, true)
        const asked = preflightOf === undefined ? undefined : exchanges.get(preflightOf)?.hops[0]?.id
        for (const hop of hops) {
          if (asked !== undefined && hop.initiator.type === 'preflight') hop.initiator.requestId = asked
          if (!hop.response && !hop.failure && hop.endedAtMs === undefined) hop.body = { status: 'none' }
        }
      }
      return list.collection()
    },
  }
}

function responseOf(response: Protocol.Network.Response): NonNullable<RequestArtifact['response']> {
  return {
    status: response.status,
    statusText: response.statusText,
    headers: headersOf(response.headers),
    mimeType: response.mimeType,
    protocol: response.protocol ?? '',
    // The browser sees the proxy's address; the visit joins the true one from egress.
    remoteAddress: null,
    fromCache: (response.fromDiskCache ?? false) || (response.fromPrefetchCache ?? false),
    fromServiceWorker: response.fromServiceWorker ?? false,
  }
}

function blockedOf(event: Protocol.Network.LoadingFailedEvent): { blocked?: string } {
  const reason = event.blockedReason ?? event.corsErrorStatus?.corsError
  return reason === undefined ? {} : { blocked: reason }
}
