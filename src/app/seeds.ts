import { importedSettings, type SeedChange, type SeedRow } from '#ledger/index/crawls.ts'
import { type Ledger, openLedger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'
import { parseSeedUrl, type Seed } from '#model/seed.ts'

export interface SeedsRequest {
  data: string
  database: string | null
  crawl: string
}

async function withLedger<T>({ data, database }: SeedsRequest, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const ledger = await openLedger({ dataDir: data, ...(database === null ? {} : { database }) })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

async function seedsOf(ledger: Ledger, { crawl }: SeedsRequest): Promise<SeedRow[]> {
  const names = (await ledger.listCrawls()).map(({ name }) => name)
  if (!names.includes(crawl))
    throw new AssayError('NOT_FOUND', `no crawl is called "${crawl}"${names.length === 0 ? '' : `; there are ${names.join(', ')}`}`)
  return ledger.listSeeds(crawl)
}

/** Adds a list to a crawl, and makes it where there is none: its first `assay crawl` says how often it is visited. */
export function importSeeds(request: SeedsRequest, seeds: readonly Seed[]): Promise<{ added: number; seeds: number }> {
  return withLedger(request, async (ledger) => {
    const known = (await ledger.listCrawls()).find(({ name }) => name === request.crawl)
    return ledger.defineCrawl({
      name: request.crawl,
      seeds,
      everyMs: known?.everyMs ?? null,
      rounds: known?.rounds ?? 1,
      startsAt: known?.startsAt ?? new Date(),
      ...(known === undefined ? { settings: importedSettings } : { firstLane: known.firstLane }),
    })
  })
}

export function listSeeds(request: SeedsRequest, filter: { tags: readonly string[]; site: string | null }): Promise<SeedRow[]> {
  return withLedger(request, async (ledger) =>
    (await seedsOf(ledger, request)).filter(
      (seed) => filter.tags.every((tag) => seed.tags.includes(tag)) && (filter.site === null || seed.site === filter.site),
    ),
  )
}

/** Changes the seeds that the words name: addresses, sites, or `all`. Throws `NOT_FOUND` for a word that names none. */
export function changeSeeds(request: SeedsRequest, words: readonly string[], change: SeedChange): Promise<number> {
  return withLedger(request, async (ledger) => {
    const seeds = await seedsOf(ledger, request)
    const urls = words.flatMap((word) => {
      const url = URL.canParse(word) || word.includes('.') ? parseSeedUrl(word) : null
      const named = word === 'all' ? seeds : seeds.filter((seed) => seed.site === word || seed.url === url)
      if (named.length === 0) throw new AssayError('NOT_FOUND', `no seed of ${request.crawl} is "${word.slice(0, 200)}"`)
      return named.map((seed) => seed.url)
    })
    return ledger.changeSeeds(request.crawl, [...new Set(urls)], change)
  })
}
