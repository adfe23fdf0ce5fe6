import { z } from 'zod'
import { answerSchema } from './answer.ts'
import { statuses } from './finding.ts'

export const rejudgementSchemaVersion = 1

const text = z.string()
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const count = z.number().int().nonnegative()
const findings = answerSchema.shape.findings

/** What was believed of a capture under one version of the judgement. */
const beliefSchema = z.looseObject({
  judgement: text,
  recordedAt: z.iso.datetime(),
  status: z.enum(statuses),
  mining: answerSchema.shape.mining,
  sentence: text,
})

/** A capture of which something else is said now. A line of `assay rejudge --json`; additive. */
export const rejudgedChangeSchema = z.looseObject({
  schema: z.literal('assay.rejudged'),
  schemaVersion: count,
  captureId: digest,
  url: text,
  site: text,
  observedAt: z.iso.datetime(),
  /** Null where it was never judged. */
  before: beliefSchema.nullable(),
  after: beliefSchema,
  came: findings,
  went: findings,
  /** A phrase each: `new signature coin-x`, `detector pool-traffic 2 → 3`. */
  why: z.array(text),
})

export type RejudgedChange = z.infer<typeof rejudgedChangeSchema>

/** A capture that could not be judged again. */
export const rejudgedFailureSchema = z.looseObject({
  schema: z.literal('assay.rejudge-failure'),
  schemaVersion: count,
  captureId: digest,
  error: z.looseObject({ code: text, message: text, hint: text.optional() }),
})

export type RejudgedFailure = z.infer<typeof rejudgedFailureSchema>

/** The last line. */
export const rejudgeSummarySchema = z.looseObject({
  schema: z.literal('assay.rejudge'),
  schemaVersion: count,
  judgement: text,
  /** Captures in the data folder, and those of the days asked for. */
  captures: count,
  looked: count,
  /** Judged now, and before under the same version. */
  judged: count,
  judgedBefore: count,
  changed: count,
  failed: count,
  interrupted: z.boolean(),
})

export type RejudgeSummary = z.infer<typeof rejudgeSummarySchema>

export const rejudgeLineSchema = z.union([rejudgedChangeSchema, rejudgedFailureSchema, rejudgeSummarySchema])
