import { readdir, readFile, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { AssayError, messageOf } from '#model/errors.ts'
import type { Signature, SignatureFault } from '#model/signature.ts'
import { maxSignatureOctets, readSignature } from './signature-file.ts'

/** The signatures that come with the program. */
export const signaturesDirectory: string = fileURLToPath(new URL('../../signatures/', import.meta.url))

export interface SignatureFile {
  file: string
  signature: Signature
  /** Of the user's own folders, or one that comes with the program. */
  own: boolean
}

export interface LoadedSignatures {
  /** By id. */
  files: SignatureFile[]
  faults: SignatureFault[]
  /** Identifiers of ours whose place a file of the user's took. */
  replaced: string[]
}

/** One signature from YAML text; `name` is the file's. Throws `BAD_SIGNATURE` with the place of the first fault. */
export function parseSignature(text: string, name: string): Signature {
  const { signature, faults } = readSignature(text, name)
  if (signature === null) throw badSignature(faults)
  return signature
}

/** `file:line:column: message`, as editors follow it. */
export const faultText = ({ file, line, column, message }: SignatureFault): string => `${file}:${line}:${column}: ${message}`

function badSignature(faults: readonly SignatureFault[]): AssayError {
  const [first] = faults
  return new AssayError(
    'BAD_SIGNATURE',
    `${first === undefined ? 'a signature' : faultText(first)}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`,
    { hint: 'See docs/adding-a-miner.md for the fields.' },
  )
}

/**
 * All signatures of a folder (its subfolders are `services`, `miners` …), sorted by id. Throws `BAD_SIGNATURE` for one that does not fit or
 * an id that stands twice.
 */
export async function loadSignatures(directory: string = signaturesDirectory): Promise<Signature[]> {
  const { files, faults } = await readFolder(directory, false)
  if (faults.length > 0) throw badSignature(faults)
  return byId(files).map(({ signature }) => signature)
}

/** Ours and the user's own: a bad file of his is told and left out, the others go on. One with the id of ours takes its place. Throws `BAD_SIGNATURE` for ours. */
export async function loadAllSignatures(own: readonly string[], directory: string = signaturesDirectory): Promise<LoadedSignatures> {
  const ours = await readFolder(directory, false)
  if (ours.faults.length > 0) throw badSignature(ours.faults)
  const found = new Map(ours.files.map((each) => [each.signature.id, each]))
  const faults: SignatureFault[] = []
  const replaced: string[] = []
  for (const folder of own) {
    const read = await readFolder(folder, true)
    faults.push(...read.faults)
    for (const each of read.files) {
      const known = found.get(each.signature.id)
      if (known?.own === true) {
        faults.push({ file: each.file, line: 1, column: 1, message: `the id "${each.signature.id}" stands in ${known.file} already` })
        continue
      }
      if (known !== undefined) replaced.push(each.signature.id)
      found.set(each.signature.id, each)
    }
  }
  return { files: byId([...found.values()]), faults, replaced }
}

const byId = (files: readonly SignatureFile[]): SignatureFile[] =>
  files.toSorted((a, b) => (a.signature.id < b.signature.id ? -1 : a.signature.id > b.signature.id ? 1 : 0))

/** The files of a folder, or the one that was named. Throws `BAD_SIGNATURE` where it cannot be read at all. */
export async function signatureFiles(path: string): Promise<string[]> {
  try {
    return (await stat(path)).isDirectory()
      ? (await readdir(path, { recursive: true }))
          .filter((name) => /\.ya?ml$/.test(name))
          .sort()
          .map((name) => join(path, name))
      : [path]
  } catch (cause) {
    throw new AssayError('BAD_SIGNATURE', `the folder of signatures cannot be read: ${path}`, { cause })
  }
}

async function readFolder(path: string, own: boolean): Promise<{ files: SignatureFile[]; faults: SignatureFault[] }> {
  const found = new Map<string, SignatureFile>()
  const faults: SignatureFault[] = []
  for (const file of await signatureFiles(path)) {
    const read = await readSignatureFile(file)
    const { signature } = read
    if (signature === null) faults.push(...read.faults)
    else if (found.has(signature.id))
      faults.push({ file, line: 1, column: 1, message: `the id "${signature.id}" stands in ${found.get(signature.id)?.file} already` })
    else found.set(signature.id, { file, signature, own })
  }
  return { files: [...found.values()], faults }
}

/** One file; what cannot be read is a fault like others. */
export async function readSignatureFile(file: string): Promise<{ signature: Signature | null; faults: readonly SignatureFault[] }> {
  const fault = (message: string) => ({ signature: null, faults: [{ file, line: 1, column: 1, message }] })
  try {
    const info = await stat(file)
    if (!info.isFile()) return fault('is no file')
    if (info.size > maxSignatureOctets) return fault(`larger than ${maxSignatureOctets} octets`)
    return readSignature(await readFile(file, 'utf8'), file)
  } catch (error) {
    return fault(`cannot be read: ${messageOf(error)}`)
  }
}
