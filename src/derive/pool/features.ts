import { type Reading, readMessages } from '../pool-protocol.ts'
import type { Deriver } from '../deriver.ts'

/** One body that was sent or answered, read as a message. */
export interface MessageFeatures extends Reading {
  /** Where a body holds several messages by line: those after the first. */
  more: Reading[]
}

/** Bodies of requests and answers, and of frames that were too long to stand in the manifest. */
export const messageDeriver: Deriver<'message'> = {
  kind: 'message',
  version: '4',
  maxBytes: 256 * 1024,
  derive(bytes) {
    const [first = { message: null, shape: null }, ...more] = readMessages({ base64: Buffer.from(bytes).toString('base64') })
    return { features: { ...first, more }, inner: [] }
  },
}
