import type { TrackerId } from '#model/tracker.ts'

export interface ScriptFeature {
  /** As the document resolves it; null for an inline block. */
  src: string | null
  /** Position among the inner blobs of the derivation, for an inline block that runs. */
  inner: number | null
  /** Whether a browser would run it: false in comments, templates, text areas, `type=text/plain`, data blocks, `noscript`. */
  runs: boolean
  type: string
  isModule: boolean
  line: number
  /** Attributes that carry data (`data-key`), for services that are configured so. */
  data: Record<string, string>
}

export interface ElementFeature {
  name: string
  attributes: Record<string, string>
  line: number
}

export interface HtmlFeatures {
  title: string
  /** What a visitor reads, cut at 4,000 characters. */
  text: string
  words: number
  baseHref: string | null
  scripts: ScriptFeature[]
  /** Handlers in attributes; `inner` as above. */
  handlers: { element: string; attribute: string; inner: number; line: number; caption: string }[]
  frames: { src: string | null; inner: number | null; hidden: boolean; line: number }[]
  /** Elements that a signature asks for. */
  elements: ElementFeature[]
  /** Captions of buttons and links that name mining. */
  miningControls: { caption: string; line: number }[]
  /**
   * Controls and displays of a miner, the first of each: its name in a title or heading, buttons that start and stop, fields for the share of
   * the machine, who is paid and the pool, a display of hashes.
   */
  miningPanel: { part: 'name' | 'start' | 'stop' | 'load' | 'payee' | 'pool' | 'rate'; text: string; line: number }[]
  /** The one algorithm that short texts of the page name. */
  miningFamily: string | null
  /** Elements that a miner's widget is made of, by their parameters and a key of a site in them: known services' and others'. */
  minerWidgets: { name: string; account: string; named: string | null; knobs: string[]; line: number }[]
  /** Sentence of the page that tells a visitor of mining. */
  miningNotice: string | null
  /** How large the part of it is that quotes code (pre, code, textarea), in characters. */
  quotedCode: number
  /**
   * Identifiers by which services of measurement and advertising know whose page it is, in addresses, attributes, `noscript` and scripts that do not run;
   * those that run have their own.
   */
  trackers: TrackerId[]
}
