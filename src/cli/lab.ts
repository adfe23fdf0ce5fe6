import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { replayArchives } from '#lab/replay/replay.ts'
import { siteSelections, startLab } from '#lab/start.ts'
import { serveLargeWorld } from '#lab/world/serve.ts'
import { AssayError } from '#model/errors.ts'
import { inert } from '#report/escape.ts'
import { share } from './crawl-flags.ts'
import { exit } from './exit.ts'
import { count, positiveInteger } from './options.ts'

interface LabFlags {
  dir: string
  seed: number
  sites: string
  week: number
  replay?: string[]
  world?: number
  weeks: number
  mining?: number
}

export function define(command: Command): void {
  command
    .option('--dir <dir>', 'names.json and truth.json are written here; give it to scan --lab', 'assay-lab')
    .option('--seed <n>', 'what the sites are generated from', Number, 1)
    .option('--sites <which>', siteSelections.join(', '), 'all')
    .option('--week <n>', 'which of its weeks is shown', positiveInteger, 1)
    .addOption(
      new Option('--world <n>', 'instead: a population of so many sites over weeks, for a study: docs/study.md')
        .argParser(population)
        .conflicts(['sites', 'week', 'replay']),
    )
    .option('--weeks <n>', 'of the population', positiveInteger, 23)
    .option('--mining <share>', 'of its sites, to which miners come (0.1)', share)
    .option('--replay <files...>', 'serve what these HAR, WARC, WACZ files or saved pages hold, under its own names')
    .action(run)
}

/** All of it is drawn before the first page is served. */
function population(text: string): number {
  const value = count(text)
  if (value > 100_000) throw new InvalidArgumentError('a whole number from 1 to 100000.')
  return value
}

async function run(flags: LabFlags, command: Command): Promise<void> {
  const ofWorld = ['weeks', 'mining'].find((name) => command.getOptionValueSource(name) === 'cli')
  if (flags.world === undefined && ofWorld !== undefined) throw new AssayError('BAD_ARGUMENT', `--${ofWorld} goes with --world`)
  await mkdir(flags.dir, { recursive: true })
  if (flags.replay) {
    const lab = await replayArchives(flags.replay, flags.dir)
    tell(lab.pages, flags.dir, `${lab.count} responses of ${flags.replay.length} archive${flags.replay.length === 1 ? '' : 's'}`)
    for (const loss of lab.losses) process.stderr.write(`not read: ${inert(loss)}\n`)
    await interrupted()
    for (const [url, times] of lab.misses)
      process.stderr.write(`not in the archive, asked for ${times} time${times === 1 ? '' : 's'}: ${inert(url)}\n`)
    await lab.close()
    exit(0)
  }
  if (!Number.isSafeInteger(flags.seed)) throw new AssayError('BAD_ARGUMENT', '--seed is a whole number')
  if (flags.world !== undefined) return serveWorldFor(flags, flags.world)
  const sites = siteSelections.find((name) => name === flags.sites)
  if (!sites) throw new AssayError('BAD_ARGUMENT', `--sites is one of ${siteSelections.join(', ')}, not "${flags.sites}"`)
  const lab = await startLab({ dir: flags.dir, seed: flags.seed, sites, week: flags.week })
  tell(
    lab.truth.map(({ url, content, hiding }) => `${url}  ${content}${hiding ? ` (${hiding})` : ''}`),
    flags.dir,
    `${lab.truth.length} sites of week ${lab.week}; what is true of them is in ${flags.dir}/truth.json`,
  )
  await interrupted()
  await lab.close()
  exit(0)
}

async function serveWorldFor({ dir, seed, weeks, mining }: LabFlags, sites: number): Promise<void> {
  const world = await serveLargeWorld({ dir, seed, sites, weeks, ...(mining === undefined ? {} : { mining }) })
  process.stderr.write(
    `${sites} sites over ${weeks} weeks; what is true of them is in ${dir}/truth.json\nReady. Study them with: assay study run ${dir}/study.yaml --lab ${dir} --lane both     (Ctrl-C ends the lab)\n`,
  )
  await interrupted()
  for (const [status, count] of [...world.answers].sort(([a], [b]) => a - b))
    process.stderr.write(`${count} answers with status ${status}\n`)
  await world.close()
  exit(0)
}

function tell(pages: readonly string[], dir: string, what: string): void {
  for (const page of pages) process.stdout.write(`${inert(page, 300)}\n`)
  process.stderr.write(`${what}\nReady. Visit with: assay scan --lab ${dir} URL     (Ctrl-C ends the lab)\n`)
}

async function interrupted(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
