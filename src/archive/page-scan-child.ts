import { documentNames, scriptNames } from './page-names.ts'
import type { Scan } from './page-scan.ts'

export interface ScanRequest {
  id: number
  what: 'document' | 'script'
  bytes: Uint8Array
  contentType: string
}

export interface ScanReply {
  id: number
  scan: Scan<unknown>
}

// When the parent goes, so does the channel, which is all that keeps this process alive.
process.on('message', ({ id, what, bytes, contentType }: ScanRequest) => {
  let scan: Scan<unknown>
  try {
    scan = { status: 'read', value: what === 'document' ? documentNames(bytes, contentType) : scriptNames(bytes) }
  } catch (error) {
    scan = { status: 'unread', reason: error instanceof RangeError ? 'nested too deeply' : 'it could not be read' }
  }
  process.send?.({ id, scan } satisfies ScanReply)
})
