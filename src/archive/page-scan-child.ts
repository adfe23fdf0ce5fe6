import { documentNames, type Scan, scanned, scriptNames } from './page-names.ts'
import { decodeSource, renderSource } from './render-source.ts'

export interface ScanRequest {
  id: number
  what: 'document' | 'script' | 'source'
  bytes: Uint8Array
  /** Content type of a document, path of a source, nothing of a script. */
  label: string
}

export interface ScanReply {
  id: number
  scan: Scan<unknown>
}

// When the parent goes, so does the channel, which is all that keeps this process alive.
process.on('message', ({ id, what, bytes, label }: ScanRequest) => {
  const scan = scanned(() =>
    what === 'document' ? documentNames(bytes, label) : what === 'script' ? scriptNames(bytes) : renderSource(label, decodeSource(bytes)),
  )
  process.send?.({ id, scan } satisfies ScanReply)
})
