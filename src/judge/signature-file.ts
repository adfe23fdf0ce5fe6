import { basename } from 'node:path'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { type Signature, type SignatureFault, signatureSchema } from '#model/signature.ts'

/** Of one file, in octets. */
export const maxSignatureOctets: number = 256 * 1024

const maxFaults = 20

/** YAML text → the signature that it is, or everything that is wrong with it, each with its place. `file` is for messages, and its name is the id. */
export function readSignature(
  text: string,
  file: string,
): { signature: Signature; faults: readonly [] } | { signature: null; faults: readonly SignatureFault[] } {
  const refused = (faults: readonly SignatureFault[]) => ({ signature: null, faults: faults.slice(0, maxFaults) })
  const atStart = (message: string): SignatureFault => ({ file, line: 1, column: 1, message })
  if (Buffer.byteLength(text) > maxSignatureOctets) return refused([atStart(`larger than ${maxSignatureOctets} octets`)])
  const lines = new LineCounter()
  const at = (offset: number, message: string): SignatureFault => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col), message }
  }
  const document = parseDocument(text, { schema: 'core', merge: false, lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0)
    return refused(document.errors.map((error) => at(error.pos[0], `no YAML: ${error.message.split('\n')[0]}`)))
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch {
    return refused([atStart('aliases are not allowed')])
  }
  const parsed = signatureSchema.safeParse(value)
  if (!parsed.success)
    return refused(
      parsed.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => at(offsetOf(document, [...issue.path, key], true), `there is no member "${key}"`))
          : [at(offsetOf(document, issue.path), `${issue.path.join('.') || 'the file'}: ${issue.message}`)],
      ),
    )
  const signature = parsed.data
  const faults = patternsOf(signature).flatMap(({ path, pattern }) => {
    const fault = patternFault(pattern)
    return fault === null ? [] : [at(offsetOf(document, path), `${path.join('.')}: ${fault}`)]
  })
  if (signature.id !== basename(file).replace(/\.ya?ml$/, ''))
    faults.push(at(offsetOf(document, ['id']), `the file is called ${basename(file)}, so its id is not "${signature.id}"`))
  return faults.length > 0 ? refused(faults) : { signature, faults: [] }
}

function patternsOf(signature: Signature): { path: (string | number)[]; pattern: string }[] {
  return [
    ...signature.scriptPaths.map((pattern, at) => ({ path: ['scriptPaths', at], pattern })),
    ...signature.startUrls.map((pattern, at) => ({ path: ['startUrls', at], pattern })),
    ...(signature.account === undefined ? [] : [{ path: ['account'], pattern: signature.account }]),
  ]
}

/** Patterns are used without the flags u and v, without regard to case. */
function patternFault(pattern: string): string | null {
  try {
    return new RegExp(pattern, 'i').test('') ? `the pattern "${pattern}" matches everything` : null
  } catch {
    return `"${pattern}" is no regular expression`
  }
}

/** Where the innermost node on the way of a path begins; of a pair its key. */
function offsetOf(document: Document, path: readonly PropertyKey[], ofKey = false): number {
  for (let length = path.length; length >= 0; length--) {
    const part = path.slice(0, length)
    if (ofKey || length < path.length) {
      const parent = part.length === 0 ? null : document.getIn(part.slice(0, -1), true)
      const pair = isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === part.at(-1)) : undefined
      if (pair !== undefined && isNode(pair.key) && pair.key.range) return pair.key.range[0]
    }
    const node = part.length === 0 ? document.contents : document.getIn(part, true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}

/** Where a member stands in a file's text; its start where it is not there. From 1. */
export function placeIn(text: string, path: readonly (string | number)[]): Pick<SignatureFault, 'line' | 'column'> {
  const lines = new LineCounter()
  const { line, col } = lines.linePos(offsetOf(parseDocument(text, { schema: 'core', merge: false, lineCounter: lines }), path))
  return { line: Math.max(1, line), column: Math.max(1, col) }
}
