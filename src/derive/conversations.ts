import type { RequestArtifact, SocketFrame } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Body } from '#model/collection.ts'
import type { Conversation, ConversationTurn } from '#model/conversation.ts'
import { hostOfUrl } from './party.ts'
import { type Dialogue, type DialogueFrame, type PoolMessage, dialogueOf, readMessages } from './pool-protocol.ts'

const maxTurns = 40
const maxPayload = 600
/** Frames of one connection that are read; what a miner says after them repeats what it said before. */
const maxRead = 2_000
const maxBodies = 400
const maxBodyOctets = 64 * 1024

interface ReadTurn extends DialogueFrame {
  artifact: string
  size: number
  payload: string
  encoding: 'text' | 'base64'
}

/** Bodies that `conversationsOf` wants to read, by digest: what was said over HTTP, and frames too long to stand in a manifest. */
export function spokenBodies(capture: Capture): Body[] {
  const bodies: Body[] = []
  for (const request of artifacts(capture, 'request').items) if (isTalk(request)) bodies.push(request.requestBody, request.body)
  for (const socket of artifacts(capture, 'websocket').items)
    for (const frame of socket.frames.slice(0, maxRead)) if (frame.body !== undefined) bodies.push(frame.body)
  return bodies.filter((body) => body.status === 'stored' && body.size > 0 && body.size <= maxBodyOctets).slice(0, maxBodies)
}

/**
 * Every conversation of a page, parsed: those with pools first, then in the order in which they began. HTTP is only one where a pool's
 * dialect was spoken. `bodies`: octets of `spokenBodies` by digest; what is not there is shown without its content.
 */
export function conversationsOf(capture: Capture, bodies: ReadonlyMap<string, Uint8Array>): Conversation[] {
  const found: Conversation[] = []
  for (const socket of artifacts(capture, 'websocket').items) {
    const turns = socket.frames.slice(0, maxRead).flatMap((frame, at) => turnsOf(frame, at, socket.id, bodies))
    found.push({
      ...conversation(socket.id, socket.url, 'websocket', turns),
      sentCount: socket.sentCount,
      receivedCount: socket.receivedCount,
      turnsLeft: Math.max(0, socket.frames.length - Math.min(turns.length, maxTurns)),
      openedAtMs: socket.openedAtMs,
      closedAtMs: socket.closedAtMs ?? null,
      notes: [
        ...(socket.cut ? [`cut by us after ${seconds(socket.cut.atMs)}: ${socket.cut.reason}`] : []),
        ...(socket.error ? [socket.error] : []),
        ...(socket.framesDropped > 0 ? [`${socket.framesDropped} messages were counted and not kept`] : []),
        ...(socket.frames.length === 0 && socket.handshake === undefined && !socket.error ? ['it was never answered'] : []),
      ],
    })
  }
  for (const transport of artifacts(capture, 'transport').items) {
    const turns = transport.messages.slice(0, maxRead).flatMap((frame, at) => turnsOf(frame, at, transport.id, bodies))
    found.push({
      ...conversation(transport.id, transport.url, transport.type, turns),
      openedAtMs: transport.openedAtMs,
      notes: [
        ...(transport.status === 'attempted' ? ['an attempt: it could not leave'] : []),
        ...(transport.status === 'failed' ? ['it failed'] : []),
        ...(transport.messagesDropped > 0 ? [`${transport.messagesDropped} messages were counted and not kept`] : []),
      ],
    })
  }
  found.push(...overHttp(capture, bodies))
  return found.sort((a, b) => Number(b.pool !== null) - Number(a.pool !== null) || a.openedAtMs - b.openedAtMs)
}

function conversation(artifact: string, url: string, via: Conversation['via'], turns: readonly ReadTurn[]): Conversation {
  const dialogue = dialogueOf(turns)
  const isPool = dialogue !== null && (dialogue.strength !== 'one-sided' || Object.keys(dialogue.roles).length > 1)
  const shown = shownTurns(turns)
  return {
    artifact,
    url,
    via,
    pool: isPool ? poolOf(dialogue) : null,
    sentCount: turns.filter(({ direction }) => direction === 'sent').length,
    receivedCount: turns.filter(({ direction }) => direction === 'received').length,
    turns: shown.map((turn) => shownTurn(turn, isPool ? dialogue : null)),
    turnsLeft: turns.length - shown.length,
    openedAtMs: turns[0]?.atMs ?? 0,
    closedAtMs: null,
    notes: [],
  }
}

function poolOf(dialogue: Dialogue): NonNullable<Conversation['pool']> {
  return {
    dialect: dialogue.dialect,
    strength: dialogue.strength,
    accounts: dialogue.accounts,
    name: dialogue.pool,
    family: dialogue.family,
    roles: Object.entries(dialogue.roles).map(([role, { count }]) => ({ role, count })),
  }
}

/** The first of all, and the first of each role, which may come late. */
function shownTurns(turns: readonly ReadTurn[]): ReadTurn[] {
  if (turns.length <= maxTurns) return [...turns]
  const firstOfRole = new Map<string, ReadTurn>()
  for (const turn of turns) {
    const role = turn.message?.role ?? turn.shape?.role
    if (role !== undefined && !firstOfRole.has(role)) firstOfRole.set(role, turn)
  }
  const kept = new Set([...firstOfRole.values(), ...turns.slice(0, maxTurns - firstOfRole.size)])
  return turns.filter((turn) => kept.has(turn))
}

function shownTurn(turn: ReadTurn, dialogue: Dialogue | null): ConversationTurn {
  const read: PoolMessage | null =
    dialogue === null ? null : (turn.message ?? (dialogue.strength === 'shape' || turn.direction === 'sent' ? turn.shape : null))
  const isSent = read !== null && sentRoles.has(read.role)
  // A message in the other direction is somebody showing it.
  const believed = read !== null && isSent === (turn.direction === 'sent') ? read : null
  return {
    artifact: turn.artifact,
    place: turn.place,
    atMs: turn.atMs,
    direction: turn.direction,
    size: turn.size,
    payload: turn.payload,
    encoding: turn.encoding,
    role: believed?.role ?? null,
    method: believed?.method ?? null,
    account: believed?.account ?? null,
    jobId: believed?.jobId ?? null,
    layers: believed?.layers ?? [],
  }
}

const sentRoles: ReadonlySet<string> = new Set(['login', 'submit', 'keepalive'])

function turnsOf(frame: SocketFrame, at: number, artifact: string, bodies: ReadonlyMap<string, Uint8Array>): ReadTurn[] {
  const whole = frame.body?.status === 'stored' ? bodies.get(frame.body.digest) : undefined
  const { payload, encoding } = whole
    ? shownOctets(whole)
    : { payload: frame.text ?? frame.base64 ?? '', encoding: frame.text === undefined ? ('base64' as const) : ('text' as const) }
  const read = whole
    ? readMessages({ base64: Buffer.from(whole).toString('base64') })
    : readMessages({
        ...(frame.text === undefined ? {} : { text: frame.text }),
        ...(frame.base64 === undefined ? {} : { base64: frame.base64 }),
      })
  const lines = read.length > 1 ? payload.split('\n').filter((line) => line.trim() !== '') : [payload]
  return read.map((reading, index) => ({
    artifact,
    place: `frame ${at}`,
    atMs: frame.atMs,
    direction: frame.direction,
    size: index === 0 ? frame.size : 0,
    payload: (lines[index] ?? '').slice(0, maxPayload),
    encoding,
    ...reading,
  }))
}

/** Text where it is text; else base64. */
function shownOctets(octets: Uint8Array): { payload: string; encoding: 'text' | 'base64' } {
  try {
    return { payload: new TextDecoder('utf-8', { fatal: true }).decode(octets).slice(0, maxPayload), encoding: 'text' }
  } catch {
    return { payload: Buffer.from(octets).toString('base64').slice(0, maxPayload), encoding: 'base64' }
  }
}

const talkTypes: ReadonlySet<string> = new Set(['xhr', 'fetch', 'eventsource', 'ping', 'beacon'])
const isTalk = (request: RequestArtifact): boolean => talkTypes.has(request.resourceType) || request.requestBody.status === 'stored'

function overHttp(capture: Capture, bodies: ReadonlyMap<string, Uint8Array>): Conversation[] {
  const byHost = new Map<string, { turns: ReadTurn[]; first: RequestArtifact }>()
  for (const request of artifacts(capture, 'request').items) {
    if (!isTalk(request)) continue
    for (const [body, direction, atMs, part] of [
      [request.requestBody, 'sent', request.startedAtMs, 'request'],
      [request.body, 'received', request.endedAtMs ?? request.startedAtMs, 'answer'],
    ] as const) {
      const octets = body.status === 'stored' ? bodies.get(body.digest) : undefined
      if (octets === undefined) continue
      const read = readMessages({ base64: Buffer.from(octets).toString('base64') }).filter(
        ({ message, shape }) => message !== null || shape !== null,
      )
      if (read.length === 0) continue
      const about = { artifact: request.id, place: part, atMs, direction, size: octets.length, ...shownOctets(octets) }
      const turns = read.map((reading) => ({ ...about, ...reading }))
      const host = hostOfUrl(request.url)
      const known = byHost.get(host)
      if (known === undefined) byHost.set(host, { turns, first: request })
      else known.turns.push(...turns)
    }
  }
  return [...byHost.values()]
    .map(({ turns, first }) =>
      conversation(
        first.id,
        first.url,
        'http',
        turns.sort((a, b) => a.atMs - b.atMs),
      ),
    )
    .filter(({ pool }) => pool !== null)
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`
