import { AssayError } from '#model/errors.ts'

/** `s3://bucket/prefix?endpoint=https://…&region=…`: where files lie in an S3-compatible object store. Never a secret. */
export interface BucketAddress {
  bucket: string
  /** Empty, or ends in a slash. */
  prefix: string
  /** Null: Amazon's own of the region. */
  endpoint: string | null
  /** Null: what the environment says (AWS_REGION), or us-east-1. */
  region: string | null
  /** The bucket in the path of the address and not in its host: what most stores at an endpoint of their own want. */
  pathStyle: boolean
}

const hint = 's3://bucket/prefix?endpoint=https://s3.example:9000&region=eu-central-1; endpoint, region and path-style may be left out.'

/** Throws `BAD_ARGUMENT`. */
export function parseBucketAddress(text: string): BucketAddress {
  const bad = (what: string): AssayError => new AssayError('BAD_ARGUMENT', `the store ${what}`, { hint })
  const url = URL.parse(text)
  if (url === null || url.protocol !== 's3:') throw bad('is given as s3://bucket/prefix')
  if (url.username !== '' || url.password !== '')
    throw new AssayError('BAD_ARGUMENT', 'the store is given without its keys', {
      hint: 'They are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or wherever the AWS tools find them.',
    })
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  if (url.port !== '' || url.hash !== '' || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname))
    throw bad('has a bucket of 3 to 63 small letters, digits, dots and hyphens')
  const path = decoded(url.pathname)?.replace(/^\/+|\/+$/g, '') ?? null
  if (path === null || !/^[\w.!'()*/-]{0,512}$/.test(path) || path.split('/').some((part) => part === '..' || part === '.'))
    throw bad("has a prefix of letters, digits and _.!'()*/-")
  for (const name of url.searchParams.keys())
    if (!['endpoint', 'region', 'path-style'].includes(name)) throw bad(`knows no "${name.slice(0, 40)}"`)
  const endpoint = url.searchParams.get('endpoint')
  const at = endpoint === null ? null : URL.parse(endpoint)
  if (endpoint !== null && (at === null || !/^https?:$/.test(at.protocol) || at.username !== '' || at.search !== ''))
    throw bad('has an endpoint such as https://s3.example:9000')
  const region = url.searchParams.get('region')
  if (region !== null && !/^[a-z0-9-]{1,40}$/i.test(region)) throw bad('has a region such as eu-central-1')
  const style = url.searchParams.get('path-style')
  if (style !== null && style !== 'true' && style !== 'false') throw bad('has a path-style that is true or false')
  return {
    bucket: url.hostname,
    prefix: path === '' ? '' : `${path}/`,
    endpoint: at === null ? null : at.href.replace(/\/$/, ''),
    region,
    pathStyle: style === null ? endpoint !== null : style === 'true',
  }
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}
