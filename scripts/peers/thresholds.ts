import { countModule } from './module-counts.ts'
import type { Peer, PeerSample } from './peer.ts'

/** The threshold that parts two groups best: most of the ones above it, least of the others. */
export function bestThreshold(values: readonly { value: number; miner: boolean }[]): number {
  const sorted = values.toSorted((a, b) => b.value - a.value)
  const miners = Math.max(1, sorted.filter(({ miner }) => miner).length)
  const others = Math.max(1, sorted.length - miners)
  let best = Number.POSITIVE_INFINITY
  let bestGain = 0
  let gain = 0
  for (const [at, { value, miner }] of sorted.entries()) {
    gain += miner ? 1 / miners : -1 / others
    if (gain > bestGain && sorted[at + 1]?.value !== value) [best, bestGain] = [value, gain]
  }
  return best
}

/**
 * What SEISMIC (Wang et al., ESORICS 2018) and CoinSpy-like detectors learn, as the one rule behind it: the share of xors, shifts and rotations
 * among arithmetic. Theirs count at run time; this counts what stands in the module. The threshold is the best one for the tuning part.
 */
export function opcodeShares(): Peer {
  let threshold = Number.POSITIVE_INFINITY
  return {
    name: 'opcode counts (SEISMIC-like)',
    reads: 'module',
    prepare(_, tuning) {
      threshold = bestThreshold(
        tuning.flatMap((sample: PeerSample) => {
          const counted = countModule(sample.bytes())
          return counted === null ? [] : [{ value: counted.mixing, miner: sample.miner }]
        }),
      )
    },
    flags(sample) {
      const counted = countModule(sample.bytes())
      return counted === null ? null : counted.mixing >= threshold
    },
  }
}
