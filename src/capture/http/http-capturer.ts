import { randomUUIDv7 } from 'node:crypto'
import { rootCertificates, createSecureContext } from 'node:tls'
import type { Egress } from '#egress/egress.ts'
import type { Capture } from '#model/capture.ts'
import { captureOf } from '#model/capture.ts'
import { type Clock, systemClock } from '#model/clock.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import type { BlobStore } from '#model/store.ts'
import type { ValidatorStore } from '#model/validators.ts'
import { HttpClient } from './http-client.ts'
import { defaultHttpLimits, type HttpLimits, visitOverHttp } from './http-visit.ts'

export interface HttpCapturerOptions {
  egress: Egress
  blobs: BlobStore
  /** Where an operator can be reached: an address of mail or of a page. Stands in the user agent; null where only robots.txt is asked for. */
  contact: string | null
  version: string
  /** Null: everything is fetched whole each time. */
  validators: ValidatorStore | null
  clock?: Clock
  /** PEM of a lab's authority, which is trusted besides the public ones. */
  authorityPem?: string | null
  keyId?: Digest
  limits?: Partial<HttpLimits>
}

/** What of a visit's options counts without a browser. */
export interface HttpVisitOptions {
  visitId?: string | null
  language?: string
  /** Overrides the one that names the contact. */
  userAgent?: string | null
  proxy?: string | null
  vantage?: string
  referrer?: string | null
}

export interface HttpCapturer {
  readonly userAgent: string
  /** Fetches a page and the scripts, modules and frames that it names, and runs nothing. Rejects with `INTERRUPTED`, and with `BAD_ARGUMENT` for a proxy that cannot be used. */
  capture(seed: Seed, options?: HttpVisitOptions, signal?: AbortSignal): Promise<Capture>
  /** A text by GET, over the same guard, through redirects: for robots.txt. Throws what the way there throws. */
  fetchText(
    url: string,
    o: { maxBytes: number; maxRedirects: number; proxy?: string | null },
    signal: AbortSignal,
  ): Promise<{ status: number; text: string; header(name: string): string | undefined }>
}

/** RFC 9309, 2.2.1 and RFC 9110, 10.1.5: a product that says what it is, and a contact. */
function contactUserAgent(version: string, contact: string | null): string {
  return `Mozilla/5.0 (compatible; Assay/${version}${contact === null ? '' : `; +${contact}`})`
}

export function createHttpCapturer(o: HttpCapturerOptions): HttpCapturer {
  const clock = o.clock ?? systemClock
  const userAgent = contactUserAgent(o.version, o.contact)
  const limits = { ...defaultHttpLimits, ...o.limits }
  // Made once: reading the authorities costs more than a handshake.
  const secureContext = createSecureContext(o.authorityPem == null ? {} : { ca: [...rootCertificates, o.authorityPem] })
  const around = { egress: o.egress, blobs: o.blobs, validators: o.validators, scripts: new Map(), clock, limits, tls: { secureContext } }
  return {
    userAgent,
    async capture(seed, options = {}, signal = new AbortController().signal) {
      const plan = {
        visitId: options.visitId ?? randomUUIDv7(),
        language: options.language ?? 'en-US,en',
        userAgent: options.userAgent ?? userAgent,
        proxy: options.proxy ?? null,
        vantage: options.vantage ?? 'local',
        referrer: options.referrer ?? null,
      }
      const manifest = await visitOverHttp(seed, plan, around, signal)
      return captureOf({ ...manifest, ...(o.keyId === undefined ? {} : { keyId: o.keyId }) })
    },
    async fetchText(url, { maxBytes, maxRedirects, proxy = null }, signal) {
      const connector = o.egress.openConnector({ visitId: randomUUIDv7(), upstreamProxy: proxy })
      const client = new HttpClient(connector, limits, { secureContext })
      try {
        let at = url
        for (let hops = 0; ; hops++) {
          const { status, headers, body } = await client.get(
            at,
            [
              { name: 'User-Agent', value: userAgent },
              { name: 'Accept', value: 'text/plain,*/*;q=0.5' },
              { name: 'Accept-Encoding', value: 'gzip, br, zstd' },
            ],
            signal,
            maxBytes,
          )
          const header = (name: string) => headers.find((one) => one.name.toLowerCase() === name)?.value
          const to = status >= 300 && status < 400 ? URL.parse(header('location') ?? '', at) : null
          if (to !== null && hops < maxRedirects && /^https?:$/.test(to.protocol)) at = to.href
          else return { status, text: Buffer.from(body ?? []).toString('utf8'), header }
        }
      } catch (error) {
        if (signal.aborted) throw new AssayError('INTERRUPTED', 'the visit was interrupted', { cause: error })
        throw error
      } finally {
        client.close()
        await connector.close()
      }
    },
  }
}
