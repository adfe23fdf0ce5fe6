import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { CrawlRequest, MannersRequest } from '#app/crawl.ts'
import { AssayError } from '#model/errors.ts'
import { emptyNeverList, type NeverList, parseNeverList } from '#model/never-list.ts'
import {
  type LinkPolicy,
  type ConditionsOf,
  noConditions,
  parseConditions,
  type VisitConditions,
  type LaneChoice,
  laneChoices,
  type LanePolicy,
  parseSpan,
} from '#app/crawl-policy.ts'
import type { Seed } from '#model/seed.ts'
import { crawlFolder } from './folder-option.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { version } from './version.ts'
import { count, milliseconds, positiveInteger, repeated, server } from './options.ts'

type WorkshopFlags = KnowledgeFlags & Pick<CrawlFlags, 'allowPrivate' | 'allow' | 'lab' | 'dns' | 'browser' | 'jobs'>

/** What `assay crawl`, its `--dry-run` and `assay crawl plan` are told in the same words. */
export interface CrawlFlags extends KnowledgeFlags {
  data: string
  database?: string
  name: string
  every?: string
  for?: string
  jobs: number
  httpJobs: number
  dwell?: number
  limit?: number
  allowPrivate?: boolean
  allow: string[]
  dns?: string[]
  lab?: string
  browser?: string
  lane: LaneChoice
  sample?: number
  sampleKey?: string
  hintBudget?: number
  repeat?: number
  repeatWithin: string
  contact?: string
  robots: 'obey' | 'ignore'
  never?: string
  budget?: number
  perAddress: number
  retries: number
  delay?: number
  scope: Seed['scope']
  depth?: number
  inner: number
  tag: string[]
  conditions?: string
  vantage?: string
  proxy?: string
  language?: string
  userAgent?: string
  viewport?: VisitConditions['viewport']
  followUp?: boolean
  followUpShare: number
}

export type ConditionFlags = Pick<CrawlFlags, 'conditions' | 'vantage' | 'proxy' | 'language' | 'userAgent' | 'viewport'>

export function crawlOptions(command: Command): Command {
  command
    .option('--every <span>', 'visit again after this time (7d, 12h); without it once')
    .option('--for <span>', 'how long (23w); without it until it is stopped')
    .option('--name <name>', 'the same name goes on with the same crawl', 'crawl')
    .option('--data <dir>', 'data folder', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
    .option('--limit <n>', 'only the first of the list', count)
    .option('--tag <tag>', 'give every seed of the list this tag; may be given again', repeated, [])
    .addOption(
      new Option('--lane <lane>', 'http runs no JavaScript; both: http for all, the browser for hints and a sample')
        .choices(laneChoices)
        .default('browser'),
    )
    .option('--sample <share>', 'lane both: share of pages without a hint that the browser visits all the same (0.05)', share)
    .option('--sample-key <text>', "what every draw is made from (the crawl's name)")
    .option('--hint-budget <n>', 'lane both: hints that the browser visits in a round; where there are more, they are drawn', count)
    .option('--repeat <share>', 'share of browser visits made a second time (0.1 in lane both, else 0)', share)
    .option('--repeat-within <span>', 'when at the latest', '48h')
    .option('--follow-up', 'look again at pages whose answer asks for it, within a budget (docs/follow-up.md)')
    .option('--follow-up-share <share>', 'what second looks may cost, as a share of the short visits', share, 0.2)
    .option('--contact <address>', 'mail or page where you can be reached; in the user agent of the http lane and for robots.txt')
    .addOption(new Option('--robots <policy>', 'robots.txt (RFC 9309) in every lane').choices(['obey', 'ignore']).default('obey'))
    .option('--never <file>', 'names and ranges of addresses that nothing may reach')
    .option('--budget <n/d>', 'visits a day (5000/d)', perDay)
    .option('--per-address <n>', 'visits at one address at a time', positiveInteger, 4)
    .option('--delay <time>', 'between two visits of one site (2s)', milliseconds)
    .option('--retries <n>', 'visits that observed nothing are made again so often at most, by plan (docs/crawling.md)', retries, 2)
    .addOption(new Option('--scope <scope>', 'follow links within: page follows none').choices(['page', 'host', 'domain']).default('page'))
    .option('--depth <n>', 'links away from the seed (1, where the scope is wider than the page)', retries)
    .option('--inner <n>', 'pages followed from each page: the most different ones', positiveInteger, 3)
    .option('--dwell <time>', 'how long to look after loading', milliseconds)
  return placeOptions(command)
}

/** What each process of a crawl is told for itself: under which conditions, how many pages at a time, from where, with what it knows. */
export function placeOptions(command: Command): Command {
  return knowledgeOptions(command)
    .option('--conditions <file>', 'proxy, language, user agent, viewport by tag, site or address (docs/crawling.md)')
    .option('--vantage <name>', 'name of the place visited from')
    .option('--proxy <url>', 'go out through this proxy (http:// or socks5://)')
    .option('--language <list>', 'Accept-Language, such as de-DE,de')
    .option('--user-agent <text>', 'visit as this browser (browser lane)')
    .option('--viewport <WxH>', 'in CSS pixels; 412x915m for a phone', viewport)
    .option('--jobs <n>', 'pages at a time in the browser', positiveInteger, 2)
    .option('--http-jobs <n>', 'pages at a time in the http lane', positiveInteger, 16)
    .option('--allow-private', 'let pages reach private and loopback addresses')
    .option('--allow <cidr or host>', 'let pages reach this one; may be given again', repeated, [])
    .option(
      '--dns <address>',
      'ask this server for names instead of the system’s (192.0.2.53, [2001:db8::53]:5353); may be given again',
      server,
    )
    .option('--lab <dir>', 'resolve names in this running lab')
    .option('--browser <path>', 'use this Chromium')
}

export function share(text: string): number {
  const match = /^(\d*\.?\d+)(%?)$/.exec(text.trim())
  const value = match ? Number(match[1]) / (match[2] === '%' ? 100 : 1) : Number.NaN
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1, or as 5%.')
  return value
}

function perDay(text: string): number {
  const match = /^(\d{1,9})\/d(?:ay)?$/.exec(text.trim())
  if (!match || Number(match[1]) < 1) throw new InvalidArgumentError('visits a day, such as 5000/d.')
  return Number(match[1])
}

function retries(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('a whole number from 0 to 99.')
  return Number(text)
}

function viewport(text: string): NonNullable<VisitConditions['viewport']> {
  const match = /^(\d{1,4})x(\d{1,4})(m?)$/.exec(text.trim())
  if (!match || match[1] === '0' || match[2] === '0') throw new InvalidArgumentError('such as 1366x768, or 412x915m for a phone.')
  const mobile = match[3] === 'm'
  return { width: Number(match[1]), height: Number(match[2]), deviceScaleFactor: mobile ? 2.625 : 1, mobile }
}

/** How visits are made: of a crawl, a study and a worker alike. */
export const workshopFrom = (flags: WorkshopFlags): CrawlRequest['workshop'] => ({
  allowPrivate: flags.allowPrivate === true,
  allow: flags.allow,
  lab: flags.lab ?? null,
  ...(flags.dns === undefined ? {} : { dns: flags.dns }),
  browser: flags.browser ?? null,
  jobs: flags.jobs,
  knowledge: knowledgeOf(flags),
})

/** What a crawl and the crawl of a study are told in the same words. */
export async function requestFrom(flags: CrawlFlags): Promise<Omit<CrawlRequest, 'seeds' | 'every' | 'span' | 'startsAt' | 'visit'>> {
  const contact = contactFrom(flags)
  return {
    name: flags.name,
    data: flags.data,
    database: flags.database ?? null,
    delayMs: flags.delay ?? null,
    workshop: workshopFrom(flags),
    lanes: lanesFrom(flags),
    links: linksFrom(flags),
    manners: await mannersFrom(flags),
    conditionsOf: await conditionsFrom(flags),
    httpJobs: flags.httpJobs,
    followUpShare: flags.followUp ? flags.followUpShare : null,
    version,
    ...(contact === undefined ? {} : { contact }),
  }
}

export function lanesFrom(flags: CrawlFlags): LanePolicy {
  const isBoth = flags.lane === 'both'
  if (!isBoth && (flags.sample !== undefined || flags.hintBudget !== undefined))
    throw new AssayError('BAD_ARGUMENT', '--sample and --hint-budget are of --lane both: what one lane sees and the other does not')
  if (flags.lane === 'http' && flags.repeat !== undefined) throw new AssayError('BAD_ARGUMENT', '--repeat is of visits in the browser lane')
  return {
    lane: flags.lane,
    sample: isBoth ? (flags.sample ?? 0.05) : 0,
    hintBudget: flags.hintBudget ?? null,
    repeat: flags.repeat ?? (isBoth ? 0.1 : 0),
    repeatWithinMs: parseSpan(flags.repeatWithin),
    key: flags.sampleKey ?? flags.name,
  }
}

export function linksFrom(flags: CrawlFlags): LinkPolicy {
  if (flags.scope === 'page') {
    if ((flags.depth ?? 0) > 0) throw new AssayError('BAD_ARGUMENT', '--depth follows links: name --scope host or domain')
    return { depth: 0, inner: 0 }
  }
  return { depth: flags.depth ?? 1, inner: flags.inner }
}

/** A contact for a lab's own sites is nobody's. */
export const contactFrom = (flags: CrawlFlags): string | undefined =>
  flags.contact ?? (flags.lab === undefined ? undefined : 'https://lab.invalid/')

export async function mannersFrom(flags: CrawlFlags): Promise<MannersRequest> {
  if (flags.contact !== undefined && !/^[\x21-\x7e]{3,200}$/.test(flags.contact))
    throw new AssayError('BAD_ARGUMENT', '--contact is an address of mail or of a page, without spaces')
  return {
    robots: flags.robots,
    never: await neverFrom(flags),
    perAddress: flags.perAddress,
    retries: flags.retries,
    dailyBudget: flags.budget ?? null,
  }
}

export const neverFrom = async ({ never }: Pick<CrawlFlags, 'never'>): Promise<NeverList> =>
  never === undefined ? emptyNeverList : parseNeverList(await textOf(never), never)

/** The file's rules over what the flags say for all. */
export async function conditionsFrom(flags: ConditionFlags): Promise<ConditionsOf> {
  const { vantage, proxy, language, userAgent, viewport } = flags
  if (proxy !== undefined && !/^(?:http|socks5):\/\/\S+$/.test(proxy))
    throw new AssayError('BAD_ARGUMENT', '--proxy is http://host:port or socks5://host:port')
  const all: VisitConditions = {
    ...(vantage === undefined ? {} : { vantage }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(language === undefined ? {} : { language }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(viewport === undefined ? {} : { viewport }),
  }
  if (flags.conditions === undefined) return Object.keys(all).length === 0 ? noConditions : () => all
  const rules = parseConditions(await textOf(flags.conditions), flags.conditions)
  return (seed) => ({ ...all, ...rules(seed) })
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AssayError('NOT_FOUND', `${path} cannot be read`, { cause })
  })
}
