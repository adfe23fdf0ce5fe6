import { getDomain } from 'tldts'

/** Registrable domain by the public suffix list, private suffixes included (`user.github.io` is a site of its own); null for addresses and names without one. */
export function registrableDomain(host: string): string | null {
  return getDomain(host, { allowPrivateDomains: true })
}

/** Host of a URL; of the page behind it for `blob:` and `filesystem:`; empty for what has none. */
export function hostOfUrl(url: string): string {
  const inner = /^(?:blob|filesystem):(.*)$/i.exec(url)?.[1] ?? url
  return URL.parse(inner)?.hostname ?? ''
}

/** What a reader calls the site: the registrable domain, or the address or bare name. */
export function siteName(url: string): string {
  const host = hostOfUrl(url)
  return registrableDomain(host) ?? host
}

/** Whether two URLs belong to one registrable domain. What has no host (data:, about:, an inline block) belongs to whoever shows it. */
export function sameSite(url: string, page: string): boolean {
  const host = hostOfUrl(url)
  return host === '' || siteName(url) === siteName(page)
}
