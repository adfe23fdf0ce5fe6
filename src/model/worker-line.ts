import { z } from 'zod'

const count = z.number().int().nonnegative()

/** One line of `assay worker --json`, when it leaves a crawl; additive only. */
export const workerLineSchema = z.looseObject({
  schema: z.literal('assay.worker'),
  schemaVersion: z.number().int().positive(),
  crawl: z.string(),
  /** `done`: no page wanted another visit. */
  ended: z.enum(['done', 'interrupted']),
  /** By this process, accepted. */
  visits: count,
  /** Without a capture. */
  failed: count,
  /** Observed nothing and are made again. */
  retried: count,
  /** Came too late: another worker had taken the site over, and nothing of it counts. */
  fenced: count,
  /** What second looks cost, seconds of visits; null where the crawl makes none. */
  followUps: z
    .looseObject({ shortSeconds: z.number(), extraSeconds: z.number(), asked: count, made: count, withoutChance: count })
    .nullable(),
})

export type WorkerLine = z.infer<typeof workerLineSchema>
