import { z } from 'zod'
import { type Digest, digestForm, sha256 } from '#model/digest.ts'
import { AssayError, type ErrorRecord } from '#model/errors.ts'
import type { Lane } from '#model/capture.ts'
import type { FailureClass } from '#model/failure.ts'
import type { Inclusion, NextTurn } from '#model/inclusion.ts'
import type { Seed } from '#model/seed.ts'

export const visitSchemaVersion = 1

/**
 * One visit that was accepted: the file that makes a capture and its observation count. A worker whose lease was taken over
 * never gets to write one, so what it left behind is not counted, neither now nor after a reindex.
 */
export interface VisitRecord {
  schema: 'assay.visit'
  schemaVersion: number
  /** The fencing token of the queue, a UUIDv7; an imported capture's own. */
  visitId: string
  /** Name of the crawl, or null for a page that a person asked for. */
  crawl: string | null
  /** Counted from 0 within the crawl. */
  round: number | null
  seed: Seed
  site: string
  /** When the round wanted it, ISO 8601. */
  plannedAt: string | null
  /** Null where there was nothing to capture: the browser failed again and again, robots.txt refused. Never the same as clean. */
  captureId: Digest | null
  /** Version of the judgement under which it was acknowledged. */
  judgement: string | null
  observedAt: string
  /** Why there is no capture. */
  error: ErrorRecord | null
  /** What follows is absent in what earlier versions wrote: one visit of the browser lane a round. */
  lane?: Lane
  /** 0 the first visit of the round in that lane, 1 its repeat. */
  repeat?: number
  inclusion?: Inclusion
  /** Why nothing was observed; null where content was reached. */
  failure?: FailureClass | null
  /** Attempts before this one, which observed nothing either. */
  tried?: TriedVisit[]
  /** What was decided to come next in this round; null ends the page's round. */
  next?: NextTurn | null
  /** Why robots.txt was not asked, where an operator said so. */
  robotsReason?: string
  /** The page that named this one, where it was no seed of the list. */
  parent?: string
}

export interface TriedVisit {
  /** ISO 8601. */
  at: string
  failure: FailureClass
  code: string | null
}

const schema = z.looseObject({
  schema: z.literal('assay.visit'),
  schemaVersion: z.number().int().positive(),
  visitId: z.string().min(1),
  crawl: z.string().nullable(),
  round: z.number().int().nonnegative().nullable(),
  seed: z.looseObject({
    url: z.string(),
    rank: z.number().optional(),
    tags: z.array(z.string()),
    scope: z.enum(['page', 'host', 'domain']),
  }),
  site: z.string(),
  plannedAt: z.iso.datetime().nullable(),
  captureId: z.string().regex(digestForm).nullable(),
  judgement: z.string().nullable(),
  observedAt: z.iso.datetime(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  lane: z.string().optional(),
  repeat: z.number().int().nonnegative().optional(),
  inclusion: z.looseObject({ probability: z.number().positive().max(1), reason: z.string() }).optional(),
  failure: z.string().nullable().optional(),
  tried: z.array(z.looseObject({ at: z.string(), failure: z.string() })).optional(),
  next: z.looseObject({ lane: z.string(), repeat: z.number(), at: z.string().nullable() }).nullable().optional(),
})

/** Throws `STORE_CORRUPT` or, for a later version, `UNSUPPORTED`. */
export function parseVisitRecord(bytes: Uint8Array, name: string): VisitRecord {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new AssayError('STORE_CORRUPT', `visit ${name} is not JSON`, { cause })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success)
    throw new AssayError('STORE_CORRUPT', `visit ${name}: ${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`)
  if (parsed.data.schemaVersion > visitSchemaVersion) throw new AssayError('UNSUPPORTED', `visit ${name} was written by a later version`)
  return parsed.data as unknown as VisitRecord
}

const uuid = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * Where a visit's record lies: by the day in its UUIDv7 (RFC 9562), so that names sort by time, also in an object store.
 * An imported capture may bring an identifier of another form: it gets one of its own digest.
 */
export function visitPath(visitId: string): string {
  const match = uuid.exec(visitId)
  if (!match) return `visits/other/${sha256(Buffer.from(visitId)).slice(7)}.json`
  return `visits/${new Date(Number.parseInt(`${match[1]}${match[2]}`, 16)).toISOString().slice(0, 10)}/${visitId}.json`
}
