import { canonicalJson } from '#model/canonical.ts'
import type { Conditions, Lane } from '#model/capture.ts'
import { sha256 } from '#model/digest.ts'
import { conditionsWithoutBrowser } from '#model/without-browser.ts'
import { headerOf } from './item.ts'
import type { StoredExchange } from './stored-exchange.ts'

/** As the archive says; what it does not say is empty or nothing, never a guess. */
export function conditionsOf(lane: Lane, members: readonly StoredExchange[], browser: string | null, dwellMs: number): Conditions {
  const header = (name: string): string =>
    members.map((stored) => headerOf(stored.exchange.requestHeaders, name)).find((value) => value !== undefined) ?? ''
  return conditionsWithoutBrowser(lane, {
    vantage: 'archive',
    userAgent: header('user-agent'),
    language: header('accept-language'),
    dwellMs,
    browser,
  })
}

/** The same page of the same archive has the same identifier: importing twice is once. In the form of a UUID, version 8 (RFC 9562). */
export function importedVisitId(of: unknown): string {
  const hex = sha256(new TextEncoder().encode(canonicalJson(of))).slice(7)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
