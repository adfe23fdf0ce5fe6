/** Accesses, within loops, of memory at a sum with one bounded term: a table or a scratchpad. */
export interface MaskedAccess {
  /** The term lies below 2^bits and is a multiple of 2^align. */
  bits: number
  align: number
  loads: number
  stores: number
  /** Distinct terms through which memory was both read and written, and octets of the widest such pair of reads and writes. */
  updates: number
  octets: number
}

/** What the flow of values in one function shows. */
export interface FlowFacts {
  functionIndex: number
  /** Bit n: a value of 32 (64: low and high half) bits was turned left by n. */
  turns32: number
  turns64Low: number
  turns64High: number
  turnCount: number
  /** Bit n: two values were shifted by n and 32 - n and joined, as 64-bit turns in halves are. */
  funnels: number
  funnelCount: number
  /** Turns by an amount that is not constant. */
  variableTurns: number
  /** Products of two values below 2³². */
  wideMultiplies: number
  /** `~x & y`. */
  andNots: number
  /** Words multiplied by the 32-bit FNV prime and joined by xor with other words: how Ethash mixes. */
  fnvMixes: number
  /** Look-ups in tables of 128 to 4,096 places within loops or unrolled, by octets a place as power of two (0 to 4). */
  lookups: number[]
  masked: MaskedAccess[]
  /** Within loops: stores of a counter, comparisons of loaded values without sign. */
  counterStores: number
  targetComparisons: number
  /** 64-bit `and` with one bound for both halves (0x00000ff0_00000ff0): yescrypt's pwxform. */
  pairedMasks: number[]
}

export function emptyFacts(functionIndex: number): FlowFacts {
  return {
    functionIndex,
    turns32: 0,
    turns64Low: 0,
    turns64High: 0,
    turnCount: 0,
    funnels: 0,
    funnelCount: 0,
    variableTurns: 0,
    wideMultiplies: 0,
    andNots: 0,
    fnvMixes: 0,
    lookups: [0, 0, 0, 0, 0],
    masked: [],
    counterStores: 0,
    targetComparisons: 0,
    pairedMasks: [],
  }
}
