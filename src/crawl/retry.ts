import type { FailureClass } from '#model/failure.ts'

const minute = 60_000
const hour = 60 * minute

/**
 * When a visit that observed nothing is made again, after each attempt in milliseconds; the last attempt stands for the round.
 * A name, a network and a busy server mend themselves; a certificate rarely; what we refuse ourselves never within a round.
 */
export const retryPlan: Readonly<Record<FailureClass, readonly number[]>> = {
  dns: [10 * minute, hour],
  connect: [5 * minute, 30 * minute],
  tls: [hour],
  timeout: [5 * minute, 30 * minute],
  blocked: [hour],
  gate: [],
  'http-error': [5 * minute, 30 * minute],
  crash: [minute],
  robots: [],
  'never-list': [],
  guard: [],
  other: [5 * minute],
}

/** A server may name any time; longer than a day is the next round's. */
const longestRetryAfterMs = 24 * hour
const firstBackoffMs = 30_000
const longestBackoffMs = hour

export interface FailedAttempt {
  failure: FailureClass
  httpStatus: number | null
  retryAfterMs: number | null
  /** Attempts before this one. */
  attempts: number
}

/** How long until the visit is made again; null where this attempt stands. */
export function retryWaitMs({ failure, httpStatus, retryAfterMs, attempts }: FailedAttempt, mostRetries: number): number | null {
  // The page is not there, and the server says so: 4xx other than the refusals, which are `blocked`.
  if (failure === 'http-error' && httpStatus !== null && httpStatus < 500) return null
  if (attempts >= mostRetries) return null
  const planned = retryPlan[failure][attempts]
  if (planned === undefined) return null
  return Math.max(planned, Math.min(retryAfterMs ?? 0, longestRetryAfterMs))
}

/** Failures by which a server, or the way to it, says that it has enough. */
const overloaded: ReadonlySet<FailureClass> = new Set(['connect', 'timeout', 'blocked', 'http-error'])

/**
 * How long a site rests after a visit, milliseconds: its robots.txt's delay, what it said in `Retry-After`, and after visits in a row that
 * it did not answer twice as long each time.
 */
export function restMs(o: {
  failure: FailureClass | null
  httpStatus: number | null
  /** Visits in a row before this one that observed nothing. */
  siteFailures: number
  crawlDelayMs: number
  retryAfterMs: number | null
}): number {
  const isOverloaded = o.failure !== null && overloaded.has(o.failure) && !(o.httpStatus === 404 || o.httpStatus === 410)
  const backoff = isOverloaded ? Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(o.siteFailures, 10)) : 0
  return Math.max(o.crawlDelayMs, backoff, Math.min(o.retryAfterMs ?? 0, longestRetryAfterMs))
}

/** `Retry-After` (RFC 9110, 10.2.3) → milliseconds from now; null where there is none that can be read. */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  const text = value?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime())
}
