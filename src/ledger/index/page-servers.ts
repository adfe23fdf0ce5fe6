import type { Database } from '../database/database.ts'
import { askEach } from './ask.ts'
import { believed } from './questions.ts'
import { namesOf } from './subjects.ts'

export interface ServerRow {
  site: string
  address: string
  asn: number | null
  organisation: string | null
  country: string | null
}

/** Addresses that served pages themselves, each once a site, by site and address. */
export async function pageServers(
  database: Pick<Database, 'transaction'>,
  crawl: string | undefined,
  asOf: Date | undefined,
): Promise<ServerRow[]> {
  const { sites, names } = await askEach(
    database,
    `select o.site, o.server_ids::text from ${believed} o join assay.visits v using (visit_id)
     where o.server_ids is not null and ($2::text is null or v.crawl = $2)`,
    [asOf ?? null, crawl ?? null],
    () => {
      const lists = new Map<string, Set<string>>()
      return {
        take: (row) => {
          const [site, ids] = row as [string, string]
          const its = lists.get(site)
          if (its === undefined) lists.set(site, new Set([ids]))
          else its.add(ids)
        },
        result: async (transaction) => {
          const numbered = [...lists].map(([site, its]) => ({
            site,
            ids: new Set([...its].flatMap((list) => list.slice(1, -1).split(',').map(Number))),
          }))
          return { sites: numbered, names: await namesOf(transaction, [...new Set(numbered.flatMap(({ ids }) => [...ids]))]) }
        },
      }
    },
  )
  const serverOf = new Map(
    names.map(({ id, subject }) => [id, JSON.parse(subject) as [string, number | null, string | null, string | null]]),
  )
  const rows = new Map<string, ServerRow>()
  for (const { site, ids } of sites)
    for (const id of ids) {
      const [address, asn, organisation, country] = serverOf.get(id)!
      rows.set(JSON.stringify([site, address, asn, organisation, country]), { site, address, asn, organisation, country })
    }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
