import { parse } from 'tldts'

/**
 * What is counted as one site and visited by one visit at a time: the registrable domain, where the public suffix list's private part
 * counts (`a.github.io` and `b.github.io` are two); for a bare address, and a name without a suffix, host and port.
 */
export function siteOf(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  const { domain, isIp } = parse(hostname, { allowPrivateDomains: true })
  if (domain !== null && isIp !== true) return domain
  return `${hostname}:${port === '' ? (protocol === 'http:' ? '80' : '443') : port}`
}
