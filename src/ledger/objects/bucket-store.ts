import { z } from 'zod'
import { canonicalJson } from '#model/canonical.ts'
import { type Digest, digestForm } from '#model/digest.ts'
import { AssayError } from '#model/errors.ts'
import type { Shelf } from '../files/shelf.ts'
import { type BucketOptions, openBucket } from './bucket.ts'
import { parseBucketAddress } from './bucket-address.ts'
import { bucketShelf } from './bucket-shelf.ts'

export interface BucketStore {
  shelf: Shelf
  /** Identifier of the first data folder that kept its files there: the same for all who do. */
  id: Digest
}

const schema = z.looseObject({ format: z.literal('assay.data'), version: z.number(), id: z.string().regex(digestForm) })
/** Of the names and the form of the objects. Since 2 manifests may be compressed. */
const bucketFormatVersion = 2

/** Reads what a bucket says that it is, or makes it a store of ours. Throws `STORE_CORRUPT`, `UNSUPPORTED`, and what its bucket throws. */
export async function openBucketStore(address: string, newId: () => Promise<Digest>, options: BucketOptions = {}): Promise<BucketStore> {
  const bucket = await openBucket(parseBucketAddress(address), options)
  let bytes = await bucket.get('format.json')
  if (bytes === null) {
    await bucket.putNew('format.json', formatBytes(await newId()))
    // Whoever was first has named it.
    bytes = await bucket.get('format.json')
  }
  const { version, id } = formatOf(bytes ?? Buffer.of(), address)
  if (version < bucketFormatVersion) await bucket.put('format.json', formatBytes(id))
  return { shelf: bucketShelf(bucket), id }
}

const formatBytes = (id: Digest): Uint8Array => Buffer.from(canonicalJson({ format: 'assay.data', version: bucketFormatVersion, id }))

function formatOf(bytes: Uint8Array, address: string): { version: number; id: Digest } {
  const damaged = (cause?: unknown) => new AssayError('STORE_CORRUPT', `format.json in ${address} is none of a store of assay`, { cause })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw damaged(cause)
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw damaged(parsed.error)
  if (parsed.data.version > bucketFormatVersion)
    throw new AssayError('UNSUPPORTED', `${address} has format ${parsed.data.version}; this version reads up to ${bucketFormatVersion}`, {
      hint: 'Use the version of assay that wrote it, or a newer one.',
    })
  return { version: parsed.data.version, id: parsed.data.id as Digest }
}
