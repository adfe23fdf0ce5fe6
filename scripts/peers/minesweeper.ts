import { readFileSync } from 'node:fs'
import { countModule, type FunctionCounts } from './module-counts.ts'
import type { Peer } from './peer.ts'

/** How many fingerprints there are of each primitive (minesweeper_tools/config.json). */
const primitives: Readonly<Record<string, number>> = { keccak: 2, blake: 3, aes: 2, groestl: 2, skein: 3 }

/**
 * MineSweeper (Konoth et al., CCS 2018): the function that fits each fingerprint best, by the same rules as its `wast_analyse.py` and
 * `minesweeper.py`: CryptoNight where fewer than half of the five primitives are without any fit. Its list of suspects (misspelt there, so that
 * it would end with an error) counts as was meant.
 */
export function mineSweeper(fingerprintFile: string): Peer {
  const fingerprints = JSON.parse(readFileSync(fingerprintFile, 'utf8')) as Record<string, Record<string, number>>
  return {
    name: "MineSweeper, functions' fingerprints",
    reads: 'module',
    flags(sample) {
      const module = countModule(sample.bytes())
      if (module === null) return null
      const left = { ...primitives }
      for (const [name, fingerprint] of Object.entries(fingerprints)) {
        if (fits(fingerprint, module.functions)) continue
        const primitive = Object.keys(primitives).find((one) => name.includes(one))
        if (primitive !== undefined) left[primitive]!--
      }
      return Object.values(left).filter((count) => count === 0).length < 2.5
    },
  }
}

function fits(fingerprint: Readonly<Record<string, number>>, functions: readonly FunctionCounts[]): boolean {
  const total = Object.keys(fingerprint).length
  let best = { found: 0, off: 700 }
  for (const { counts } of functions) {
    let off = 0
    let found = 0
    for (const [name, wanted] of Object.entries(fingerprint)) {
      const count = counts[name] ?? 0
      if (count === 0) continue
      found++
      off += Math.abs(count - wanted)
    }
    if (found > best.found || (found === best.found && best.off >= off)) best = { found, off }
  }
  return (best.found >= 0.7 * total && best.off <= best.found) || (best.found === total && best.off <= 2 * best.found)
}

/** Its "general crypto activity": more than five functions with such loops, more than ten loops. Unrolled loops, which it counts too, are not. */
export const mineSweeperCrypto: Peer = {
  name: 'MineSweeper, loops that hash',
  reads: 'module',
  flags(sample) {
    const module = countModule(sample.bytes())
    if (module === null) return null
    const hashing = module.functions.filter(({ hashLoops }) => hashLoops > 0)
    return hashing.length > 5 && hashing.reduce((sum, { hashLoops }) => sum + hashLoops, 0) > 10
  },
}
