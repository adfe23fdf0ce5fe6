import { availableParallelism } from 'node:os'
import type tls from 'node:tls'
import { PageReferences, type SharedScripts } from '#archive/page-references.ts'
import { type DocumentView, pageManifest } from '#archive/page-capture.ts'
import type { Followed } from '#archive/page-references.ts'
import { pageReached } from '#derive/page-reached.ts'
import { parseUpstreamProxy } from '#egress/upstream.ts'
import type { Egress } from '#egress/egress.ts'
import type { CaptureManifest } from '#model/capture.ts'
import type { Clock } from '#model/clock.ts'
import { AssayError, type ErrorRecord } from '#model/errors.ts'
import type { Seed } from '#model/seed.ts'
import type { BlobStore } from '#model/store.ts'
import type { ValidatorStore } from '#model/validators.ts'
import { conditionsWithoutBrowser } from '#model/without-browser.ts'
import { connectionArtifacts } from '../egress-join.ts'
import { type ClientLimits, HttpClient } from './http-client.ts'
import { HttpFetches, mayCount } from './http-fetches.ts'
import { validatorsOf } from './validators.ts'
import { visitBlobs } from './visit-blobs.ts'

export interface HttpLimits extends ClientLimits {
  /** The page, its redirects and all that it names. */
  maxRequests: number
  /** Open at the same time. */
  maxAtOnce: number
  /** Of them, to one host and port. */
  maxAtOncePerHost: number
  /** Octets of bodies held in memory until the visit ends; what is above is read back from the store. */
  maxBytesAtHand: number
  /** For all of the visit; what is then under way is left. Milliseconds. */
  visitTimeoutMs: number
}

const megabyte = 1024 * 1024

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 16 * megabyte,
  maxTotalBytes: 64 * megabyte,
  maxHeadBytes: 256 * 1024,
  requestTimeoutMs: 15_000,
  maxRequests: 150,
  maxAtOnce: 6,
  maxAtOncePerHost: 2,
  maxBytesAtHand: 8 * megabyte,
  visitTimeoutMs: 60_000,
}

export interface HttpPlan {
  visitId: string
  language: string
  userAgent: string
  proxy: string | null
  vantage: string
  referrer: string | null
}

export interface HttpSurroundings {
  egress: Pick<Egress, 'openConnector'>
  blobs: BlobStore
  validators: ValidatorStore | null
  /** What scripts name, from visit to visit. */
  scripts: SharedScripts
  clock: Clock
  limits: HttpLimits
  tls: tls.ConnectionOptions
}

/** One visit without a browser. What the page does wrong stands in the manifest. Throws `INTERRUPTED`, and what egress says of a bad proxy. */
export async function visitOverHttp(seed: Seed, plan: HttpPlan, around: HttpSurroundings, signal: AbortSignal): Promise<CaptureManifest> {
  const { clock, limits } = around
  const blobs = visitBlobs(around.blobs, limits.maxBytesAtHand)
  const connector = around.egress.openConnector({ visitId: plan.visitId, upstreamProxy: plan.proxy })
  const client = new HttpClient(connector, limits, around.tls)
  const startedAt = clock.now()
  const startedMs = performance.now()
  const stop = new AbortController()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    stop.abort()
  }, limits.visitTimeoutMs)
  // Not `AbortSignal.any`: the crawl's signal outlives its visits, and would keep count of them all.
  const onAbort = (): void => stop.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  // Another visitor may be told something else under the same validators.
  const validatorKey = [seed.url, plan.language, plan.userAgent, plan.vantage].join('\n')
  try {
    const fetches = new HttpFetches({
      client,
      blobs,
      limits,
      signal: stop.signal,
      headers: headersOf(plan),
      known: (await around.validators?.get(validatorKey)) ?? {},
      at: () => new Date(startedAt.getTime() + performance.now() - startedMs),
    })
    const main = await fetches.navigate(seed.url, plan.referrer)
    const references = new PageReferences(blobs, around.scripts)
    const followed: Followed =
      main.document.is === 'html' && main.error === null
        ? await references.follow(
            main.document,
            (url, type, how) => fetches.lookup(url, type, how),
            (named) => fetches.begin(named),
            mayCount,
          )
        : { named: [], unread: [] }
    await fetches.settled()
    if (signal.aborted) throw new AssayError('INTERRUPTED', `the visit to ${seed.url} was interrupted`)
    if (isLate) fetches.lose(`the visit was ended after ${limits.visitTimeoutMs} ms`)
    let failure = main.error
    const group = { page: null, first: main.first, main: main.document, members: fetches.exchanges }
    const classify = (view: DocumentView) => {
      const reached = pageReached({ ...view, ...(failure === null ? {} : { error: `${failure.code}: ${failure.message}` }) })
      if (failure === null && reached.page === 'error' && (view.httpStatus ?? 0) >= 400)
        failure = { code: 'HTTP_ERROR', message: `${new URL(view.finalUrl).host} answered HTTP ${view.httpStatus}` }
      return reached
    }
    const source = {
      format: 'visit without JavaScript',
      archive: { software: { archiver: '', browser: null }, losses: fetches.losses },
      isLog: true,
      otherwiseAt: startedAt.toISOString(),
      visitId: plan.visitId,
      classify,
    }
    const built = await pageManifest(group, followed, source, references, blobs)
    const ended = new Date(startedAt.getTime() + Math.round(performance.now() - startedMs))
    if (around.validators !== null) {
      const entries = validatorsOf(fetches.exchanges)
      if (JSON.stringify(entries) !== JSON.stringify(fetches.known)) await around.validators.put(validatorKey, entries)
    }
    return manifestOf(built, { seed, plan, startedAt, ended, error: failure }, [connector.connections(), connector.connectionsDropped()])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    client.close()
    await connector.close()
  }
}

function manifestOf(
  built: CaptureManifest,
  { seed, plan, startedAt, ended, error }: { seed: Seed; plan: HttpPlan; startedAt: Date; ended: Date; error: ErrorRecord | null },
  [connections, dropped]: [Parameters<typeof connectionArtifacts>[0], number],
): CaptureManifest {
  // Without an answer the archive's builder knows no better than that there is none.
  const reached =
    error !== null && built.reached.httpStatus === null
      ? { page: 'error' as const, httpStatus: null, reasons: [`${error.code}: ${error.message}`] }
      : built.reached
  return {
    ...built,
    visitId: plan.visitId,
    seed,
    url: seed.url,
    reached,
    startedAt: startedAt.toISOString(),
    endedAt: ended.toISOString(),
    conditions: conditionsWithoutBrowser('http', {
      vantage: plan.vantage,
      userAgent: plan.userAgent,
      language: plan.language,
      proxy: plan.proxy === null ? null : parseUpstreamProxy(plan.proxy).label,
      ...(plan.referrer === null ? {} : { referrer: plan.referrer }),
      cores: availableParallelism(),
    }),
    ended:
      error === null
        ? { reason: 'dwell', detail: 'what the page names was fetched; nothing was run' }
        : { reason: 'failed', detail: error.message },
    error,
    artifacts: { ...built.artifacts, connection: connectionArtifacts(connections, dropped, startedAt.getTime()) },
  }
}

function headersOf(plan: HttpPlan): { name: string; value: string }[] {
  const [first, ...rest] = plan.language.split(',').map((part) => part.trim())
  return [
    { name: 'User-Agent', value: plan.userAgent },
    {
      name: 'Accept-Language',
      value: [
        first,
        ...rest.map((part, index) => (part.includes(';') ? part : `${part};q=${Math.max(0.1, 0.9 - index / 10).toFixed(1)}`)),
      ].join(','),
    },
    { name: 'Accept-Encoding', value: 'gzip, br, zstd' },
  ]
}
