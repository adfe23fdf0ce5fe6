import type { ArchivedPage } from './item.ts'
import type { ExchangeEntry, StoredArchive } from './stored-archive.ts'
import type { StoredExchange } from './stored-exchange.ts'

/** One visited page of an archive and what belongs to it. */
export interface PageGroup<Exchange = StoredExchange> {
  page: ArchivedPage | null
  /** The first request of the page, before redirects. */
  first: Exchange
  /** The document that was reached. */
  main: Exchange
  members: Exchange[]
}

type EntryGroup = PageGroup<ExchangeEntry>

/**
 * Which exchanges belong to which page: as the archive says (HAR's pageref, WARC-Page-ID), else by the list of pages, else
 * by what looks like a page of its own. What belongs to no page by name or Referer is left to be found by reference.
 */
export function groupPages(
  archive: Pick<StoredArchive, 'exchanges' | 'pages'>,
  isLog: boolean,
  maxPages: number,
): { groups: EntryGroup[]; unassigned: number; left: number } {
  const { exchanges, pages } = archive
  const byUrl = new Map<string, ExchangeEntry>()
  for (const stored of exchanges) if (!byUrl.has(plain(stored.url))) byUrl.set(plain(stored.url), stored)
  const named = new Map<string, ExchangeEntry[]>()
  for (const stored of exchanges) {
    const { pageId } = stored
    if (pageId === null) continue
    const own = named.get(pageId)
    if (own) own.push(stored)
    else named.set(pageId, [stored])
  }
  const groups: EntryGroup[] = []
  const seen = new Set<string>()
  for (const page of pages) {
    // A name that stands there twice is the first page's.
    const own = seen.has(page.id) ? [] : (named.get(page.id) ?? [])
    seen.add(page.id)
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

function groupOf(page: ArchivedPage | null, first: ExchangeEntry, own: ExchangeEntry[], byUrl: Map<string, ExchangeEntry>): EntryGroup {
  const members = new Set(own)
  let main = first
  members.add(first)
  for (let hop = 0; hop < 20; hop++) {
    const target = main.location === null ? null : URL.parse(main.location, main.url)
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

function byUrlIn(list: readonly ExchangeEntry[], url: string): ExchangeEntry | undefined {
  return url === '' ? undefined : list.find((stored) => plain(stored.url) === plain(url))
}

/** What the page's first document is likely to be: a document by its type, or the redirect to one. */
function documentOf(list: readonly ExchangeEntry[]): ExchangeEntry | undefined {
  const first = list[0]
  if (first && first.status >= 300 && first.status < 400) return first
  return list.find((stored) => stored.resourceType === 'document') ?? list.find((stored) => stored.is === 'html')
}

/** Documents that were visited for themselves: HTML, not asked for by a frame or a script. One page for each address and body. */
function ownPages(exchanges: readonly ExchangeEntry[]): ExchangeEntry[] {
  const html = exchanges.filter((stored) => stored.is === 'html' && stored.resourceType === 'document')
  const pages = html.filter((stored) => stored.byVisitor)
  const good = pages.filter(({ status }) => status < 300)
  const seen = new Set<string>()
  return (good.length > 0 ? good : pages).filter((stored) => {
    const key = `${stored.url} ${stored.body.status === 'stored' ? stored.body.digest : ''}`
    return !seen.has(key) && seen.add(key)
  })
}

/**
 * A lone page has all. Of several, the Referer tells: a page's own address, or that of something that is already the page's.
 * In a browser's log what then remains belongs to the page that was open; a crawl has no such page. Returns how many remain.
 */
function assignRest(groups: EntryGroup[], exchanges: readonly ExchangeEntry[], isLog: boolean): number {
  const taken = new Set(groups.flatMap((group) => group.members))
  const [only] = groups
  if (only && groups.length === 1) {
    only.members = [...new Set([...only.members, ...exchanges])]
    return 0
  }
  const owners = new Map<string, EntryGroup>()
  const ofOrigin = new Map(
    [...Map.groupBy(groups, (group) => URL.parse(group.main.url)?.origin ?? '')].map(([origin, own]) => [
      origin,
      byTime(own, (group) => group.main.startedAt),
    ]),
  )
  const log = isLog ? byTime(groups, (group) => group.first.startedAt) : []
  for (const group of groups) for (const stored of group.members) owners.set(plain(stored.url), group)
  let unassigned = 0
  for (const stored of exchanges) {
    if (taken.has(stored)) continue
    const { referer, startedAt } = stored
    const owner =
      (referer === null ? undefined : (owners.get(plain(referer)) ?? sameOrigin(ofOrigin, referer, startedAt))) ??
      openAt(log, startedAt) ??
      log[0]?.group
    if (!owner) {
      unassigned++
      continue
    }
    owner.members.push(stored)
    if (!owners.has(plain(stored.url))) owners.set(plain(stored.url), owner)
  }
  return unassigned
}

interface Opened {
  group: EntryGroup
  startedAt: string
}

/** Across origins browsers send the origin alone (https://www.w3.org/TR/referrer-policy/): then it is the page of that origin that was open. */
function sameOrigin(byOrigin: ReadonlyMap<string, readonly Opened[]>, referer: string, startedAt: string): EntryGroup | undefined {
  const url = URL.parse(referer)
  if (!url || url.pathname !== '/' || url.search !== '') return undefined
  return openAt(byOrigin.get(url.origin) ?? [], startedAt)
}

function byTime(groups: readonly EntryGroup[], startedAt: (group: EntryGroup) => string): Opened[] {
  const opened = groups.map((group) => ({ group, startedAt: startedAt(group) }))
  return opened.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
}

/** The last that was opened by then: by halves, for there may be as many pages as exchanges. */
function openAt(opened: readonly Opened[], startedAt: string): EntryGroup | undefined {
  let from = 0
  let to = opened.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((opened[middle]?.startedAt ?? '') <= startedAt) from = middle + 1
    else to = middle
  }
  return opened[from - 1]?.group
}
