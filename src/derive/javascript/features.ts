import type { TrackerId } from '#model/tracker.ts'
import type { VocabularyGroup } from './vocabulary.ts'

/** A value known without running: what a call was given. `null` for anything that is computed. */
export type Constant = string | number | boolean | null

/** Where in the source: line counts from 1, column from 0. */
export interface Place {
  line: number
  column: number
}

/** When a statement runs: with the script, in a function that something calls, or only when the visitor acts. */
export type Moment = 'load' | 'function' | 'event'

export interface CallFeature {
  /** Dotted name with aliases undone: `CoinHive.Anonymous`, `miner.start` as `CoinHive.Anonymous().start`. */
  name: string
  isNew: boolean
  arguments: Constant[]
  moment: Moment
  /** The named function that it stands in; null outside of any, and in one without a name. */
  inside: string | null
  place: Place
}

export interface HashCoreFeature {
  family: string
  /** `javascript`: plain. `asm.js`: a module in that subset. */
  style: 'javascript' | 'asm.js'
  /** A mining core, or a hash function that anybody may need. */
  purpose: 'mining-core' | 'hash-function'
  /** What was found, each a phrase: `Keccak round constants`, `a scratchpad loop over 2 MiB`. */
  marks: string[]
  place: Place
}

export interface JavaScriptFeatures {
  /** `triaged`: no mark asked for more. `unparsable`: no JavaScript of today, so a browser would not run it either. */
  level: 'triaged' | 'parsed' | 'unparsable'
  /** Marks of the triage. */
  marks: string[]
  /** Literals of signatures that stand in it, in the source or in a string that it decodes. */
  literals: string[]
  /** Layers that were undone: `packer`, `string array`, `eval of atob`. */
  layers: string[]
  calls: CallFeature[]
  /** Addresses that stand in strings: URLs (http, https, ws, wss, protocol-relative), cut at 200. */
  urls: string[]
  /**
   * Where functions are called by name or handed on (to a listener, a timer), so that a start inside of one can be followed to what sets it off.
   * Empty where a script has too many to follow.
   */
  uses: { name: string; moment: Moment; inside: string | null }[]
  /** Addresses of coins with a valid checksum. */
  accounts: { account: string; coin: string; place: Place }[]
  /** Parts of a mining dialogue that it can say, from object literals and strings. */
  dialogue: { role: 'login' | 'submit'; method: string; place: Place }[]
  /** Names of members, keys and constant strings that belong to a miner's trade, by group: see vocabulary.ts. */
  vocabulary: { group: VocabularyGroup; word: string }[]
  cores: HashCoreFeature[]
  /** A loop that hashes a counter and compares with a target. */
  nonceLoop: Place | null
  /** `serves`: it is a worker's own script, which takes messages and answers them. */
  workers: { constructed: number; byCores: boolean; serves: boolean; place: Place | null }
  sockets: { constructed: number; place: Place | null }
  wasm: { instantiates: boolean; place: Place | null }
  /** Commands for a shell that fetch and run code, in a script that also writes to the clipboard; cut at 5. */
  commands: string[]
  /** Functions of its own that are named after mining, cut at 20. */
  minerFunctions: string[]
  /** Whether it listens for connections: a program for a server, which no browser runs. */
  isServer: boolean
  /** Pages named after a miner, and addresses with its parameters, in strings: what frames are made of. Cut at 5. */
  minerPages: string[]
  /** Methods of the interface that Coinhive gave its miners and others took over, as they are called: `getHashesPerSecond`. */
  minerMethods: string[]
  /** Sentences in strings that tell a visitor of mining, cut at 5. */
  miningTexts: string[]
  /** Identifiers by which services of measurement and advertising know whose page it is. */
  trackers: TrackerId[]
  /** Equal in copies with other names and literals: see similarity.ts. Null where nothing in it is a miner's, it is too short, or mostly text. */
  similarity: string | null
}
