import type { Capture } from './capture.ts'
import type { Conversation } from './conversation.ts'
import type { DeedsByArtifact } from './deed.ts'
import type { Observation } from './observation.ts'
import type { CodeOrigin } from './origin.ts'

/** All that a report shows of one page: reports are functions of it. */
export interface ReportedPage {
  observation: Observation
  /** Null where only the observation is at hand. */
  capture: Capture | null
  screenshot: { bytes: Uint8Array; mimeType: string } | null
  conversations: Conversation[]
  deeds: DeedsByArtifact
  /** Null where no miner was found. */
  origin: CodeOrigin | null
  /** Stands instead of the URL where a file was judged. */
  file?: string
}
