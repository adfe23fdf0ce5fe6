import { parse } from 'yaml'
import { z } from 'zod'
import { AssayError, messageOf } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import { siteOf } from '#model/site.ts'

/** Under what a page is visited, as far as a crawl may choose it; all of it stands in the capture. What is left out is the lane's own. */
export interface VisitConditions {
  /** Name of the place visited from. */
  vantage?: string
  proxy?: string
  language?: string
  userAgent?: string
  viewport?: { width: number; height: number; deviceScaleFactor: number; mobile: boolean }
}

/** Which seeds get which conditions: the first rule that matches, over the default. */
export type ConditionsOf = (seed: Seed) => VisitConditions

/** The lanes' own for every seed. */
export const noConditions: ConditionsOf = () => ({})

const conditions = z.strictObject({
  vantage: z.string().min(1).max(60).optional(),
  proxy: z
    .string()
    .regex(/^(?:http|socks5):\/\/\S+$/, 'not http://… or socks5://…')
    .optional(),
  language: z
    .string()
    .regex(/^[A-Za-z0-9*,;=. -]{2,100}$/, 'not a language such as de-DE,de')
    .optional(),
  userAgent: z
    .string()
    .regex(/^[\x20-\x7e]{1,500}$/, 'not a user agent')
    .optional(),
  viewport: z
    .strictObject({
      width: z.number().int().min(1).max(10_000),
      height: z.number().int().min(1).max(10_000),
      deviceScaleFactor: z.number().positive().max(10).default(1),
      mobile: z.boolean().default(false),
    })
    .optional(),
})
const fileSchema = z.strictObject({
  default: conditions.default({}),
  rules: z
    .array(
      conditions.extend({
        /** Every tag named must be the seed's: `country:de`. */
        tags: z.array(z.string()).min(1).optional(),
        /** Registrable domains. */
        sites: z.array(z.string()).min(1).optional(),
        urls: z.array(z.string()).min(1).optional(),
      }),
    )
    .default([]),
})

/** A file of conditions (YAML or JSON; `docs/crawling.md`). Throws `BAD_INPUT_FILE`. */
export function parseConditions(text: string, file: string): ConditionsOf {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 10 })
  } catch (cause) {
    throw new AssayError('BAD_INPUT_FILE', `${file} is not YAML: ${messageOf(cause).split('\n')[0]}`, { cause })
  }
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AssayError('BAD_INPUT_FILE', `${file}: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const { default: usual, rules } = parsed.data
  for (const [index, rule] of rules.entries())
    if (rule.tags === undefined && rule.sites === undefined && rule.urls === undefined)
      throw new AssayError('BAD_INPUT_FILE', `${file}: rules.${index} names no tags, sites or urls that it is for`)
  return (seed) => {
    const rule = rules.find(
      ({ tags, sites, urls }) =>
        (tags === undefined || tags.every((tag) => seed.tags.includes(tag))) &&
        (sites === undefined || sites.includes(siteOf(seed.url))) &&
        (urls === undefined || urls.includes(seed.url)),
    )
    if (rule === undefined) return present(usual)
    const { tags: _, sites: __, urls: ___, ...own } = rule
    return { ...present(usual), ...present(own) }
  }
}

function present(some: z.infer<typeof conditions>): VisitConditions {
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as VisitConditions
}
