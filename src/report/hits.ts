import type { Hits } from '#model/hits.ts'
import { inert } from './escape.ts'

const maxSites = 30
const maxHits = 10

const asWords = {
  digest: 'a digest',
  host: 'a host',
  account: 'an account',
  url: 'an address',
  tracker: 'an identifier of a tracker',
  similarity: 'a digest of similar code',
} as const

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** The answer for a person on a terminal. */
export function hitsText(hits: Hits): string {
  const day = (time: string | null): string => time?.slice(0, 10) ?? ''
  const lines = [inert(hits.subject, 500)]
  const where = `${hits.looked} ${hits.looked === 1 ? 'capture' : 'captures'} looked at${hits.unreadable > 0 ? `, ${hits.unreadable} could not be read` : ''}`
  if (hits.captures === 0) {
    lines.push(`  Never seen, as ${hits.as.map((as) => asWords[as]).join(' or ')}: ${where}.`)
    if (hits.unreadable > 0) lines.push('  What could not be read may hold it.')
    return `${lines.join('\n')}\n`
  }
  lines.push(
    `  Seen in ${hits.captures} of ${where}, on ${hits.sites.length} ${hits.sites.length === 1 ? 'site' : 'sites'}, first ${hits.firstSeen}, last ${hits.lastSeen}.`,
  )
  lines.push('  Sites')
  for (const { site, captures, firstSeen, lastSeen, lookedBefore, lookedAfter, statuses } of hits.sites.slice(0, maxSites)) {
    const before = lookedBefore === null ? 'there at the first look' : `not there on ${day(lookedBefore)}`
    const after = lookedAfter === null ? 'there at the last look' : `gone on ${day(lookedAfter)}`
    lines.push(
      `    ${inert(site, 200)}  ${day(firstSeen)} to ${day(lastSeen)}, ${times(captures)} (${before}; ${after}): ${statuses.join(', ')}`,
    )
  }
  if (hits.sites.length > maxSites) lines.push(`    and ${hits.sites.length - maxSites} more`)
  if (hits.loadedBy.length > 0) {
    lines.push('  Who loaded it')
    for (const { host, sites, captures } of hits.loadedBy.slice(0, maxSites))
      lines.push(`    ${inert(host, 200)}  on ${sites} ${sites === 1 ? 'site' : 'sites'}, ${times(captures)}`)
  }
  lines.push('  Captures')
  for (const { observedAt, url, captureId, where: places } of hits.hits.slice(0, maxHits)) {
    lines.push(`    ${observedAt}  ${inert(url, 300)}  ${captureId}`)
    for (const place of places.slice(0, 5)) lines.push(`      ${inert(place, 300)}`)
  }
  const more = hits.captures - Math.min(maxHits, hits.hits.length)
  if (more > 0) lines.push(`    and ${more} more (--json)`)
  return `${lines.join('\n')}\n`
}
