import type { FindingKind } from '#model/finding.ts'
import { encodeWasm } from '../machine/wasm.ts'
import { drawVariation, vary } from '../machine/vary.ts'
import type { Assembly, FunctionBody } from '../machine/program.ts'
import type { Random } from '../random.ts'
import type { PageContext } from '../site/page.ts'
import type { Expected, Needs } from '../site/site.ts'

/** A page that does not mine. */
export interface Content {
  name: string
  kind: FindingKind | null
  expected?: Partial<Expected>
  /** What it keeps from an ordinary visit, and what a visit that has it sees. */
  met?: { needs: Needs; kind: FindingKind | null }
  build(context: PageContext): void
}

/** A module of one function and its memory, worded by the seed. */
export function smallModule(assembly: Assembly, run: FunctionBody, exportName: string, random: Random): Uint8Array<ArrayBuffer> {
  const program = {
    functions: assembly.functions,
    exports: [{ name: exportName, callee: run }],
    data: assembly.data,
    pages: Math.ceil(assembly.top / 65536) + random.int(1, 40),
    memory: { export: 'memory' },
  }
  return encodeWasm(vary(program, drawVariation(random), random), random)
}
