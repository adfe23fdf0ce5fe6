import { type PoolMessage, readFrame } from '../pool-protocol.ts'
import type { Deriver } from '../deriver.ts'

/** One body that was sent or answered, read as a message. */
export interface MessageFeatures {
  message: PoolMessage | null
  shape: PoolMessage | null
}

/** Bodies of requests and answers, and of frames that were too long to stand in the manifest. */
export const messageDeriver: Deriver<'message'> = {
  kind: 'message',
  version: '2',
  maxBytes: 256 * 1024,
  derive: (bytes) => ({ features: readFrame({ base64: Buffer.from(bytes).toString('base64') }), inner: [] }),
}
