import { parse } from 'tldts'
import { portOf } from './port.ts'

/**
 * What is counted as one site and visited by one visit at a time: the registrable domain, where the public suffix list's private part
 * counts (`a.github.io` and `b.github.io` are two); for a bare address, and a name without a suffix, host and port.
 */
export function siteOf(url: string): string {
  const parsed = new URL(url)
  const { hostname } = parsed
  const { domain, isIp } = parse(hostname, { allowPrivateDomains: true })
  if (domain !== null && isIp !== true) return domain
  return `${hostname}:${portOf(parsed)}`
}
