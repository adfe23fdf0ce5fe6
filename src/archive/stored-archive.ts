import type { Body } from '#model/collection.ts'
import { AssayError } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import { type ArchivedPage, type ArchiveItem, headerOf } from './item.ts'
import type { ReadLimits } from './limits.ts'
import type { Spill } from './spill.ts'
import { storeExchange, type StoredExchange } from './stored-exchange.ts'

/** What grouping and finding need of an exchange. All of it lies in the spill: an archive may hold more than the memory does. */
export interface ExchangeEntry {
  url: string
  contentId: string | null
  startedAt: string
  status: number
  pageId: string | null
  /** Headers of that name; `location` of a redirect only. */
  location: string | null
  referer: string | null
  /** Nothing says that a frame or a script asked for it. */
  byVisitor: boolean
  is: StoredExchange['is']
  resourceType: string
  body: Body
  place: number
  /** Of a WARC `revisit`: whose body it is. */
  original: ExchangeEntry | null
}

/** All of an archive, its octets in the blob store and its heads in the spill. */
export interface StoredArchive {
  exchanges: ExchangeEntry[]
  pages: ArchivedPage[]
  software: { archiver: string; browser: string | null }
  /** Places of embedded captures in the spill. */
  manifests: number[]
  losses: { reason: string; count: number | null; code: 'BAD_INPUT_FILE' | 'TOO_LARGE' }[]
  load(entry: ExchangeEntry): Promise<StoredExchange>
}

interface Revisit {
  entry: ExchangeEntry
  of: { payloadDigest: string; url: string }
  /** As the record itself has it. */
  resourceType: string | null
}

const maxReason = 500
/** A longer header names no page that anybody visits. */
const maxReferer = 8192

/** Throws `INTERRUPTED` once `signal` says so. */
export async function storeArchive(
  items: AsyncIterable<ArchiveItem>,
  blobs: BlobStore,
  spill: Spill,
  limits: ReadLimits,
  signal: AbortSignal | null = null,
): Promise<StoredArchive> {
  const archive: StoredArchive = {
    exchanges: [],
    pages: [],
    software: { archiver: '', browser: null },
    manifests: [],
    losses: [],
    load: (entry) => load(entry, spill),
  }
  const counted = new Map<string, StoredArchive['losses'][number]>()
  const lost = (whole: string, count: number | null, code: 'BAD_INPUT_FILE' | 'TOO_LARGE'): void => {
    const reason = whole.slice(0, maxReason)
    const same = count === null ? undefined : counted.get(reason)
    if (same) same.count = (same.count ?? 0) + (count ?? 0)
    else if (archive.losses.length < 1000) {
      const loss = { reason, count, code }
      archive.losses.push(loss)
      if (count !== null) counted.set(reason, loss)
    }
  }
  const byPayload = new Map<string, ExchangeEntry>()
  const revisits: Revisit[] = []
  let indexChars = 0
  for await (const item of items) {
    if (signal?.aborted === true) throw new AssayError('INTERRUPTED', 'the reading was interrupted')
    if (item.type === 'exchange') {
      indexChars += item.exchange.url.length
      if (archive.exchanges.length >= limits.maxExchanges || indexChars > limits.maxIndexChars) {
        lost(`more than ${archive.exchanges.length} exchanges`, 1, 'TOO_LARGE')
        continue
      }
      const stored = await storeExchange(item.exchange, blobs)
      const text = JSON.stringify(stored)
      const entry = entryOf(stored, await spill.append(Buffer.from(text)))
      archive.exchanges.push(entry)
      const { revisit, payloadDigest } = stored.exchange
      if (revisit) revisits.push({ entry, of: revisit, resourceType: stored.exchange.resourceType ?? null })
      else if (payloadDigest !== undefined && entry.body.status === 'stored') byPayload.set(payloadDigest, entry)
    } else if (item.type === 'page') {
      if (archive.pages.length < limits.maxPages) archive.pages.push(item.page)
      else lost(`more than ${limits.maxPages} pages`, 1, 'TOO_LARGE')
    } else if (item.type === 'manifest') {
      if (archive.manifests.length < limits.maxPages) archive.manifests.push(await spill.append(item.bytes))
      else lost(`more than ${limits.maxPages} captures`, 1, 'TOO_LARGE')
    } else if (item.type === 'blob') await blobs.put(item.bytes)
    else if (item.type === 'software') {
      if (item.role === 'browser') archive.software.browser = item.name
      else archive.software.archiver = item.name
    } else lost(item.reason, item.count, item.code)
  }
  joinRevisits(revisits, byPayload, archive.exchanges)
  return archive
}

function entryOf(stored: StoredExchange, place: number): ExchangeEntry {
  const { exchange, is, resourceType, body } = stored
  const destination = headerOf(exchange.requestHeaders, 'sec-fetch-dest')
  const entry: Omit<ExchangeEntry, 'place' | 'original'> = {
    url: exchange.url,
    contentId: exchange.contentId ?? null,
    startedAt: exchange.startedAt,
    status: exchange.status,
    pageId: exchange.pageId ?? null,
    location: exchange.status >= 300 && exchange.status < 400 ? short(headerOf(exchange.headers, 'location')) : null,
    referer: short(headerOf(exchange.requestHeaders, 'referer')),
    byVisitor:
      (destination === undefined || destination === 'document') && headerOf(exchange.requestHeaders, 'x-requested-with') === undefined,
    is,
    resourceType,
    body,
  }
  // Strings cut out of a header block keep the whole block: written and read again they stand alone.
  return { ...(JSON.parse(JSON.stringify(entry)) as typeof entry), place, original: null }
}

function short(value: string | undefined): string | null {
  return value === undefined || value.length > maxReferer ? null : value
}

/** WARC's `revisit` records: the body stands in an earlier or later record of the same payload digest, or of the address it refers to. */
function joinRevisits(
  revisits: readonly Revisit[],
  byPayload: ReadonlyMap<string, ExchangeEntry>,
  exchanges: readonly ExchangeEntry[],
): void {
  if (revisits.length === 0) return
  const again = new Set(revisits.map(({ entry }) => entry))
  const byUrl = new Map(exchanges.filter((entry) => entry.body.status === 'stored' && !again.has(entry)).map((entry) => [entry.url, entry]))
  for (const { entry, of, resourceType } of revisits) {
    const original = byPayload.get(of.payloadDigest) ?? (of.payloadDigest === '' ? byUrl.get(of.url) : undefined)
    if (!original) continue
    entry.original = original
    entry.body = original.body
    entry.is = original.is
    entry.resourceType = resourceType ?? original.resourceType
  }
}

async function load(entry: ExchangeEntry, spill: Spill): Promise<StoredExchange> {
  const stored = JSON.parse(Buffer.from(await spill.read(entry.place)).toString('utf8')) as StoredExchange
  if (entry.original === null) return stored
  const original = await load(entry.original, spill)
  stored.body = original.body
  stored.is = original.is
  stored.resourceType = stored.exchange.resourceType ?? original.resourceType
  if (stored.contentType === '') stored.contentType = original.contentType
  if (stored.exchange.headers.length === 0)
    stored.exchange = {
      ...stored.exchange,
      headers: original.exchange.headers,
      ...(original.exchange.mimeType === undefined ? {} : { mimeType: original.exchange.mimeType }),
    }
  return stored
}
