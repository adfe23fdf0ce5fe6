import { z } from 'zod'
import { answerSchema } from './answer.ts'
import { type Digest, digestForm } from './digest.ts'
import { type Finding, type Mining, type Status, statuses } from './finding.ts'

export const comparisonSchemaVersion = 1

/** One piece of code on one side. */
export interface ComparedCode {
  artifact: string
  url: string
  digest: Digest | null
  size: number | null
  /** Owner's name, or the registrable domain. */
  owner: string
  party: 'first' | 'third' | 'inline'
}

/**
 * `came`, `went`: on one side only. `changed`: the same slot or address with other octets, or much the same text elsewhere.
 * `moved`: the same octets at another address.
 */
export interface CodeChange {
  change: 'came' | 'went' | 'changed' | 'moved'
  before: ComparedCode | null
  after: ComparedCode | null
  /** Share of the text that both have, 0 to 1, estimated; null where the octets of one are not at hand. */
  similarity: number | null
}

/** What the miner did on one side. */
export interface MinerFacts {
  status: Status
  mining: Mining
  families: string[]
  services: string[]
  accounts: string[]
  /** Hosts that a pool's dialect was spoken with. */
  pools: string[]
  /** Sum of the shares of all threads but the page's own, in cores; null where it was not measured. */
  loadCores: number | null
  /** Threads above half a core. */
  busyThreads: number | null
}

export interface ComparedPage {
  captureId: Digest
  url: string
  finalUrl: string
  at: string
  sentence: string
  miner: MinerFacts
}

export interface Comparison {
  schema: 'assay.comparison'
  schemaVersion: number
  before: ComparedPage
  after: ComparedPage
  /** Whether both are of one site. What is not so is said, not refused. */
  sameSite: boolean
  /** Whether `before` was seen no later than `after`. */
  inOrder: boolean
  /** Conditions of the visits that differ: what they explain is no change of the page. */
  conditions: { name: string; before: string; after: string }[]
  code: { same: number; changes: CodeChange[] }
  hosts: { same: number; came: string[]; went: string[] }
  findings: { same: number; came: Omit<Finding, 'weight'>[]; went: Omit<Finding, 'weight'>[] }
  /** Lists that are not whole on one side: what seems to have come or gone may only not have been seen. */
  notWhole: { side: 'before' | 'after'; artifact: string; reason: string }[]
  /** Whether any code came, went, changed or moved. */
  isChanged: boolean
}

const text = z.string()
const texts = z.array(text)
const count = z.number().int().nonnegative()
const digest = z.string().regex(digestForm)
const code = z.looseObject({
  artifact: text,
  url: text,
  digest: digest.nullable(),
  size: count.nullable(),
  owner: text,
  party: z.enum(['first', 'third', 'inline']),
})
const page = z.looseObject({
  captureId: digest,
  url: text,
  finalUrl: text,
  at: z.iso.datetime(),
  sentence: text,
  miner: z.looseObject({
    status: z.enum(statuses),
    mining: answerSchema.shape.mining,
    families: texts,
    services: texts,
    accounts: texts,
    pools: texts,
    loadCores: z.number().nonnegative().nullable(),
    busyThreads: count.nullable(),
  }),
})
const findings = answerSchema.shape.findings

/** `assay compare --json`, for whoever reads it: `docs/schemas/comparison.schema.json` is generated from it. Additive. */
export const comparisonSchema = z.looseObject({
  schema: z.literal('assay.comparison'),
  schemaVersion: z.number().int().positive(),
  before: page,
  after: page,
  sameSite: z.boolean(),
  inOrder: z.boolean(),
  conditions: z.array(z.looseObject({ name: text, before: text, after: text })),
  code: z.looseObject({
    same: count,
    changes: z.array(
      z.looseObject({
        change: z.enum(['came', 'went', 'changed', 'moved']),
        before: code.nullable(),
        after: code.nullable(),
        similarity: z.number().min(0).max(1).nullable(),
      }),
    ),
  }),
  hosts: z.looseObject({ same: count, came: texts, went: texts }),
  findings: z.looseObject({ same: count, came: findings, went: findings }),
  notWhole: z.array(z.looseObject({ side: z.enum(['before', 'after']), artifact: text, reason: text })),
  isChanged: z.boolean(),
})
