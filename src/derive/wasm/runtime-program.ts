import type { Memory } from './decode.ts'

/** Smallest memory that RandomX' cache, scratchpad and program fit in (256 MiB and two pages), in pages of 64 KiB. */
const leastPages = 4_098

/** A module as a just-in-time compiler of RandomX makes them: one imported memory, large enough, no data, few functions. */
export function isRuntimeProgram(module: { memories: readonly Memory[]; functions: number; dataOctets: number }): boolean {
  const [memory] = module.memories
  return (
    module.memories.length === 1 &&
    memory !== undefined &&
    memory.imported &&
    memory.minPages >= leastPages &&
    module.dataOctets === 0 &&
    module.functions <= 24
  )
}
