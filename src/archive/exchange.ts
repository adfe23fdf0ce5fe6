import { AssayError } from '#model/errors.ts'
import type { ArchivedExchange } from './item.ts'
import { type ReadLimits, readLimits } from './limits.ts'
import { openArchive } from './open.ts'

export type { ArchivedBodyStatus, ArchivedExchange } from './item.ts'
export type { ReadLimits } from './limits.ts'

export interface ReadOptions {
  limits?: Partial<ReadLimits>
  /** Told of all that could not be read; reading goes on. `count` null where it cannot be known. */
  onLoss?: (reason: string, count: number | null) => void
}

/**
 * Requests and responses of a HAR, WARC (also gzip), ARC, WACZ, saved page (HTML with or without its `_files` folder, MHTML,
 * SingleFile), or of a folder that holds a static site, one at a time and with bodies in plain octets. What can be read is
 * given out, also of a damaged archive. Throws `NOT_FOUND`, `UNSUPPORTED`, `BAD_INPUT_FILE` or `TOO_LARGE` where there is
 * nothing to be had.
 */
export async function* readExchanges(path: string, options: ReadOptions = {}): AsyncGenerator<ArchivedExchange, void, undefined> {
  const limits = readLimits(options.limits)
  const archive = await openArchive(path, limits)
  let count = 0
  const reasons: string[] = []
  for await (const item of archive.items) {
    if (item.type === 'loss') {
      options.onLoss?.(item.reason, item.count)
      if (reasons.length < 3) reasons.push(item.reason)
    }
    if (item.type !== 'exchange') continue
    if (++count > limits.maxExchanges) {
      options.onLoss?.(`more than ${limits.maxExchanges} exchanges`, null)
      return
    }
    yield item.exchange
  }
  if (count === 0)
    throw new AssayError(
      'BAD_INPUT_FILE',
      `${archive.name} holds no exchange that can be read${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`,
    )
}
