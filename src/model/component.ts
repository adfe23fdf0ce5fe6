import type { Digest } from './digest.ts'

/** Why one host appears because of another. */
export type HostPairCause =
  | 'script.src'
  | 'iframe'
  | 'redirect'
  | 'xhr'
  | 'websocket'
  | 'css.import'
  | 'img.src'
  | 'link.href'
  | 'worker'
  | 'beacon'
  | 'other'

/** Parent host → child host. */
export interface HostPair {
  parent: string
  child: string
  cause: HostPairCause
  count: number
}

/** A stable slot on a page and what filled it. */
export interface Component {
  /** Stable over visits: loader, URL template and ordinal, as one string. */
  slot: string
  /** Script or wasm artifact in the capture. */
  artifact: string
  url: string
  host: string
  registrableDomain: string | null
  party: 'first' | 'third' | 'inline'
  /** Owner by name where a list knows it, with how we know. */
  entity: { name: string; source: string } | null
  digest: Digest | null
  size: number | null
  /** From the page to this code: URLs of loaders, the page first. */
  chain: string[]
}
