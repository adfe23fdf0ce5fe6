import type { AlgorithmId } from '../known-constants.ts'
import type { Export, Import, Memory } from './decode.ts'
import type { Fault } from './fault.ts'
import type { MaskedAccess } from './flow-facts.ts'
import type { StructureId } from './structures.ts'

/** A known table that the module holds. */
export interface TableFeature {
  id: string
  algorithm: AlgorithmId
  /** Distinct words of it that were met, of how many. */
  found: number
  of: number
  /** `masked`: in data under an xor. */
  place: 'data' | 'masked' | 'code' | 'data and code'
  /** Functions that hold most of it, where it stands in code; at most 8. */
  functions: number[]
}

/** One function worth telling of: its shape, its loops, what it reads and writes. */
export interface FunctionFeature {
  index: number
  /** As it is exported, if it is. */
  name: string | null
  instructions: number
  xor: number
  rotate: number
  shift: number
  logic: number
  multiply: number
  loops: number
  /** Called within a loop of its caller, directly or not. */
  inLoop: boolean
  /** Functions that it calls in loops; at most 16. */
  loopCallees: number[]
  structures: StructureId[]
  masked: MaskedAccess[]
  wideMultiplies: number
  andNots: number
  fnvMixes: number
  lookups: number[]
  variableTurns: number
  counterStores: number
  targetComparisons: number
}

/** A loop that calls a hash again and again while it counts and compares: how proof of work looks. */
export interface DriverFeature {
  index: number
  name: string | null
  /** Functions with a hash's shape that its loop reaches, itself included; at most 8. */
  reaches: number[]
  counterStores: number
  targetComparisons: number
}

/** What a module shows. Pure JSON, bounded whatever the module claims. */
export interface WasmFeatures {
  octets: number
  /** False where something could not be read; `faults` says what, the rest stands. */
  complete: boolean
  faults: Fault[]
  faultCount: number
  instructions: number
  functions: number
  importCount: number
  exportCount: number
  /** At most 200 of each. */
  imports: Import[]
  exports: Export[]
  memories: Memory[]
  tables: { min: number; max: number | null }[]
  dataOctets: number
  dataSegments: number
  constants: TableFeature[]
  /** Keccak's 24 round constants: how many stand in code, and the longest run in data. `turns`: its table of turns or places. */
  keccak: { inCode: number; inData: number; turns: boolean; functions: number[] }
  /** Instructions of functions by what they are dense in. */
  totals: {
    xor: number
    rotate: number
    shift: number
    logic: number
    multiply: number
    loads: number
    stores: number
    floats: number
    loops: number
    denseFunctions: number
    denseInstructions: number
  }
  /** The functions with structures, masked accesses or density; at most 96, the most telling first. */
  hot: FunctionFeature[]
  drivers: DriverFeature[]
  /** Instructions whose flow of values was followed, and those in functions that were left out because the budget was spent. */
  followed: number
  left: number
  /** Words that tell of a purpose, found in names and data: weak, never alone. */
  words: string[]
  /** Equal in copies with other constants, data and names: see similarity.ts. Null where it was not read whole or is too short. */
  similarity: string | null
}
