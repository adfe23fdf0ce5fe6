import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJudge } from '#judge/judge.ts'
import { maxSignatureOctets, placeIn } from '#judge/signature-file.ts'
import { loadAllSignatures, readSignatureFile, type SignatureFile, signatureFiles } from '#judge/signatures.ts'
import { trySamples } from '#judge/try-samples.ts'
import { canonicalJson } from '#model/canonical.ts'
import { sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import type { SignatureFault } from '#model/signature.ts'
import { knownBy, type ListedSignature, type TestedSignature } from '#model/signature-report.ts'
import { type KnowledgeRequest, signatureFolders } from './knowledge.ts'

/** Every signature in use, by id, and what is wrong with files of the user's own. */
export async function listSignatures(
  request: KnowledgeRequest,
  data: string | null,
): Promise<{ signatures: ListedSignature[]; faults: SignatureFault[] }> {
  const { files, faults } = await loadAllSignatures(await signatureFolders(request, data))
  return { signatures: files.map(listed), faults }
}

function listed({ file, signature, own }: SignatureFile): ListedSignature {
  return {
    schema: 'assay.signature',
    id: signature.id,
    name: signature.name,
    kind: signature.kind,
    families: signature.families,
    active: signature.active ?? null,
    consent: signature.consent,
    account: signature.account ?? null,
    by: knownBy(signature),
    unsupported: signature.unsupported ?? null,
    source: signature.source,
    own,
    file,
    digest: sha256(Buffer.from(canonicalJson(signature))),
  }
}

const atOnce = 4

/**
 * Reads files (or folders of them; without any, all that are in use) and tries their samples among all other signatures. Yields one result a
 * file, in no order.
 */
export async function* testSignatures(
  paths: readonly string[],
  request: KnowledgeRequest,
  data: string | null,
  signal: AbortSignal,
): AsyncGenerator<TestedSignature> {
  const folders = await signatureFolders(request, data)
  const loaded = await loadAllSignatures(folders)
  const files =
    paths.length > 0
      ? (await Promise.all(paths.map(signatureFiles))).flat()
      : [...new Set([...loaded.files.map(({ file }) => file), ...loaded.faults.map(({ file }) => file)])]
  const read = await Promise.all(files.map(async (file) => ({ file, ...(await readSignatureFile(file)) })))
  const known = new Map(loaded.files.map(({ signature }) => [signature.id, signature]))
  for (const { signature } of read) if (signature !== null) known.set(signature.id, signature)
  const blobs = memoryBlobs()
  const judge = createJudge({ blobs, signatures: [...known.values()] })
  // A file that is well by itself can have an id that another has.
  const twice = paths.length > 0 ? [] : loaded.faults
  async function one({ file, signature, faults }: (typeof read)[number]): Promise<TestedSignature> {
    const found = [...faults, ...twice.filter((fault) => signature !== null && fault.file === file)]
    if (signature !== null && found.length === 0) {
      const text = await readFile(file, 'utf8')
      for (const { part, at, fault } of await trySamples(signature, judge, blobs))
        if (fault !== null)
          found.push({
            file,
            ...placeIn(text, ['samples', part, at]),
            message: `${part === 'fires' ? 'this sample must fire' : 'this near miss must stay silent'}: ${fault}`,
          })
    }
    const { fires = [], silent = [] } = signature?.samples ?? {}
    return {
      schema: 'assay.signature-test',
      file,
      id: signature?.id ?? null,
      ok: found.length === 0,
      samples: { fires: fires.length, silent: silent.length },
      faults: found.map((fault) => ({ code: 'BAD_SIGNATURE' as const, ...fault })),
    }
  }
  try {
    for (let at = 0; at < read.length && !signal.aborted; at += atOnce)
      for (const tested of await Promise.all(read.slice(at, at + atOnce).map(one))) yield tested
  } finally {
    await judge.close()
  }
}

const schemaFile = fileURLToPath(new URL('../../docs/schemas/signature.schema.json', import.meta.url))
const checkout = fileURLToPath(new URL('../../', import.meta.url))

/** Writes a commented signature that is one already; gives its path. Throws `BAD_ARGUMENT` for a name that is no id, or a file that is there. */
export async function newSignature(name: string, dir: string): Promise<string> {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name))
    throw new AssayError('BAD_ARGUMENT', `"${name.slice(0, 80)}" cannot be the name of a signature`, {
      hint: 'Small letters, digits and hyphens: coin-example.',
    })
  const file = join(dir, `${name}.yaml`)
  const inCheckout = resolve(file).startsWith(checkout)
  const text = template(name, inCheckout ? relative(resolve(dir), schemaFile) : schemaFile)
  if (Buffer.byteLength(text) > maxSignatureOctets) throw new AssayError('INTERNAL', 'the template is too large')
  await mkdir(dir, { recursive: true })
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new AssayError('BAD_ARGUMENT', `${file} is there already`, { cause, hint: `assay signatures test ${basename(file)} tries it.` })
  }
  return file
}

function template(name: string, schema: string): string {
  return `# yaml-language-server: $schema=${schema}
# One miner (or captcha, wallet, library), one file. \`assay signatures test ${name}.yaml\` tries it; lines that begin with # are what else there is.
id: ${name}
name: ${name}
# mining, proof-of-work, crypto-library, wallet, proxyware, ad-worker, clipboard or drainer. Only mining moves a page's status.
kind: mining
# Algorithms that it runs: cryptonight, randomx, sha1, sha256 …
families: []
# First and last month of service; "to: null" while it lasts.
# active: { from: 2026-01, to: null }
# asks-first (a dialog of its own), site-decides, never-asks, unknown.
consent: unknown
# Where you know it from.
source:
  - seen on a page, by whom and when

# Hosts that serve its script, and hosts that its sockets speak to; each stands for itself and all below it.
hosts: [${name}.example]
poolHosts: [pool.${name}.example]

# Path of its script on any host, for copies; a regular expression that you anchor.
scriptPaths:
  - '(^|/)${name}(\\.min)?\\.js$'

# Addresses that start it by being loaded; the group says who is paid.
# startUrls:
#   - '^https?://load\\.${name}\\.example/(?<account>\\d+)/'

# Calls that construct it (a .start of what they give is found by itself), with the position of the account.
# Add "starts: true" for one that starts at once, "weak: true" for a name that other programs have as well.
calls:
  - { name: ${camel(name)}.Anonymous, account: 0 }

# Markup that starts it; "asksFirst: true" where it shows a button first.
# elements:
#   - { attribute: class, value: ${name}-miner, account: data-key }

# Form of an account as a whole.
account: '[0-9A-Za-z]{32}'

# Strings that all stand in its client script, for renamed copies. Two common words are no set.
# literals:
#   - [${camel(name)}, hashesPerSecond]

# Lines of your own: what must be recognised, and near misses that must not. Copy no one's code.
samples:
  fires:
    - html: '<script src="https://${name}.example/${name}.min.js"></script><script>new ${camel(name)}.Anonymous("aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE").start()</script>'
      account: aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA1cE
    - url: https://files.example/js/${name}.js
  silent:
    - html: '<p>We removed ${name} from ${name}.example.</p>'
`
}

const camel = (name: string): string => {
  const word = name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
  return /^\d/.test(word) ? `The${word}` : word
}
