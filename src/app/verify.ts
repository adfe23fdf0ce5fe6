import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type FileStore, openFileStore } from '#ledger/file-store.ts'
import { ownKey } from '#ledger/instance-key.ts'
import { digestsIn } from '#ledger/verify.ts'
import { attestationFault } from '#model/attestation.ts'
import type { Digest } from '#model/digest.ts'
import { AssayError, type ErrorRecord, messageOf, toErrorRecord } from '#model/errors.ts'
import { removedSentence } from '#model/tombstone.ts'
import type { Check, Verification, VerifiedCapture, VerifiedFolder } from '#model/verification.ts'
import { type KeptCapture, keptCaptures } from './kept-captures.ts'

export type Verified = Verification | { name: string; error: AssayError }

/** Reads everything that a capture names and compares it with its digest, and its signature with its key. Needs no network. */
export async function* verifyCaptures(
  o: { names: readonly string[]; dir: string; key: string | null },
  onProgress: (text: string) => void,
  signal: AbortSignal,
): AsyncGenerator<Verified> {
  for (const name of o.names) {
    try {
      const blobs = new BlobChecks()
      let isFirst = true
      const isFolder = (await stat(name).catch(() => null))?.isDirectory() === true
      for await (const kept of keptCaptures(name, o.dir)) {
        if (signal.aborted) return
        if (isFolder && isFirst) yield { folder: await folderOf(kept.store, blobs, onProgress, signal) }
        isFirst = false
        onProgress(`checking ${kept.id}`)
        yield { capture: await captureOf(kept, blobs, o.key) }
      }
      if (isFirst) yield { folder: await folderWithoutCaptures(name, blobs, onProgress, signal) }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof AssayError)) throw error
      yield { name, error }
    }
  }
}

/** Each blob is read once, however many captures name it. */
class BlobChecks {
  readonly #faults = new Map<string, string | null>()

  know(digest: string, fault: string): void {
    this.#faults.set(digest, fault)
  }

  async faultOf(digest: Digest, store: FileStore): Promise<string | null> {
    const known = this.#faults.get(digest)
    if (known !== undefined) return known
    const fault = await store.get(digest).then(
      () => null,
      (error: unknown) => messageOf(error),
    )
    this.#faults.set(digest, fault)
    return fault
  }
}

async function folderOf(
  store: FileStore,
  blobs: BlobChecks,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<VerifiedFolder> {
  onProgress(`reading ${store.dir}`)
  const report = await store.verify(signal)
  for (const { kind, name, detail } of report.faults) if (kind === 'blob') blobs.know(name, detail)
  let keyFault: ErrorRecord | null = null
  const key = await ownKey(store.dir).catch((error: unknown) => {
    keyFault = toErrorRecord(error)
    return null
  })
  return { dir: resolve(store.dir), report, key, keyFault }
}

/** Of a folder that holds no capture there may be imports, visits and what was removed. Throws `NOT_FOUND` where there is nothing. */
async function folderWithoutCaptures(
  name: string,
  blobs: BlobChecks,
  onProgress: (text: string) => void,
  signal: AbortSignal,
): Promise<VerifiedFolder> {
  const folder = await folderOf(await openFileStore(name), blobs, onProgress, signal)
  const { unlisted, faults, ...counts } = folder.report
  if (unlisted.length + faults.length === 0 && Object.values(counts).every((count) => count === 0))
    throw new AssayError('NOT_FOUND', `${name} holds nothing to verify`)
  return folder
}

async function captureOf(kept: KeptCapture, blobs: BlobChecks, wantedKey: string | null): Promise<VerifiedCapture> {
  const { id, store } = kept
  const result: VerifiedCapture = { captureId: id, url: null, blobs: 0, keyId: null, isOwnKey: false, checks: [] }
  const note = (check: Check['check'], outcome: Check['outcome'], detail: string): void => {
    result.checks.push({ check, outcome, detail })
  }
  try {
    const tombstone = await store.getTombstone(id)
    if (tombstone !== null && !(await isWhole(store, id))) {
      result.url = tombstone.was?.url ?? null
      note('manifest', 'not-made', removedSentence(tombstone))
      await checkSignature(kept, null, wantedKey, result, note)
      return result
    }
    const { manifest } = await store.getCapture(id)
    result.url = manifest.url
    note('manifest', 'holds', 'its octets have the digest that is its name')
    const broken: string[] = []
    const digests = new Set(digestsIn(manifest.artifacts))
    for (const hex of digests) {
      const fault = await blobs.faultOf(`sha256:${hex}`, store)
      if (fault !== null) broken.push(fault)
    }
    result.blobs = digests.size
    for (const fault of broken) note('blob', 'fails', fault)
    if (broken.length === 0) note('blob', 'holds', `all ${digests.size} have the digests that the manifest names`)
    await checkSignature(kept, manifest.keyId ?? null, wantedKey, result, note)
  } catch (error) {
    note('manifest', 'fails', messageOf(error))
  }
  return result
}

/** One that came back from an archive may still have its tombstone. */
const isWhole = (store: FileStore, id: Digest): Promise<boolean> =>
  store.getCapture(id).then(
    () => true,
    (error: unknown) => !(error instanceof AssayError && error.code === 'NOT_FOUND'),
  )

async function checkSignature(
  { id, store }: KeptCapture,
  named: string | null,
  wanted: string | null,
  result: VerifiedCapture,
  note: (check: Check['check'], outcome: Check['outcome'], detail: string) => void,
): Promise<void> {
  const attestation = await store.getAttestation(id).catch((error: unknown) => messageOf(error))
  if (typeof attestation === 'string') return note('signature', 'fails', attestation)
  if (attestation === null) {
    if (named !== null) return note('signature', 'fails', `the manifest names the key ${named}, and the signature is missing`)
    return note('signature', wanted === null ? 'not-made' : 'fails', 'it was never signed (imported, or of an earlier version)')
  }
  const fault = attestationFault(attestation, id)
  if (fault !== null) return note('signature', 'fails', fault)
  if (named !== null && named !== attestation.keyId)
    return note('signature', 'fails', `the manifest names the key ${named}, and ${attestation.keyId} signed`)
  if (wanted !== null && !attestation.keyId.slice(7).startsWith(wanted.replace(/^sha256:/, '').toLowerCase()))
    return note('signature', 'fails', `signed by ${attestation.keyId}, which is not the key that was asked for`)
  result.keyId = attestation.keyId
  result.isOwnKey = (await ownKey(store.dir).catch(() => null))?.keyId === attestation.keyId
  note('signature', 'holds', `by the key ${attestation.keyId}`)
}
