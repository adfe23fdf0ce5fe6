/** Somebody else's way to tell a miner, or a rule of the literature, on the same samples as ours. */
export interface Peer {
  name: string
  reads: 'module' | 'page'
  /** Once, before the samples: what fits thresholds looks at the tuning part, what runs a program runs it. */
  prepare?(samples: readonly PeerSample[], tuning: readonly PeerSample[]): Promise<void> | void
  /** Whether it calls that one a miner; null where it cannot read it. */
  flags(sample: PeerSample): boolean | null
}

export interface PeerSample {
  path: string
  miner: boolean
  /** Octets of a module; of the page's or script's own file. */
  bytes(): Uint8Array
  /** What a page loads, as its import tells it; a lone script: the addresses that stand in it. */
  urls: readonly string[]
}

/** A peer that is not there, and what it would take. */
export interface Absent {
  name: string
  reason: string
}
