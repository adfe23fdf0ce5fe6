import { AssayError } from '#model/errors.ts'
import type { NeverList } from '#model/never-list.ts'
import { type Address, formatAddress, inRange, parseHost, parseRange, type Range } from './address.ts'
import { blockOf, describe, embedded, unmapped } from './special-addresses.ts'

/** What a visit may reach. The default reaches the public internet only. */
export interface ReachPolicy {
  /** Opens private, shared, loopback, link-local and unique-local addresses; not metadata services, multicast, documentation, reserved. */
  readonly allowPrivate: boolean
  /** Ranges that the operator opened by name: everything in them but what cannot be connected to at all. */
  readonly ranges: readonly Range[]
  /** Names whose addresses are opened, whatever they are; `*.` as first label matches any one or more labels. */
  readonly hosts: readonly string[]
  /** Ports refused at any address. */
  readonly refusedPorts: ReadonlySet<number>
  /** Whom nothing of a visit may reach, whatever else is opened. */
  readonly never?: NeverList
}

/**
 * Ports where a browser's request could be read as another protocol's commands: "bad ports" of the Fetch standard
 * (https://fetch.spec.whatwg.org/#port-blocking, March 2025). Chromium refuses them by itself; the http lane refuses the same.
 * Nothing is added: what a visitor's browser can reach on the public internet is evidence (pools listen on any port).
 */
export const fetchBadPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117,
  119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636,
  989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])

/**
 * A policy from what an operator writes. `allow` holds CIDR ranges, addresses and names, as `--allow` takes them.
 * Throws `BAD_ARGUMENT`.
 */
export function reachPolicy(o: { allowPrivate?: boolean; allow?: readonly string[]; never?: NeverList } = {}): ReachPolicy {
  const ranges: Range[] = []
  const hosts: string[] = []
  for (const text of o.allow ?? []) {
    const range = parseRange(text)
    if (range) {
      ranges.push(range)
      continue
    }
    const wildcard = text.startsWith('*.')
    const host = text.includes('/') ? null : parseHost(wildcard ? text.slice(2) : text)
    if (host?.kind !== 'name')
      throw new AssayError('BAD_ARGUMENT', `"${text}" is neither a range of addresses nor a name`, {
        hint: 'Write 10.1.0.0/16, fd12::/16 or intranet.example.',
      })
    hosts.push(wildcard ? `*.${host.text}` : host.text)
  }
  return {
    allowPrivate: o.allowPrivate ?? false,
    ranges,
    hosts,
    refusedPorts: fetchBadPorts,
    ...(o.never === undefined ? {} : { never: o.never }),
  }
}

/** Why this address may not be connected to, as a sentence; null where it may. Pure. */
export function refusal(address: Address, policy: ReachPolicy, opened: readonly Range[] = []): string | null {
  const own = unmapped(address)
  const block = blockOf(own)
  if (block?.closure === 'never') return describe(own, block)
  if (opened.some((range) => inRange(own, range)) || policy.ranges.some((range) => inRange(own, range))) return neverWithin(own)
  if (block && !(block.closure === 'private' && policy.allowPrivate)) return describe(own, block)
  for (const inner of own.family === 6 ? embedded(own) : []) {
    const reason = refusal(inner.address, policy, opened)
    if (reason !== null) return `${formatAddress(own)} carries ${reason.replace(' is ', `, which is `)} as ${inner.form} (${inner.source})`
  }
  return null
}

/** Why this port may not be connected to. */
export function portRefusal(port: number, policy: ReachPolicy): string | null {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return `${port} is no port`
  return policy.refusedPorts.has(port) ? `port ${port} is a bad port (Fetch standard, port blocking)` : null
}

/** Names that stand for this machine or this network wherever they are resolved (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's .internal). */
export function nameRefusal(name: string, policy: ReachPolicy): string | null {
  if (policy.allowPrivate || isHostAllowed(name, policy)) return null
  const last = name.slice(name.lastIndexOf('.') + 1)
  if (['localhost', 'local', 'internal', 'localdomain', 'lan', 'intranet'].includes(last) || name.endsWith('.home.arpa'))
    return `${name} names something on the local network`
  return null
}

export function isHostAllowed(name: string, policy: ReachPolicy): boolean {
  return policy.hosts.some((pattern) => matchesName(name, pattern))
}

/** `*.example.com` matches any one or more labels below example.com; anything else itself. */
export function matchesName(name: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? name.length > pattern.length - 1 && name.endsWith(pattern.slice(1)) : name === pattern
}

/** Ranges that open everything which can be connected to: for names that the operator allowed. */
export const everywhere: readonly Range[] = ['0.0.0.0/0', '::/0'].map((text) => parseRange(text)).filter((range) => range !== null)

/** A range that was opened opens no multicast behind a translation. */
function neverWithin(address: Address): string | null {
  for (const inner of address.family === 6 ? embedded(address) : []) {
    const block = blockOf(inner.address)
    if (block?.closure === 'never')
      return `${formatAddress(address)} carries ${formatAddress(inner.address)}, which is ${block.name}, as ${inner.form} (${inner.source})`
  }
  return null
}
