import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { AssayError } from '#model/errors.ts'
import { type Signature, signatureSchema } from '#model/signature.ts'

/** The signatures that come with the program. */
export const signaturesDirectory: string = fileURLToPath(new URL('../../signatures/', import.meta.url))

const maxOctets = 256 * 1024

/** One signature from YAML text; `name` is the file's, for messages. Throws `BAD_SIGNATURE`. */
export function parseSignature(text: string, name: string): Signature {
  if (text.length > maxOctets) throw new AssayError('BAD_SIGNATURE', `${name} is larger than ${maxOctets} octets`)
  const document = parseDocument(text, { schema: 'core', merge: false })
  const fault = document.errors[0]
  if (fault) throw new AssayError('BAD_SIGNATURE', `${name} is not YAML: ${fault.message.split('\n')[0]}`)
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 0 })
  } catch (cause) {
    throw new AssayError('BAD_SIGNATURE', `${name} uses aliases`, { cause })
  }
  const parsed = signatureSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AssayError('BAD_SIGNATURE', `${name}: ${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'See docs/adding-a-miner.md for the fields.',
    })
  }
  for (const pattern of [
    ...parsed.data.scriptPaths,
    ...parsed.data.startUrls,
    ...(parsed.data.account === undefined ? [] : [parsed.data.account]),
  ]) {
    try {
      RegExp(pattern)
    } catch (cause) {
      throw new AssayError('BAD_SIGNATURE', `${name}: "${pattern}" is no regular expression`, { cause })
    }
  }
  return parsed.data
}

/**
 * All signatures of a folder (its subfolders are `services`, `miners` …), sorted by id. Throws `BAD_SIGNATURE` for one that does not fit or
 * an id that stands twice.
 */
export async function loadSignatures(directory: string = signaturesDirectory): Promise<Signature[]> {
  let names: string[]
  try {
    names = (await readdir(directory, { recursive: true })).filter((name) => /\.ya?ml$/.test(name)).sort()
  } catch (cause) {
    throw new AssayError('BAD_SIGNATURE', `the folder of signatures cannot be read: ${directory}`, { cause })
  }
  const found = new Map<string, Signature>()
  for (const name of names) {
    const signature = parseSignature(await readFile(join(directory, name), 'utf8'), name)
    if (found.has(signature.id)) throw new AssayError('BAD_SIGNATURE', `${name}: the id "${signature.id}" stands twice`)
    found.set(signature.id, signature)
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}
