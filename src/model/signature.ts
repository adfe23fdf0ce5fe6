import { z } from 'zod'
import { findingKinds } from './finding.ts'

const month = z.string().regex(/^\d{4}-\d{2}$/, 'a month such as 2018-03')

const sample = z.strictObject({
  html: z.string().optional().describe('Markup of a page, without its head: the page holds this and nothing else'),
  js: z.string().optional().describe('A script of a page'),
  url: z.string().optional().describe('Address of a script that a page loads'),
})

/**
 * How one miner service, family or library is recognised: data, no code. One file in `signatures/`, one thing.
 * Every signature has samples that must fire and near misses that must stay silent; a test reads them all.
 * `docs/schemas/signature.schema.json` is generated from it: the descriptions are what an editor shows.
 */
export const signatureSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]*$/, 'small letters, digits and hyphens, as the file is called')
      .describe("The file's name without .yaml; stands in findings as `service`"),
    name: z.string().min(1).describe('As people call it'),
    kind: z.enum(findingKinds).describe("Only `mining` moves a page's status; the others name what it is"),
    families: z.array(z.string()).default([]).describe('Algorithms that it is known to run: cryptonight, randomx, sha1, sha256 …'),
    active: z
      .strictObject({ from: month.nullable(), to: month.nullable() })
      .optional()
      .describe('First and last month of service, YYYY-MM; `to: null` while it lasts'),
    consent: z
      .enum(['asks-first', 'site-decides', 'never-asks', 'unknown'])
      .default('unknown')
      .describe('What it does before it mines: a dialog of its own, what the site makes of it, nothing'),
    source: z.array(z.string()).min(1).describe('Where this knowledge comes from'),
    unsupported: z
      .string()
      .min(1)
      .optional()
      .describe('Why no more than its name (and hosts) is known: how it is embedded could not be sourced. Then `samples` may be empty'),
    hosts: z.array(z.string()).default([]).describe('Hosts that serve its script; each stands for itself and all below it'),
    poolHosts: z
      .array(z.string())
      .default([])
      .describe('Hosts that serve pools or proxies for it: speaking to them over a socket is pool contact'),
    scriptPaths: z
      .array(z.string())
      .default([])
      .describe('Regular expressions for the path of its script on any host, for mirrors and self-hosted copies. Anchor them'),
    startUrls: z
      .array(z.string())
      .default([])
      .describe('Regular expressions for whole URLs that start it by being loaded; the group named `account` is who is paid'),
    calls: z
      .array(
        z.strictObject({
          name: z.string().describe('Dotted name in parsed code: CoinHive.Anonymous'),
          account: z.number().int().optional().describe('Position of the account among the arguments, from 0'),
          starts: z.boolean().default(false).describe('The call itself starts it; else a .start of what it gave does'),
          weak: z
            .boolean()
            .default(false)
            .describe("The name is common: it counts with an account of the right form, or beside the service's own script"),
          beside: z.boolean().default(false).describe("It counts beside the service's own script only, whatever the account"),
        }),
      )
      .default([])
      .describe('Calls that construct or start it'),
    elements: z
      .array(
        z.strictObject({
          name: z.string().optional().describe('Name of the element'),
          attribute: z.string(),
          value: z.string().optional().describe('One word of the attribute'),
          account: z.string().optional().describe('Attribute that carries the account'),
          asksFirst: z.boolean().default(false).describe('It shows a button first'),
        }),
      )
      .default([])
      .describe('Markup that starts it'),
    api: z.string().optional().describe('Signature whose calls and elements start this one too: the same interface from another script'),
    account: z.string().optional().describe('Form of its accounts, a regular expression for the whole account'),
    literals: z
      .array(z.array(z.string().min(4)).min(2))
      .default([])
      .describe('Sets of strings, all of which stand in its client script after decoding: for renamed copies'),
    samples: z
      .strictObject({
        fires: z.array(sample.extend({ account: z.string().optional().describe('Account that must be found') })),
        silent: z.array(sample),
      })
      .default({ fires: [], silent: [] })
      .describe('Lines of our own in the published shape that must be recognised, and near misses that must not'),
  })
  .superRefine(({ unsupported, samples }, context) => {
    for (const part of ['fires', 'silent'] as const)
      if (unsupported === undefined && samples[part].length === 0)
        context.addIssue({
          code: 'custom',
          path: ['samples', part],
          message: 'at least one sample (or say with `unsupported` why there is none)',
        })
    for (const part of ['fires', 'silent'] as const)
      for (const [at, { html, js, url }] of samples[part].entries())
        if ([html, js, url].filter((given) => given !== undefined).length !== 1)
          context.addIssue({ code: 'custom', path: ['samples', part, at], message: 'a sample is one of html, js and url' })
  })

export type Signature = z.infer<typeof signatureSchema>

/** One line of a signature's own that it was tried on. */
export type SignatureSample = Signature['samples']['silent'][number]

/** Why a file is no signature, and where. */
export interface SignatureFault {
  file: string
  /** From 1. */
  line: number
  column: number
  message: string
}
