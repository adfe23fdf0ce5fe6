import type { ConditionsOf } from '#crawl/conditions.ts'
import type { Manners } from '#crawl/manners.ts'
import { maxRobotsBytes, maxRobotsRedirects, Robots } from '#crawl/robots.ts'
import type { Ledger } from '#ledger/ledger.ts'
import { AssayError } from '#model/errors.ts'
import type { NeverList } from '#model/never-list.ts'
import type { Workshop } from './workshop.ts'

export interface MannersOptions {
  robots: 'obey' | 'ignore'
  never: NeverList
  perAddress: number
  line: Pick<Workshop, 'egress' | 'http'>
  ledger: Pick<Ledger, 'robots'>
  conditionsOf: ConditionsOf
}

/** What a crawl asks before it visits, by the same way out that the visit takes. */
export function mannersOf({ robots, never, perAddress, line, ledger, conditionsOf }: MannersOptions): Manners {
  const { http, egress } = line
  return {
    never,
    perAddress,
    async addressOf(seed) {
      // A proxy resolves the name where it is.
      return conditionsOf(seed).proxy === undefined ? egress.addressOf(new URL(seed.url).hostname) : null
    },
    robots:
      robots === 'ignore'
        ? null
        : new Robots({
            cache: ledger.robots,
            async fetch(url, signal, seed) {
              if (http === null) throw new AssayError('INTERNAL', 'robots.txt cannot be asked for without an http lane')
              const proxy = conditionsOf(seed).proxy ?? null
              const { status, text, header } = await http.fetchText(
                url,
                { maxBytes: maxRobotsBytes, maxRedirects: maxRobotsRedirects, proxy },
                signal,
              )
              return { status, text, maxAgeMs: maxAgeOf(header('cache-control')) }
            },
          }),
  }
}

/** RFC 9111, 5.2.2.1. */
function maxAgeOf(cacheControl: string | undefined): number | null {
  if (cacheControl === undefined) return null
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /\bmax-age\s*=\s*"?(\d{1,9})/i.exec(cacheControl)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
