import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { AssayError, messageOf } from '#model/errors.ts'
import type { BucketAddress } from './bucket-address.ts'

export interface ObjectInfo {
  octets: number
  modifiedAt: Date
}

export interface ListedObject extends ObjectInfo {
  /** Without the prefix of the store. */
  name: string
}

/**
 * Objects of a bucket, below a prefix. An object is there whole or not at all. Waits for a store that is slow, busy or gone, up to `patienceMs`, and
 * then rejects with `STORE_UNREACHABLE`; with `STORE_DENIED` where it refuses for good, with `BAD_ARGUMENT` where there is no such bucket.
 */
export interface Bucket {
  get(name: string): Promise<Uint8Array | null>
  info(name: string): Promise<ObjectInfo | null>
  put(name: string, bytes: Uint8Array): Promise<void>
  /** False where there is one already; a store that knows no conditions writes over it. */
  putNew(name: string, bytes: Uint8Array): Promise<boolean>
  /** To another name, or onto itself, which gives it the time of now. False where it is not there. */
  copy(from: string, to: string): Promise<boolean>
  remove(name: string): Promise<void>
  /** In the order of their names. */
  list(prefix: string): AsyncIterable<ListedObject>
}

export interface BucketOptions {
  patienceMs?: number
  /** For one answer, from the request to its last octet. */
  answerMs?: number
  signal?: AbortSignal
}

/** Whether a store that is used for the first time answers at all: soon, as a wrong address does not get right by waiting. */
export async function tryBucket(address: BucketAddress): Promise<void> {
  const bucket = await openBucket(address, { patienceMs: 5_000, answerMs: 10_000 })
  await bucket.get('format.json')
}

/** Rejects with `STORE_DENIED` where there are no keys. */
export async function openBucket(address: BucketAddress, options: BucketOptions = {}): Promise<Bucket> {
  const { patienceMs = 60_000, answerMs = 60_000, signal } = options
  // Only who keeps files there pays for its loading.
  const s3 = await import('@aws-sdk/client-s3')
  const { endpoint, region, pathStyle, bucket: Bucket, prefix } = address
  const client: S3Client = new s3.S3Client({
    region: region ?? said('AWS_REGION') ?? said('AWS_DEFAULT_REGION') ?? 'us-east-1',
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    // All is tried again here, also what breaks off in the middle of an answer.
    maxAttempts: 1,
    // Stores that are not Amazon's know no trailing checksums; octets are named by their digest, and the request is signed with theirs.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5000,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  })

  async function patiently<T>(doing: string, work: (abort: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> {
    const deadline = performance.now() + patienceMs
    for (let attempt = 0; ; attempt++) {
      try {
        return await work({ abortSignal: AbortSignal.timeout(answerMs) })
      } catch (error) {
        if (!mayPass(error)) throw storeFault(error, doing, address)
        if (performance.now() > deadline || signal?.aborted)
          throw new AssayError('STORE_UNREACHABLE', `the object store ${placeOf(address)} ${whatItDid(error)} while ${doing}`, {
            cause: error,
            hint: 'Check its endpoint. What was acknowledged is safe; when it answers again, the same command goes on.',
          })
        // Full jitter: workers that it sent away do not come back all at once.
        await sleep(
          Math.random() * Math.min(50 * 2 ** Math.min(attempt, 8), 5000),
          undefined,
          signal === undefined ? {} : { signal },
        ).catch(() => {})
      }
    }
  }
  const unlessMissing = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work
    } catch (error) {
      if (isMissingObject(error)) return null
      throw error
    }
  }
  const at = (name: string) => ({ Bucket, Key: prefix + name })

  return {
    get: (name) =>
      patiently(`reading ${name}`, async (abort) => {
        const answer = await unlessMissing(client.send(new s3.GetObjectCommand(at(name)), abort))
        if (answer === null) return null
        const bytes = await answer.Body?.transformToByteArray()
        if (bytes === undefined || (answer.ContentLength !== undefined && answer.ContentLength !== bytes.length)) throw new CutShort()
        return bytes
      }),
    info: (name) =>
      patiently(`looking for ${name}`, async (abort) => {
        const answer = await unlessMissing(client.send(new s3.HeadObjectCommand(at(name)), abort))
        return answer === null ? null : { octets: answer.ContentLength ?? 0, modifiedAt: answer.LastModified ?? new Date(0) }
      }),
    async put(name, bytes) {
      await patiently(`storing ${name}`, (abort) =>
        client.send(
          new s3.PutObjectCommand({ ...at(name), Body: bytes, ContentLength: bytes.length, ContentType: 'application/octet-stream' }),
          abort,
        ),
      )
    },
    putNew: (name, bytes) =>
      patiently(`storing ${name}`, async (abort) => {
        if ((await unlessMissing(client.send(new s3.HeadObjectCommand(at(name)), abort))) !== null) return false
        const put = { ...at(name), Body: bytes, ContentLength: bytes.length, ContentType: 'application/octet-stream' }
        try {
          await client.send(new s3.PutObjectCommand({ ...put, IfNoneMatch: '*' }), abort)
        } catch (error) {
          if (statusOf(error) === 412 || statusOf(error) === 409) return false
          if (statusOf(error) !== 501) throw error
          await client.send(new s3.PutObjectCommand(put), abort)
        }
        return true
      }),
    copy: (from, to) =>
      patiently(`copying ${from}`, async (abort) => {
        const copy = {
          ...at(to),
          CopySource: `${Bucket}/${encodeURIComponent(prefix + from).replaceAll('%2F', '/')}`,
          // Onto itself is only allowed where something changes.
          MetadataDirective: 'REPLACE' as const,
          ContentType: 'application/octet-stream',
        }
        return (await unlessMissing(client.send(new s3.CopyObjectCommand(copy), abort))) !== null
      }),
    async remove(name) {
      await patiently(`removing ${name}`, (abort) => unlessMissing(client.send(new s3.DeleteObjectCommand(at(name)), abort)))
    },
    async *list(start) {
      let after: string | undefined
      do {
        const ContinuationToken = after
        const page = await patiently(`listing ${start}`, (abort) =>
          client.send(
            new s3.ListObjectsV2Command({
              Bucket,
              Prefix: prefix + start,
              ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
            }),
            abort,
          ),
        )
        for (const { Key, Size, LastModified } of page.Contents ?? [])
          if (Key !== undefined) yield { name: Key.slice(prefix.length), octets: Size ?? 0, modifiedAt: LastModified ?? new Date(0) }
        after = page.IsTruncated === true ? page.NextContinuationToken : undefined
      } while (after !== undefined)
    },
  }
}

/** An empty variable says nothing. */
const said = (variable: string): string | undefined => (process.env[variable] === '' ? undefined : process.env[variable])

class CutShort extends Error {
  constructor() {
    super('sent less than it said')
  }
}

const placeOf = ({ bucket, endpoint }: BucketAddress): string => (endpoint === null ? `s3://${bucket}` : `s3://${bucket} at ${endpoint}`)

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')
const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode

/** A bucket that is not there answers a look for an object as one that is there and has none, where the question has no body to say so. */
const isMissingObject = (error: unknown): boolean => statusOf(error) === 404 && nameOf(error) !== 'NoSuchBucket'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: what another attempt may mend. */
const passing = new Set(['SlowDown', 'RequestTimeout', 'InternalError', 'ServiceUnavailable', 'Throttling', 'OperationAborted'])

function mayPass(error: unknown): boolean {
  if (error instanceof CutShort || passing.has(nameOf(error))) return true
  const status = statusOf(error)
  // Without a status there was no whole answer: no connection, a time out, an answer that broke off or was no XML.
  if (status === undefined) return nameOf(error) !== 'CredentialsProviderError' && !(error instanceof AssayError)
  return status === 429 || status === 408 || status >= 500 || status < 300
}

function whatItDid(error: unknown): string {
  const status = statusOf(error)
  if (error instanceof CutShort) return error.message
  if (status !== undefined && status >= 300) return `answered ${status}${nameOf(error) === '' ? '' : ` ${nameOf(error)}`}`
  return `did not answer (${messageOf(error).slice(0, 200)})`
}

function storeFault(error: unknown, doing: string, address: BucketAddress): AssayError {
  if (error instanceof AssayError) return error
  const [name, status] = [nameOf(error), statusOf(error)]
  if (name === 'NoSuchBucket')
    return new AssayError('BAD_ARGUMENT', `there is no bucket ${placeOf(address)}`, {
      cause: error,
      hint: 'Make it first, or name another one.',
    })
  if (name === 'CredentialsProviderError')
    return new AssayError('STORE_DENIED', `no keys for ${placeOf(address)}`, {
      cause: error,
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or whatever else the AWS tools read.',
    })
  if (status === 401 || status === 403)
    return new AssayError('STORE_DENIED', `the object store ${placeOf(address)} refused (${name}) while ${doing}`, {
      cause: error,
      hint: 'Check the keys, and that they may list, read, write and delete there.',
    })
  if (status === 301 || status === 400 || status === 404)
    return new AssayError('BAD_ARGUMENT', `the object store ${placeOf(address)} said ${name}: ${messageOf(error).slice(0, 200)}`, {
      cause: error,
      hint: 'Check region, endpoint and path-style of the store.',
    })
  return new AssayError('INTERNAL', `the object store ${placeOf(address)} said ${name}: ${messageOf(error).slice(0, 200)} while ${doing}`, {
    cause: error,
  })
}
