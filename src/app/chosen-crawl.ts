import type { Ledger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'

type Crawl = Awaited<ReturnType<Ledger['listCrawls']>>[number]

/** The crawl of that name, or the only one. Throws `NOT_FOUND`, `BAD_ARGUMENT`. */
export async function chosenCrawl(ledger: Ledger, data: string, name: string | null): Promise<Crawl> {
  const crawls = await ledger.listCrawls()
  const [first] = crawls
  if (first === undefined) throw new AssayError('NOT_FOUND', `nothing was crawled into ${data} yet`)
  const names = crawls.map((crawl) => crawl.name).join(', ')
  if (name === null && crawls.length > 1)
    throw new AssayError('BAD_ARGUMENT', `several crawls are in ${data}: ${names}`, { hint: 'Name one of them with --crawl.' })
  const chosen = name === null ? first : crawls.find((crawl) => crawl.name === name)
  if (chosen === undefined) throw new AssayError('NOT_FOUND', `no crawl is called "${name}"; there are ${names}`)
  return chosen
}
