import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CountryResponse, Reader } from 'mmdb-lib'
import type { NameMap } from '#model/names.ts'
import { type Address, formatAddress, inRange, parseAddress, parseRange, type Range } from './address.ts'
import { AsnTable } from './asn-table.ts'
import { embedded, unmapped } from './special-addresses.ts'

/** Whose an address is. Null where the data does not say. */
export interface Network {
  asn: number | null
  organisation: string | null
  /** ISO 3166-1 alpha-2, of the address's registration: not where the machine stands. */
  country: string | null
}

export interface NetworkLookup {
  lookup(address: string): Network | null
  /** Day of the data, YYYY-MM-DD; null where no data could be read. */
  readonly dataDate: string | null
}

/** Look-ups kept, so that one crawl asks each address once. */
const maxCached = 20_000

interface Table {
  country: Reader<CountryResponse> | null
  asn4: AsnTable | null
  asn6: AsnTable | null
}

/**
 * Networks by the data of two npm packages, opened at the first look-up (about 10 ms and 8 MB); `names.networks` come first.
 * Sources and licences: docs/third-party-data.md. Data that cannot be read answers null: a visit does not fail for it.
 */
export function fileNetworks(o: { names?: Pick<NameMap, 'networks'> } = {}): NetworkLookup {
  const named = (o.names?.networks ?? [])
    .map((network) => ({ network, range: parseRange(network.cidr) }))
    .filter((each): each is { network: NameMap['networks'][number]; range: Range } => each.range !== null)
  const cache = new Map<string, Network | null>()
  let table: Table | undefined

  function find(address: Address): Network | null {
    const own = named.find((each) => inRange(address, each.range))
    if (own) return { asn: own.network.asn, organisation: own.network.organisation, country: own.network.country }
    table ??= openTable()
    const system = (address.family === 4 ? table.asn4 : table.asn6)?.lookup(address) ?? null
    const country = countryOf(table.country?.get(formatAddress({ ...address, zone: null })))
    return system || country ? { asn: system?.asn ?? null, organisation: system?.organisation ?? null, country } : null
  }

  return {
    dataDate: packageDate('@ip-location-db/asn'),
    lookup(text) {
      const cached = cache.get(text)
      if (cached !== undefined) return cached
      const parsed = parseAddress(text)
      const address = parsed && (embedded(parsed).find((each) => each.form === 'NAT64')?.address ?? unmapped(parsed))
      const network = address && find(address)
      if (cache.size >= maxCached) cache.clear()
      cache.set(text, network)
      return network
    },
  }
}

function openTable(): Table {
  return {
    country: attempt(
      () =>
        new Reader<CountryResponse>(readFileSync(packageFile('@ip-location-db/geo-whois-asn-country-mmdb', 'geo-whois-asn-country.mmdb'))),
    ),
    asn4: attempt(() => new AsnTable(packageFile('@ip-location-db/asn', 'asn-ipv4-num.csv'))),
    asn6: attempt(() => new AsnTable(packageFile('@ip-location-db/asn', 'asn-ipv6-num.csv'))),
  }
}

/** This data has `{country_code}` where MaxMind's has `{country: {iso_code}}`. */
function countryOf(record: unknown): string | null {
  const code = (record as { country_code?: unknown } | null | undefined)?.country_code
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : null
}

function packageFile(name: string, file: string): string {
  return fileURLToPath(new URL(file, import.meta.resolve(`${name}/package.json`)))
}

/** The packages' versions end in the hour that the data was made: 2.3.2026061719. */
export function packageDate(name: string): string | null {
  const version = attempt(() => (JSON.parse(readFileSync(packageFile(name, 'package.json'), 'utf8')) as { version?: string }).version)
  const match = /\.(\d{4})(\d{2})(\d{2})\d{2}$/.exec(version ?? '')
  return match ? `${match[1]}-${match[2]}-${match[3]}` : null
}

function attempt<T>(open: () => T): T | null {
  try {
    return open()
  } catch {
    return null
  }
}
