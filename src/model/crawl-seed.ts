import { z } from 'zod'

/** One line of `assay seeds list --json`; additive only. */
export const crawlSeedSchema = z.looseObject({
  url: z.string(),
  /** Registrable domain, private suffixes included, or address and port. */
  site: z.string(),
  rank: z.number().int().nullable(),
  tags: z.array(z.string()),
  scope: z.enum(['page', 'host', 'domain']),
  /** The page that named it, where it was no seed of a list. */
  parent: z.string().nullable(),
  depth: z.number().int().nonnegative(),
  /** Why robots.txt is not asked; null asks. */
  robotsReason: z.string().nullable(),
  /** Lane of the next turn. */
  lane: z.enum(['http', 'browser']),
  /** From 0; null when all rounds are done. */
  nextRound: z.number().int().nonnegative().nullable(),
  nextAt: z.iso.datetime().nullable(),
})
