import type { Assembly, FunctionBody, Program, Value } from '../machine/program.ts'
import type { Random } from '../random.ts'

export type Family = 'cryptonight' | 'randomx' | 'sha256' | 'scrypt' | 'sha1' | 'unknown-core'

/**
 * A hashing core in the shape of a miner's: a nonce written into a block of input, hashed, compared with a target, in a loop.
 * None of them is a coin's own hash: what they find is worth nothing to any pool but the lab's.
 * `prepare()` fills tables; `search(length, nonce, count, target)` tries `count` nonces over `length` octets at `input` and
 * returns the first whose hash has a word below `target` (equal to it for `sha1`), or -1; the hash of the last try is at `output`.
 */
export interface Core {
  family: Family
  assembly: Assembly
  prepare: FunctionBody
  search: FunctionBody
  /** Further functions that the host may call. */
  more: { name: string; callee: FunctionBody }[]
  input: number
  output: number
  outputSize: number
  /** 64 KiB pages that it needs at least. */
  pages: number
  /** Nonces of one call that take some milliseconds. */
  batch: number
}

export interface CoreOptions {
  random: Random
  /** 64-bit work is costly in JavaScript: fewer rounds there. */
  light: boolean
}

/** `nonceAt`: octet of the input where the nonce stands. `hash` computes from input to output. */
export function searchLoop(
  assembly: Assembly,
  o: {
    input: number
    output: number
    nonceAt: number
    hash: (length: Value) => [FunctionBody, ...Value[]]
    word: number
    equal?: boolean
    bigEndianNonce?: boolean
  },
  at: { i32(value: number): Value; load32(address: Value, offset?: number): Value },
): FunctionBody {
  return assembly.function('search', { params: 4, result: true }, (f, length, nonce, count, target) => {
    if (!length || !nonce || !count || !target) return
    const n = f.let('i32', nonce)
    const end = f.let('i32', nonce.add(count))
    const [callee, ...args] = o.hash(length)
    f.loop(
      () => {
        f.store32(at.i32(o.input), n, o.nonceAt)
        f.do(callee, ...args)
        const word = f.let('i32', at.load32(at.i32(o.output), o.word))
        f.if(o.equal ? word.eq(target) : word.lt(target), () => f.return(n))
        n.set(n.add(1))
      },
      () => n.ne(end),
    )
    f.return(at.i32(-1))
  })
}

export function programOf(
  core: Core,
  names: { prepare: string; search: string; more: string[] },
  memory: Program['memory'],
  spare: number,
): Program {
  return {
    functions: core.assembly.functions,
    exports: [
      { name: names.prepare, callee: core.prepare },
      { name: names.search, callee: core.search },
      ...core.more.map(({ callee }, index) => ({ name: names.more[index] ?? `more${index}`, callee })),
    ],
    data: core.assembly.data,
    pages: Math.max(core.pages, Math.ceil(core.assembly.top / 65536)) + spare,
    memory,
  }
}
