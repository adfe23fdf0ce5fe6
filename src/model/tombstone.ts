import { z } from 'zod'
import { type Lane, lanes } from './capture.ts'
import { type Digest, digestForm } from './digest.ts'
import { AssayError } from './errors.ts'
import { type Status, statuses } from './finding.ts'

export const tombstoneSchemaVersion = 1

export const removalReasons = ['thinned', 'purged'] as const

/** `thinned`: by the keeper's policy, its answers stay. `purged`: on a person's request, nothing of it stays. */
export type RemovalReason = (typeof removalReasons)[number]

/** What stands in the place of a capture that was removed. Its identifier is the digest that the manifest had. */
export interface Tombstone {
  schema: 'assay.tombstone'
  schemaVersion: number
  captureId: Digest
  reason: RemovalReason
  /** ISO 8601. */
  removedAt: string
  /** Why, as a sentence. */
  why: string
  /** What it was; null of one that was purged. */
  was: ThinnedCapture | null
}

export interface ThinnedCapture {
  visitId: string
  url: string
  finalUrl: string
  lane: Lane
  /** When the page was visited, ISO 8601. */
  observedAt: string
  /** What was believed of it last. */
  status: Status
  judgement: string
}

const text = z.string()
const schema = z.looseObject({
  schema: z.literal('assay.tombstone'),
  schemaVersion: z.number().int().positive(),
  captureId: z.string().regex(digestForm),
  reason: z.enum(removalReasons),
  removedAt: z.iso.datetime(),
  why: text,
  was: z
    .looseObject({
      visitId: text,
      url: text,
      finalUrl: text,
      lane: z.enum(lanes),
      observedAt: z.iso.datetime(),
      status: z.enum(statuses),
      judgement: text,
    })
    .nullable(),
})

/** Throws `STORE_CORRUPT` or, for a later version, `UNSUPPORTED`. */
export function parseTombstone(bytes: Uint8Array, name: string): Tombstone {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new AssayError('STORE_CORRUPT', `tombstone ${name} is not JSON`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new AssayError(
      'STORE_CORRUPT',
      `tombstone ${name}: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  if (parsed.data.schemaVersion > tombstoneSchemaVersion)
    throw new AssayError('UNSUPPORTED', `tombstone ${name} was written by a later version`)
  return parsed.data as unknown as Tombstone
}

/** What to say where the capture is asked for. */
export function removedSentence({ captureId, reason, removedAt, was }: Tombstone): string {
  const day = removedAt.slice(0, 10)
  if (reason === 'purged' || was === null) return `capture ${captureId} was purged on request on ${day}`
  return `capture ${captureId} was thinned on ${day}: ${was.url} of ${was.observedAt}, ${was.status}; its answers are kept, its octets are not`
}
