import { z } from 'zod'

const count = z.number().int().nonnegative()
const amount = z.number().nonnegative()

/** The line of `assay crawl plan --json`; additive only. Of one round; `whole` of the crawl, null where it has no end. */
export const crawlPlanSchema = z.looseObject({
  pages: count,
  sites: count,
  rounds: count.nullable(),
  lanes: z.array(z.looseObject({ lane: z.enum(['http', 'browser']), visits: count, cpuS: amount, bytes: amount })),
  /** How the browser lane's visits come about. */
  browserVisits: z.looseObject({ hints: count, hintProbability: z.number().min(0).max(1), sample: count, repeats: count }),
  /** Longest of: the lanes' work by their jobs, the politeness to the largest site, the daily budget. Seconds. */
  roundS: amount,
  bound: z.enum(['jobs', 'politeness', 'budget']),
  fitsInRound: z.boolean().nullable(),
  whole: z.looseObject({ visits: count, cpuS: amount, bytes: amount }).nullable(),
  /** Null where no page without a hint is sampled. */
  miss: z
    .looseObject({
      sample: count,
      /** The fewest miners among pages without a hint of which the sample shows one with this confidence; more than there are pages: it shows none. */
      smallestPages: count,
      /** The same as a share of those pages; null where there are fewer. */
      smallestShare: z.number().min(0).max(1).nullable(),
      confidence: z.number(),
      formula: z.string(),
    })
    .nullable(),
})

export type CrawlPlan = z.infer<typeof crawlPlanSchema>

/** The line of `assay crawl --dry-run --json`; additive only. */
export const crawlDryRunSchema = z.looseObject({
  name: z.string(),
  /** Milliseconds from round to round; null visits once. */
  everyMs: z.number().nullable(),
  rounds: count.nullable(),
  lanes: z.looseObject({
    lane: z.enum(['http', 'browser', 'both']),
    sample: z.number(),
    hintBudget: count.nullable(),
    repeat: z.number(),
    key: z.string(),
  }),
  links: z.looseObject({ depth: count, inner: count }),
  robots: z.enum(['obey', 'ignore']),
  contact: z.string().nullable(),
  /** Lines of the list that are no addresses. */
  badLines: count,
  neverListed: z.array(z.looseObject({ url: z.string(), reason: z.string() })),
  plan: crawlPlanSchema,
  /** The first ten pages, with the conditions that they get. */
  first: z.array(
    z.looseObject({ url: z.string(), rank: count.optional(), tags: z.array(z.string()), scope: z.string(), conditions: z.looseObject({}) }),
  ),
})
