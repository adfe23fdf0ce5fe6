import type { ArtifactByKind } from './artifact.ts'

/** One message of a conversation, with what it was read as. */
export interface ConversationTurn {
  /** The artifact that carried it, and where in it. */
  artifact: string
  place: string
  atMs: number
  direction: 'sent' | 'received'
  /** Octets of the payload. */
  size: number
  /** The payload as it was, text or base64, cut to what a reader can take in. Empty where only its digest was kept. */
  payload: string
  encoding: 'text' | 'base64'
  /** What it is in a mining dialogue (`login`, `job`, `submit` …); null where it is none of that. */
  role: string | null
  /** The dialect's own name of it, as sent. */
  method: string | null
  account: string | null
  jobId: string | null
  /** What had to be undone before it could be read, outermost first. */
  layers: string[]
}

/** What a page said to somebody and what was answered, on one connection, or over HTTP with one host as a whole. */
export interface Conversation {
  artifact: string
  url: string
  via: 'websocket' | 'http' | ArtifactByKind['transport']['type']
  /** Null where it is no mining dialogue. */
  pool: {
    dialect: string
    strength: 'named' | 'shape' | 'one-sided'
    accounts: string[]
    /** Pool asked for by name, where a proxy's dialect carries one. */
    name: string | null
    family: string | null
    /** How often each part was seen in the direction that it belongs to. */
    roles: { role: string; count: number }[]
  } | null
  sentCount: number
  receivedCount: number
  /** The first messages, and of a mining dialogue each kind at least once, in their order. */
  turns: ConversationTurn[]
  /** Messages that are in the capture and not among the turns. */
  turnsLeft: number
  openedAtMs: number
  closedAtMs: number | null
  /** How it ended, where something is to be said of it: cut by us, an error, an attempt that could not leave. */
  notes: string[]
}
