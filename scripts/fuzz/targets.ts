import fc from 'fast-check'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportWacz } from '#archive/export-wacz.ts'
import { readCaptures } from '#archive/import.ts'
import { sampleCapture } from '#archive/testing/sample-capture.ts'
import { parseSeedList } from '#crawl/seed-list.ts'
import { type BlobKind, type DeriveContext, emptyContext } from '#derive/deriver.ts'
import { readMessages } from '#derive/pool-protocol.ts'
import { remoteCommand } from '#derive/shell-command.ts'
import { derivers } from '#judge/derive-tree.ts'
import { contextOf } from '#judge/judge.ts'
import { readSignature } from '#judge/signature-file.ts'
import { loadSignatures } from '#judge/signatures.ts'
import { AssayError } from '#model/errors.ts'
import { memoryBlobs } from '#model/memory-blobs.ts'
import { anyOctets, anyText, draw, json, script, words } from './generate.ts'
import { mutate } from './mutate.ts'
import { Random } from './random.ts'
import { seedsOf, tokensOf } from './seeds.ts'

/** What a case came to, in a word: `read`, or the code of a typed error. Anything else that is thrown is a find. */
export type Outcome = string

export interface Target {
  name: string
  /** Whether the pool's children read it in production: then cases go that way too. */
  kind: BlobKind | null
  make(seed: number): Uint8Array
  read(bytes: Uint8Array): Outcome | Promise<Outcome>
}

export const targetNames = ['wasm', 'javascript', 'html', 'wgsl', 'frames', 'har', 'warc', 'wacz', 'yaml', 'shell', 'seed-list'] as const
export type TargetName = (typeof targetNames)[number]

const kinds: Partial<Record<TargetName, BlobKind>> = {
  wasm: 'wasm',
  javascript: 'javascript',
  html: 'html',
  wgsl: 'wgsl',
  frames: 'message',
}
const generators: Partial<Record<TargetName, fc.Arbitrary<string>>> = { javascript: script, har: json, frames: json }
const endings: Partial<Record<TargetName, string>> = { har: 'har', warc: 'warc', wacz: 'wacz' }

/** Signatures' own literals and elements, as a judgement has them. */
export const context = async (): Promise<DeriveContext> => contextOf(await loadSignatures())

export async function targetOf(name: TargetName): Promise<Target> {
  const seeds = name === 'wacz' ? [await wacz()] : seedsOf[name]!()
  const tokens = tokensOf[name] ?? []
  const kind = kinds[name] ?? null
  const text = fc.oneof(anyText, ...(tokens.length > 0 ? [words(tokens)] : []), ...(generators[name] ? [generators[name]] : []))
  return {
    name,
    kind,
    make(seed) {
      const random = new Random(seed)
      if (seed < seeds.length) return seeds[seed]!
      if (random.chance(3)) return Buffer.from(random.chance(6) ? draw(anyOctets, random) : draw(text, random))
      return mutate(random.of(seeds), random.of(seeds), tokens, random)
    },
    read: readerOf(name, kind, kind === null || kind === 'message' ? emptyContext : await context()),
  }
}

function readerOf(name: TargetName, kind: BlobKind | null, derive: DeriveContext): Target['read'] {
  if (name === 'frames')
    return (bytes) =>
      typed(() => [readMessages({ base64: Buffer.from(bytes).toString('base64') }), readMessages({ text: Buffer.from(bytes).toString() })])
  if (kind !== null) return (bytes) => typed(() => derivers[kind].derive(bytes, derive))
  if (name === 'yaml') return (bytes) => typed(() => readSignature(Buffer.from(bytes).toString('utf8'), 'case.yaml'))
  if (name === 'shell') return (bytes) => typed(() => remoteCommand(Buffer.from(bytes).toString('utf8')))
  if (name === 'seed-list') return (bytes) => typed(() => parseSeedList(bytes))
  return (bytes) => archived(bytes, endings[name] ?? name)
}

function typed(read: () => unknown): Outcome {
  try {
    read()
    return 'read'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): Outcome {
  if (error instanceof AssayError) return error.code
  // The pool's child says of it that it is nested too deeply; nothing else may throw one.
  if (error instanceof RangeError && /call stack/.test(error.message)) return 'nested too deeply'
  throw error
}

async function archived(bytes: Uint8Array, ending: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'))
  try {
    const path = join(folder, `case.${ending}`)
    writeFileSync(path, bytes)
    let captures = 0
    for await (const _ of readCaptures(path, memoryBlobs())) captures++
    return captures > 0 ? 'read' : 'read, nothing in it'
  } catch (error) {
    return codeOf(error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function wacz(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'))
  try {
    const blobs = memoryBlobs()
    await exportWacz(await sampleCapture(blobs), blobs, join(folder, 'a.wacz'))
    return readFileSync(join(folder, 'a.wacz'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
