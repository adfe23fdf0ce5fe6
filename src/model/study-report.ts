import { z } from 'zod'

export const studyReportSchemaVersion = 1

const nullable = z.number().nullable()

const figure = z.object({
  /** Stable while the question is: `assay study explain` takes it. */
  id: z.string(),
  title: z.string(),
  unit: z.enum(['sites', 'share', 'days', 'addresses', 'networks', 'instances', 'visits', 'p', 'ratio', 'subjects', 'campaigns']),
  value: nullable,
  /** Ends of the 95 % interval; null where there is none. */
  low: nullable,
  high: nullable,
  /** Of how many; null where it is no part of anything. */
  of: nullable,
  /** Distinct sites that it rests on: `explain` names them. */
  sites: z.number(),
  method: z.string(),
})

const point = z.object({ time: z.number(), survival: z.number(), low: nullable, high: nullable })
const quantile = z.object({ share: z.number(), estimate: nullable, low: nullable, high: nullable })

const length = z.object({
  stays: z.number(),
  sites: z.number(),
  clusters: z.number(),
  ended: z.number(),
  returns: z.number(),
  curve: z.array(point),
  quantiles: z.array(quantile),
  /** Of Turnbull's estimator: how far at most its log-likelihood is from the highest. */
  convergence: z.object({ iterations: z.number(), gap: z.number(), converged: z.boolean(), logLikelihood: z.number() }),
  replicates: z.number(),
})

const prevalenceRow = z.object({
  group: z.string(),
  /** Sites that were looked at, and of these found. */
  looked: z.number(),
  found: z.number(),
  optIn: z.number(),
  estimate: nullable,
  low: nullable,
  high: nullable,
  /** If none, and if all, of what could not be looked at had it. */
  bounds: z.object({ low: nullable, high: nullable }),
  notLooked: z.number(),
  designEffect: z.number(),
})

const comparison = z.object({
  question: z.enum(['prevalence', 'longevity']),
  by: z.string(),
  groups: z.number(),
  statistic: z.number(),
  degrees: z.number(),
  p: z.number(),
  corrected: z.number(),
  /** True where numbers are too small for the test to be trusted. */
  isThin: z.boolean(),
})

/** What sites found have more often than sites of the same rank bucket and ending that were looked at and never found. */
const pointers = z.object({
  /** Sites found that have such controls, of all found; and these controls. */
  matched: z.number(),
  found: z.number(),
  controls: z.number(),
  tested: z.number(),
  /** Sites of both groups together that a subject needs to be asked. */
  fewestSites: z.number(),
  significant: z.number(),
  /** Strongest first, p corrected by Benjamini and Hochberg over all that were tested. */
  rows: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      foundSites: z.number(),
      otherSites: z.number(),
      /** Of the sites found: campaigns and sites on their own. */
      witnesses: z.number(),
      /** Common odds ratio; null where no control has it: `low` is then all that is known. */
      estimate: nullable,
      low: nullable,
      high: nullable,
      p: z.number(),
      corrected: z.number(),
      method: z.string(),
      figure: z.string(),
    }),
  ),
  /** The miner's own: seen with it only. */
  own: z.array(z.object({ kind: z.string(), subject: z.string(), foundSites: z.number() })),
})

const infrastructure = z.object({
  /** What keeps common things from gluing campaigns together: docs/study.md has the words. */
  rule: z.object({
    commonFrom: z.number(),
    besideMiner: z.number(),
    payees: z.number(),
    payeesShare: z.number(),
    coverage: z.number(),
    kitFrom: z.number(),
    chance: z.number(),
  }),
  /** What most sites found share, by kind, and whether it ties them. Rounds from 1. */
  shared: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      foundSites: z.number(),
      otherSites: z.number(),
      firstRound: z.number(),
      lastRound: z.number(),
      verdict: z.enum(['joins', 'never', 'common', 'not with the miner', 'service', 'by chance', 'one site']),
    }),
  ),
  campaigns: z.object({
    all: z.number(),
    sites: z.number(),
    /** The largest first. */
    rows: z.array(
      z.object({
        id: z.string(),
        sites: z.number(),
        members: z.array(z.object({ kind: z.string(), subject: z.string(), sites: z.number() })),
        moreMembers: z.number(),
        firstSeen: z.string().nullable(),
        lastSeen: z.string().nullable(),
        rounds: z.array(z.object({ round: z.number(), active: z.number(), arrived: z.number(), left: z.number(), parts: z.number() })),
        merged: z.array(z.object({ round: z.number(), id: z.string() })),
        splits: z.array(z.object({ round: z.number(), parts: z.number() })),
        figure: z.string(),
      }),
    ),
  }),
  /** Third parties whose code changed as the sites that load it began to mine. */
  supply: z.array(
    z.object({
      host: z.string(),
      round: z.number(),
      /** The last visit that saw the code of before, and the first that saw the new one. */
      from: z.string(),
      until: z.string(),
      sites: z.number(),
      loading: z.number(),
      digests: z.array(z.string()),
      before: z.array(z.string()),
      leadsTo: z.array(z.string()),
      figure: z.string(),
    }),
  ),
  moves: z.object({
    all: z.number(),
    rows: z.array(
      z.object({ kind: z.string(), from: z.string(), to: z.string(), sites: z.number(), round: z.number(), figure: z.string() }),
    ),
  }),
})

/** What `assay study report` says, whatever the form it is written in. Additive only. */
export const studyReportSchema = z.object({
  schema: z.literal('assay.study-report'),
  schemaVersion: z.number(),
  study: z.string(),
  crawl: z.string(),
  /** Whose observations these are, where they were imported; null: our own. */
  source: z.object({ name: z.string(), hasFindsOnly: z.boolean() }).nullable(),
  /** ISO 8601. What was believed on that day; null: now. */
  asOf: z.string().nullable(),
  madeAt: z.string(),
  /** The main question, as written down before the first visit; null where nobody did. */
  endpoint: z.object({ statement: z.string(), writtenAt: z.string(), firstVisit: z.string().nullable(), versions: z.number() }).nullable(),
  population: z.object({
    sites: z.number(),
    pages: z.number(),
    visits: z.number(),
    isCensus: z.boolean(),
    ranks: z.object({ lowest: z.number(), highest: z.number() }).nullable(),
    tags: z.array(z.object({ tag: z.string(), sites: z.number() })),
  }),
  conditions: z.object({
    from: z.string().nullable(),
    to: z.string().nullable(),
    cadenceDays: nullable,
    rounds: z.number(),
    lanes: z.array(z.object({ lane: z.string(), vantage: z.string(), visits: z.number() })),
    mainLane: z.string(),
    /** Day of the data that says in which country and network an address is. */
    geoDate: z.string().nullable(),
    /** Days of a lab: rounds followed each other without waiting. */
    isSimulated: z.boolean(),
  }),
  coverage: z.object({
    rounds: z.array(
      z.object({
        round: z.number(),
        day: z.string().nullable(),
        found: z.number(),
        optIn: z.number(),
        clean: z.number(),
        blind: z.number(),
        notObserved: z.number(),
        notVisited: z.number(),
      }),
    ),
    reasons: z.array(z.object({ reason: z.string(), visits: z.number() })),
    sitesNeverLookedAt: z.number(),
  }),
  versions: z.array(z.object({ judgement: z.string(), visits: z.number() })),
  /** Answers that later ones withdrew, over the whole ledger. */
  retractions: z.object({ withdrawn: z.number(), late: z.number(), renamed: z.number() }),
  naming: z.object({ named: z.number(), notNamed: z.number(), why: z.string() }),
  prevalence: z.object({
    ever: prevalenceRow,
    rounds: z.array(prevalenceRow),
    /** By dimension: rank, ending, country, tag. A site counts in each group that it is in. */
    by: z.array(z.object({ dimension: z.string(), note: z.string(), rows: z.array(prevalenceRow) })),
    /** Of the sites found: by service, family, consent, placement. */
    among: z.array(
      z.object({ dimension: z.string(), rows: z.array(z.object({ group: z.string(), sites: z.number(), share: z.number() })) }),
    ),
    /** The lane without JavaScript, put right by the sample that a browser visited; a row a round that has both. */
    corrected: z.array(
      z.object({
        round: z.number(),
        hints: z.number(),
        httpLooked: z.number(),
        sample: z.number(),
        estimate: nullable,
        low: nullable,
        high: nullable,
      }),
    ),
    servers: z.object({ addresses: z.number(), networks: z.number(), countries: z.number(), sitesWithout: z.number() }),
    instances: z.object({
      instances: z.number(),
      pages: z.number(),
      sites: z.number(),
      largestSite: z.object({ instances: z.number(), share: z.number() }).nullable(),
    }),
  }),
  longevity: z.object({
    endAfter: z.number(),
    /** Shorter stays are not to be seen at this cadence. */
    shortestDays: nullable,
    cohort: length,
    alreadyThere: length,
    simple: z.object({ stays: z.number(), ended: z.number(), curve: z.array(point), quantiles: z.array(quantile) }),
    misses: z.object({
      /** From visits that were made twice in one round. */
      repeated: z.object({
        pages: z.number(),
        twice: z.number(),
        detection: nullable,
        low: nullable,
        high: nullable,
        reason: z.string().nullable(),
      }),
      /** From the looks within stays. */
      within: z.object({ looks: z.number(), missed: z.number() }),
    }),
  }),
  comparisons: z.object({ correction: z.enum(['holm', 'benjamini-hochberg']), rows: z.array(comparison) }),
  pointers,
  infrastructure,
  imported: z.array(
    z.object({ source: z.string(), sites: z.number(), rows: z.number(), from: z.string(), to: z.string(), found: z.number() }),
  ),
  /** What it cannot show, a sentence each. */
  limits: z.array(z.string()),
  figures: z.array(figure),
})

export type StudyReport = z.infer<typeof studyReportSchema>
export type Figure = z.infer<typeof figure>
export type PrevalenceRow = z.infer<typeof prevalenceRow>
export type LengthView = z.infer<typeof length>
export type Comparison = z.infer<typeof comparison>

/** What `assay study explain` says of one figure. */
export const explanationSchema = z.object({
  schema: z.literal('assay.study-explanation'),
  schemaVersion: z.number(),
  figure,
  sites: z.array(
    z.object({
      site: z.string(),
      visits: z.array(
        z.object({
          at: z.string(),
          url: z.string(),
          round: nullable,
          lane: z.string(),
          state: z.string(),
          judgement: z.string().nullable(),
          captureId: z.string().nullable(),
        }),
      ),
    }),
  ),
})

export type StudyExplanation = z.infer<typeof explanationSchema>
