import { z } from 'zod'
import { findingKinds } from './finding.ts'
import type { Signature } from './signature.ts'

const text = z.string()
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** One line of `assay signatures list --json`. Additive. */
export const listedSignatureSchema = z.looseObject({
  schema: z.literal('assay.signature'),
  id: text,
  name: text,
  kind: z.enum(findingKinds),
  families: z.array(text),
  active: z.looseObject({ from: text.nullable(), to: text.nullable() }).nullable(),
  consent: text,
  account: text.nullable(),
  /** By what it recognises: hosts, pools, path, address, calls, markup, strings. */
  by: z.array(text),
  unsupported: text.nullable(),
  source: z.array(text),
  own: z.boolean(),
  file: text,
  digest,
})

export type ListedSignature = z.infer<typeof listedSignatureSchema>

/** One line of `assay signatures test --json`: a file. Additive. */
export const testedSignatureSchema = z.looseObject({
  schema: z.literal('assay.signature-test'),
  file: text,
  id: text.nullable(),
  ok: z.boolean(),
  samples: z.looseObject({ fires: z.number().int(), silent: z.number().int() }),
  faults: z.array(
    z.looseObject({ code: z.literal('BAD_SIGNATURE'), file: text, line: z.number().int(), column: z.number().int(), message: text }),
  ),
})

export type TestedSignature = z.infer<typeof testedSignatureSchema>

/** By what a signature recognises. */
export function knownBy(signature: Signature): string[] {
  const parts: [string, readonly unknown[]][] = [
    ['hosts', signature.hosts],
    ['pools', signature.poolHosts],
    ['path', signature.scriptPaths],
    ['address', signature.startUrls],
    ['calls', signature.calls],
    ['markup', signature.elements],
    ['strings', signature.literals],
  ]
  return [
    ...parts.filter(([, list]) => list.length > 0).map(([name]) => name),
    ...(signature.api === undefined ? [] : [`interface of \`${signature.api}\``]),
  ]
}
