import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { SocketFrame, TransportArtifact } from '#model/artifact.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { within } from '../deadline.ts'
import { frameOfStack, initiatorOf } from '../initiator.ts'
import { webrtcHook } from '../page/webrtc-hook.ts'

const maxTransports = 100
const maxMessages = 200
const maxMessageLength = 16_384
const textOpcode = 1

/** WebRTC, WebTransport, event sources, and responses that are read while they are still being sent. */
export function transportCollector(context: VisitContext): Collector<'transport'> {
  const list = new BoundedList<TransportArtifact>(maxTransports, 'transports')
  const known = new Map<string, TransportArtifact>()
  /** Streams of which something came before they could be followed, and when. */
  const early = new Map<TransportArtifact, number>()
  const asking: Promise<void>[] = []

  function open(
    key: string,
    transport: Omit<TransportArtifact, 'id' | 'messages' | 'messagesDropped' | 'openedAtMs'>,
  ): TransportArtifact | undefined {
    const before = known.get(key)
    if (before) return before
    const made: TransportArtifact = {
      id: context.idFor('transport', list),
      ...transport,
      openedAtMs: context.nowMs(),
      messages: [],
      messagesDropped: 0,
    }
    if (!list.add(made)) return undefined
    known.set(key, made)
    return made
  }

  function message(
    transport: TransportArtifact | undefined,
    direction: SocketFrame['direction'],
    text: string,
    size = Buffer.byteLength(text),
  ): void {
    if (!transport) return
    if (transport.messages.length >= maxMessages) transport.messagesDropped++
    else transport.messages.push({ atMs: context.nowMs(), direction, opcode: textOpcode, size, text: text.slice(0, maxMessageLength) })
  }

  context.hooks.add('webrtc', webrtcHook, 'documents')
  context.hooks.onReport('webrtc', (target, payload, frameId) => {
    const report = (payload ?? {}) as Record<string, unknown>
    const transport = open(`webrtc ${target.id} ${frameId ?? ''} ${String(report['id'])}`, {
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      type: 'webrtc',
      url: 'webrtc:',
      status: 'attempted',
      ...(Array.isArray(report['servers']) ? { servers: report['servers'].map((server) => String(server).slice(0, 300)) } : {}),
    })
    if (report['type'] === 'open' && transport) transport.status = 'open'
    if (report['type'] === 'message')
      message(
        transport,
        report['direction'] === 'sent' ? 'sent' : 'received',
        typeof report['text'] === 'string' ? report['text'] : '',
        Number(report['size']) || 0,
      )
  })

  return {
    kind: 'transport',
    attach(target) {
      const { session } = target
      session.on('Network.webTransportCreated', ({ transportId, url, initiator }) => {
        const frameId = frameOfStack(initiator?.stack, target, context)
        open(`${target.id} ${transportId}`, {
          targetId: target.id,
          ...(frameId === undefined ? {} : { frameId }),
          type: 'webtransport',
          url,
          ...(initiator ? { initiator: initiatorOf(initiator, target.id, context.scripts) } : {}),
          status: 'attempted',
        })
      })
      session.on('Network.webTransportConnectionEstablished', ({ transportId }) =>
        setStatus(known.get(`${target.id} ${transportId}`), 'open'),
      )
      session.on('Network.webTransportClosed', ({ transportId }) => {
        const transport = known.get(`${target.id} ${transportId}`)
        // One that was never open did not get through.
        setStatus(transport, transport?.status === 'attempted' ? 'failed' : 'closed')
      })
      session.on('Network.responseReceived', (event) => follow(target, event))
      session.on('Network.eventSourceMessageReceived', ({ requestId, eventName, data }) =>
        message(known.get(`${target.id} ${requestId}`), 'received', eventName === 'message' ? data : `${eventName}: ${data}`),
      )
      session.on('Network.dataReceived', ({ requestId, data }) => {
        const transport = data === undefined ? undefined : known.get(`${target.id} ${requestId}`)
        if (transport?.type === 'fetch-stream' && data !== undefined)
          message(transport, 'received', Buffer.from(data, 'base64').toString('utf8'))
        const began = known.get(`${target.id} ${requestId}`)
        if (began?.type === 'fetch-stream' && data === undefined && !early.has(began)) early.set(began, context.nowMs())
      })
      session.on('Network.loadingFinished', ({ requestId }) => setStatus(known.get(`${target.id} ${requestId}`), 'closed'))
      session.on('Network.loadingFailed', ({ requestId }) => {
        const transport = known.get(`${target.id} ${requestId}`)
        setStatus(transport, 'failed')
        if (transport !== undefined && early.has(transport)) asking.push(recover(target, requestId, transport))
      })
    },
    async finish() {
      await Promise.all(asking)
      return list.collection(context.hooks.lost('webrtc'))
    },
  }

  /**
   * What came before a stream was followed: bodies are kept outside the renderer, which then has nothing buffered to hand over, and the
   * whole is there once it broke off (Chromium 156).
   */
  async function recover({ session }: Target, requestId: string, transport: TransportArtifact): Promise<void> {
    try {
      const { body, base64Encoded } = await within(2_000, 'the stream', session.send('Network.getResponseBody', { requestId }))
      const whole = base64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body
      const followed = transport.messages.reduce((sum, { size }) => sum + size, 0)
      const missed = Buffer.from(whole).subarray(0, Math.max(0, Buffer.byteLength(whole) - followed))
      if (missed.length === 0) return
      const atMs = early.get(transport) ?? transport.openedAtMs
      const text = missed.toString('utf8').slice(0, maxMessageLength)
      transport.messages.unshift({ atMs, direction: 'received', opcode: textOpcode, size: missed.length, text })
    } catch {
      // The target is gone: what was followed stays.
    }
  }

  /** A response of unknown length to a script is read as it comes: its body is whole only when it ends, and a stream does not. */
  function follow(target: Target, { requestId, type, response, frameId: cdpFrameId }: Protocol.Network.ResponseReceivedEvent): void {
    const isEvents = type === 'EventSource' || response.mimeType === 'text/event-stream'
    if (!isEvents && !((type === 'Fetch' || type === 'XHR') && isStream(response))) return
    const frameId = context.frameIdOf(cdpFrameId)
    const transport = open(`${target.id} ${requestId}`, {
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      type: isEvents ? 'eventsource' : 'fetch-stream',
      url: response.url,
      status: 'open',
    })
    if (!transport || transport.type === 'eventsource') return
    target.session.send('Network.streamResourceContent', { requestId }).then(
      ({ bufferedData }) => {
        const text = Buffer.from(bufferedData, 'base64').toString('utf8')
        if (text !== '') message(transport, 'received', text)
      },
      // It has ended meanwhile: its body is kept with its request.
      () => undefined,
    )
  }
}

function isStream(response: Protocol.Network.Response): boolean {
  const length = Object.keys(response.headers).some((name) => name.toLowerCase() === 'content-length')
  return !length && /^(application\/(x-)?(ndjson|jsonl|json-seq|stream\+json|octet-stream|grpc-web\S*)|text\/plain)/.test(response.mimeType)
}

function setStatus(transport: TransportArtifact | undefined, status: TransportArtifact['status']): void {
  if (transport) transport.status = status
}
