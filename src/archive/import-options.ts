import type { Capture } from '#model/capture.ts'
import type { ReadLimits } from './limits.ts'
import type { ClassifyPage } from './page-capture.ts'

export interface ImportOptions {
  limits?: Partial<ReadLimits>
  /** Classes the page that was reached; by the HTTP status alone where it is not given. `pageReached` of derive fits. */
  classify?: ClassifyPage
  /** Told of each file or part that was left out. */
  onSkip?: (file: string, reason: string) => void
  /** Told before each file is read. Blobs of captures that were given out before are not asked for again by the import. */
  onFile?: (file: string) => Promise<void>
  /** Told now and then how many octets of the file were read, of how many. */
  onRead?: (octets: number, of: number) => void
  /** Ends the reading with `INTERRUPTED`. */
  signal?: AbortSignal
}

export interface Imported {
  /** The file that holds it: the one given, or one in the folder given. */
  file: string
  capture: Capture
}
