import { Command, CommanderError } from 'commander'
import { AssayError, type ErrorCode, toErrorRecord } from '#model/errors.ts'
import { inert } from '#report/escape.ts'
import { exit } from './exit.ts'
import { storeOptions } from './store-option.ts'
import { version } from './version.ts'

/** Commands are imported when they are called: a start must not pay for what it does not use. */
const program = new Command('assay')
  .description(
    'Visits web pages in a real browser, writes down what they load and run, and says with evidence whether they mine cryptocurrency.',
  )
  .version(version)
  .exitOverride()
  .showSuggestionAfterError()
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    'after',
    '\nExit: 0 none or opt-in, 1 mining found, 2 inconclusive or not observed, 3 page could not be visited,\n      4 wrong use, 5 Assay itself could not work, 130 interrupted. Over many pages: 1 before 3–5 before 2 before 0.',
  )

const commands: { name: string; summary: string; load: () => Promise<{ define(command: Command): void }> }[] = [
  { name: 'scan', summary: 'visit pages and say whether they mine', load: () => import('./scan.ts') },
  { name: 'judge', summary: 'judge captures, archives, pages, scripts and modules without a browser', load: () => import('./judge.ts') },
  { name: 'report', summary: 'make a report again of captures that are kept', load: () => import('./report.ts') },
  { name: 'compare', summary: 'two captures of a page: what came, went and changed', load: () => import('./compare.ts') },
  { name: 'verify', summary: 'check captures offline: every digest, the signature', load: () => import('./verify.ts') },
  { name: 'capture', summary: 'export and import captures', load: () => import('./capture.ts') },
  { name: 'crawl', summary: 'visit a list of sites, again and again', load: () => import('./crawl.ts') },
  { name: 'worker', summary: 'take turns in crawls that were started elsewhere: a fleet', load: () => import('./worker.ts') },
  { name: 'status', summary: 'where crawls stand: rounds, queue, lanes, failures', load: () => import('./status.ts') },
  { name: 'seeds', summary: "a crawl's pages: import lists, list, tag, override robots.txt", load: () => import('./seeds.ts') },
  { name: 'study', summary: 'who mined when, for whom, what share: from a crawl', load: () => import('./study.ts') },
  { name: 'demo', summary: 'a lab of 20 sites in 3 simulated weeks: crawl, judge, study', load: () => import('./demo.ts') },
  { name: 'lab', summary: 'a small internet on loopback, generated or replayed from archives', load: () => import('./lab.ts') },
  { name: 'signatures', summary: 'what is known by name: list, test, begin one', load: () => import('./signatures.ts') },
  { name: 'rejudge', summary: 'judge all kept captures by what is known today, and list what changed', load: () => import('./rejudge.ts') },
  { name: 'hits', summary: 'were we ever hit by this code, host or account, and since when', load: () => import('./hits.ts') },
  { name: 'reindex', summary: "rebuild a data folder's index from its files", load: () => import('./reindex.ts') },
  { name: 'gc', summary: 'thin old captures by policy, remove blobs that nothing names', load: () => import('./gc.ts') },
  { name: 'purge', summary: 'remove all that is kept of a page, a host or a capture, on request', load: () => import('./purge.ts') },
  { name: 'export', summary: 'a data folder as WACZ files or Parquet tables', load: () => import('./export.ts') },
  { name: 'migrate', summary: 'move to a served PostgreSQL, and to an object store', load: () => import('./migrate.ts') },
  { name: 'doctor', summary: 'what is there and what is not', load: () => import('./doctor.ts') },
]

/** What was given is at fault, not what Assay stands on. */
const wrongUse: ReadonlySet<ErrorCode> = new Set(['BAD_ARGUMENT', 'BAD_URL', 'BAD_INPUT_FILE', 'BAD_SIGNATURE', 'NOT_FOUND', 'UNSUPPORTED'])

async function main(argv: string[]): Promise<void> {
  const called = argv[2]
  for (const { name, summary, load } of commands) {
    const command = program.command(name).description(summary)
    if (called === name || (called === 'help' && argv[3] === name)) {
      ;(await load()).define(command)
      storeOptions(command)
    }
  }
  await program.parseAsync(argv)
}

// Whoever reads the answers may have seen enough (`| head`): that is his right and no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EPIPE' ? exit(141) : fail(error)))
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)

try {
  await main(process.argv)
} catch (error) {
  fail(error)
}

/** A mistake of ours is told without its stack, which names this machine's paths; `ASSAY_STACK=1` shows it. */
function fail(error: unknown): never {
  if (error instanceof CommanderError) exit(error.exitCode === 0 ? 0 : 4)
  const { code, message } = toErrorRecord(error)
  const hint = error instanceof AssayError ? error.hint : undefined
  process.stderr.write(`assay: ${code}: ${inert(message)}\n${hint ? `       ${inert(hint)}\n` : ''}`)
  if (process.env['ASSAY_STACK'] && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  exit(code === 'INTERRUPTED' ? 130 : wrongUse.has(code) ? 4 : 5)
}
