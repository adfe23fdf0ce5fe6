import { AssayError } from './errors.ts'

/** A URL to visit, with what its list said of it and how far the crawl may go from it. */
export interface Seed {
  url: string
  rank?: number
  tags: string[]
  scope: 'page' | 'host' | 'domain'
}

/** Letters, digits, hyphen, underscore after IDNA; or an IPv6 address. What else URL parsers let through is no name that resolves. */
const hostOfNames = /^(?:[a-z0-9_-]+\.)*[a-z0-9_-]+\.?$|^\[[0-9a-f:.]+\]$/
/** What no address is typed with, and a parser would strip or encode; a replacement character is what was no text before. */
const notTyped = /[\p{Cc}\u2028\u2029\ufffd]/u
const longestHost = 253
const longestUrl = 32 * 1024

/**
 * What a person types as an address → a URL to visit. A bare name gets `https://`, as a browser's address bar does today.
 * Throws `BAD_URL`.
 */
export function parseSeedUrl(text: string): string {
  const trimmed = text.trim()
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`
  const url = URL.parse(withScheme)
  // RFC 1035, 2.3.4; and no server takes an address this long.
  if (url && (url.hostname.length > longestHost || url.href.length > longestUrl))
    throw new AssayError('BAD_URL', `"${trimmed.slice(0, 80)}…" is too long for an address`)
  if (
    !url ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.hostname === '' ||
    !hostOfNames.test(url.hostname) ||
    notTyped.test(trimmed)
  ) {
    throw new AssayError('BAD_URL', `"${trimmed.slice(0, 200)}" is not an address that can be visited`, {
      hint: 'Give an http or https URL, or a bare name such as example.com.',
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new AssayError('BAD_URL', `an address with a user or password in it, which would stand in the capture (${url.host})`, {
      hint: 'Give the address without it; --header "Authorization: …" sends one and keeps it out of the capture.',
    })
  }
  return url.href
}

export function seedOf(text: string, more: Partial<Omit<Seed, 'url'>> = {}): Seed {
  return { url: parseSeedUrl(text), tags: [], scope: 'page', ...more }
}
