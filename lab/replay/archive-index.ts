import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ArchivedExchange, readExchanges } from '#archive/exchange.ts'
import type { HttpHeader } from '#model/artifact.ts'
import { portOf } from '#model/port.ts'
import { exactKey, stableKey } from './match.ts'

/** One archived response, its body in memory where it is small and in a file where it is not. */
export interface ArchivedResponse {
  url: string
  status: number
  statusText: string
  headers: HttpHeader[]
  /** `lost`: the archive knows of the response, not of its body. `failed`: there was none. */
  body: { type: 'memory'; bytes: Uint8Array } | { type: 'file'; path: string } | { type: 'lost' } | { type: 'failed' }
}

export interface ArchiveIndex {
  /** scheme, host and port of all that was asked for. */
  origins: { scheme: string; host: string; port: number }[]
  /** Documents that a visit could begin with, in the order of the archives. */
  pages: string[]
  /** What could not be read, as sentences. */
  losses: string[]
  count: number
  /** Responses whose body the archive does not hold: they are served empty. */
  bodiesLost: number
  /** By the URL as it is, then without its volatile parameters. Answers of one URL come in the order of the archive; the last one stays. */
  find(method: string, url: string): ArchivedResponse | null
  read(response: ArchivedResponse): Promise<Uint8Array>
}

const inMemory = 64 * 1024

/** Reads archives once; bodies above 64 KiB go into `dir`. Throws what reading an archive throws. */
export async function indexArchives(files: readonly string[], dir: string): Promise<ArchiveIndex> {
  const bodies = join(dir, 'bodies')
  await mkdir(bodies, { recursive: true })
  const exact = new Map<string, ArchivedResponse[]>()
  const stable = new Map<string, ArchivedResponse[]>()
  const served = new Map<ArchivedResponse[], number>()
  const origins = new Map<string, ArchiveIndex['origins'][number]>()
  const pages: string[] = []
  const losses: string[] = []
  const pageIds = new Set<string>()
  let count = 0
  const responses: ArchivedResponse[] = []
  // A WARC `revisit` has the body of another record, which may come later: by digest or else by address.
  const repeats: { response: ArchivedResponse; payloadDigest: string; url: string }[] = []
  const byPayload = new Map<string, ArchivedResponse['body']>()
  const add = (map: Map<string, ArchivedResponse[]>, key: string, response: ArchivedResponse): void => {
    const list = map.get(key)
    if (list) list.push(response)
    else map.set(key, [response])
  }
  for (const file of files) {
    for await (const exchange of readExchanges(file, {
      onLoss: (reason, lost) => losses.push(`${file}: ${reason}${lost === null ? '' : ` (${lost})`}`),
    })) {
      const url = URL.parse(exchange.url)
      if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) continue
      // Without a body a 304 says nothing to a browser that has no copy.
      if (exchange.status === 304 && exchange.body === null) continue
      const port = portOf(url)
      origins.set(`${url.protocol}${url.hostname}:${port}`, { scheme: url.protocol.slice(0, -1), host: url.hostname, port })
      const { revisit, payloadDigest } = exchange
      const response: ArchivedResponse = {
        url: exchange.url,
        status: exchange.status,
        statusText: exchange.statusText,
        headers: exchange.headers,
        body: await keep(exchange.status, exchange.body, exchange.bodyStatus.status),
      }
      if (revisit !== undefined) repeats.push({ response, ...revisit })
      else if (payloadDigest !== undefined && exchange.body !== null) byPayload.set(payloadDigest, response.body)
      const method = exchange.method.toUpperCase()
      add(exact, `${method} ${exactKey(exchange.url)}`, response)
      add(stable, `${method} ${stableKey(exchange.url)}`, response)
      count++
      responses.push(response)
      if (isPage(exchange, pageIds) && !pages.includes(exchange.url)) pages.push(exchange.url)
      if (exchange.pageId !== undefined && isDocument(exchange)) pageIds.add(exchange.pageId)
    }
  }

  for (const { response, payloadDigest, url } of repeats) {
    const body = payloadDigest === '' ? exact.get(`GET ${exactKey(url)}`)?.[0]?.body : byPayload.get(payloadDigest)
    if (body !== undefined) response.body = body
  }
  const bodiesLost = responses.filter(({ body }) => body.type === 'lost').length

  async function keep(status: number, bytes: Uint8Array | null, bodyStatus: string): Promise<ArchivedResponse['body']> {
    if (status === 0) return { type: 'failed' }
    if (bytes === null) return bodyStatus === 'lost' ? { type: 'lost' } : { type: 'memory', bytes: new Uint8Array() }
    if (bytes.length <= inMemory) return { type: 'memory', bytes: Uint8Array.from(bytes) }
    const path = join(bodies, String(count))
    await writeFile(path, bytes)
    return { type: 'file', path }
  }

  function take(list: ArchivedResponse[]): ArchivedResponse | null {
    const at = served.get(list) ?? 0
    served.set(list, at + 1)
    return list[Math.min(at, list.length - 1)] ?? null
  }

  return {
    origins: [...origins.values()],
    pages,
    losses,
    count,
    bodiesLost,
    find(method, url) {
      const asked = method === 'HEAD' ? 'GET' : method
      const list = exact.get(`${asked} ${exactKey(url)}`) ?? stable.get(`${asked} ${stableKey(url)}`)
      return list === undefined ? null : take(list)
    },
    async read(response) {
      if (response.body.type === 'memory') return response.body.bytes
      return response.body.type === 'file' ? readFile(response.body.path) : new Uint8Array()
    },
  }
}

/** The first document of each page that the archive names; where it names none, any document that is not known to be in a frame. */
function isPage(exchange: ArchivedExchange, pageIds: Set<string>): boolean {
  if (!isDocument(exchange) || exchange.body === null) return false
  if (exchange.pageId !== undefined) return !pageIds.has(exchange.pageId)
  return exchange.resourceType === undefined || exchange.resourceType === 'document'
}

function isDocument({ status, mimeType, headers }: ArchivedExchange): boolean {
  return status >= 200 && status < 300 && /html/i.test(mimeType ?? headerOf(headers, 'content-type'))
}

function headerOf(headers: readonly HttpHeader[], name: string): string {
  return headers.find((header) => header.name.toLowerCase() === name)?.value ?? ''
}
