import type { Digest } from './digest.ts'
import type { Status } from './finding.ts'

/** A capture of the same page that was kept before. */
export interface EarlierCopy {
  captureId: Digest
  at: string
  status: Status
}

/** What earlier captures of the same page, of those that are kept beside it, say of a file. */
export interface FileHistory {
  /** How many of them there are. */
  looked: number
  /** The earliest, without a break, that holds the same octets at this address. */
  since: EarlierCopy | null
  /** The one before: the file was not there, or held other octets. */
  before: (EarlierCopy & { was: 'absent' | 'other' }) | null
}

/** One file on the way from the page to the code. */
export interface OriginFile {
  artifact: string | null
  url: string
  /** Who serves it, as far as a list or the registrable domain says. */
  owner: string
  party: 'first' | 'third'
  digest: Digest | null
  size: number | null
  /** `Last-Modified`, as its server says; a server may say anything. */
  lastModified: string | null
  history: FileHistory | null
}

/** The place in what the site itself serves that brings the code in. */
export interface OriginEntry {
  /** Document or script file of the site. */
  url: string
  /** Counted from 1; null where the place is known only from the document as it stood at the end. */
  line: number | null
  /** A tag, or the code around the place. */
  text: string
  isTag: boolean
}

/** Where the code that findings name comes from, so that a site's owner can act on it. */
export interface CodeOrigin {
  /** From the first that the page loads to the one that does it, each once. Empty where it stands in the page itself. */
  files: OriginFile[]
  entry: OriginEntry | null
  /** Directives of a Content-Security-Policy that would have stopped it on this visit, and nothing else that was seen. */
  policy: string[]
  /** Subresource integrity of an earlier copy of the file that the tag loads, from when no miner was found. */
  trusted: (EarlierCopy & { url: string; integrity: string }) | null
}
