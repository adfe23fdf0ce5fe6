import { z } from 'zod'
import { statuses } from './finding.ts'

export const hitsSchemaVersion = 1

const text = z.string()
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const count = z.number().int().nonnegative()
const when = z.iso.datetime()

/** As what a word can be looked for: 64 hex digits are a digest, and can be an account; what names no other thing can be a tracker's identifier. */
export const subjectKinds = ['digest', 'host', 'account', 'url', 'tracker', 'similarity'] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** One capture in which it was. */
export const hitSchema = z.looseObject({
  captureId: digest,
  visitId: text,
  site: text,
  url: text,
  observedAt: when,
  status: z.enum(statuses),
  as: z.enum(subjectKinds),
  /** Where in the page, a sentence each. */
  where: z.array(text),
  /** Hosts whose page or code brought it in. */
  loadedBy: z.array(text),
})

export type Hit = z.infer<typeof hitSchema>

/** `assay hits --json`: were we ever hit, since when. Additive. */
export const hitsSchema = z.looseObject({
  schema: z.literal('assay.hits'),
  schemaVersion: count,
  subject: text,
  /** As what it was looked for. */
  as: z.array(z.enum(subjectKinds)),
  /** Captures with an answer, and those that could not be read. */
  looked: count,
  unreadable: count,
  captures: count,
  firstSeen: when.nullable(),
  lastSeen: when.nullable(),
  sites: z.array(
    z.looseObject({
      site: text,
      captures: count,
      firstSeen: when,
      lastSeen: when,
      /** Last look at this site before, and first after, in which it was not; null where there was none. */
      lookedBefore: when.nullable(),
      lookedAfter: when.nullable(),
      statuses: z.array(z.enum(statuses)),
    }),
  ),
  loadedBy: z.array(z.looseObject({ host: text, sites: count, captures: count })),
  /** By time; cut where there are more. */
  hits: z.array(hitSchema),
  notListed: count,
})

export type Hits = z.infer<typeof hitsSchema>
