import { z } from 'zod'
import { type Lane, lanes, type PageReached, pagesReached } from './capture.ts'
import { digestForm } from './digest.ts'
import type { ErrorRecord } from './errors.ts'
import {
  activities,
  consents,
  type Finding,
  findingKinds,
  foundStatuses,
  type Mining,
  operators,
  placements,
  type Status,
  statuses,
} from './finding.ts'
import type { Gap } from './gap.ts'
import { followUpRules, type Observation, type Question, questions, visitChanges } from './observation.ts'
import { type Tracker, trackerKinds } from './tracker.ts'

export const answerSchemaVersion = 1

/** One line of `--json`; additive only. `file` stands where a file was judged. */
export interface Answer {
  schemaVersion: number
  file?: string
  url: string | null
  final: string | null
  captureId: string | null
  at: string
  lane: Lane
  reached: PageReached
  status: Status
  mining: Mining
  sentence: string
  findings: Omit<Finding, 'weight'>[]
  blindTo: string[]
  /** Lists of the evidence that are not whole; absent where the judgement is of a version that did not say. */
  gaps?: Gap[]
  asked: Question[]
  /** The visits that the answer rests on, the first visit first; absent where it is one. */
  visits?: Observation['visits']
  chain: Observation['conclusion']['chain']
  accounts: Observation['conclusion']['accounts']
  /** Whose page it is to services of measurement and advertising; absent where the judgement is of a version that did not ask. */
  trackers?: Tracker[]
  /** Digests of the code that findings of mining cite, equal in copies with other names and literals; absent as above. */
  similarities?: Observation['similarities']
  error: ErrorRecord | null
}

const text = z.string()
const digest = z.string().regex(digestForm)

/** The same as a schema, for whoever reads the lines: `docs/schemas/answer.schema.json` is generated from it. Unknown members are allowed: it is additive. */
export const answerSchema = z.looseObject({
  schemaVersion: z.number().int().positive(),
  file: text.optional(),
  url: text.nullable(),
  final: text.nullable(),
  captureId: digest.nullable(),
  at: z.iso.datetime(),
  lane: z.enum(lanes),
  reached: z.enum(pagesReached),
  status: z.enum(statuses),
  mining: z.looseObject({
    activity: z.enum(activities),
    consent: z.enum(consents),
    placement: z.enum(placements),
    operator: z.enum(operators),
  }),
  sentence: text,
  findings: z.array(
    z.looseObject({
      detector: text,
      kind: z.enum(findingKinds),
      family: text.nullable(),
      service: text.nullable(),
      account: text.nullable(),
      title: text,
      evidence: z.array(z.looseObject({ captureId: digest, artifact: text, at: text, reason: text })).min(1),
      asksFirst: z.boolean().optional(),
    }),
  ),
  blindTo: z.array(text),
  gaps: z
    .array(
      z.looseObject({
        artifact: text,
        status: z.enum(['truncated', 'failed', 'not-collected']),
        kept: z.number().int().nonnegative(),
        dropped: z.number().int().nonnegative().optional(),
        reason: text,
      }),
    )
    .optional(),
  asked: z.array(z.enum(questions)),
  visits: z
    .array(
      z.looseObject({
        captureId: digest,
        observedAt: z.iso.datetime(),
        status: z.enum(statuses),
        activity: z.enum(activities),
        rule: z.enum(followUpRules).nullable(),
        reason: text.nullable(),
        changes: z.array(z.enum(visitChanges)),
        dwellMs: z.number().nonnegative(),
        notes: z.array(text),
      }),
    )
    .min(2)
    .optional(),
  chain: z.array(z.looseObject({ url: text, artifact: text.nullable(), how: text })),
  accounts: z.array(z.looseObject({ account: text, service: text.nullable() })),
  trackers: z.array(z.looseObject({ kind: z.enum(trackerKinds), id: text, artifact: text })).optional(),
  similarities: z.array(z.looseObject({ digest: text, artifact: text })).optional(),
  error: z.looseObject({ code: text, message: text, hint: text.optional() }).nullable(),
})

export function answerOf(observation: Observation, file?: string): Answer {
  return {
    schemaVersion: answerSchemaVersion,
    ...(file === undefined ? {} : { file }),
    url: observation.lane === 'file' ? null : observation.url,
    final: observation.lane === 'file' ? null : observation.finalUrl,
    captureId: observation.captureId,
    at: observation.observedAt,
    lane: observation.lane,
    reached: observation.reached,
    status: observation.conclusion.status,
    mining: observation.conclusion.mining,
    sentence: observation.conclusion.sentence,
    findings: observation.findings.map(({ weight: _, ...finding }) => finding),
    blindTo: [...new Set(observation.blindTo.map((blind) => blind.artifact))],
    ...(observation.gaps === undefined ? {} : { gaps: observation.gaps }),
    asked: observation.asked,
    ...(observation.visits === undefined ? {} : { visits: observation.visits }),
    chain: observation.conclusion.chain,
    accounts: observation.conclusion.accounts,
    ...(observation.trackers === undefined ? {} : { trackers: observation.trackers }),
    ...(observation.similarities === undefined ? {} : { similarities: observation.similarities }),
    error: observation.error,
  }
}

/** The line of a file that could not be read: nothing was observed. */
export function failedAnswer(file: string, error: ErrorRecord, at: string): Answer {
  return {
    schemaVersion: answerSchemaVersion,
    file,
    url: null,
    final: null,
    captureId: null,
    at,
    lane: 'file',
    reached: 'error',
    status: 'not-observed',
    mining: { activity: 'none-seen', consent: 'unknown', placement: 'unknown', operator: 'unknown' },
    sentence: `Not observed: ${error.message}.`,
    findings: [],
    blindTo: [],
    asked: [],
    chain: [],
    accounts: [],
    error,
  }
}

/** 0 none or opt-in, 1 found, 2 inconclusive or not observed without an error, 3 an error on the way to the page. */
export type ExitCode = 0 | 1 | 2 | 3

export interface FailOn {
  statuses: readonly Status[]
  kinds: readonly Finding['kind'][]
}

export const defaultFailOn: FailOn = { statuses: [...foundStatuses, 'hint'], kinds: [] }

export function exitCodeOf(answer: Answer, failOn: FailOn = defaultFailOn): ExitCode {
  if (failOn.statuses.includes(answer.status) || answer.findings.some((finding) => failOn.kinds.includes(finding.kind))) return 1
  if (answer.error !== null) return 3
  return answer.status === 'inconclusive' || answer.status === 'not-observed' ? 2 : 0
}

/** Over many pages the most urgent stands: found, then errors, then inconclusive. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  for (const code of [1, 3, 2] as const) if (codes.includes(code)) return code
  return 0
}
