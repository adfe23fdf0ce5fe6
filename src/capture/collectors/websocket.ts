import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'
import type { SocketFrame, WebSocketArtifact } from '#model/artifact.ts'
import { dialogueOf, readFrame } from '#derive/pool-protocol.ts'
import { BoundedList } from '../bounded-list.ts'
import type { Collector, Target, VisitContext } from '../collector.ts'
import { frameOfStack, headersOf, initiatorOf } from '../initiator.ts'

const binaryOpcode = 2

/** WebSockets of every target with frames both ways. A share that is seen on its way to a pool cuts the pool off. */
export function websocketCollector(context: VisitContext): Collector<'websocket'> {
  const { maxSockets, maxFramesPerSocket, maxFrameBytes } = context.plan.limits
  const list = new BoundedList<WebSocketArtifact>(maxSockets, 'sockets')
  const sockets = new Map<string, WebSocketArtifact>()
  const storing: Promise<void>[] = []

  function created(target: Target, event: Protocol.Network.WebSocketCreatedEvent): void {
    const frameId = frameOfStack(event.initiator?.stack, target, context)
    const socket: WebSocketArtifact = {
      id: context.idFor('websocket', list),
      targetId: target.id,
      ...(frameId === undefined ? {} : { frameId }),
      url: event.url,
      initiator: event.initiator ? initiatorOf(event.initiator, target.id, context.scripts) : { type: 'other' },
      openedAtMs: context.nowMs(),
      frames: [],
      sentCount: 0,
      receivedCount: 0,
      framesDropped: 0,
    }
    if (list.add(socket)) sockets.set(event.requestId, socket)
  }

  function frame(
    event: { requestId: string; timestamp: number; response: Protocol.Network.WebSocketFrame },
    direction: SocketFrame['direction'],
  ): void {
    const socket = sockets.get(event.requestId)
    if (!socket) return
    if (direction === 'sent') socket.sentCount++
    else socket.receivedCount++
    const { opcode, payloadData } = event.response
    const isBinary = opcode === binaryOpcode
    if (direction === 'sent' && !socket.cut) {
      const dialect = shareIn(socket, isBinary ? { base64: payloadData } : { text: payloadData })
      if (dialect !== null) {
        const reason = `a share was submitted (${dialect}), and a pool is never served`
        socket.cut = { atMs: context.nowMs(), reason }
        context.cutPool(socket.url, reason)
      }
    }
    if (socket.frames.length >= maxFramesPerSocket) {
      socket.framesDropped++
      return
    }
    const size = isBinary ? base64Length(payloadData) : Buffer.byteLength(payloadData)
    const kept: SocketFrame = { atMs: context.fromMonotonic(event.timestamp), direction, opcode, size }
    if (size <= maxFrameBytes) kept[isBinary ? 'base64' : 'text'] = payloadData
    else {
      const whole = Buffer.from(payloadData, isBinary ? 'base64' : 'utf8')
      const head = whole.subarray(0, maxFrameBytes)
      if (isBinary) kept.base64 = head.toString('base64')
      else kept.text = head.toString('utf8')
      storing.push(context.keep(whole).then((body) => void (kept.body = body)))
    }
    socket.frames.push(kept)
  }

  return {
    kind: 'websocket',
    attach(target) {
      const { session } = target
      session.on('Network.webSocketCreated', (event) => created(target, event))
      session.on('Network.webSocketWillSendHandshakeRequest', ({ requestId, request, timestamp }) => {
        const socket = sockets.get(requestId)
        if (!socket) return
        socket.openedAtMs = context.fromMonotonic(timestamp)
        socket.handshake = { status: 0, requestHeaders: headersOf(request.headers), responseHeaders: [] }
      })
      session.on('Network.webSocketHandshakeResponseReceived', ({ requestId, response }) => {
        const socket = sockets.get(requestId)
        if (!socket) return
        const requestHeaders = response.requestHeaders ? headersOf(response.requestHeaders) : (socket.handshake?.requestHeaders ?? [])
        socket.handshake = { status: response.status, requestHeaders, responseHeaders: headersOf(response.headers) }
      })
      session.on('Network.webSocketFrameSent', (event) => frame(event, 'sent'))
      session.on('Network.webSocketFrameReceived', (event) => frame(event, 'received'))
      session.on('Network.webSocketFrameError', ({ requestId, errorMessage }) => {
        const socket = sockets.get(requestId)
        if (socket) socket.error = errorMessage
      })
      session.on('Network.webSocketClosed', ({ requestId, timestamp }) => {
        const socket = sockets.get(requestId)
        if (socket) socket.closedAtMs = context.fromMonotonic(timestamp)
      })
    },
    async finish() {
      await Promise.all(storing)
      return list.collection()
    },
  }
}

/** A miner logs in and is given work before its first share: what comes later than this many messages is looked at one by one. */
const openingFrames = 40

/** Dialect of the share that a message is; one in words or octets of its own counts by the conversation that it stands in. */
function shareIn(socket: WebSocketArtifact, payload: { text?: string; base64?: string }): string | null {
  const { message, shape } = readFrame(payload)
  if (message?.role === 'submit') return message.dialect
  if (shape?.role !== 'submit' || socket.frames.length === 0 || socket.frames.length > openingFrames) return null
  const before = socket.frames.map((frame, at) => ({ direction: frame.direction, atMs: at, place: `frame ${at}`, ...readFrame(frame) }))
  const dialogue = dialogueOf([...before, { direction: 'sent', atMs: before.length, place: 'now', message, shape }])
  return dialogue !== null && dialogue.strength !== 'one-sided' && dialogue.roles.submit !== undefined ? dialogue.dialect : null
}

function base64Length(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}
