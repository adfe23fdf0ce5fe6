import { headerOf } from '#archive/item.ts'
import type { StoredExchange } from '#archive/stored-exchange.ts'
import type { StoredValidators } from '#model/validators.ts'

const longestValidator = 500

/** What the next visit can ask by: of whole answers that carry a validator. */
export function validatorsOf(exchanges: readonly StoredExchange[]): StoredValidators {
  const entries: StoredValidators = {}
  for (const { exchange, body } of exchanges) {
    if (exchange.status !== 200 || body.status !== 'stored') continue
    const etag = headerOf(exchange.headers, 'etag')
    const lastModified = headerOf(exchange.headers, 'last-modified')
    if ((etag ?? lastModified) === undefined || (etag ?? '').length > longestValidator || (lastModified ?? '').length > longestValidator)
      continue
    entries[exchange.url] = {
      ...(etag === undefined ? {} : { etag }),
      ...(lastModified === undefined ? {} : { lastModified }),
      digest: body.digest,
      size: body.size,
      status: exchange.status,
      headers: exchange.headers,
    }
  }
  return entries
}
