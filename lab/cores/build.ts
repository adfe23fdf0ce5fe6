import { encodeWasm } from '../machine/wasm.ts'
import { javascriptOf } from '../machine/javascript.ts'
import { narrow } from '../machine/narrow.ts'
import { drawVariation, vary } from '../machine/vary.ts'
import { type Random } from '../random.ts'
import { identifiers } from '../text/identifiers.ts'
import { type Core, type CoreOptions, type Family, programOf } from './core.ts'
import { cryptonight } from './cryptonight.ts'
import { type RandomxLayout, randomx } from './randomx.ts'
import { scrypt } from './scrypt.ts'
import { sha1 } from './sha1.ts'
import { sha256d } from './sha256.ts'
import { unknownCore } from './unknown.ts'

const makers: Record<Family, (o: CoreOptions) => Core & { layout?: RandomxLayout }> = {
  cryptonight,
  randomx,
  sha256: sha256d,
  scrypt,
  sha1,
  'unknown-core': unknownCore,
}
export const coreFamilies = Object.keys(makers) as Family[]

export type CoreForm = 'wasm' | 'asm.js' | 'javascript'

export interface CoreNames {
  prepare: string
  search: string
  more: string[]
  /** Of the memory: where it is imported from, or what it is exported as. */
  memory: { module: string; name: string } | { export: string }
}

export type BuiltCore = { core: Core; layout: RandomxLayout | null; names: CoreNames; pages: number } & (
  | { form: 'wasm'; bytes: Uint8Array<ArrayBuffer> }
  | { form: 'asm.js' | 'javascript'; text: string; heapSize: number }
)

/** One core in one form, with names, layout and wording drawn by the seed. */
export function buildCore(family: Family, form: CoreForm, random: Random): BuiltCore {
  const core = makers[family]({ random: random.fork('core'), light: form !== 'wasm' })
  const name = identifiers(random.fork('names'), random.pick(['short', 'words', 'hex'] as const))
  const imported = family === 'randomx' || random.chance(0.4)
  const own = { prepare: name(), search: name(), more: core.more.map(() => name()) }
  const taken = new Set([own.prepare, own.search, ...own.more])
  const names: CoreNames = {
    ...own,
    memory: imported
      ? { module: random.pick(['env', 'a', name()]), name: random.pick(['memory', 'a', name()]) }
      : { export: random.pick(['memory', 'b', name()].filter((candidate) => !taken.has(candidate))) },
  }
  const memory = 'export' in names.memory ? names.memory : { import: names.memory }
  const program = programOf(core, names, memory, family === 'randomx' ? 0 : random.int(0, 12))
  const varied = vary(program, drawVariation(random.fork('variation')), random.fork('vary'))
  const base = { core, layout: core.layout ?? null, names, pages: program.pages }
  if (form === 'wasm') return { ...base, form, bytes: encodeWasm(varied, random.fork('encode')) }
  const needed = Math.max(core.assembly.top, 65536)
  return {
    ...base,
    form,
    text: javascriptOf(narrow(varied, core.assembly), random.fork('text'), form === 'asm.js'),
    heapSize: 1 << Math.ceil(Math.log2(needed)),
  }
}
