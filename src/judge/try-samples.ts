import { type CaptureManifest, captureOf } from '#model/capture.ts'
import { complete, notCollected } from '#model/collection.ts'
import type { Observation } from '#model/observation.ts'
import type { Signature, SignatureSample } from '#model/signature.ts'
import type { BlobStore } from '#model/store.ts'
import { conditionsWithoutBrowser } from '#model/without-browser.ts'
import type { Judge } from './judge.ts'

export interface TriedSample {
  part: 'fires' | 'silent'
  /** From 0. */
  at: number
  /** What it did instead of what it should; null where it did that. */
  fault: string | null
}

/** Each sample of a signature as the page that holds it and nothing else, judged with all signatures of the judge. */
export async function trySamples(signature: Signature, judge: Judge, blobs: BlobStore): Promise<TriedSample[]> {
  const tried: TriedSample[] = []
  for (const [at, sample] of signature.samples.fires.entries())
    tried.push({ part: 'fires', at, fault: firesFault(signature, sample.account, await judgeSample(sample, judge, blobs)) })
  for (const [at, sample] of signature.samples.silent.entries())
    tried.push({ part: 'silent', at, fault: silentFault(signature, await judgeSample(sample, judge, blobs)) })
  return tried
}

function firesFault({ id, kind }: Signature, account: string | undefined, { findings, conclusion }: Observation): string | null {
  const finding = findings.find(({ detector, service }) => detector === 'known-service' && service === id)
  if (finding === undefined)
    return findings.length === 0
      ? 'nothing was found'
      : `it was not recognised; found was ${findings.map(({ service, title }) => `${service ?? 'no service'}: ${title}`).join('; ')}`
  if (account !== undefined && finding.account !== account)
    return `the account ${account} was expected, and ${finding.account ?? 'none'} found`
  const expected = kind === 'mining' ? ['active', 'loaded', 'suspected', 'opt-in'] : ['none']
  return expected.includes(conclusion.status) ? null : `the status is ${conclusion.status}, and not ${expected.join(', ')}`
}

function silentFault({ id }: Signature, { findings, blindTo }: Observation): string | null {
  // A page that could not be read is silent too.
  if (blindTo[0] !== undefined) return `it could not be read: ${blindTo[0].reason}`
  const finding = findings.find(({ service, kind }) => service === id || kind === 'mining')
  return finding === undefined ? null : `${finding.title} (${finding.detector})`
}

async function judgeSample(sample: SignatureSample, judge: Judge, blobs: BlobStore): Promise<Observation> {
  const html =
    sample.html ??
    (sample.js === undefined
      ? `<!doctype html><script src="${sample.url ?? ''}"></script>`
      : `<!doctype html><script>${sample.js}</script>`)
  const bytes = new TextEncoder().encode(`<!doctype html><title>A page</title><p>Welcome to this page.</p>${html}`)
  return judge.judge(captureOf(pageOf(await blobs.put(bytes), bytes.length)))
}

function pageOf(digest: Awaited<ReturnType<BlobStore['put']>>, size: number): CaptureManifest {
  const url = 'https://shop.example/'
  return {
    schema: 'assay.capture',
    schemaVersion: 1,
    visitId: 'v',
    seed: { url, tags: [], scope: 'page' },
    url,
    finalUrl: url,
    reached: { page: 'content', httpStatus: 200, reasons: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:00:01.000Z',
    clockOffsetMs: null,
    conditions: conditionsWithoutBrowser('archive', { vantage: 'archive', userAgent: '', language: '' }),
    actions: [],
    ended: { reason: 'imported', detail: '' },
    error: null,
    artifacts: {
      request: complete([
        {
          id: 'req-1',
          targetId: 'target-1',
          url,
          method: 'GET',
          resourceType: 'document',
          requestHeaders: [],
          requestBody: { status: 'none' },
          initiator: { type: 'other' },
          startedAtMs: 0,
          response: {
            status: 200,
            statusText: '',
            headers: [],
            mimeType: 'text/html',
            protocol: 'h2',
            remoteAddress: null,
            fromCache: false,
            fromServiceWorker: false,
          },
          body: { status: 'stored', digest, size },
        },
      ]),
      wasm: notCollected('a saved page has none'),
    },
  }
}
