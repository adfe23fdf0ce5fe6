import { z } from 'zod'
import type { ArtifactByKind, ArtifactKind } from './artifact.ts'
import { artifactKinds } from './artifact.ts'
import type { Collection } from './collection.ts'
import { notCollected } from './collection.ts'
import { canonicalJson } from './canonical.ts'
import { type Digest, digestForm, sha256 } from './digest.ts'
import { AssayError, type ErrorRecord } from './errors.ts'
import type { Seed } from './seed.ts'

export const captureSchemaVersion = 1

export const lanes = ['browser', 'http', 'archive', 'file'] as const

/** `browser`: all evidence. `http`: no JavaScript. `archive`: a HAR, WARC, WACZ or saved page. `file`: a lone script, module or text. */
export type Lane = (typeof lanes)[number]

export const pagesReached = ['content', 'gate', 'login', 'parked', 'consent-wall', 'error'] as const

export type PageReached = (typeof pagesReached)[number]

export const consentPolicies = ['ignore', 'accept', 'reject'] as const

export type ConsentPolicy = (typeof consentPolicies)[number]

export interface Conditions {
  lane: Lane
  /** Name of the place visited from; `local` where none was given. */
  vantage: string
  userAgent: string
  language: string
  viewport: { width: number; height: number; deviceScaleFactor: number; mobile: boolean }
  profile: string
  dwellMs: number
  consent: ConsentPolicy
  proxy: string | null
  /** Names only: values may be secrets. */
  extraHeaders: string[]
  /** The address that the visitor came from. Absent where there was none to be had. */
  referrer?: string
  browser: string | null
  sandbox: boolean
  /** CPU rate that the visit asked the browser for: 1 is unthrottled. */
  cpuRate: number
  cores: number
  /** How many cores pages were told of, where it was another number. */
  toldCores?: number
  /** Whether V8's debugger was on all the time: wasm ran slower, its bytes are complete. */
  debuggerOn: boolean
  /** Whether pages were shown a wallet that declines everything. Absent in captures of other lanes and of earlier versions: they were not. */
  wallet?: boolean
  /** Pages that were visited in this browser at the same time, this one included. */
  concurrency: number
}

/** What the visit did to the page, in order. */
export interface Action {
  atMs: number
  type: 'scroll' | 'move' | 'click' | 'key' | 'wait' | 'answer' | 'visibility' | 'throttle'
  detail: string
}

export interface ClockMeasurement {
  /** By the `Date` of answers over HTTPS. */
  method: 'https-date'
  /** Hosts whose clocks were looked at, and how many of them agree on the offset. */
  sources: number
  agreeing: number
  /** The offset is right within so many milliseconds, if those hosts are. */
  uncertaintyMs: number | null
  /** Why there is no offset. */
  reason: string | null
}

export interface CaptureManifest {
  schema: 'assay.capture'
  schemaVersion: number
  visitId: string
  seed: Seed
  /** Asked for, and reached after redirects. */
  url: string
  finalUrl: string
  reached: { page: PageReached; httpStatus: number | null; reasons: string[] }
  /** ISO 8601, UTC, milliseconds. */
  startedAt: string
  endedAt: string
  /** Milliseconds that this machine's clock was ahead of the page's servers; null where that could not be told. */
  clockOffsetMs: number | null
  /** How that was measured, or why not; absent in what earlier versions wrote and in imports. */
  clock?: ClockMeasurement
  /** The key of the instance that visited, which signs beside the manifest; absent in imports. */
  keyId?: Digest
  conditions: Conditions
  actions: Action[]
  ended: {
    reason: 'dwell' | 'watchdog' | 'interrupted' | 'crashed' | 'failed' | 'imported'
    detail: string
    /** What crashed. A browser may go for another page's sake. */
    crashed?: 'browser' | 'page'
  }
  error: ErrorRecord | null
  /** Unknown kinds of a later version survive reading and writing. */
  artifacts: Record<string, Collection<unknown>>
}

export interface Capture {
  id: Digest
  manifest: CaptureManifest
}

export function captureId(manifest: CaptureManifest): Digest {
  return sha256(Buffer.from(canonicalJson(manifest)))
}

/** Of captures that were just made: writing a manifest out costs more than storing it. */
const octets = new WeakMap<Capture, Uint8Array>()

export function captureOf(manifest: CaptureManifest): Capture {
  const bytes = Buffer.from(canonicalJson(manifest))
  const capture = { id: sha256(bytes), manifest }
  octets.set(capture, bytes)
  return capture
}

/** The canonical manifest as it is stored: the octets of which the identifier is the digest. */
export function manifestBytes(capture: Capture): Uint8Array {
  return octets.get(capture) ?? Buffer.from(canonicalJson(capture.manifest))
}

/** The artifacts of one kind; a kind that the manifest does not name was not collected. */
export function artifacts<K extends ArtifactKind>(capture: Capture, kind: K): Collection<ArtifactByKind[K]> {
  const collection = capture.manifest.artifacts[kind]
  // The items were checked when the manifest was parsed: see parseManifest.
  return (collection as Collection<ArtifactByKind[K]> | undefined) ?? notCollected('not in the capture')
}

const text = z.string()
const count = z.number().nonnegative()
const digest = z.string().regex(digestForm)
const errorRecord = z.looseObject({ code: text, message: text, hint: text.optional() })
export const bodySchema = z.discriminatedUnion('status', [
  z.looseObject({ status: z.literal('stored'), digest, size: count }),
  z.looseObject({ status: z.literal('truncated'), digest, size: count, totalSize: count.nullable() }),
  z.looseObject({ status: z.literal('none') }),
  z.looseObject({ status: z.literal('lost'), reason: text }),
])
const item = z.looseObject({ id: text })
const withBody = z.looseObject({ id: text, url: text, body: bodySchema })
const itemSchemas: Partial<Record<string, z.ZodType>> = {
  request: z.looseObject({
    id: text,
    url: text,
    method: text,
    resourceType: text,
    body: bodySchema,
    initiator: z.looseObject({ type: text }),
  }),
  script: withBody,
  wasm: withBody,
  websocket: z.looseObject({
    id: text,
    url: text,
    frames: z.array(z.looseObject({ atMs: z.number(), direction: z.enum(['sent', 'received']), size: count })),
  }),
  frame: z.looseObject({ id: text, url: text }),
  dom: z.looseObject({ id: text, html: bodySchema }),
  cpu: z.looseObject({
    id: text,
    busy: z.number(),
    windows: z.array(z.looseObject({ fromMs: z.number(), toMs: z.number(), busy: z.number() })),
  }),
}

const collectionSchema = (items: z.ZodType) =>
  z.discriminatedUnion('status', [
    z.looseObject({ status: z.literal('complete'), items: z.array(items) }),
    z.looseObject({ status: z.literal('truncated'), items: z.array(items), dropped: count, reason: text }),
    z.looseObject({ status: z.literal('failed'), items: z.array(items), error: errorRecord }),
    z.looseObject({ status: z.literal('not-collected'), items: z.array(items).max(0), reason: text }),
  ])

const manifestSchema = z.looseObject({
  schema: z.literal('assay.capture'),
  schemaVersion: z.number().int().positive(),
  visitId: text,
  seed: z.looseObject({ url: text, tags: z.array(text), scope: text }),
  url: text,
  finalUrl: text,
  reached: z.looseObject({ page: z.enum(pagesReached), httpStatus: z.number().nullable(), reasons: z.array(text) }),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  clockOffsetMs: z.number().nullable(),
  clock: z
    .looseObject({
      method: text,
      sources: count,
      agreeing: count,
      uncertaintyMs: z.number().nullable(),
      reason: text.nullable(),
    })
    .optional(),
  keyId: digest.optional(),
  conditions: z.looseObject({ lane: z.enum(lanes), vantage: text, userAgent: text, dwellMs: count, consent: z.enum(consentPolicies) }),
  actions: z.array(z.looseObject({ atMs: z.number(), type: text, detail: text })),
  ended: z.looseObject({ reason: text, detail: text, crashed: text.optional() }),
  error: errorRecord.nullable(),
  artifacts: z.record(text, collectionSchema(item)),
})
const knownCollections = Object.fromEntries(artifactKinds.map((kind) => [kind, collectionSchema(itemSchemas[kind] ?? item)]))

/** All that `parseManifest` checks, as one schema: `docs/schemas/capture.schema.json` is generated from it. */
export const captureManifestSchema = manifestSchema.extend({
  artifacts: z
    .object(Object.fromEntries(Object.entries(knownCollections).map(([kind, schema]) => [kind, schema.optional()])))
    .catchall(collectionSchema(item)),
})

/** A manifest from outside → checked. Unknown members and kinds are kept. Throws `BAD_INPUT_FILE`. */
export function parseManifest(bytes: Uint8Array, name: string): CaptureManifest {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new AssayError('BAD_INPUT_FILE', `${name} is not JSON`, { cause })
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion
  if (typeof version === 'number' && version > captureSchemaVersion) {
    throw new AssayError('UNSUPPORTED', `${name} has capture schema ${version}; this version reads up to ${captureSchemaVersion}`, {
      hint: 'Read it with the version of assay that wrote it, or a newer one.',
    })
  }
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw badManifest(name, parsed.error)
  for (const [kind, schema] of Object.entries(knownCollections)) {
    const collection = parsed.data.artifacts[kind]
    if (collection === undefined) continue
    const checked = schema.safeParse(collection)
    if (!checked.success) throw badManifest(`${name}, artifacts ${kind},`, checked.error)
  }
  // Zod's loose objects say less of the optional members than the interface does; what judging reads is checked above.
  return parsed.data as unknown as CaptureManifest
}

function badManifest(name: string, error: z.ZodError): AssayError {
  const issue = error.issues[0]
  return new AssayError('BAD_INPUT_FILE', `${name} is not a capture manifest: ${issue?.path.join('.')}: ${issue?.message}`)
}
