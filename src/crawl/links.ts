import { siteOf } from '#model/site.ts'
import type { Seed } from '#model/seed.ts'

/** How far a crawl goes from a page. */
export interface LinkPolicy {
  /** How many links away from the seed; 0 visits the seed alone. */
  depth: number
  /** Pages that are followed from each page: the most different ones. */
  inner: number
}

export const noLinks: LinkPolicy = { depth: 0, inner: 0 }

/** Files that are no pages. */
const notPages =
  /\.(?:jpe?g|png|gif|webp|avif|svg|ico|css|js|mjs|json|xml|rss|atom|pdf|zip|gz|tgz|bz2|xz|7z|rar|exe|dmg|apk|iso|mp3|mp4|m4a|webm|ogg|wav|avi|mov|woff2?|ttf|docx?|xlsx?|pptx?|csv|txt)$/i
const longestUrl = 2000
const mostConsidered = 2000

/** Links of a page that lie within the seed's scope, each once, in the page's order, without fragments and without what is no page. Pure. */
export function linksInScope(seed: Pick<Seed, 'url' | 'scope'>, links: readonly string[]): string[] {
  if (seed.scope === 'page') return []
  const own = new URL(seed.url)
  const site = siteOf(seed.url)
  const found = new Set<string>()
  for (const link of links.slice(0, mostConsidered)) {
    const url = URL.parse(link)
    if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') continue
    url.hash = ''
    if (url.href.length > longestUrl || notPages.test(url.pathname) || url.href === own.href) continue
    const within = seed.scope === 'host' ? url.host === own.host : siteOf(url.href) === site
    if (within) found.add(url.href)
  }
  return [...found]
}

/**
 * The `count` addresses that differ most from each other and from the page: farthest-first (Gonzalez, 1985), the distance being one minus
 * the share of common parts (Jaccard). Parts are host, segments of the path with their place, and names of the query; numbers, dates and
 * long identifiers are one and the same part, so that a thousand articles are one kind of page. Ties go to what stands first. Pure.
 */
export function mostDifferent(page: string, links: readonly string[], count: number): string[] {
  const candidates = links.map((url) => ({ url, parts: partsOf(url), distance: 1 }))
  const chosen: string[] = []
  let last = partsOf(page)
  while (chosen.length < count) {
    let best: (typeof candidates)[number] | null = null
    for (const candidate of candidates) {
      candidate.distance = Math.min(candidate.distance, distance(candidate.parts, last))
      if (best === null || candidate.distance > best.distance) best = candidate
    }
    if (best === null) break
    chosen.push(best.url)
    last = best.parts
    candidates.splice(candidates.indexOf(best), 1)
  }
  return chosen
}

function partsOf(address: string): Set<string> {
  const url = new URL(address)
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  return new Set([
    `host ${url.host}`,
    `depth ${segments.length}`,
    ...segments.map((segment, place) => `${place} ${kindOf(segment)}`),
    ...[...url.searchParams.keys()].map((name) => `? ${name}`),
  ])
}

/** `2026-11-26`, `4711`, `a-long-title-of-an-article` and identifiers are each one kind. */
function kindOf(segment: string): string {
  if (/^[\d._-]+$/.test(segment)) return '#'
  if (/^[0-9a-f]{8,}$/i.test(segment) || /^[0-9a-f-]{32,}$/i.test(segment)) return '#id'
  if (segment.split(/[-_]/).length > 3 || segment.length > 40) return '#title'
  return /\d/.test(segment) ? segment.replaceAll(/\d+/g, '#') : segment
}

function distance(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0
  for (const part of a) if (b.has(part)) common++
  return 1 - common / (a.size + b.size - common)
}
