import type { ErrorRecord } from '#model/errors.ts'
import type { FailureClass } from '#model/failure.ts'
import type { NeverList } from '#model/never-list.ts'
import type { Seed } from '#model/seed.ts'
import type { Lease } from '#ledger/queue/lease.ts'
import type { CrawlQueue } from '#ledger/queue/queue.ts'
import type { Robots } from './robots.ts'

/** How a crawl behaves towards those whom it visits. */
export interface Manners {
  /** Null asks no robots.txt. */
  robots: Pick<Robots, 'decide'> | null
  never: NeverList
  /** Visits at one address at the same time, of all crawls and processes. */
  perAddress: number
  /** Where the visit would connect first; null where that is not known (a proxy resolves it), or not to be had. */
  addressOf(seed: Seed): Promise<string | null>
}

export type Admission =
  | { status: 'go'; crawlDelayMs: number }
  /** Others are there; ask again. */
  | { status: 'later'; restMs: number }
  | { status: 'refused'; failure: FailureClass | null; error: ErrorRecord; crawlDelayMs: number }

const crowdedRestMs = 1000

/** Whether a visit may be made, asked in the order of cost: the operator's list, the address, robots.txt. */
export async function admit(
  { robots, never, perAddress, addressOf }: Manners,
  queue: Pick<CrawlQueue, 'occupy'>,
  lease: Lease,
  now: Date,
  signal: AbortSignal,
): Promise<Admission> {
  const refused = (failure: FailureClass | null, error: ErrorRecord, crawlDelayMs = 0): Admission => ({
    status: 'refused',
    failure,
    error,
    crawlDelayMs,
  })
  const host = new URL(lease.seed.url).hostname
  const listed = never.refusal(host)
  if (listed !== null) return refused('never-list', { code: 'NOT_ALLOWED', message: listed })
  const address = await addressOf(lease.seed)
  const listedAddress = address === null ? null : never.addressRefusal(address)
  if (listedAddress !== null) return refused('never-list', { code: 'NOT_ALLOWED', message: `${host}: ${listedAddress}` })
  if (address !== null && !(await queue.occupy(lease, address, perAddress))) return { status: 'later', restMs: crowdedRestMs }
  if (robots === null || lease.robotsReason !== null) return { status: 'go', crawlDelayMs: 0 }
  const { isAllowed, crawlDelayMs, reason, error } = await robots.decide(lease.seed, now, signal)
  if (isAllowed) return { status: 'go', crawlDelayMs }
  if (error !== null) return refused(null, error)
  return refused('robots', { code: 'NOT_ALLOWED', message: reason ?? 'robots.txt disallows it' }, crawlDelayMs)
}
