import { z } from 'zod'
import { type Digest, digestForm } from './digest.ts'
import type { ErrorRecord } from './errors.ts'

export const verificationSchemaVersion = 1

const checks = ['manifest', 'blob', 'signature'] as const
const outcomes = ['holds', 'fails', 'not-made'] as const
const faultKinds = ['blob', 'capture', 'observation', 'visit', 'tombstone', 'import'] as const
const faults = ['missing', 'corrupt', 'unlisted'] as const

export interface Check {
  check: (typeof checks)[number]
  outcome: (typeof outcomes)[number]
  detail: string
}

export interface VerifiedCapture {
  captureId: Digest
  url: string | null
  blobs: number
  /** Who signed it, where the signature holds. */
  keyId: Digest | null
  /** Whether that is the key of the data folder in which it lies. */
  isOwnKey: boolean
  checks: Check[]
}

/** Something of a data folder that is not as it was written. */
export interface FolderFault {
  kind: (typeof faultKinds)[number]
  /** Digest, or name of the record. */
  name: string
  fault: (typeof faults)[number]
  detail: string
}

export interface VerifiedFolder {
  dir: string
  report: {
    blobs: number
    captures: number
    observations: number
    visits: number
    /** Captures that were removed and left a tombstone: by the keeper's policy, on a person's request. */
    thinned: number
    purged: number
    /** Files of others' observations. */
    imports: number
    /** Captures and observations whose writing was never acknowledged: whole on disk, not in the order file. Harmless; writing them again lists them. */
    unlisted: FolderFault[]
    /** Empty where everything is sound. */
    faults: FolderFault[]
  }
  /** The folder's own key; null where it has none, or where it cannot be read. */
  key: { keyId: Digest; exposed: boolean } | null
  /** Why its private key cannot be read: captures are verified without it, the next visit is not signed without it. */
  keyFault: ErrorRecord | null
}

export type Verification = { capture: VerifiedCapture } | { folder: VerifiedFolder }

const text = z.string()
const count = z.number().int().nonnegative()
const digest = z.string().regex(digestForm)
const fault = z.looseObject({ kind: z.enum(faultKinds), name: text, fault: z.enum(faults), detail: text })
const head = {
  schema: z.literal('assay.verification'),
  schemaVersion: z.number().int().positive(),
  /** Whether every check that could be made holds. */
  holds: z.boolean(),
}

/** One line of `assay verify --json`, for whoever reads it: `docs/schemas/verification.schema.json` is generated from it. Additive. */
export const verificationSchema = z.union([
  z.looseObject({
    ...head,
    capture: z.looseObject({
      captureId: digest,
      url: text.nullable(),
      blobs: count,
      keyId: digest.nullable(),
      isOwnKey: z.boolean(),
      checks: z.array(z.looseObject({ check: z.enum(checks), outcome: z.enum(outcomes), detail: text })),
    }),
  }),
  z.looseObject({
    ...head,
    folder: z.looseObject({
      dir: text,
      report: z.looseObject({
        blobs: count,
        captures: count,
        observations: count,
        visits: count,
        thinned: count.optional(),
        purged: count.optional(),
        imports: count.optional(),
        unlisted: z.array(fault),
        faults: z.array(fault),
      }),
      key: z.looseObject({ keyId: digest, exposed: z.boolean() }).nullable(),
      keyFault: z.looseObject({ code: text, message: text, hint: text.optional() }).nullable(),
    }),
  }),
])

/** Whether every check that could be made holds. */
export function holds(verified: Verification): boolean {
  if ('capture' in verified) return verified.capture.checks.every(({ outcome }) => outcome !== 'fails')
  const { report, key, keyFault } = verified.folder
  return report.faults.length === 0 && key?.exposed !== true && keyFault === null
}
