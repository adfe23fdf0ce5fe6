import { z } from 'zod'
import { findingKinds } from './finding.ts'

/**
 * How one miner service, family or library is recognised: data, no code. One file in `signatures/`, one thing.
 * Every signature has samples that must fire and near misses that must stay silent; a test reads them all.
 */
export const signatureSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
  name: z.string().min(1),
  kind: z.enum(findingKinds),
  /** Algorithms that it is known to run. */
  families: z.array(z.string()).default([]),
  /** First and last month of service, YYYY-MM; `to` null while it lasts. */
  active: z
    .strictObject({
      from: z
        .string()
        .regex(/^\d{4}-\d{2}$/)
        .nullable(),
      to: z
        .string()
        .regex(/^\d{4}-\d{2}$/)
        .nullable(),
    })
    .optional(),
  /** What it does before it mines: `asks-first` (a dialog of its own), `site-decides`, `never-asks`. */
  consent: z.enum(['asks-first', 'site-decides', 'never-asks', 'unknown']).default('unknown'),
  /** Where this knowledge comes from. */
  source: z.array(z.string()).min(1),
  /** Names of hosts: a host matches when it is one of these or below one of these. */
  hosts: z.array(z.string()).default([]),
  /** Hosts that serve pools or proxies for it: speaking to them over a socket is pool contact. */
  poolHosts: z.array(z.string()).default([]),
  /** Path patterns (regular expressions, anchored by themselves) of its script, valid on any host: mirrors, self-hosted copies. */
  scriptPaths: z.array(z.string()).default([]),
  /** Whole URLs (regular expressions) of scripts that start as soon as they are loaded; the group named `account` is who is paid. */
  startUrls: z.array(z.string()).default([]),
  /**
   * Calls that construct or start it, as dotted names in parsed code (`CoinHive.Anonymous`); `account` gives the position of the account.
   * Without `starts` it is started by a `.start` of what the call gave. `weak`: the name is common, so that the call counts only with an
   * account of the right form, or beside the service's own script.
   */
  calls: z
    .array(
      z.strictObject({
        name: z.string(),
        account: z.number().int().optional(),
        starts: z.boolean().default(false),
        weak: z.boolean().default(false),
      }),
    )
    .default([]),
  /** Markup that starts it: an element with these attributes (`class: coinhive-miner`); `account` names the attribute with the account. */
  elements: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        attribute: z.string(),
        value: z.string().optional(),
        account: z.string().optional(),
        asksFirst: z.boolean().default(false),
      }),
    )
    .default([]),
  /** Signature whose calls and elements start this one too: the same interface from another script. */
  api: z.string().optional(),
  /** Form of its accounts, a regular expression for the whole account. */
  account: z.string().optional(),
  /** Literal strings, all of which stand in its own client script (after decoding): for renamed copies. */
  literals: z.array(z.array(z.string().min(4)).min(2)).default([]),
  samples: z.strictObject({
    fires: z
      .array(
        z.strictObject({
          html: z.string().optional(),
          js: z.string().optional(),
          url: z.string().optional(),
          account: z.string().optional(),
        }),
      )
      .min(1),
    silent: z.array(z.strictObject({ html: z.string().optional(), js: z.string().optional(), url: z.string().optional() })).min(1),
  }),
})

export type Signature = z.infer<typeof signatureSchema>
