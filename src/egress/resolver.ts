import { lookup, Resolver as DnsResolver } from 'node:dns/promises'
import { AssayError } from '#model/errors.ts'
import type { Range } from './address.ts'

/** Addresses of a name, and the ranges that whoever answered opens for it. */
export interface Resolution {
  addresses: string[]
  opened: readonly Range[]
}

/** An answer is kept for so long at the least, whatever it says: what one visit asks for again and again is asked once. */
export const leastCacheSeconds = 1

export interface Resolver {
  /** `name` in lower case, without a final dot. Throws `DNS_FAILED`; the message begins with NXDOMAIN, NODATA, SERVFAIL or TIMEOUT. */
  resolve(name: string): Promise<Resolution>
  /** The port to connect to in place of the one asked for. */
  portOf(port: number): number
  /** A closed world: addresses written in URLs are asked for like names, and those it does not know do not exist. */
  readonly isClosed: boolean
  close(): void
}

export interface SystemResolverOptions {
  /** `1.2.3.4`, `1.2.3.4:53`, `[::1]:53`; the system's where absent. */
  servers?: readonly string[]
  /** Bounds of how long an answer is kept, whatever its TTL says. Seconds. */
  minCacheSeconds?: number
  maxCacheSeconds?: number
  /** How long "there is no such name" is kept. Seconds. */
  negativeCacheSeconds?: number
  maxCacheEntries?: number
  /** For one query, all tries together. Milliseconds. */
  timeoutMs?: number
  /** How long one family's answer waits for the other's (RFC 8305, 3: Resolution Delay; longer here, as captures prefer to be the same). Milliseconds. */
  otherFamilyMs?: number
  /** Names that no server knows are looked up as the system does (hosts file, mDNS): for operators who opened private addresses. */
  useSystemNames?: boolean
  /** Monotonic milliseconds; for tests. */
  nowMs?: () => number
}

interface Cached {
  expiresMs: number
  addresses: string[]
  error: AssayError | null
}

interface Family {
  records: { address: string; ttl: number }[]
  /** Null where it answered, also with nothing. */
  failure: string | null
  missing: 'NXDOMAIN' | 'NODATA' | null
}

/** Resolves over UDP and TCP by c-ares, without search domains and without the hosts file. */
export function systemResolver(o: SystemResolverOptions = {}): Resolver {
  const timeoutMs = o.timeoutMs ?? 6_000
  const dns = new DnsResolver({ timeout: Math.ceil(timeoutMs / 3), tries: 2 })
  if (o.servers && o.servers.length > 0) dns.setServers(o.servers)
  const now = o.nowMs ?? (() => performance.now())
  const cache = new Map<string, Cached>()
  const inFlight = new Map<string, Promise<Cached>>()
  const maxEntries = o.maxCacheEntries ?? 10_000

  async function query(name: string, family: 4 | 6): Promise<Family> {
    try {
      const records = await (family === 4 ? dns.resolve4(name, { ttl: true }) : dns.resolve6(name, { ttl: true }))
      return { records, failure: null, missing: records.length === 0 ? 'NODATA' : null }
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'UNKNOWN'
      if (code === 'ENOTFOUND') return { records: [], failure: null, missing: 'NXDOMAIN' }
      if (code === 'ENODATA') return { records: [], failure: null, missing: 'NODATA' }
      return { records: [], failure: code === 'ETIMEOUT' ? 'TIMEOUT' : code.replace(/^E/, ''), missing: null }
    }
  }

  async function ask(name: string): Promise<Cached> {
    const queries = [query(name, 4), query(name, 6)] as const
    const late: Family = { records: [], failure: 'TIMEOUT', missing: null }
    const first = await Promise.race(queries.map(async (pending, at) => ({ at, answer: await pending })))
    // With addresses of one family in hand the other is waited for shortly; without, it decides.
    const limitMs = first.answer.records.length > 0 ? (o.otherFamilyMs ?? 300) : timeoutMs
    const other = await within(first.at === 0 ? queries[1] : queries[0], limitMs, late)
    const [a, aaaa] = first.at === 0 ? [first.answer, other] : [other, first.answer]
    const records = [...a.records, ...aaaa.records]
    if (records.length > 0) {
      const isPartial = a.failure !== null || aaaa.failure !== null
      const ttl = Math.min(...records.map((record) => record.ttl), o.maxCacheSeconds ?? 300, isPartial ? 5 : Infinity)
      const addresses = [...new Set(records.map((record) => record.address))]
      return {
        expiresMs: now() + 1000 * Math.max(ttl, Math.min(o.minCacheSeconds ?? leastCacheSeconds, o.maxCacheSeconds ?? 300)),
        addresses,
        error: null,
      }
    }
    const failure = a.failure ?? aaaa.failure
    if (failure === null && o.useSystemNames) {
      const found = await lookup(name, { all: true, verbatim: true }).catch(() => [])
      if (found.length > 0) return { expiresMs: now() + 5_000, addresses: found.map((each) => each.address), error: null }
    }
    const kind = failure ?? (a.missing === 'NXDOMAIN' || aaaa.missing === 'NXDOMAIN' ? 'NXDOMAIN' : 'NODATA')
    // A server that failed is asked again at the next request; a name that does not exist is not.
    const keptMs = failure === null ? 1000 * (o.negativeCacheSeconds ?? 10) : 0
    return { expiresMs: now() + keptMs, addresses: [], error: new AssayError('DNS_FAILED', `${kind}: ${name} has no address`) }
  }

  return {
    isClosed: false,
    portOf: (port) => port,
    async resolve(name) {
      // RFC 6761, 6.3: never asked of a server. The guard decides whether loopback may be reached.
      if (name === 'localhost' || name.endsWith('.localhost')) return { addresses: ['127.0.0.1', '::1'], opened: [] }
      if (!isDnsName(name) || name.endsWith('.onion') || name.endsWith('.invalid'))
        throw new AssayError('DNS_FAILED', `NXDOMAIN: ${name.slice(0, 260)} cannot be in the DNS`)
      let entry = cache.get(name)
      if (!entry || entry.expiresMs <= now()) {
        let pending = inFlight.get(name)
        if (!pending) {
          pending = ask(name).finally(() => inFlight.delete(name))
          inFlight.set(name, pending)
        }
        entry = await pending
        cache.delete(name)
        if (entry.expiresMs > now()) cache.set(name, entry)
        for (const oldest of cache.keys()) {
          if (cache.size <= maxEntries) break
          cache.delete(oldest)
        }
      }
      if (entry.error) throw entry.error
      return { addresses: [...entry.addresses], opened: [] }
    },
    close: () => dns.cancel(),
  }
}

/** Letters, digits, hyphens and underscores in labels of 1 to 63, 253 in all (RFC 1035, 2.3.4; RFC 2181, 11). */
export function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(name)
}

/** The most exact pattern that matches: the name itself, then the longest wildcard. */
export function lookupPattern<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  if (Object.hasOwn(table, name)) return table[name]
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const pattern = `*${name.slice(dot)}`
    if (Object.hasOwn(table, pattern)) return table[pattern]
  }
  return undefined
}

async function within<T>(pending: Promise<T>, limitMs: number, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, limitMs, late)
  })
  try {
    return await Promise.race([pending, limit])
  } finally {
    clearTimeout(timer)
  }
}
