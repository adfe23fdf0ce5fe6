import type { Capture } from '#model/capture.ts'
import type { ReadLimits } from './limits.ts'
import type { ClassifyPage } from './page-capture.ts'

export interface ImportOptions {
  limits?: Partial<ReadLimits>
  /** Classes the page that was reached; by the HTTP status alone where it is not given. `pageReached` of derive fits. */
  classify?: ClassifyPage
  /** Told of each file or part that was left out. */
  onSkip?: (file: string, reason: string) => void
}

export interface Imported {
  /** The file that holds it: the one given, or one in the folder given. */
  file: string
  capture: Capture
}
