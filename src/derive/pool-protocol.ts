import { dialectOf } from './pool/dialects.ts'
import type { PoolMessage } from './pool/message.ts'
import { messageByLine, messageByOctets, messageByShape } from './pool/shape.ts'
import { type Payload, octetsOf, unwrap } from './pool/unwrap.ts'

export type { PoolDialect, PoolMessage, PoolRole } from './pool/message.ts'
export { type Dialogue, type DialogueFrame, dialogueOf } from './pool/dialogue.ts'

/**
 * One frame or body → the message of a mining dialogue that it is, or null. Cheap encodings are undone, then the text is parsed, then
 * its members are compared: a chat about Stratum, or a page that quotes a login, is no message. Knows the dialects by their names only;
 * renamed members are told by `dialogueOf`, which sees both directions.
 */
export function parsePoolFrame(payload: Payload): PoolMessage | null {
  return readFrame(payload).message
}

export interface Reading {
  message: PoolMessage | null
  shape: PoolMessage | null
}

const maxLines = 64

/**
 * Every message of one frame, chunk or body: where lines are messages, each in its encoding, they are read one by one. At least one
 * reading, which may hold nothing. HTTP and streams hand over in one piece what a socket hands over in several.
 */
export function readMessages(payload: Payload): Reading[] {
  const whole = readFrame(payload)
  const lines = linesOf(payload)
  if (lines.length < 2 || lines.length > maxLines) return [whole]
  const told = lines.map((text) => readFrame({ text })).filter(({ message, shape }) => message !== null || shape !== null)
  return told.length > (whole.message === null && whole.shape === null ? 0 : 1) ? told : [whole]
}

function linesOf(payload: Payload): string[] {
  const text = Buffer.from(octetsOf(payload)).toString('utf8')
  return text.includes('\n') && !text.includes('\ufffd') ? text.split('\n').filter((line) => line.trim() !== '') : []
}

/** The same, and what the values' shapes say where no dialect fits (dialect `renamed`): weak alone, strong in a dialogue. */
export function readFrame(payload: Payload): Reading {
  const candidates = unwrap(payload)
  for (const { value, layers } of candidates) {
    const message = dialectOf(value)
    if (message !== null) return { message: { ...message, layers }, shape: null }
  }
  for (const { value, layers } of candidates) {
    const shape = typeof value === 'string' ? messageByLine(value) : messageByShape(value)
    if (shape !== null) return { message: null, shape: { ...shape, layers } }
  }
  const raw =
    payload.base64 === undefined || candidates.some(({ value }) => typeof value !== 'string') ? null : messageByOctets(octetsOf(payload))
  if (raw !== null) return { message: null, shape: { ...raw, layers: [] } }
  return { message: null, shape: null }
}
