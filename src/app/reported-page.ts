import type { FileStore } from '#ledger/file-store.ts'
import { conversationsOf, spokenBodies } from '#derive/conversations.ts'
import { loadIndex } from '#derive/load-chain.ts'
import { deedsOf } from '#inventory/deeds.ts'
import { originOf, originTexts } from '#inventory/origin.ts'
import { type Capture, artifacts } from '#model/capture.ts'
import type { Digest } from '#model/digest.ts'
import type { Observation } from '#model/observation.ts'
import type { ReportedPage } from '#model/reported-page.ts'
import type { BlobStore } from '#model/store.ts'
import { withHistory } from './code-history.ts'

/** All that a report shows of one page. What can no longer be read of it is left out: a report of a thinned capture is still one. */
export async function reportedPage(observation: Observation, capture: Capture, blobs: BlobStore, file?: string): Promise<ReportedPage> {
  const bodies = new Map<string, Uint8Array>()
  for (const body of spokenBodies(capture)) {
    if (body.status !== 'stored') continue
    const octets = await blobs.get(body.digest).catch(() => null)
    if (octets !== null) bodies.set(body.digest, octets)
  }
  const taken = artifacts(capture, 'screenshot').items[0]
  const picture = taken?.body.status === 'stored' ? await blobs.get(taken.body.digest).catch(() => null) : null
  const texts = new Map<Digest, string>()
  for (const digest of originTexts(capture, observation)) {
    const octets = await blobs.get(digest).catch(() => null)
    if (octets !== null) texts.set(digest, Buffer.from(octets).toString('utf8'))
  }
  return {
    observation,
    capture,
    origin: originOf(capture, observation, texts),
    screenshot: picture === null || taken === undefined ? null : { bytes: picture, mimeType: taken.mimeType },
    conversations: conversationsOf(capture, bodies),
    deeds: deedsOf(capture, loadIndex(capture)),
    ...(file === undefined ? {} : { file }),
  }
}

/** The same with what earlier captures in the same folder say of the miner's files. */
export async function keptPage(observation: Observation, capture: Capture, store: FileStore): Promise<ReportedPage> {
  const page = await reportedPage(observation, capture, store)
  return page.origin === null ? page : { ...page, origin: await withHistory(page.origin, observation, store) }
}
