import type { SocketFrame } from '#model/artifact.ts'
import { type Dialogue, type DialogueFrame, dialogueOf } from '#derive/pool-protocol.ts'
import { readMessages } from '#derive/pool-protocol.ts'
import type { DetectorInput } from './contract.ts'
import { hostOf } from './hosts.ts'

/** A mining dialogue on a page, with the artifact that carried it. */
export interface Conversation {
  artifact: string
  url: string
  via: 'websocket' | 'http' | 'webrtc' | 'webtransport' | 'eventsource' | 'beacon' | 'fetch-stream'
  dialogue: Dialogue
  targetId: string
}

export type DialogueInput = DetectorInput<'websocket' | 'transport' | 'request', 'message'>

/** Every mining dialogue: on sockets, on other transports, and over HTTP with one host as a whole. */
export function conversationsOf(input: DialogueInput): Conversation[] {
  const found: Conversation[] = []
  for (const socket of input.artifacts.websocket.items) {
    const dialogue = dialogueOf(readFrames(socket.frames))
    if (dialogue !== null) found.push({ artifact: socket.id, url: socket.url, via: 'websocket', dialogue, targetId: socket.targetId })
  }
  for (const transport of input.artifacts.transport.items) {
    if (oneWay.has(transport.type)) continue
    const dialogue = dialogueOf(readFrames(transport.messages))
    if (dialogue !== null)
      found.push({ artifact: transport.id, url: transport.url, via: transport.type, dialogue, targetId: transport.targetId })
  }
  return [...found, ...overHttp(input)]
}

function readFrames(frames: readonly SocketFrame[]): DialogueFrame[] {
  // A miner says who it is at once; after that its messages repeat.
  const kept = frames.length > 2_000 ? [...frames.slice(0, 1_000), ...frames.slice(-1_000)] : frames
  return kept.flatMap((frame, at) =>
    readMessages(frame).map((reading) => ({
      direction: frame.direction,
      atMs: frame.atMs,
      place: `frame ${frames.length > 2_000 && at >= 1_000 ? frames.length - 2_000 + at : at}`,
      ...reading,
    })),
  )
}

/** Transports that only tell: what the page says to the same host goes by requests. */
const oneWay: ReadonlySet<string> = new Set(['eventsource', 'fetch-stream', 'beacon'])

/** Long polling and streams: what was sent to a host and what it answered, as if it were a socket. */
function overHttp(input: DialogueInput): Conversation[] {
  const messages = new Map(input.features.message.map((blob) => [blob.digest as string, blob.features]))
  const byHost = new Map<string, { frames: DialogueFrame[]; first: string; url: string; targetId: string }>()
  for (const request of input.artifacts.request.items) {
    const frames: DialogueFrame[] = []
    for (const [body, direction, atMs] of [
      [request.requestBody, 'sent', request.startedAtMs],
      [request.body, 'received', request.endedAtMs ?? request.startedAtMs],
    ] as const) {
      const read = body.status === 'stored' ? messages.get(body.digest) : undefined
      for (const { message, shape } of read === undefined ? [] : [read, ...read.more])
        if (message !== null || shape !== null)
          frames.push({ direction, atMs, place: `${request.id} ${direction === 'sent' ? 'request' : 'answer'}`, message, shape })
    }
    if (frames.length === 0) continue
    const host = hostOf(request.url)
    const entry = byHost.get(host)
    if (entry === undefined) byHost.set(host, { frames, first: request.id, url: request.url, targetId: request.targetId })
    else entry.frames.push(...frames)
  }
  for (const transport of input.artifacts.transport.items) {
    if (!oneWay.has(transport.type)) continue
    const frames = readFrames(transport.messages)
      .filter(({ message, shape }) => message !== null || shape !== null)
      .map((frame) => ({ ...frame, place: `${transport.id} ${frame.place}` }))
    if (frames.length === 0) continue
    const host = hostOf(transport.url)
    const entry = byHost.get(host)
    if (entry === undefined) byHost.set(host, { frames, first: transport.id, url: transport.url, targetId: transport.targetId })
    else entry.frames.push(...frames)
  }
  const found: Conversation[] = []
  for (const { frames, first, url, targetId } of byHost.values()) {
    const dialogue = dialogueOf(frames.sort((a, b) => a.atMs - b.atMs))
    // One answer over HTTP that looks like a job is a block explorer's; a renamed dialogue has to go round.
    if (dialogue !== null && (dialogue.strength === 'named' || (dialogue.strength === 'shape' && (dialogue.roles.submit?.count ?? 0) >= 1)))
      found.push({ artifact: first, url, via: 'http', dialogue, targetId })
  }
  return found
}
