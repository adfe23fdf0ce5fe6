import { blobPrefix, capturePrefix } from './embedded.ts'
import type { ByteSource, ExpansionBudget } from './expand.ts'
import { decodePayload, parseRequestLine, parseStatusLine, splitMessage } from './http-message.ts'
import { type ArchivedBodyStatus, type ArchivedExchange, type ArchiveItem, essence, headerOf, isoDate, loss } from './item.ts'
import type { ReadLimits } from './limits.ts'
import { readWarcRecords, type WarcRecord } from './warc-records.ts'

/** Exchanges and embedded captures of a WARC, in the order of the file. */
export async function* readWarc(source: ByteSource, gzip: boolean, limits: ReadLimits): AsyncGenerator<ArchiveItem, void, undefined> {
  let request: RequestPart | null = null
  // One response waits for the record after it, which may be its request: tools write them in either order.
  let waiting: ResponsePart | null = null
  for await (const part of readWarcRecords(source, gzip, limits)) {
    if (part.type === 'loss') {
      yield part.loss
      continue
    }
    const { record } = part
    if (record.type === 'request') {
      const read = requestPart(record, limits)
      if (!read) yield loss(`a request record of ${targetUri(record)} that holds no HTTP request`)
      else if (waiting && belongs(read, waiting)) {
        join(waiting.exchange, read)
        yield { type: 'exchange', exchange: waiting.exchange }
        waiting = null
      } else request = read
      continue
    }
    if (waiting) yield { type: 'exchange', exchange: waiting.exchange }
    waiting = null
    const item = await itemOf(record, limits, source.budget)
    if (item?.type === 'exchange') {
      const response = {
        exchange: item.exchange,
        id: headerOf(record.headers, 'warc-record-id') ?? '',
        refersTo: headerOf(record.headers, 'warc-concurrent-to') ?? '',
      }
      if (request && belongs(request, response)) {
        join(item.exchange, request)
        request = null
        yield item
      } else waiting = response
    } else if (item) yield item
  }
  if (waiting) yield { type: 'exchange', exchange: waiting.exchange }
}

interface ResponsePart {
  exchange: ArchivedExchange
  id: string
  refersTo: string
}

interface RequestPart {
  url: string
  id: string
  refersTo: string
  method: string
  headers: WarcRecord['headers']
  body: Uint8Array
}

function requestPart(record: WarcRecord, limits: ReadLimits): RequestPart | null {
  const message = splitMessage(record.block, limits.maxHeadBytes)
  const line = message && parseRequestLine(message.startLine)
  if (!message || !line) return null
  const id = headerOf(record.headers, 'warc-record-id') ?? ''
  const refersTo = headerOf(record.headers, 'warc-concurrent-to') ?? ''
  return { url: targetUri(record), id, refersTo, method: line.method, headers: message.headers, body: message.body }
}

function belongs(request: RequestPart, response: ResponsePart): boolean {
  if (request.refersTo !== '' && request.refersTo === response.id) return true
  if (response.refersTo !== '' && request.id === response.refersTo) return true
  return request.refersTo === '' && response.refersTo === '' && request.url === response.exchange.url
}

function join(exchange: ArchivedExchange, request: RequestPart): void {
  exchange.method = request.method
  exchange.requestHeaders = request.headers
  if (request.body.length > 0) exchange.requestBody = request.body
  const type = resourceTypes[headerOf(request.headers, 'sec-fetch-dest')?.toLowerCase() ?? '']
  if (type !== undefined) exchange.resourceType ??= type
}

/** Fetch's request destinations → CDP's resource types. `empty` is fetch or XHR alike. */
const resourceTypes: Record<string, string> = {
  document: 'document',
  iframe: 'document',
  frame: 'document',
  embed: 'document',
  object: 'document',
  script: 'script',
  worker: 'script',
  sharedworker: 'script',
  serviceworker: 'script',
  style: 'stylesheet',
  image: 'image',
  font: 'font',
  audio: 'media',
  video: 'media',
  track: 'texttrack',
  manifest: 'manifest',
  empty: 'fetch',
}

/** wget wrote the address in angle brackets, as the grammar of WARC 1.0 had it by mistake. */
function targetUri(record: WarcRecord): string {
  return (headerOf(record.headers, 'warc-target-uri') ?? '').replace(/^<(.*)>$/, '$1')
}

/** What a record is to a capture; null where it says nothing of a page (DNS answers, crawl logs, index records). */
async function itemOf(record: WarcRecord, limits: ReadLimits, budget: ExpansionBudget): Promise<ArchiveItem | null> {
  const url = targetUri(record)
  if (record.type === 'warcinfo') {
    const software = /^software:\s*(.+)$/im.exec(Buffer.from(record.block.subarray(0, 8192)).toString('utf8'))?.[1]?.trim()
    return software === undefined ? null : { type: 'software', name: software.slice(0, 200), role: 'archiver' }
  }
  if (url.startsWith(capturePrefix))
    return record.damage === null ? { type: 'manifest', bytes: record.block } : loss('an embedded capture that is cut')
  if (url.startsWith(blobPrefix))
    return record.damage === null ? { type: 'blob', bytes: record.block } : loss('an embedded blob that is cut')
  if (record.type === 'continuation') return loss(`a continuation record of ${url}: segmented records are not joined`)
  if (!/^https?:\/\//i.test(url)) return null
  if (record.type === 'resource') return { type: 'exchange', exchange: await resourceExchange(record, url, limits, budget) }
  if (record.type === 'response') {
    const exchange = await responseExchange(record, url, limits, budget)
    return exchange ? { type: 'exchange', exchange } : loss(`a response record of ${url} that holds no HTTP response`)
  }
  return record.type === 'revisit' ? { type: 'exchange', exchange: revisitExchange(record, url, limits) } : null
}

type ExchangeBase = Omit<ArchivedExchange, 'status' | 'statusText' | 'headers' | 'body' | 'bodyStatus'>

function exchangeBase(record: WarcRecord, url: string): ExchangeBase {
  const base: ExchangeBase = { url, method: 'GET', startedAt: isoDate(headerOf(record.headers, 'warc-date')), requestHeaders: [] }
  const pageId = headerOf(record.headers, 'warc-page-id')
  const resourceType = headerOf(record.headers, 'warc-resource-type')
  const address = headerOf(record.headers, 'warc-ip-address')
  const payloadDigest = headerOf(record.headers, 'warc-payload-digest')
  if (pageId) base.pageId = pageId
  if (resourceType) base.resourceType = resourceType.toLowerCase()
  if (address) base.remoteAddress = address
  if (payloadDigest) base.payloadDigest = payloadDigest
  return base
}

async function resourceExchange(record: WarcRecord, url: string, limits: ReadLimits, budget: ExpansionBudget): Promise<ArchivedExchange> {
  const contentType = headerOf(record.headers, 'content-type') ?? ''
  const headers = contentType === '' ? [] : [{ name: 'Content-Type', value: contentType }]
  const decoded = await decodePayload(record.block, [], limits, budget)
  return {
    ...exchangeBase(record, url),
    status: 200,
    statusText: 'OK',
    headers,
    mimeType: essence(contentType),
    body: decoded.body,
    bodyStatus: withDamage(decoded.bodyStatus, record),
  }
}

async function responseExchange(
  record: WarcRecord,
  url: string,
  limits: ReadLimits,
  budget: ExpansionBudget,
): Promise<ArchivedExchange | null> {
  const message = splitMessage(record.block, limits.maxHeadBytes)
  const line = message && parseStatusLine(message.startLine)
  if (!message || !line) return null
  const head = {
    ...exchangeBase(record, url),
    ...line,
    headers: message.headers,
    mimeType: essence(headerOf(message.headers, 'content-type') ?? ''),
  }
  if (message.body.length === 0) {
    if (record.damage !== null) return { ...head, body: null, bodyStatus: { status: 'lost', reason: record.damage } }
    const lost = headerOf(record.headers, 'warc-truncated') !== undefined && line.status !== 204 && line.status !== 304
    return { ...head, body: null, bodyStatus: lost ? { status: 'lost', reason: 'the archive holds the head alone' } : { status: 'none' } }
  }
  const decoded = await decodePayload(message.body, message.headers, limits, budget)
  return { ...head, body: decoded.body, bodyStatus: withDamage(decoded.bodyStatus, record) }
}

function revisitExchange(record: WarcRecord, url: string, limits: ReadLimits): ArchivedExchange {
  const message = splitMessage(record.block, limits.maxHeadBytes)
  const line = message && parseStatusLine(message.startLine)
  const refersTo = (headerOf(record.headers, 'warc-refers-to-target-uri') ?? url).replace(/^<(.*)>$/, '$1')
  const head =
    message && line
      ? { ...line, headers: message.headers, mimeType: essence(headerOf(message.headers, 'content-type') ?? '') }
      : { status: 200, statusText: '', headers: [] }
  return {
    ...exchangeBase(record, url),
    ...head,
    body: null,
    bodyStatus: { status: 'lost', reason: 'a revisit: the body stands in another record' },
    revisit: { payloadDigest: headerOf(record.headers, 'warc-payload-digest') ?? '', url: refersTo },
  }
}

function withDamage(bodyStatus: ArchivedBodyStatus, record: WarcRecord): ArchivedBodyStatus {
  if (record.damage !== null) return { status: 'truncated', totalSize: null, reason: record.damage }
  const cut = headerOf(record.headers, 'warc-truncated')
  return cut !== undefined && bodyStatus.status === 'complete'
    ? { status: 'truncated', totalSize: null, reason: `the archiver cut it: ${cut}` }
    : bodyStatus
}
