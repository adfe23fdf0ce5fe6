import { headerOf, type ArchivedExchange } from '#archive/item.ts'
import type { Named } from '#archive/page-references.ts'
import { type StoredExchange, storeExchange } from '#archive/stored-exchange.ts'
import type { HttpHeader } from '#model/artifact.ts'
import { type ErrorRecord, toErrorRecord } from '#model/errors.ts'
import type { BlobStore } from '#model/store.ts'
import type { StoredValidators, Validators } from '#model/validators.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import type { HttpLimits } from './http-visit.ts'

/** Fetch standard, 4.4: more redirects are a network error. */
const maxRedirects = 20

export interface Navigated {
  first: StoredExchange
  /** What was reached after redirects; without an answer the request that got none. */
  document: StoredExchange
  error: ErrorRecord | null
}

export interface FetchSurroundings {
  client: Pick<HttpClient, 'get'>
  blobs: BlobStore
  limits: HttpLimits
  signal: AbortSignal
  /** Of every request. */
  headers: readonly HttpHeader[]
  /** By what the page's answers of an earlier visit may be asked for. */
  known: StoredValidators
  /** The time now, on the visit's clock. */
  at: () => Date
}

/** All that one visit asks for: each address once, so many at a time, and no more than its limits. What failed is an exchange too. */
export class HttpFetches {
  readonly exchanges: StoredExchange[] = []
  readonly losses: { reason: string; count: number | null; code: 'TOO_LARGE' }[] = []
  readonly known: StoredValidators
  readonly #o: FetchSurroundings
  readonly #asked = new Map<string, Promise<StoredExchange | null>>()
  readonly #waiting: { host: string; begin: () => void }[] = []
  /** Requests under way by host. */
  readonly #running = new Map<string, number>()
  #runningInAll = 0
  #requests = 0
  #left = 0
  #referrer: string | null = null

  constructor(o: FetchSurroundings) {
    this.#o = o
    this.known = o.known
  }

  async navigate(url: string, referrer: string | null): Promise<Navigated> {
    const hops: StoredExchange[] = []
    let at = url
    for (;;) {
      const { stored, error } = await this.#exchange(at, 'document', referrer, hops.at(-1)?.exchange.url ?? null)
      hops.push(stored)
      const first = hops[0] ?? stored
      this.#referrer = at
      const to = error === null ? redirectOf(stored) : null
      if (to === null) return { first, document: stored, error }
      if (hops.length > maxRedirects || hops.some((hop) => hop.exchange.url === to && hops.length > 3))
        return {
          first,
          document: stored,
          error: {
            code: 'REDIRECT_LOOP',
            message: `more than ${Math.min(hops.length, maxRedirects)} redirects, at last to ${to.slice(0, 200)}`,
          },
        }
      at = to
    }
  }

  /** Starts what a document names, as far as it counts. */
  begin(named: readonly { url: string; type: Named['type'] }[]): void {
    for (const { url, type } of named) if (counts(url, type, 'parser')) void this.#ask(url, type)
  }

  lookup(url: string, type: Named['type'], how: Named['how']): Promise<StoredExchange | null> {
    return counts(url, type, how) ? this.#ask(url, type) : Promise.resolve(null)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#asked.values())
    if (this.#left > 0)
      this.losses.push({ reason: `more than ${this.#o.limits.maxRequests} requests`, count: this.#left, code: 'TOO_LARGE' })
  }

  lose(reason: string): void {
    this.losses.push({ reason, count: 1, code: 'TOO_LARGE' })
  }

  #ask(url: string, type: Named['type']): Promise<StoredExchange | null> {
    const before = this.#asked.get(url)
    if (before !== undefined) return before
    const asked = this.#follow(url, type)
    this.#asked.set(url, asked)
    return asked
  }

  async #follow(url: string, type: Named['type']): Promise<StoredExchange | null> {
    let at = url
    let from: string | null = null
    for (let hops = 0; ; hops++) {
      const { host } = new URL(at)
      await this.#turn(host)
      try {
        if (this.#requests >= this.#o.limits.maxRequests || this.#o.signal.aborted) {
          this.#left++
          return null
        }
        const { stored, error } = await this.#exchange(at, type, this.#referrer, from)
        const to = error === null ? redirectOf(stored) : null
        if (to === null || hops >= maxRedirects) return stored
        from = at
        at = to
      } finally {
        this.#leave(host)
      }
    }
  }

  /** A host's requests go over connections that are there: each new one costs both ends more than an answer. */
  async #turn(host: string): Promise<void> {
    if (!this.#hasRoom(host)) return new Promise((begin) => this.#waiting.push({ host, begin }))
    this.#enter(host)
  }

  #hasRoom(host: string): boolean {
    const { maxAtOnce, maxAtOncePerHost } = this.#o.limits
    return this.#runningInAll < maxAtOnce && (this.#running.get(host) ?? 0) < maxAtOncePerHost
  }

  #enter(host: string): void {
    this.#running.set(host, (this.#running.get(host) ?? 0) + 1)
    this.#runningInAll++
  }

  #leave(host: string): void {
    this.#running.set(host, (this.#running.get(host) ?? 0) - 1)
    this.#runningInAll--
    const next = this.#waiting.findIndex((one) => this.#hasRoom(one.host))
    for (const one of next < 0 ? [] : this.#waiting.splice(next, 1)) {
      this.#enter(one.host)
      one.begin()
    }
  }

  /** One request, kept. Never throws for what is at the other end. */
  async #exchange(
    url: string,
    type: Named['type'],
    referrer: string | null,
    redirectedFrom: string | null,
  ): Promise<{ stored: StoredExchange; error: ErrorRecord | null }> {
    this.#requests++
    const { client, blobs, signal } = this.#o
    const known = await this.#validators(url)
    const headers = [
      ...this.#o.headers,
      { name: 'Accept', value: type === 'document' ? 'text/html,application/xhtml+xml,*/*;q=0.8' : '*/*' },
      ...(referrer === null ? [] : [{ name: 'Referer', value: refererFor(referrer, url) }]),
      ...(known?.etag === undefined ? [] : [{ name: 'If-None-Match', value: known.etag }]),
      ...(known?.lastModified === undefined ? [] : [{ name: 'If-Modified-Since', value: known.lastModified }]),
    ]
    const common = {
      url,
      method: 'GET',
      startedAt: this.#o.at().toISOString(),
      resourceType: type,
      requestHeaders: headers,
      ...(redirectedFrom === null ? {} : { initiator: { type: 'redirect', url: redirectedFrom } as const }),
    }
    let answer: HttpAnswer
    try {
      answer = await client.get(url, headers, signal)
    } catch (error) {
      const record = toErrorRecord(error, 'CONNECT_FAILED')
      const stored = await storeExchange(
        {
          ...common,
          status: 0,
          statusText: '',
          headers: [],
          body: null,
          bodyStatus: { status: 'lost', reason: `${record.code}: ${record.message}` },
          endedAt: this.#o.at().toISOString(),
        },
        blobs,
      )
      this.exchanges.push(stored)
      return { stored, error: record }
    }
    const stored = await this.#store({ ...common, endedAt: this.#o.at().toISOString() }, answer, known)
    this.exchanges.push(stored)
    return { stored, error: null }
  }

  async #store(
    common: Pick<ArchivedExchange, 'url' | 'method' | 'startedAt' | 'endedAt' | 'requestHeaders'>,
    answer: HttpAnswer,
    known: Validators | null,
  ): Promise<StoredExchange> {
    const more = { protocol: answer.protocol, ...(answer.remoteAddress === undefined ? {} : { remoteAddress: answer.remoteAddress }) }
    if (answer.status === 304 && known !== null) {
      // RFC 9111, 4.3.4: the stored answer stands, with what the new one says of it.
      const headers = [...known.headers.filter(({ name }) => headerOf(answer.headers, name) === undefined), ...answer.headers]
      const stored = await storeExchange(
        { ...common, ...more, status: known.status, statusText: 'OK', headers, body: null, bodyStatus: { status: 'none' } },
        this.#o.blobs,
      )
      const isWasm = headerOf(headers, 'content-type')?.startsWith('application/wasm') === true
      return { ...stored, body: { status: 'stored', digest: known.digest, size: known.size }, ...(isWasm ? { is: 'wasm' as const } : {}) }
    }
    const { status, statusText, headers, body, bodyStatus } = answer
    return storeExchange({ ...common, ...more, status, statusText, headers, body, bodyStatus }, this.#o.blobs)
  }

  /** Octets that are gone must be had again. */
  async #validators(url: string): Promise<Validators | null> {
    const known = this.known[url]
    if (known === undefined) return null
    return (await this.#o.blobs.has(known.digest).catch(() => false)) ? known : null
  }
}

/** Scripts, frames, and modules of WebAssembly: what can mine. Pictures, styles and fonts are named in the document and not fetched. */
function counts(url: string, type: Named['type'], how: Named['how']): boolean {
  if (!/^https?:/.test(url)) return false
  return type === 'script' || type === 'document' || how === 'script' || /\.wasm(?:[?#]|$)/.test(url)
}

/** The same of what is not yet resolved; `data:` carries its own octets. */
export function mayCount({ url, type }: Pick<Named, 'url' | 'type'>): boolean {
  return type === 'script' || type === 'document' || /^data:|wasm/i.test(url)
}

function redirectOf({ exchange }: StoredExchange): string | null {
  if (exchange.status < 300 || exchange.status >= 400 || exchange.status === 304) return null
  const location = headerOf(exchange.headers, 'location')
  const to = location === undefined ? null : URL.parse(location, exchange.url)
  if (to === null || !/^https?:$/.test(to.protocol) || to.username !== '' || to.password !== '') return null
  to.hash = ''
  return to.href
}

/** `strict-origin-when-cross-origin` (Referrer Policy, 3.7), as browsers do. */
function refererFor(from: string, to: string): string {
  const page = new URL(from)
  page.hash = ''
  return page.origin === new URL(to).origin ? page.href : `${page.origin}/`
}
