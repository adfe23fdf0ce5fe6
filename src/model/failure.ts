import type { PageReached } from './capture.ts'
import type { ErrorRecord } from './errors.ts'

/**
 * Why a visit observed nothing. Such a visit enters every figure as not observed, never as clean.
 * `blocked`: the server refuses this visitor (401, 403, 407, 429, 451). `gate`: a page that asks who the visitor is stands before the content.
 * `robots`, `never-list` and `guard`: we did not go there (robots.txt, the operator's list, the reach guard).
 */
export const failureClasses = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'blocked',
  'gate',
  'http-error',
  'crash',
  'robots',
  'never-list',
  'guard',
  'other',
] as const

export type FailureClass = (typeof failureClasses)[number]

export interface VisitEnd {
  error: Pick<ErrorRecord, 'code' | 'message'> | null
  reached: PageReached
  httpStatus: number | null
}

const byCode: Readonly<Record<string, FailureClass>> = {
  DNS_FAILED: 'dns',
  CONNECT_FAILED: 'connect',
  TLS_FAILED: 'tls',
  TIMEOUT: 'timeout',
  ADDRESS_REFUSED: 'guard',
  TARGET_CRASHED: 'crash',
  BROWSER_FAILED: 'crash',
  PROTOCOL_ERROR: 'crash',
}

/** Statuses by which a server refuses a visitor rather than a page: RFC 9110, 15.5.2, 15.5.4, 15.5.8; RFC 6585, 4; RFC 7725. */
const refusals: ReadonlySet<number> = new Set([401, 403, 407, 429, 451])

/** The class of a visit that reached no content; null where content was reached. */
export function failureOf({ error, reached, httpStatus }: VisitEnd): FailureClass | null {
  const known = error === null ? undefined : byCode[error.code]
  if (known !== undefined) return known
  if (reached === 'gate' || reached === 'login') return 'gate'
  if (reached !== 'error') return null
  if (httpStatus !== null && refusals.has(httpStatus)) return 'blocked'
  return httpStatus !== null && httpStatus >= 400 ? 'http-error' : 'other'
}
