import { type ArchivedPage, headerOf } from './item.ts'
import type { StoredArchive, StoredExchange } from './stored-exchange.ts'

/** One visited page of an archive and what belongs to it. */
export interface PageGroup {
  page: ArchivedPage | null
  /** The first request of the page, before redirects. */
  first: StoredExchange
  /** The document that was reached. */
  main: StoredExchange
  members: StoredExchange[]
}

/**
 * Which exchanges belong to which page: as the archive says (HAR's pageref, WARC-Page-ID), else by the list of pages, else
 * by what looks like a page of its own. What belongs to no page by name or Referer is left to be found by reference.
 */
export function groupPages(
  archive: Pick<StoredArchive, 'exchanges' | 'pages'>,
  isLog: boolean,
  maxPages: number,
): { groups: PageGroup[]; unassigned: number; left: number } {
  const { exchanges, pages } = archive
  const byUrl = new Map<string, StoredExchange>()
  for (const stored of exchanges) if (!byUrl.has(plain(stored.exchange.url))) byUrl.set(plain(stored.exchange.url), stored)
  const named = new Map<string, StoredExchange[]>()
  for (const stored of exchanges) {
    const { pageId } = stored.exchange
    if (pageId === undefined) continue
    const own = named.get(pageId)
    if (own) own.push(stored)
    else named.set(pageId, [stored])
  }
  const groups: PageGroup[] = []
  for (const page of pages) {
    const own = named.get(page.id) ?? []
    const first = byUrlIn(own, page.url) ?? documentOf(own) ?? byUrl.get(plain(page.url)) ?? own[0]
    if (first) groups.push(groupOf(page, first, own, byUrl))
  }
  if (groups.length === 0) {
    // Page identifiers without a list of pages, or neither.
    for (const [id, own] of named) {
      const first = documentOf(own) ?? own[0]
      if (first) groups.push(groupOf({ id, url: '', title: '', startedAt: '' }, first, own, byUrl))
    }
  }
  if (groups.length === 0) for (const first of ownPages(exchanges)) groups.push(groupOf(null, first, [], byUrl))
  if (groups.length === 0 && exchanges[0]) groups.push(groupOf(null, exchanges[0], [], byUrl))
  const left = groups.splice(maxPages).length
  return { groups, unassigned: assignRest(groups, exchanges, isLog), left }
}

function groupOf(page: ArchivedPage | null, first: StoredExchange, own: StoredExchange[], byUrl: Map<string, StoredExchange>): PageGroup {
  const members = new Set(own)
  let main = first
  members.add(first)
  for (let hop = 0; hop < 20; hop++) {
    const location = main.exchange.status >= 300 && main.exchange.status < 400 ? headerOf(main.exchange.headers, 'location') : undefined
    const target = location === undefined ? null : URL.parse(location, main.exchange.url)
    const next = target && (byUrlIn(own, target.href) ?? byUrl.get(plain(target.href)))
    if (!next || next === main || (next === first && hop > 0)) break
    main = next
    members.add(next)
  }
  return { page, first, main, members: [...members] }
}

/** Fragments never reach a server. */
function plain(url: string): string {
  const hash = url.indexOf('#')
  return hash === -1 ? url : url.slice(0, hash)
}

function byUrlIn(list: readonly StoredExchange[], url: string): StoredExchange | undefined {
  return url === '' ? undefined : list.find((stored) => plain(stored.exchange.url) === plain(url))
}

/** What the page's first document is likely to be: a document by its type, or the redirect to one. */
function documentOf(list: readonly StoredExchange[]): StoredExchange | undefined {
  const first = list[0]
  if (first && first.exchange.status >= 300 && first.exchange.status < 400) return first
  return list.find((stored) => stored.resourceType === 'document') ?? list.find((stored) => stored.is === 'html')
}

/** Documents that were visited for themselves: HTML, not asked for by a frame or a script. One page for each address and body. */
function ownPages(exchanges: readonly StoredExchange[]): StoredExchange[] {
  const html = exchanges.filter((stored) => stored.is === 'html' && stored.resourceType === 'document')
  const pages = html.filter(({ exchange }) => {
    const destination = headerOf(exchange.requestHeaders, 'sec-fetch-dest')
    return (destination === undefined || destination === 'document') && headerOf(exchange.requestHeaders, 'x-requested-with') === undefined
  })
  const good = pages.filter(({ exchange }) => exchange.status < 300)
  const seen = new Set<string>()
  return (good.length > 0 ? good : pages).filter((stored) => {
    const key = `${stored.exchange.url} ${stored.body.status === 'stored' ? stored.body.digest : ''}`
    return !seen.has(key) && seen.add(key)
  })
}

/**
 * A lone page has all. Of several, the Referer tells: a page's own address, or that of something that is already the page's.
 * In a browser's log what then remains belongs to the page that was open; a crawl has no such page. Returns how many remain.
 */
function assignRest(groups: PageGroup[], exchanges: readonly StoredExchange[], isLog: boolean): number {
  const taken = new Set(groups.flatMap((group) => group.members))
  const [only] = groups
  if (only && groups.length === 1) {
    only.members = [...new Set([...only.members, ...exchanges])]
    return 0
  }
  const owners = new Map<string, PageGroup>()
  const ofOrigin = Map.groupBy(groups, (group) => URL.parse(group.main.exchange.url)?.origin ?? '')
  for (const group of groups) for (const stored of group.members) owners.set(plain(stored.exchange.url), group)
  let unassigned = 0
  for (const stored of exchanges) {
    if (taken.has(stored)) continue
    const referer = headerOf(stored.exchange.requestHeaders, 'referer')
    const owner =
      (referer === undefined ? undefined : (owners.get(plain(referer)) ?? sameOrigin(ofOrigin, referer, stored.exchange.startedAt))) ??
      (isLog ? openAt(groups, stored.exchange.startedAt) : undefined)
    if (!owner) {
      unassigned++
      continue
    }
    owner.members.push(stored)
    if (!owners.has(plain(stored.exchange.url))) owners.set(plain(stored.exchange.url), owner)
  }
  return unassigned
}

/** Across origins browsers send the origin alone (https://www.w3.org/TR/referrer-policy/): then it is the page of that origin that was open. */
function sameOrigin(byOrigin: ReadonlyMap<string, readonly PageGroup[]>, referer: string, startedAt: string): PageGroup | undefined {
  const url = URL.parse(referer)
  if (!url || url.pathname !== '/' || url.search !== '') return undefined
  return byOrigin.get(url.origin)?.findLast((group) => group.main.exchange.startedAt <= startedAt)
}

function openAt(groups: readonly PageGroup[], startedAt: string): PageGroup | undefined {
  return groups.findLast((group) => group.first.exchange.startedAt <= startedAt) ?? groups[0]
}
