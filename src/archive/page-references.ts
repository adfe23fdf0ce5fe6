import type { Digest } from '#model/digest.ts'
import type { BlobStore } from '#model/store.ts'
import { decodeHtml, type Reference } from './html-references.ts'
import type { DocumentNames, Scan } from './page-names.ts'
import { pageScanMs, type ScanAllowance, scanDocument, scanScript } from './page-scan.ts'
import { type StoredExchange, storeExchange } from './stored-exchange.ts'

/** Something that a page names: what it is to the page, and who named it. */
export interface Named {
  url: string
  type: Reference['type']
  isModule: boolean
  /** `parser`: markup of the document `by`. `script`: a string in the script `by`. */
  how: 'parser' | 'script'
  by: string
  line: number
  /** Where it is in the archive; null where it is not. */
  stored: StoredExchange | null
}

export interface DocumentText {
  html: string
  title: string
  text: string
  /** The document as UTF-8 where that is what came, octet for octet; null where it is another blob. */
  digest: Digest | null
}

/** `type` and `how` as in `Named`: a reader has what it has, a visitor fetches what counts. */
export type Lookup = (url: string, type: Named['type'], how: Named['how']) => Promise<StoredExchange | null>

/** Whether something that markup names, as it stands there, may be had or counts for itself: most are pictures, and to resolve each takes its time. */
export type IsWanted = (reference: Pick<Reference, 'url' | 'type'>) => boolean

/** What a page names, and what could not be read for it. */
export interface Followed {
  named: Named[]
  unread: { url: string; reason: string }[]
}

const nothing: DocumentNames = { title: '', text: '', references: [], code: [], baseUrl: null, savedFrom: null, savedAt: null }
const maxKept = 256
const maxNamed = 5_000
const maxFrameDepth = 6
/** Scripts whose names are shared between visits, and the most that one may name to be among them. */
const maxShared = 4_000
const maxSharedNames = 40
const maxSharedLength = 4_000

/** What scripts name, for visits to many pages that load the same: by digest, bounded, only what was read. */
export type SharedScripts = Map<Digest, Scan<string[]>>

/** What documents and scripts name, read once for each body, and what is hostile for each page in bounded time. */
export class PageReferences {
  readonly #blobs: BlobStore
  readonly #documents = new Map<Digest, Scan<DocumentNames>>()
  readonly #scripts = new Map<Digest, Scan<string[]>>()
  readonly #shared: SharedScripts
  /** Asked for several times in a row. */
  #lastText: { of: StoredExchange; text: DocumentText } | null = null
  #allowance: ScanAllowance = { leftMs: pageScanMs }

  constructor(blobs: BlobStore, shared: SharedScripts = new Map()) {
    this.#blobs = blobs
    this.#shared = shared
  }

  /** A document's text; null where its octets are not there. */
  async text(stored: StoredExchange): Promise<DocumentText | null> {
    if (stored.body.status !== 'stored' && stored.body.status !== 'truncated') return null
    if (this.#lastText?.of === stored) return this.#lastText.text
    const bytes = await this.#blobs.get(stored.body.digest)
    const html = decodeHtml(bytes, stored.contentType)
    const { title, text } = valueOf(await this.#document(stored), nothing)
    const digest = Buffer.from(html, 'utf8').equals(bytes) ? stored.body.digest : null
    this.#lastText = { of: stored, text: { html, title, text, digest } }
    return this.#lastText.text
  }

  async #document({ body, contentType }: StoredExchange): Promise<Scan<DocumentNames>> {
    if (body.status !== 'stored' && body.status !== 'truncated') return { status: 'read', value: nothing }
    return remembered(this.#documents, body.digest, async () =>
      scanDocument(await this.#blobs.get(body.digest), contentType, this.#allowance),
    )
  }

  async #script({ body }: StoredExchange): Promise<Scan<string[]>> {
    if (body.status !== 'stored') return { status: 'read', value: [] }
    const known = this.#shared.get(body.digest)
    if (known !== undefined) return known
    const scan = await remembered(this.#scripts, body.digest, async () => scanScript(await this.#blobs.get(body.digest), this.#allowance))
    share(this.#shared, body.digest, scan)
    return scan
  }

  /** What a page loads as far as its markup and the strings of its scripts tell, its frames' included. Absent things come with `stored` null. */
  async follow(
    main: StoredExchange,
    lookup: Lookup,
    /** Told of all that a document names before the first of it is looked up: whoever fetches may begin. */
    onDocument: (named: readonly { url: string; type: Named['type'] }[]) => void = () => {},
    isWanted: IsWanted = () => true,
  ): Promise<Followed> {
    this.#allowance = { leftMs: pageScanMs }
    const unread: Followed['unread'] = []
    const readOf = <T>(scan: Scan<T>, url: string, otherwise: T): T => {
      if (scan.status === 'unread') unread.push({ url, reason: scan.reason })
      return valueOf(scan, otherwise)
    }
    const named = new Map<string, Named>()
    const documents: { stored: StoredExchange; url: string; depth: number }[] = [{ stored: main, url: main.exchange.url, depth: 0 }]
    const add = async (one: Omit<Named, 'stored'>, mustExist: boolean): Promise<StoredExchange | null> => {
      if (named.has(one.url) || named.size >= maxNamed || one.url === main.exchange.url) return null
      const stored = one.url.startsWith('data:') ? await this.#data(one.url) : await lookup(one.url, one.type, one.how)
      if (stored === null && mustExist) return null
      named.set(one.url, { ...one, stored })
      return stored
    }
    for (let document = documents.shift(); document !== undefined; document = documents.shift()) {
      const scanned = readOf(await this.#document(document.stored), document.url, nothing)
      const base = (scanned.baseUrl === null ? null : URL.parse(scanned.baseUrl, document.url)?.href) ?? document.url
      const scripts: { url: string; stored: StoredExchange }[] = []
      const byCode = async (names: readonly string[], by: string): Promise<void> => {
        for (const name of names) {
          // A worker or fetch goes by the document, `import` and `importScripts` by the script.
          for (const from of new Set([base, by])) {
            const url = resolve(name, from)
            if (url === null) continue
            const type = /\.wasm(?:[?#]|$)/.test(name) ? 'other' : 'script'
            const stored = await add({ url, type, isModule: false, how: 'script', by, line: 0 }, true)
            if (stored?.is === 'script') scripts.push({ url, stored })
          }
        }
      }
      const references = scanned.references.flatMap((reference) => {
        const url = isWanted(reference) ? resolve(reference.url, base) : null
        return url === null ? [] : [{ ...reference, url }]
      })
      onDocument(references)
      for (const { url, ...reference } of references) {
        const loads = reference.type === 'script' || reference.type === 'document'
        const stored = await add(
          { url, type: reference.type, isModule: reference.isModule, how: 'parser', by: document.url, line: reference.line },
          !loads,
        )
        if (stored && reference.type === 'document' && document.depth < maxFrameDepth && stored.is === 'html')
          documents.push({ stored, url, depth: document.depth + 1 })
        if (stored && reference.type === 'script') scripts.push({ url, stored })
      }
      await byCode(scanned.code, document.url)
      for (let script = scripts.shift(); script !== undefined; script = scripts.shift())
        await byCode(readOf(await this.#script(script.stored), script.url, []), script.url)
    }
    return { named: [...named.values()], unread }
  }

  /** A `data:` address carries its own octets (RFC 2397). */
  async #data(url: string): Promise<StoredExchange | null> {
    const match = /^data:([^,]*?)(;\s*base64)?,([\s\S]*)$/i.exec(url)
    if (!match) return null
    const [, contentType = '', base64, data = ''] = match
    const body = Buffer.from(percentDecoded(data), base64 === undefined ? 'latin1' : 'base64')
    const headers = [{ name: 'Content-Type', value: contentType || 'text/plain;charset=US-ASCII' }]
    return storeExchange(
      {
        url,
        method: 'GET',
        status: 200,
        statusText: 'OK',
        headers,
        body,
        bodyStatus: { status: 'complete' },
        startedAt: '',
        requestHeaders: [],
      },
      this.#blobs,
    )
  }
}

const valueOf = <T>(scan: Scan<T>, otherwise: T): T => (scan.status === 'read' ? scan.value : otherwise)

/** A site's pages are read one after the other: what is far back is not needed again. What could not be read is not tried again. */
async function remembered<T>(known: Map<Digest, Scan<T>>, digest: Digest, read: () => Promise<Scan<T>>): Promise<Scan<T>> {
  const before = known.get(digest)
  if (before !== undefined) return before
  const scan = await read()
  if (known.size >= maxKept) for (const [key, { status }] of known) if (status === 'read') known.delete(key)
  known.set(digest, scan)
  return scan
}

function share(known: SharedScripts, digest: Digest, scan: Scan<string[]>): void {
  if (scan.status !== 'read' || scan.value.length > maxSharedNames) return
  if (scan.value.reduce((sum, { length }) => sum + length, 0) > maxSharedLength) return
  if (known.size >= maxShared) for (const oldest of known.keys().take(1)) known.delete(oldest)
  known.set(digest, scan)
}

/** Percent-encoded octets → one character each. */
function percentDecoded(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function resolve(reference: string, base: string): string | null {
  const url = URL.parse(reference, base)
  if (!url || !/^(?:https?|data|cid):$/.test(url.protocol)) return null
  if (url.href.includes('#')) url.hash = ''
  return url.href
}
