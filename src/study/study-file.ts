import { parse } from 'yaml'
import { z } from 'zod'
import { AssayError, messageOf } from '#model/errors.ts'

/** A study as it is written down before it runs. */
export const studyFileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'small letters, digits and hyphens'),
  /** Path of the seed list, from where the study file lies. */
  list: z.string().min(1),
  limit: z.number().int().positive().optional(),
  /** Whether the list is the population itself, or a sample of a larger one. */
  census: z.boolean().default(true),
  /** `7d`, `23w`. */
  every: z.string().optional(),
  for: z.string().optional(),
  /** `simulated`: rounds follow each other without waiting and sites rest not at all, in a lab that turns its days; dates are the lab's. */
  time: z.enum(['real', 'simulated']).default('real'),
  profile: z.enum(['quick', 'standard', 'thorough']).default('standard'),
  /** Seconds to look after loading. */
  dwell: z.number().positive().max(3600).optional(),
  /** The one main question. */
  endpoint: z.string().min(10),
  /** Looks in a row without the miner that are its end. */
  endAfter: z.number().int().min(1).max(10).default(2),
  correction: z.enum(['holm', 'benjamini-hochberg']).default('holm'),
  /** How often campaigns are drawn again for the bands. */
  replicates: z.number().int().min(50).max(10_000).default(500),
  seed: z.number().int().nonnegative().default(1),
})

export type StudyFile = z.infer<typeof studyFileSchema>

/** What holds for a crawl that nobody wrote a study for. */
export const defaultRules = { endAfter: 2, correction: 'holm', replicates: 500, seed: 1, census: true, time: 'real' } as const

/** YAML or JSON → a study. Throws `BAD_INPUT_FILE` with the place. */
export function parseStudyFile(text: string, name: string): StudyFile {
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    // What follows the first line draws the place, over several.
    const [reason] = messageOf(cause).split('\n')
    throw new AssayError('BAD_INPUT_FILE', `${name} is not YAML: ${reason?.replace(/:$/, '')}`, {
      cause,
      hint: 'docs/study.md has an example.',
    })
  }
  const parsed = studyFileSchema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new AssayError('BAD_INPUT_FILE', `${name}: ${issue?.path.join('.') || 'the study'}: ${issue?.message}`, {
      hint: 'docs/study.md has an example.',
    })
  }
  if (parsed.data.for !== undefined && parsed.data.every === undefined)
    throw new AssayError('BAD_INPUT_FILE', `${name}: a study that lasts needs every: the time from one round to the next`)
  return parsed.data
}
