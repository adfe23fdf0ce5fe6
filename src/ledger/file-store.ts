import { hash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type Attestation, parseAttestation } from '#model/attestation.ts'
import { canonicalJson } from '#model/canonical.ts'
import { type Capture, manifestBytes, parseManifest } from '#model/capture.ts'
import { type Digest, isDigest, sha256 } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import { type Observation, observationSchemaVersion } from '#model/observation.ts'
import type { BlobStore, CaptureStore, MemoStore } from '#model/store.ts'
import { type RemovalReason, removedSentence, type Tombstone } from '#model/tombstone.ts'
import { ahead } from './files/ahead.ts'
import { storeError } from './files/atomic.ts'
import { folderShelf } from './files/folder-shelf.ts'
import { RecentBlobs } from './files/recent-blobs.ts'
import { openFormat, writeFormat } from './files/format.ts'
import { readPacked, writePacked } from './files/packed.ts'
import type { Shelf } from './files/shelf.ts'
import { openTombstones } from './files/tombstones.ts'
import { type InstanceKey, openInstanceKey } from './instance-key.ts'
import { tryBucket } from './objects/bucket.ts'
import { parseBucketAddress } from './objects/bucket-address.ts'
import { openBucketStore } from './objects/bucket-store.ts'
import { parseVisitRecord, type VisitRecord, visitPath } from './visit-record.ts'
import { type StoreReport, verifyStore } from './verify.ts'

/**
 * A data folder: the record, without a database. Several processes may use it at once. Its files may lie in an object store, which the folders of
 * several machines share; key and memos are the folder's own.
 * Rejections are `AssayError`: `DISK_FULL`, `STORE_DENIED`, `STORE_CORRUPT`, `NOT_FOUND`, `UNSUPPORTED`, `STORE_UNREACHABLE`.
 */
export interface FileStore extends BlobStore, CaptureStore, MemoStore {
  readonly dir: string
  /** Where its files lie. */
  readonly shelf: Shelf
  /** Address of the object store that holds its files; null where the folder does. */
  readonly store: string | null
  /** The same for all who keep files in the same place; by it a crawl knows where its captures are. */
  identity(): Promise<Digest>
  getObservation(captureId: Digest, judgement: string): Promise<Observation | null>
  /** Every answer that was kept of a capture, in no order. */
  observationsOf(captureId: Digest): AsyncIterable<Observation>
  /** Writes the record that makes a visit count; the same visit twice is once. */
  putVisit(visit: VisitRecord): Promise<void>
  getVisit(visitId: string): Promise<VisitRecord | null>
  /** By day, then by identifier. */
  listVisits(): AsyncIterable<VisitRecord>
  /** Identifier of the key with which visits of this folder are signed; made on first use. */
  keyId(): Promise<Digest>
  /** The signature beside a capture; null where there is none. Throws `STORE_CORRUPT`. */
  getAttestation(captureId: Digest): Promise<Attestation | null>
  /** Keeps the signature of another instance, which the caller has checked. */
  putAttestation(attestation: Attestation): Promise<void>
  /** What stands in the place of a capture that was removed; null where none was. */
  getTombstone(captureId: Digest): Promise<Tombstone | null>
  /** Captures that are not there any more, and why. */
  listTombstones(): Promise<Map<Digest, RemovalReason>>
  /** Reads everything; names what is missing or corrupt. */
  verify(signal?: AbortSignal): Promise<StoreReport>
}

const hexOf = (digest: Digest) => {
  // The name becomes a path: nothing else may get through.
  if (!isDigest(digest)) throw new AssayError('BAD_ARGUMENT', `"${String(digest).slice(0, 80)}" is no digest`)
  return digest.slice(7)
}
const hexOfText = (text: string) => hash('sha256', text, 'hex')

export interface FileStoreOptions {
  /** `s3://…` of an object store in which this folder keeps its files from now on. Throws `BAD_ARGUMENT` where it keeps them elsewhere. */
  store?: string
  /** How long to wait for an object store that does not answer. */
  patienceMs?: number
  signal?: AbortSignal
}

export async function openFileStore(path: string, options: FileStoreOptions = {}): Promise<FileStore> {
  const dir = resolve(path)
  const tmp = join(dir, 'tmp')
  const doing =
    (what: string) =>
    (cause: unknown): never => {
      throw storeError(cause, what)
    }
  const { store: address, isNewStore } = await openFormat(dir, tmp, options.store).catch(doing(`opening the data folder ${dir}`))
  let key: Promise<InstanceKey> | null = null
  const ownKeyId = async (): Promise<Digest> =>
    (await (key ??= openInstanceKey(dir, tmp)).catch(doing('opening the key of the data folder'))).keyId
  if (address !== null && isNewStore) await tryBucket(parseBucketAddress(address))
  const shared = address === null ? null : await openBucketStore(address, ownKeyId, options)
  if (isNewStore) await writeFormat(dir, tmp, { store: address }).catch(doing(`opening the data folder ${dir}`))
  const shelf = shared?.shelf ?? folderShelf(dir, tmp)

  const place = (kind: string, hex: string, suffix = '') => `${kind}/${hex.slice(0, 2)}/${hex}${suffix}`
  const captureLog = shelf.order('captures')
  const observationLog = shelf.order('observations')
  const tombstones = openTombstones(shelf)
  const writeRecord = (file: string, bytes: Uint8Array) => shelf.write(file, bytes, 'now')

  /** Only visits of this instance are signed: they name its key. */
  async function attest({ id, manifest }: Capture): Promise<void> {
    if (manifest.keyId === undefined) return
    const { keyId, attest } = await (key ??= openInstanceKey(dir, tmp))
    if (manifest.keyId === keyId) await writeRecord(place('attestations', id.slice(7), '.json'), Buffer.from(canonicalJson(attest(id))))
  }

  const storing = new Map<Digest, Promise<void>>()
  const recent = new RecentBlobs()
  async function storeBlob(digest: Digest, bytes: Uint8Array): Promise<void> {
    const file = place('blobs', digest.slice(7))
    const size = await shelf.size(file)
    // A power cut can leave a name without its octets.
    const isThere = size !== null && (size > 0 || bytes.length === 0)
    if (isThere && recent.has(digest)) return
    // One that is there is touched: whoever removes what nothing names sees that somebody is about to name it.
    if (!isThere || !(await shelf.touch(file))) await shelf.write(file, bytes, 'settled')
    recent.add(digest)
  }

  async function loadBlob(digest: Digest): Promise<Uint8Array> {
    const bytes = await shelf.read(place('blobs', hexOf(digest)), (it) => sha256(it) === digest)
    if (bytes === null) throw new AssayError('NOT_FOUND', `no blob ${digest}`)
    if (bytes === 'broken' || sha256(bytes) !== digest) throw new AssayError('STORE_CORRUPT', `blob ${digest} is damaged`)
    return bytes
  }

  async function loadObservation(name: string): Promise<Observation | null> {
    const bytes = await shelf.read(place('observations', name, '.json'))
    if (bytes === null) return null
    let value: Observation
    try {
      if (bytes === 'broken') throw new Error('cannot be unpacked')
      value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Observation
      if (value.schema !== 'assay.observation' || `sha256:${name.slice(0, 64)}` !== value.captureId)
        throw new Error('is not the observation of its name')
    } catch (cause) {
      throw new AssayError('STORE_CORRUPT', `observation ${name} is damaged`, { cause })
    }
    if (value.schemaVersion > observationSchemaVersion) {
      throw new AssayError('UNSUPPORTED', `observation ${name} was written by a later version`, {
        hint: 'Use the version of assay that wrote it, or a newer one.',
      })
    }
    return value
  }
  /** Names whose capture was not purged. The order file keeps them: it is only ever appended to. */
  async function* observationNames(): AsyncIterable<string> {
    const removed = await tombstones.list()
    for await (const name of observationLog.names()) if (removed.get(`sha256:${name.slice(0, 64)}`) !== 'purged') yield name
  }
  const observationName = (id: Digest, judgement: string) => `${hexOf(id)}-${hexOfText(judgement).slice(0, 16)}`

  async function loadVisit(file: string): Promise<VisitRecord | null> {
    const bytes = await shelf.read(file).catch(doing(`reading ${file}`))
    if (bytes === 'broken') throw new AssayError('STORE_CORRUPT', `${file} cannot be unpacked`)
    return bytes === null ? null : parseVisitRecord(bytes, file)
  }
  const visitFiles = () => shelf.list('visits/')

  const store: FileStore = {
    dir,
    shelf,
    store: address,
    identity: async () => shared?.id ?? ownKeyId(),
    async put(bytes, digest = sha256(bytes)) {
      const running = storing.get(digest)
      const write = running ?? storeBlob(digest, bytes).finally(() => storing.delete(digest))
      if (running === undefined) storing.set(digest, write)
      await write.catch(doing(`storing a blob of ${bytes.length} octets`))
      return digest
    },
    async get(digest) {
      return loadBlob(digest).catch(doing(`reading blob ${digest}`))
    },
    async has(digest) {
      const file = place('blobs', hexOf(digest))
      const size = await shelf.size(file).catch(doing(`looking for blob ${digest}`))
      if (size === null || recent.has(digest)) return size !== null
      // Who asks is about to name it.
      const isThere = await shelf.touch(file)
      if (isThere) recent.add(digest)
      return isThere
    },

    async putCapture(capture: Capture) {
      const bytes = manifestBytes(capture)
      if (sha256(bytes) !== capture.id) throw new AssayError('STORE_CORRUPT', `capture ${capture.id} is not what its digest says`)
      const hex = hexOf(capture.id)
      const file = place('captures', hex, '.json')
      await (async () => {
        const size = await shelf.size(file)
        const isThere = size !== null && size > 0
        await recent.settle(() => shelf.settle())
        // Before the manifest: what is acknowledged is signed.
        await attest(capture)
        if (!isThere) await writeRecord(file, bytes)
        // A process may have died between the file and its line.
        if (!isThere || !(await captureLog.has(hex))) await captureLog.append(hex)
        // It came back, from an archive for one.
        if (!isThere) await tombstones.remove(capture.id)
      })().catch(doing(`storing capture ${capture.id}`))
    },
    async getCapture(id) {
      const bytes = await shelf.read(place('captures', hexOf(id), '.json'), (it) => sha256(it) === id).catch(doing(`reading capture ${id}`))
      if (bytes === null) {
        const tombstone = await tombstones.get(id).catch(doing(`reading the tombstone of ${id}`))
        throw new AssayError('NOT_FOUND', tombstone === null ? `no capture ${id}` : removedSentence(tombstone))
      }
      if (bytes === 'broken' || sha256(bytes) !== id) throw new AssayError('STORE_CORRUPT', `capture ${id} is damaged`)
      const manifest = parseManifest(bytes, `capture ${id}`)
      return { id, manifest }
    },
    async *listCaptures() {
      try {
        const removed = await tombstones.list()
        for await (const hex of captureLog.names()) {
          // Whoever removes writes the tombstone first: while the manifest is there, so is the capture.
          const isRemoved = removed.has(`sha256:${hex}`) && (await shelf.size(place('captures', hex, '.json'))) === null
          if (!isRemoved) yield `sha256:${hex}`
        }
      } catch (cause) {
        throw storeError(cause, 'listing captures')
      }
    },

    keyId: ownKeyId,
    async putAttestation(attestation) {
      const file = place('attestations', hexOf(attestation.captureId), '.json')
      await writeRecord(file, Buffer.from(canonicalJson(attestation))).catch(doing(`storing the signature of ${attestation.captureId}`))
    },
    async getAttestation(id) {
      const bytes = await shelf.read(place('attestations', hexOf(id), '.json')).catch(doing(`reading the signature of ${id}`))
      return bytes === null || bytes === 'broken' ? null : parseAttestation(bytes, `the signature of ${id}`)
    },

    async appendObservation(observation) {
      const name = observationName(observation.captureId, observation.judgement)
      const file = place('observations', name, '.json')
      await (async () => {
        const size = await shelf.size(file)
        const isThere = size !== null && size > 0
        if (!isThere) await writeRecord(file, Buffer.from(canonicalJson(observation)))
        if (!isThere || !(await observationLog.has(name))) await observationLog.append(name)
      })().catch(doing(`storing the observation of ${observation.captureId}`))
    },
    async getObservation(id, judgement) {
      return loadObservation(observationName(id, judgement)).catch(doing(`reading the observation of ${id}`))
    },
    async *observationsOf(id) {
      const hex = hexOf(id)
      const files = await Array.fromAsync(shelf.list(place('observations', hex, '-'))).catch(doing('listing observations'))
      for (const file of files) {
        const observation = await loadObservation(file.slice('observations/ab/'.length, -'.json'.length)).catch(
          doing(`reading the observation of ${id}`),
        )
        if (observation !== null) yield observation
      }
    },
    async *listObservations() {
      try {
        yield* ahead(observationNames(), shelf.width, async (name) => {
          const observation = await loadObservation(name)
          if (observation === null)
            throw new AssayError('STORE_CORRUPT', `observation ${name} is missing`, {
              hint: 'assay verify DIR names everything that is missing.',
            })
          return observation
        })
      } catch (cause) {
        throw storeError(cause, 'listing observations')
      }
    },

    async putVisit(visit) {
      const file = visitPath(visit.visitId)
      await (async () => {
        if (!(await shelf.size(file))) await writeRecord(file, Buffer.from(canonicalJson(visit)))
      })().catch(doing(`storing visit ${visit.visitId}`))
    },
    async getVisit(visitId) {
      return loadVisit(visitPath(visitId))
    },
    async *listVisits() {
      for await (const visit of ahead(visitFiles(), shelf.width, loadVisit)) if (visit !== null) yield visit
    },

    async getMemo(key) {
      const bytes = await readPacked(join(dir, place('memo', hexOfText(key)))).catch(doing('reading a memo'))
      return bytes === null || bytes === 'broken' ? undefined : memoValue(bytes, key)
    },
    async putMemo(key, value) {
      const text = JSON.stringify({ key, value })
      // It carries its own digest and can be computed again, so it need not outlive a power cut.
      await writePacked(join(dir, place('memo', hexOfText(key))), Buffer.from(`${hexOfText(text)}\n${text}`), tmp, false).catch(
        doing('storing a memo'),
      )
    },

    getTombstone: (id) => tombstones.get(id).catch(doing(`reading the tombstone of ${id}`)),
    listTombstones: () => tombstones.list().catch(doing('listing tombstones')),
    verify: (signal) => verifyStore({ shelf, store, observationNames, loadObservation, visitFiles, loadVisit }, signal),
  }
  return store
}

/** A memo can be computed again: one that is damaged, or another key's, is none. */
function memoValue(bytes: Uint8Array, key: string): unknown {
  const text = Buffer.from(bytes).toString('utf8')
  const body = text.slice(65)
  if (text.slice(0, 64) !== hexOfText(body)) return undefined
  const memo = JSON.parse(body) as { key: string; value: unknown }
  return memo.key === key ? memo.value : undefined
}
