import { documentNames, type Scan, scanned, scriptNames } from './page-names.ts'
import { decodeSource, renderSource } from './page-source.ts'

export interface ScanRequest {
  id: number
  what: 'document' | 'script' | 'source'
  bytes: Uint8Array
  /** Of a source: its path. */
  contentType: string
}

export interface ScanReply {
  id: number
  scan: Scan<unknown>
}

// When the parent goes, so does the channel, which is all that keeps this process alive.
process.on('message', ({ id, what, bytes, contentType }: ScanRequest) => {
  const scan = scanned(() =>
    what === 'document'
      ? documentNames(bytes, contentType)
      : what === 'script'
        ? scriptNames(bytes)
        : renderSource(contentType, decodeSource(bytes)),
  )
  process.send?.({ id, scan } satisfies ScanReply)
})
