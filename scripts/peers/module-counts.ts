import { decodeModule } from '#derive/wasm/decode.ts'
import { op } from '#derive/wasm/opcodes.ts'

/** Names of the instructions that peers count, by opcode. */
const names: Readonly<Record<number, string>> = {
  [op.loop]: 'loop',
  [op.if]: 'if',
  0x73: 'i32.xor',
  0x74: 'i32.shl',
  0x75: 'i32.shr_s',
  0x76: 'i32.shr_u',
  0x77: 'i32.rotl',
  0x78: 'i32.rotr',
  0x85: 'i64.xor',
  0x86: 'i64.shl',
  0x87: 'i64.shr_s',
  0x88: 'i64.shr_u',
  0x89: 'i64.rotl',
  0x8a: 'i64.rotr',
}

export interface FunctionCounts {
  counts: Record<string, number>
  /** Loops with an instruction of hashing directly in them. */
  hashLoops: number
}
export interface ModuleCounts {
  functions: FunctionCounts[]
  /** Share of xors, shifts and rotations among all arithmetic, from 0 to 1. */
  mixing: number
}

const known = new WeakMap<Uint8Array, ModuleCounts | null>()

/** Null for what is no module. */
export function countModule(bytes: Uint8Array): ModuleCounts | null {
  const before = known.get(bytes)
  if (before !== undefined) return before
  const counted = count(bytes)
  known.set(bytes, counted)
  return counted
}

function count(bytes: Uint8Array): ModuleCounts | null {
  const functions: FunctionCounts[] = []
  let arithmetic = 0
  let mixing = 0
  try {
    decodeModule(bytes, (_, tape) => {
      const counts: Record<string, number> = {}
      let hashLoops = 0
      const blocks: { loop: boolean; hashes: boolean }[] = []
      for (let at = 0; at < tape.length; at++) {
        const code = tape.words[at * 3]!
        if (code >= 0x45 && code <= 0xbf) arithmetic++
        if (code === op.block || code === op.loop || code === op.if || code === op.try || code === op.tryTable)
          blocks.push({ loop: code === op.loop, hashes: false })
        else if (code === op.end || code === op.delegate) {
          const block = blocks.pop()
          if (block?.loop === true && block.hashes) hashLoops++
        }
        const name = names[code]
        if (name === undefined) continue
        counts[name] = (counts[name] ?? 0) + 1
        if (!name.startsWith('i')) continue
        if (name === 'if') continue
        mixing++
        const loop = blocks.findLast((block) => block.loop)
        if (loop !== undefined) loop.hashes = true
      }
      functions.push({ counts, hashLoops })
    })
  } catch {
    return null
  }
  return { functions, mixing: arithmetic === 0 ? 0 : mixing / arithmetic }
}
