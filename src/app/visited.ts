import { decodeHtml } from '#archive/html-references.ts'
import type { Visited } from '#crawl/crawl.ts'
import { parseRetryAfter } from '#crawl/retry.ts'
import { linksOf } from '#derive/html/links.ts'
import type { RequestArtifact } from '#model/artifact.ts'
import { artifacts, type Capture } from '#model/capture.ts'
import type { Observation } from '#model/observation.ts'
import type { BlobStore } from '#model/store.ts'

/** A capture and its judgement → what the crawl goes on with. Links only where `blobs` are given. */
export async function visitedOf(capture: Capture, observation: Observation, at: Date, blobs: BlobStore | null): Promise<Visited> {
  const { finalUrl, reached } = capture.manifest
  const main = artifacts(capture, 'request').items.findLast(({ url, resourceType }) => url === finalUrl && resourceType === 'document')
  const header = (name: string) => main?.response?.headers.find((one) => one.name.toLowerCase() === name)?.value
  return {
    observation,
    httpStatus: reached.httpStatus,
    retryAfterMs: parseRetryAfter(header('retry-after'), at),
    links: blobs === null || reached.page === 'error' ? [] : await linksIn(capture, main, blobs),
  }
}

async function linksIn(capture: Capture, main: RequestArtifact | undefined, blobs: BlobStore): Promise<string[]> {
  const { finalUrl } = capture.manifest
  // As the visitor saw it, where there is that; else as it came.
  const dom = artifacts(capture, 'dom').items.find(({ url }) => url === finalUrl)
  if (dom !== undefined && dom.html.status === 'stored')
    return linksOf(Buffer.from(await blobs.get(dom.html.digest)).toString('utf8'), finalUrl)
  if (main?.body.status !== 'stored') return []
  const type = main.response?.headers.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? ''
  return linksOf(decodeHtml(await blobs.get(main.body.digest), type), finalUrl)
}
