import { type Command, Option } from 'commander'
import { changeSeeds, importSeeds, listSeeds, type SeedsRequest } from '#app/seeds.ts'
import { AssayError } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import { inert } from '#report/escape.ts'
import { exit } from './exit.ts'
import { crawlFolder } from './folder-option.ts'
import { count, repeated } from './options.ts'
import { Progress } from './progress.ts'
import { readSeedList } from './seed-list.ts'

interface SeedsFlags {
  data: string
  database?: string
  name: string
}

const requestOf = ({ data, database, name }: SeedsFlags): SeedsRequest => ({ data, database: database ?? null, crawl: name })

function ofCrawl(command: Command): Command {
  return command
    .option('--name <name>', 'which crawl', 'crawl')
    .option('--data <dir>', 'data folder', crawlFolder)
    .option('--database <url>', 'a served PostgreSQL instead of the embedded one')
}

export function define(command: Command): void {
  ofCrawl(command.command('import').description('add a list (Tranco, Alexa, Umbrella, Majestic, rank,URL, plain) to a crawl; visit nobody'))
    .argument('<list>', 'the list')
    .option('--tag <tag>', 'give every seed of the list this tag; may be given again', repeated, [])
    .addOption(new Option('--scope <scope>', 'how far a crawl may go from them').choices(['page', 'host', 'domain']).default('page'))
    .option('--limit <n>', 'only the first of the list', count)
    .action(async (list: string, flags: SeedsFlags & { tag: string[]; scope: Seed['scope']; limit?: number }) => {
      const limit = flags.limit === undefined ? {} : { limit: flags.limit }
      const { seeds, bad } = await readSeedList(list, new Progress(), { tags: flags.tag, scope: flags.scope, ...limit })
      const { added, seeds: all } = await importSeeds(requestOf(flags), seeds)
      process.stdout.write(
        `${added} seeds added, ${seeds.length - added} were there; ${all} in all${bad.length > 0 ? `; ${bad.length} lines are no addresses` : ''}\n`,
      )
      exit(0)
    })
  ofCrawl(command.command('list').description("a crawl's seeds, by rank"))
    .option('--tag <tag>', 'only those with this tag; may be given again', repeated, [])
    .option('--site <site>', 'only those of this site')
    .option('--json', 'one line of JSON a seed')
    .action(async (flags: SeedsFlags & { tag: string[]; site?: string; json?: boolean }) => {
      for (const seed of await listSeeds(requestOf(flags), { tags: flags.tag, site: flags.site ?? null }))
        process.stdout.write(
          flags.json
            ? `${JSON.stringify(seed)}\n`
            : `${[seed.rank ?? '-', inert(seed.url), ...(seed.tags.length === 0 ? [] : [`[${inert(seed.tags.join(' '))}]`]), ...(seed.parent === null ? [] : [`(named by ${inert(seed.parent)})`]), ...(seed.robotsReason === null ? [] : [`robots.txt is not asked: ${inert(seed.robotsReason)}`])].join('  ')}\n`,
        )
      exit(0)
    })
  ofCrawl(command.command('tag').description('give seeds a tag, or take it away'))
    .argument('<tags>', 'one, or several with commas: country:de,shop')
    .argument('<seeds...>', 'addresses, sites, or all')
    .option('--remove', 'take the tags away')
    .action(async (tags: string, words: string[], flags: SeedsFlags & { remove?: boolean }) => {
      const list = tags.split(',').map((tag) => tag.trim())
      if (list.some((tag) => !/^[^\s|,]{1,60}$/.test(tag)))
        throw new AssayError('BAD_ARGUMENT', `"${tags.slice(0, 80)}" is no list of tags`)
      const changed = await changeSeeds(requestOf(flags), words, flags.remove ? { removeTags: list } : { addTags: list })
      process.stdout.write(`${changed} seeds changed\n`)
      exit(0)
    })
  ofCrawl(command.command('override').description('do not ask robots.txt for these seeds, for a reason that stands with every visit'))
    .argument('<seeds...>', 'addresses, sites, or all')
    .option('--reason <text>', "why: the owner's leave, the law …")
    .option('--withdraw', 'ask robots.txt again')
    .action(async (words: string[], flags: SeedsFlags & { reason?: string; withdraw?: boolean }) => {
      const reason = flags.reason?.trim() ?? ''
      if ((reason === '') !== (flags.withdraw === true))
        throw new AssayError('BAD_ARGUMENT', 'an override has a --reason, or is withdrawn (--withdraw)')
      const changed = await changeSeeds(requestOf(flags), words, { robotsReason: flags.withdraw ? null : reason.slice(0, 500) })
      process.stdout.write(`${changed} seeds changed\n`)
      exit(0)
    })
}
