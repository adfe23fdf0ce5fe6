import type { Command } from 'commander'
import { type ScanRequest, type ScannedPage, scan } from '#app/scan.ts'
import { type FailOn, answerOf, defaultFailOn, exitCodeOf, worstExitCode, type ExitCode } from '#model/answer.ts'
import type { HttpHeader } from '#model/artifact.ts'
import { AssayError } from '#model/errors.ts'
import { consentPolicies } from '#model/capture.ts'
import type { Seed } from '#model/seed.ts'
import { answerLine } from '#report/answer-line.ts'
import { inert } from '#report/escape.ts'
import { terminalAnswer } from '#report/terminal.ts'
import { pagesFolder } from './folder-option.ts'
import { exit } from './exit.ts'
import { linesOf } from './lines.ts'
import { type KnowledgeFlags, knowledgeOf, knowledgeOptions } from './knowledge-options.ts'
import { failOn, header, milliseconds, positiveInteger, repeated, webAddress } from './options.ts'
import { Progress, colourOn, interruptible } from './progress.ts'
import { ReportFiles, type ReportFlags } from './report-files.ts'
import { readSeedList } from './seed-list.ts'

interface ScanFlags extends ReportFlags, KnowledgeFlags {
  list?: string
  jobs: number
  dwell?: number
  profile: ScanRequest['profile']
  consent: ScanRequest['consent']
  userAgent?: string
  proxy?: string
  header: HttpHeader[]
  referrer?: string
  out: string
  data?: string
  allowPrivate?: boolean
  allow: string[]
  lab?: string
  browser?: string
  json?: boolean
  failOn: FailOn
  followUp?: boolean
}

export function define(command: Command): void {
  knowledgeOptions(command)
    .argument('[urls...]', 'addresses to visit; "-" reads one a line from standard input')
    .option('--list <file>', 'read addresses from a file: one a line, or a top list (rank,domain)')
    .option('--jobs <n>', 'pages at a time', positiveInteger, 1)
    .option('--profile <name>', 'quick (3 s), standard (8 s) or thorough (30 s)', 'standard')
    .option('--dwell <time>', "how long to look after loading, instead of the profile's time (8s, 1500ms)", milliseconds)
    .option('--consent <policy>', 'what to answer when the page asks: ignore, accept or reject', 'ignore')
    .option('--user-agent <text>', 'visit as this browser')
    .option('--proxy <url>', 'go out through this proxy (http:// or socks5://)')
    .option('--header <name: value>', "send this header to the page's own origin; may be given again", header, [])
    .option(
      '--follow-up',
      'look again at pages whose answer asks for it (docs/follow-up.md); so it is for one page without --profile, --dwell',
    )
    .option('--no-follow-up', 'visit once, whatever the answer asks for')
    .option('--referrer <url>', 'come to the page from this address, as from a search engine', webAddress)
    .option('--out <dir>', 'keep captures and answers here', pagesFolder)
    .option('--data <dir>', 'keep them in this data folder, in its ledger too (instead of --out)')
    .option('--allow-private', 'let pages reach private and loopback addresses')
    .option('--allow <cidr or host>', 'let pages reach this one; may be given again', repeated, [])
    .option('--lab <dir>', 'resolve names in this running lab')
    .option('--browser <path>', 'use this Chromium')
    .option('--json', 'one line of JSON a page')
    .option('--html <file>', 'write a report for people')
    .option('--markdown <file>', 'write the report as Markdown')
    .option('--sarif <file>', 'write SARIF 2.1.0 for code hosts')
    .option('--fail-on <list>', 'statuses and kinds that make the exit code 1; "found", "never"', failOn, defaultFailOn)
    .action(run)
}

async function run(urls: string[], flags: ScanFlags, command: Command): Promise<void> {
  choice('--profile', flags.profile, ['quick', 'standard', 'thorough'])
  choice('--consent', flags.consent, consentPolicies)
  if (urls.length === 0 && flags.list === undefined)
    throw new AssayError('BAD_ARGUMENT', 'no address to visit', { hint: 'Try: assay scan https://example.com' })
  const progress = new Progress()
  const signal = interruptible(progress)
  const codes: ExitCode[] = []
  const reports = new ReportFiles(flags)

  const list = flags.list === undefined ? { seeds: [], bad: [] } : await readSeedList(flags.list, progress)
  const request: ScanRequest = {
    addresses: addresses(urls, list.seeds, signal),
    jobs: flags.jobs,
    profile: flags.profile,
    dwellMs: flags.dwell ?? null,
    consent: flags.consent,
    userAgent: flags.userAgent ?? null,
    proxy: flags.proxy ?? null,
    headers: flags.header,
    referrer: flags.referrer ?? null,
    out: flags.out,
    data: flags.data ?? null,
    allowPrivate: flags.allowPrivate === true,
    allow: flags.allow,
    lab: flags.lab ?? null,
    browser: flags.browser ?? null,
    knowledge: knowledgeOf(flags),
    followUp: flags.followUp ?? asksForOnePage(urls, flags, command),
  }
  const onPage = async (page: ScannedPage): Promise<void> => {
    progress.clear()
    process.stdout.write(
      flags.json
        ? answerLine(page.observation)
        : `${terminalAnswer(page.observation, { colour: colourOn(), keptIn: flags.data ?? flags.out })}\n`,
    )
    codes.push(exitCodeOf(answerOf(page.observation), flags.failOn))
    await reports.add(page.reported)
  }
  const { interrupted, bad } = await scan(
    request,
    { onProgress: (text) => progress.now(text), onNote: (text) => progress.line(inert(text)), onPage },
    signal,
  )
  progress.clear()
  await reports.write()
  exit(interrupted ? 130 : worstExitCode(codes) === 1 ? 1 : bad + list.bad.length > 0 ? 4 : worstExitCode(codes))
}

/** Who names one page wants its answer; who says how to visit it gets that visit. */
function asksForOnePage(urls: readonly string[], { list }: ScanFlags, command: Command): boolean {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  return urls.length === 1 && urls[0] !== '-' && list === undefined && !isGiven('profile') && !isGiven('dwell')
}

function choice(flag: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value)) throw new AssayError('BAD_ARGUMENT', `${flag} is one of ${allowed.join(', ')}, not "${value}"`)
}

async function* addresses(urls: readonly string[], listed: readonly Seed[], signal: AbortSignal): AsyncGenerator<string | Seed> {
  for (const url of urls) {
    if (url === '-') yield* linesOf(process.stdin, signal)
    else yield url
  }
  yield* listed
}
